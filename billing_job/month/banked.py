"""What the bank's entries come to by all that the ledger and the files know, and whose money waits for a decision."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from billing_job.core.bank_entry import IdentifiedEntry
from billing_job.core.claim import Claim, Payment
from billing_job.core.decision import BankDecision
from billing_job.core.money import decimal_text
from billing_job.ledger.bank import bank_decisions_in, entries_in
from billing_job.ledger.collections import logged_in as collections_in
from billing_job.ledger.database import transaction
from billing_job.ledger.payments import claims_in, payments_in
from billing_job.ledger.reminders import SENT, UNKNOWN
from billing_job.ledger.reminders import logged_in as letters_in
from billing_job.month.collected import collection_of
from billing_job.month.job import Job
from billing_job.month.reminded import late_claims, letter_offers
from billing_job.receivables.duplicates import possible_duplicates
from billing_job.receivables.late_claims import after_credits
from billing_job.receivables.matching import Evidence, Matched, matched


def standing(job: Job) -> tuple[list[IdentifiedEntry], Matched]:
    """Every entry, and what it comes to; nothing is recorded."""
    with transaction(job.engine) as connection:
        known = entries_in(connection)
        return known, matched(known, evidence_of(connection, job, known, claims_in(connection)))


def waiting_money(job: Job) -> dict[str, str]:
    """Client → that money of its may have come and waits: nobody is dunned or debited for what he may have paid."""
    _, outcome = standing(job)
    return {
        client_id: f"{decimal_text(one.cents)} that may be the client's wait: `billing-job bank match {one.entry}`"
        for one in reversed(outcome.waiting)
        if one.may_pay
        for client_id in one.clients
    }


def evidence_of(
    connection: Connection, job: Job, known: Sequence[IdentifiedEntry], claims: Sequence[Claim]
) -> Evidence:
    """All that decides what these entries pay."""
    recorded: dict[str, list[Payment]] = defaultdict(list)
    for payment in payments_in(connection):
        recorded[payment.entry].append(payment)
    letters = [each for each in letters_in(connection) if each.event in SENT | UNKNOWN]
    decisions: Mapping[str, Sequence[BankDecision]] = bank_decisions_in(connection)
    return Evidence(
        claims=claims,
        first_day=job.first_day,
        currency=job.settings.billing.currency,
        mandates=[(each.iban, each.client_id) for each in job.receivables_files.mandates],
        collected={
            debit.document_number for each in collections_in(connection) for debit in collection_of(each).debits
        },
        decisions=decisions,
        duplicates=possible_duplicates(known),
        recorded=recorded,
        late=after_credits(late_claims(letters, SENT | UNKNOWN), claims),
        offers=letter_offers(letters),
    )
