"""How a document is paid, as UNTDID 4461 codes it (BT-81)."""

from billing_job.core.document import Document, Heading, Kind
from billing_job.documents.payment import is_collected

CREDIT_TRANSFER, SEPA_TRANSFER, SEPA_DIRECT_DEBIT, STANDING_AGREEMENT = "30", "58", "59", "57"


def payment_means(document: Document | Heading) -> str:
    """A direct debit under a mandate, or a transfer to the seller's account, in euros a SEPA one.

    What is left is between the two parties.

    How the money of a credit note goes back is between them too; a credit transfer would name the wrong account.
    """
    if is_collected(document):
        return SEPA_DIRECT_DEBIT
    if document.kind is Kind.CREDIT_NOTE or not document.seller.iban:
        return STANDING_AGREEMENT
    return SEPA_TRANSFER if document.currency == "EUR" else CREDIT_TRANSFER
