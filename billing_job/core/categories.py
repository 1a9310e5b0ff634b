"""Categories that the program itself knows; the others are the user's."""

RENTAL = "number_rental"
"""The category whose transactions tell that a number is paid for, and what it costs."""

TOPUP = "topup"
"""The category that is money put into the wallet, not a cost."""

REFUND = "refund"
"""The category of money that came back for an earlier transaction."""

MONTHLY_FEE, DISCOUNT, MINIMUM = "monthly_fee", "discount", "minimum"
"""Categories of the lines that a plan adds beside the use."""
PLANS_OWN = (MONTHLY_FEE, MINIMUM, DISCOUNT)

OWN_CHARGE = "charge"
"""The category of a charge of one's own that names no other."""

DOCUMENT_STATES = ("issued", "sent", "uncertain", "refused", "credited", "partly_credited")
"""How far a document is; what was credited is told before what was sent."""

CHARGE = "charge:"
"""How the id of a row begins that no wallet holds: a fee, a minimum, a charge of one's own."""
_OF_A_PLAN = (f"{CHARGE}{MONTHLY_FEE}:", f"{CHARGE}{MINIMUM}:")


def plan_charge_id(kind: str, account: str, month: str, category: str = "") -> str:
    """The id of a plan's fee or minimum of a client's month; of a minimum, also of a category alone."""
    return f"{CHARGE}{kind}:{account}:{month}" + (f":{category}" if category else "")


def plan_charge_of(transaction_id: str, month: str) -> tuple[str, str]:
    """The client under which a fee or minimum was first billed, and the category of a minimum of one alone."""
    kind = next(start for start in _OF_A_PLAN if transaction_id.startswith(start))
    account, _, category = transaction_id.removeprefix(kind).partition(f":{month}")
    return account, category.removeprefix(":")


def is_own_charge(transaction_id: str) -> bool:
    """Whether a row is one of charges.csv: no wallet holds it, no plan asks for it."""
    return transaction_id.startswith(CHARGE) and not transaction_id.startswith(_OF_A_PLAN)


def is_of_plan(transaction_id: str) -> bool:
    """Whether a row is a plan's fee or minimum."""
    return transaction_id.startswith(_OF_A_PLAN)
