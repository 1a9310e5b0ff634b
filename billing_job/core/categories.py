"""Categories that the program itself knows; the others are the user's."""

RENTAL = "number_rental"
"""The category whose transactions tell that a number is paid for, and what it costs."""

TOPUP = "topup"
"""The category that is money put into the wallet, not a cost."""

REFUND = "refund"
"""The category of money that came back for an earlier transaction."""

MONTHLY_FEE, DISCOUNT, MINIMUM = "monthly_fee", "discount", "minimum"
"""Categories of the lines that a plan adds beside the use."""

DOCUMENT_STATES = ("issued", "sent", "uncertain", "refused", "credited", "partly_credited")
"""How far a document is; what was credited is told before what was sent."""
