"""`bank list`: the bank's entries as programs and people ask for them."""

from collections.abc import Iterator, Sequence
from typing import Any

from billing_job.core.bank_entry import IdentifiedEntry
from billing_job.core.claim import Payment
from billing_job.month.banked import standing
from billing_job.month.job import Job
from billing_job.receivables.matching import WaitingEntry


def entry_rows(job: Job, *, only_waiting: bool = False) -> list[dict[str, Any]]:
    """The entries by day and id: what each pays, or why it waits."""
    known, outcome = standing(job)
    waits = {one.entry: one for one in outcome.waiting}
    since = job.first_day.since
    return [
        _row(
            each,
            outcome.payments.get(each.id, ()),
            waits.get(each.id),
            is_before=bool(since and each.entry.day < since),
        )
        for each in sorted(known, key=lambda each: (each.entry.day, each.id))
        if each.id in waits or not only_waiting
    ]


def _row(
    each: IdentifiedEntry, payments: Sequence[Payment], waits: WaitingEntry | None, *, is_before: bool
) -> dict[str, Any]:
    entry = each.entry
    state = "waiting" if waits else "booked" if payments else "before_first_day" if is_before else "other"
    return {
        "entry": each.id,
        "day": entry.day.isoformat(),
        "account": entry.account,
        "cents": entry.cents,
        "currency": entry.currency,
        "reference": entry.reference,
        "name": _first(part.name for part in entry.parts),
        "iban": _first(part.iban for part in entry.parts),
        "text": " ".join(part.text for part in entry.parts),
        "state": state,
        "payments": [
            {
                "document": one.document or "",
                "client_id": one.client_id,
                "cents": one.cents,
                "charges_cents": one.charges_cents,
                "kind": one.kind.value,
                "why": one.why,
                "bank_reason": one.bank_reason,
            }
            for one in payments
        ],
        "reason": waits.reason if waits else "",
        "suggestion": waits.suggestion if waits else "",
    }


def _first(values: Iterator[str]) -> str:
    return next((value for value in values if value), "")
