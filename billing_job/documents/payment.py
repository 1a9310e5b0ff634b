"""How a document is paid: the creditor reference, the Belgian communication and the EPC QR code."""

from datetime import date

from stdnum import iso11649

from billing_job.core.document import Document, Heading, Kind
from billing_job.core.parties import Seller
from billing_job.core.payment_reference import belgian_reference, creditor_reference
from billing_job.core.target_days import next_target_day
from billing_job.documents.localized import grouped
from billing_job.documents.payment_code import transfer_code
from billing_job.documents.safe_text import plain_text

_EPC_MAX_CENTS = 999_999_999_99
_EPC_MAX_NAME = 70


def payment_reference(document: Document) -> str:
    """What the client writes on the payment, so that a bank file finds the document again; empty on a draft.

    ISO 11649; a Belgian seller gets a structured communication.
    """
    if document.is_draft:
        return ""
    is_belgian = document.seller.country.upper() == "BE"
    return belgian_reference(document.number) if is_belgian else creditor_reference(document.number)


def reference_text(reference: str) -> str:
    """The reference as people read it: "RF18 INV2 0260 0001" or "+++020/2600/00189+++"."""
    if iso11649.is_valid(reference):
        return grouped(reference)
    if reference.isdigit():
        return f"+++{reference[:3]}/{reference[3:7]}/{reference[7:]}+++"
    return reference


def is_payable(document: Document) -> bool:
    """Whether the client owes money on this document and knows what to write on the payment."""
    return document.kind is Kind.INVOICE and document.gross_cents > 0 and not document.is_draft


def is_collected(document: Document | Heading) -> bool:
    """Whether the amount is collected by SEPA direct debit, under a mandate of the client."""
    collectable = document.kind is Kind.INVOICE and document.gross_cents > 0 and document.currency == "EUR"
    return collectable and bool(document.client.mandate_id and document.seller.creditor_id)


def collected_on(document: Document) -> date:
    """The day of the direct debit: the due date, or the first one after it on which banks settle."""
    return next_target_day(document.due_date)


def epc_qr(document: Document) -> str:
    """The code by which a document is paid, as a PNG data: URL; empty where nothing is to be transferred."""
    if not is_payable(document) or is_collected(document):
        return ""
    reference = payment_reference(document)
    structured = iso11649.is_valid(reference)
    return transfer_qr(
        document.seller,
        document.currency,
        document.gross_cents,
        reference if structured else "",
        "" if structured else reference_text(reference),
    )


def transfer_qr(seller: Seller, currency: str, cents: int, reference: str, text: str) -> str:
    """The EPC QR code (EPC069-12, "Girocode") of a transfer to the seller, as a PNG data: URL.

    Empty where no code can say it: in other money than euros, without an IBAN, or beyond its amounts.
    """
    if currency != "EUR" or not seller.iban or cents > _EPC_MAX_CENTS:
        return ""
    name = plain_text(seller.account_name)[:_EPC_MAX_NAME]
    return transfer_code(name, seller.iban.replace(" ", ""), seller.bic.replace(" ", ""), cents, reference, text)
