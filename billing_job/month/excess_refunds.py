"""Refunds that bring back more than was paid: clients get what they were charged, the rest is the house's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from billing_job.core.money import wallet_text
from billing_job.core.sentences import listed
from billing_job.core.settlement import Key, Original
from billing_job.core.wallet import in_time
from billing_job.month.refund_rows import key_of, original_of, rows_of

Moment = tuple[tuple[int, int, str], int]
"""What sorts rows in time: when they happened, their ids and parts."""


class Above(NamedTuple):
    """A refund that brings back more than is left of what it gives back, by so many micros."""

    moment: Moment
    original: str
    micros: int


def refunds_above(
    refunds: Sequence[Mapping[str, object]], billed: Mapping[Key, Original], frames: Sequence[pd.DataFrame]
) -> Iterator[Above]:
    """Refunds that bring back more than their original cost: the client gets what was charged, the rest is yours."""
    wanted = {original_of(row) for row in refunds if key_of(row) not in billed}
    costs = {key: (int(row["cost_micros"]), 0) for key, row in rows_of(frames, wanted).items()}
    costs |= {(one.transaction_id, one.part): (one.cost_micros, one.refunded_micros) for one in billed.values()}
    for row in refunds:
        original, micros = original_of(row), int(str(row["micros"]))
        cost, refunded = costs[original]
        if refunded + micros > cost:
            yield Above(moment_of(row), original[0], refunded + micros - max(cost, refunded))
        costs[original] = (cost, refunded + micros)


def told_above(found: Iterable[Above], currency: str) -> tuple[str, ...]:
    """What people are told of all refunds of a run that bring back more than was paid, the earliest first."""
    told = sorted(found)
    if not told:
        return ()
    each = [
        f"refund {one.moment[0][2]} of transaction {one.original} ({wallet_text(one.micros, currency)})" for one in told
    ]
    in_all = wallet_text(sum(one.micros for one in told), currency)
    return (
        f"more came back than was paid, {in_all} in all: {listed(each)}. Clients get back what"
        " they were charged and no more; look whether it gives back something else as well",
    )


def moment_of(row: Mapping[str, object]) -> Moment:
    """When a row happened, and what sorts it among those of the same moment."""
    id_, part = key_of(row)
    return in_time(int(str(row["created_at"])), id_), part
