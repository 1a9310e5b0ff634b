"""How a page says what is to be paid: the account, the code, the direct debit, and what late payment costs."""

from billing_job.core.document import Document
from billing_job.core.parties import Seller
from billing_job.documents import localized, payment
from billing_job.documents.legal_mentions import LATE_PAYMENT, late_payment_law
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.safe_text import page_text, plain_text
from billing_job.documents.translations import Labels
from billing_job.documents.view import Fact, Payment

_OFFER = (
    "You have a credit balance of {balance} with us. If you wish to use it for this invoice, please transfer {amount}"
    " only."
)
_OFFER_OF_ALL = (
    "You have a credit balance of {balance} with us. If you wish to use it for this invoice, let us know: no payment is"
    " needed then."
)
_REMITTANCE_ROOM = 140
"""Letters of unstructured remittance information in an EPC code (EPC069-12)."""


def document_payment(document: Document, money: PrintedMoney, labels: Labels, *, pictures: bool) -> Payment | None:
    """How a document is paid: by a transfer, or by the direct debit that collects it; None where nothing is to pay."""
    if not payment.is_payable(document):
        return None
    if payment.is_collected(document):
        return _direct_debit(document, money, labels)
    seller = document.seller
    reference = payment.reference_text(payment.payment_reference(document))
    amount, day = money(document.gross_cents), localized.date_text(document.due_date, labels.locale)
    request = "Please transfer {amount} by {date}, quoting the payment reference."
    credit = document.offered_cents
    offer = _OFFER if credit < document.gross_cents else _OFFER_OF_ALL
    rest = money(document.gross_cents - credit)
    return Payment(
        request=labels(request, amount=amount, date=day) if seller.iban else labels("Please pay by {date}.", date=day),
        facts=_account(seller, Fact(labels("Payment reference"), reference), labels) if seller.iban else (),
        qr=payment.epc_qr(document) if pictures else "",
        qr_alt=labels("QR code for a SEPA credit transfer of {amount}", amount=amount),
        qr_caption=labels("Scan with your banking app"),
        offer=labels(offer, balance=money(credit), amount=rest) if credit else "",
        terms=_terms(document, labels),
    )


def _direct_debit(document: Document, money: PrintedMoney, labels: Labels) -> Payment:
    """What is collected, when and under which mandate: the pre-notification that the schemes want; no code to pay."""
    iban = localized.grouped(document.client.debited_iban)
    day = localized.date_text(payment.collected_on(document), labels.locale)
    request = (
        "{amount} will be collected from your account {iban} on {date} by SEPA direct debit; no transfer is needed."
    )
    return Payment(
        request=labels(request, amount=money(document.gross_cents), iban=iban, date=day),
        facts=(
            Fact(labels("Mandate reference"), page_text(document.client.mandate_id)),
            Fact(labels("Creditor identifier"), document.seller.creditor_id),
        ),
        qr="",
        qr_alt="",
        qr_caption="",
        terms=_terms(document, labels),
    )


def _terms(document: Document, labels: Labels) -> str:
    law = late_payment_law(document)
    return labels(LATE_PAYMENT, law=labels.apart(law)) if law else ""


def transfer_request(
    seller: Seller,
    currency: str,
    cents: int,
    numbers: tuple[str, ...],
    request: str,
    labels: Labels,
    *,
    pictures: bool,
) -> Payment | None:
    """How to pay the sum: the documents' numbers are what a bank file finds them by again."""
    if not seller.iban or cents <= 0:
        return None
    purpose = plain_text(" ".join(numbers))
    reason = Fact(labels("Reason for payment"), page_text(purpose) if len(purpose) <= _REMITTANCE_ROOM else "")
    amount = PrintedMoney(currency, 1, labels.locale)(cents)
    return Payment(
        request=request,
        facts=_account(seller, reason, labels),
        qr=payment.transfer_qr(seller, currency, cents, "", purpose) if pictures and reason.value else "",
        qr_alt=labels("QR code for a SEPA credit transfer of {amount}", amount=amount),
        qr_caption=labels("Scan with your banking app"),
    )


def _account(seller: Seller, purpose: Fact, labels: Labels) -> tuple[Fact, ...]:
    """The seller's account, and what to write on the transfer."""
    facts = (
        Fact(labels("Account holder"), page_text(seller.account_name)),
        Fact(labels("IBAN"), localized.grouped(seller.iban)),
        Fact(labels("BIC"), seller.bic),
        purpose,
    )
    return tuple(fact for fact in facts if fact.value)
