"""What clients have in credit is offered on their next invoice: recorded with it, and used only if the client does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from billing_job.core.document import Kind
from billing_job.core.settlement import Bill
from billing_job.ledger.payments import claims, recorded_payments
from billing_job.month.job import Job
from billing_job.receivables.open_items import receivables


def unoffered_credit(job: Job) -> dict[str, int]:
    """What each client has in credit that no open invoice offers already, in cents."""
    payments = recorded_payments(job.engine)
    if not payments:
        return {}
    issued = claims(job.engine)
    state = receivables(issued, payments, job.today, job.first_day)
    left = dict(state.credit_balances)
    offered = {claim.number: claim.offered_cents for claim in issued}
    for item in state.open_items:
        if item.client_id in left:
            left[item.client_id] -= offered[item.number]
    return left


def with_credit_offers(unoffered: Mapping[str, int], bills: Sequence[Bill]) -> list[Bill]:
    """The bills, each client's first invoice with what of its credit is unoffered: all bills of a client together.

    Who pays by direct debit is offered nothing: `collect` waits until a person has set the balance off or paid it back.
    """
    left = dict(unoffered)
    found = []
    for bill in bills:
        document, credit = bill.document, left.get(bill.client_id, 0)
        if document is not None and document.kind is Kind.INVOICE and credit > 0 and not document.client.mandate_id:
            cents = min(credit, document.gross_cents)
            left[bill.client_id] = credit - cents
            bill = replace(bill, document=replace(document, offered_cents=cents))
        found.append(bill)
    return found
