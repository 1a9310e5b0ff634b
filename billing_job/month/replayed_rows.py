"""What was billed as the stages take it in: owner, cost and category as they were, the rest as it is read by now."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Engine

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.attribute import attribute
from billing_job.billing.rating.charge_periods import Charge, ChargePeriod
from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.core.columns.schema import ATTRIBUTED, INT, TEXT, conform, empty
from billing_job.core.errors import LedgerError
from billing_job.core.period import Period
from billing_job.core.settlement import Key, Original
from billing_job.ledger.billed_facts import originals
from billing_job.ledger.billing_steps import Settled
from billing_job.ledger.transactions import transactions_of
from billing_job.month.attributing import PLACED, months_of_rows
from billing_job.month.job import Job

_AT_ONCE = 10_000


def attributed_again(job: Job, facts: Assignments, rows: Sequence[Settled]) -> pd.DataFrame:
    """Rows of ATTRIBUTED: the transactions as they are read, the owners and costs as they were billed."""
    if not rows:
        return empty(PLACED)
    settings = job.settings
    billed = [row.settlement for row in rows]
    ids = sorted({one.transaction_id for one in billed})
    lots = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    known = pd.concat([transactions_of(job.engine, lot) for lot in lots], ignore_index=True)
    found = attribute(known, facts, settings.categories, settings.billing.currency)
    place = {id_: place for place, id_ in enumerate(found["transaction_id"])}
    if missing := set(ids) - set(place):
        raise LedgerError(f"transaction {min(missing)} is on a document, but the ledger has it no more")
    frame = found.iloc[[place[one.transaction_id] for one in billed]].reset_index(drop=True)
    numbers = {fact.number: fact for fact in facts.number_facts if fact.number}
    foreign = [
        numbers.get(one.number) if one.number != number else None
        for one, number in zip(billed, frame["number"], strict=True)
    ]
    cells = {
        "country": [c if fact is None else fact.country for fact, c in zip(foreign, frame["country"], strict=True)],
        "number_type": [
            kind if fact is None else fact.number_type for fact, kind in zip(foreign, frame["number_type"], strict=True)
        ],
        "category": [
            category if one.refund_of or one.category == "" else one.category
            for one, category in zip(billed, frame["category"], strict=True)
        ],
        "client_id": [row.client_id for row in rows],
        **{name: [getattr(one, name) for one in billed] for name in ("number", "trunk", "refund_of")},
    }
    frame = frame.assign(
        **{name: pd.Series(column, dtype=TEXT) for name, column in cells.items()},
        part=pd.Series([one.part for one in billed], dtype=INT),
        refund_part=pd.Series([one.refund_part for one in billed], dtype=INT),
        micros=pd.Series([-one.cost_micros for one in billed], dtype=INT),
        outcome="attributed",
        reason="",
        settled=False,
    )
    frame = conform(frame, ATTRIBUTED, "replay")
    return frame.assign(month=months_of_rows(frame, job), detail="")


def originals_of(engine: Engine, rows: Sequence[Settled]) -> dict[Key, Original]:
    """(refund, part) → what it gives back, where that was billed before it."""
    refunds = {row.key[:2]: row.gives_back for row in rows if row.gives_back[0]}
    known = originals(engine, sorted({id_ for id_, _ in refunds.values()}))
    settled = {(id_, one.part): one for id_, parts in known.items() for one in parts}
    return {refund: settled[original] for refund, original in refunds.items() if original in settled}


def own_row(row: Settled) -> ChargeRow:
    """A charge of one's own as it was billed: no plan decides what it costs."""
    one = row.settlement
    month = Period.parse(one.month)
    charge = Charge(
        one.transaction_id, row.client_id, "", "", one.category, 10**4, "", 0, "month", "arrears", None, None, False,
        "", one.number, one.trunk, 0, "",
    )  # fmt: skip
    period = ChargePeriod(one.month, month.first_day, month.next.first_day)
    return ChargeRow(
        one.transaction_id, charge, row.client_id, period, month.first_day, month.last_day, 1, None, one.charge_cents,
        one.cost_micros,
    )  # fmt: skip
