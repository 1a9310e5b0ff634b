"""Refunds get their owner from what they give back: from the settlement, or from the open row billed beside them."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.attribute import HOUSE, UNBILLABLE
from billing_job.billing.attribution.refund_originals import Originals, related_references, shared_by_cost
from billing_job.core.categories import REFUND, TOPUP
from billing_job.core.columns.row_values import records
from billing_job.core.columns.schema import ATTRIBUTED, conform, empty
from billing_job.core.decision import Decision
from billing_job.core.moments import local_moment
from billing_job.core.period import Period
from billing_job.core.settlement import Original
from billing_job.core.wallet import WalletPayment
from billing_job.ledger.billed_facts import billed_refunds, originals, refund_history
from billing_job.month.job import Job

WITHOUT_ORIGINAL = "refund_without_original"
ORIGINAL_WAITS = "original_waits"


@dataclass(frozen=True, slots=True)
class Owners:
    """The frame with its refunds placed, and the settled originals of those that are still open."""

    frame: pd.DataFrame
    originals: pd.DataFrame
    """Open rows that open refunds give back, ATTRIBUTED."""
    billed: Mapping[tuple[str, int], Original]
    """(refund, part) → what it gives back; not for one whose original is billed beside it."""


def place_refunds(
    frame: pd.DataFrame,
    open_rows_of: Callable[[set[str]], pd.DataFrame],
    job: Job,
    facts: Assignments,
    decisions: Mapping[str, Decision],
    unsettled: set[str],
    parts: Mapping[tuple[str, int], int],
) -> Owners:
    """Give every refund its owner, under whatever type it came; ATTRIBUTED in and out, each row with its index.

    `open_rows_of` gives the rows of transactions, of `frame` and others, that no document settles. `unsettled` are
    settled transactions that the supplier changed: what refunds them waits with them. A refund that a user decided
    about is as decided. `parts` are the costs that were billed of what several clients share.
    """
    if frame.empty:
        return Owners(frame, frame, {})
    is_refund = came_back(frame)
    if not is_refund.any():
        return Owners(frame, empty(ATTRIBUTED), {})
    frame = _as_billed(frame, is_refund, job)
    open_rows = is_refund & ~frame["settled"] & (frame["outcome"] != "excluded")
    open_rows &= ~frame["reason"].isin([*sorted(UNBILLABLE), "vanished_row"])
    open_rows &= ~frame["transaction_id"].isin(list(decisions))
    if not open_rows.any():
        return Owners(frame, empty(ATTRIBUTED), {})
    rows = sorted(records(frame[open_rows]), key=lambda row: _payment(row).in_time)
    refunds = [_payment(row) for row in rows]
    found, settled = _originals_of(refunds, job, facts, parts)
    still_open = open_rows_of(set(found.values()))
    states: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in records(still_open):
        states[str(row["transaction_id"])].append(row)
    refund_types, zone = _refund_types(job), job.settings.billing.zone
    rows = [
        row
        for row in rows
        if str(row["type"]) in refund_types or _gives_back(row, found.get(str(row["transaction_id"]), ""), states, zone)
    ]
    if not rows:
        return Owners(frame, empty(ATTRIBUTED), {})
    found = {id_: found[id_] for row in rows if (id_ := str(row["transaction_id"])) in found}
    still_open = still_open[still_open["transaction_id"].isin(list(found.values()))]
    open_rows &= frame["transaction_id"].isin([str(row["transaction_id"]) for row in rows])
    placed: list[dict[str, object]] = []
    billed: dict[tuple[str, int], Original] = {}
    shared = _Shared(parts)
    for row in rows:
        id_ = str(row["transaction_id"])
        for piece, original in _pieces(row, found.get(id_, ""), settled, states, unsettled, shared):
            placed.append(piece)
            if original is not None:
                billed[id_, int(str(piece["part"]))] = original
    kept = frame[~open_rows]
    same = frame.loc[frame["transaction_id"].isin([str(row["transaction_id"]) for row in rows]), "transaction_id"]
    index = dict(zip(same, same.index, strict=True))
    pieces = pd.DataFrame(placed, index=[index[row["transaction_id"]] for row in placed])
    together = pd.concat([kept, conform(pieces, ATTRIBUTED, "refunds")]).sort_index(kind="stable")
    return Owners(conform(together, ATTRIBUTED, "refunds"), still_open, billed)


def came_back(frame: pd.DataFrame) -> pd.Series:
    """The rows by which money came back: refunds, and uses with the other sign."""
    is_use = ~frame["category"].isin(["", TOPUP])
    return (is_use & (frame["micros"] > 0)).fillna(False).astype(bool)


def _gives_back(
    row: Mapping[str, object], original_id: str, states: Mapping[str, list[dict[str, object]]], zone: ZoneInfo
) -> bool:
    """Whether what came back under the type of a use is a refund.

    Without an original it is priced like its use. Beside an open one of the same client and month, too: they cancel.
    """

    def bearer(of: Mapping[str, object]) -> tuple[object, Period]:
        return of["client_id"], Period.of(local_moment(int(str(of["created_at"])), zone).date())

    beside = states.get(original_id, [])
    return bool(original_id) and not (beside and all(bearer(state) == bearer(row) for state in beside))


def _refund_types(job: Job) -> set[str]:
    return {name for name, category in job.settings.categories.items() if category == REFUND}


def _as_billed(frame: pd.DataFrame, is_refund: pd.Series, job: Job) -> pd.DataFrame:
    """Settled refunds are their client's to whom they were billed, whatever their reference leads to by now."""
    known = billed_refunds(job.engine, frame.loc[is_refund & frame["settled"], "transaction_id"])
    if not known:
        return frame
    rows = frame["transaction_id"].isin(list(known)) & frame["settled"]
    changed = frame.loc[rows].copy()
    facts = [known[id_] for id_ in changed["transaction_id"]]
    changed["outcome"], changed["reason"] = "attributed", ""
    changed["refund_of"] = [original for original, _ in facts]
    changed["client_id"] = [client_id for _, client_id in facts]
    changed["number_fact"], changed["trunk_fact"] = -1, -1
    together = pd.concat([frame.loc[~rows], conform(changed, ATTRIBUTED, "refunds")]).sort_index(kind="stable")
    return conform(together, ATTRIBUTED, "refunds")


def _originals_of(
    refunds: list[WalletPayment], job: Job, facts: Assignments, parts: Mapping[tuple[str, int], int]
) -> tuple[dict[str, str], dict[str, tuple[Original, ...]]]:
    """Refund → its original, and the originals that are settled."""
    types = _refund_types(job)
    references = related_references([(each.reference_type, each.reference_id) for each in refunds], facts)
    history = refund_history(job.engine, references, types)
    came_back: dict[str, int] = defaultdict(int)
    for (id_, _), cost in parts.items():
        came_back[id_] -= cost
    # A refund of which a part is billed keeps its original; what is billed of it counts there already.
    kept = billed_refunds(job.engine, came_back.keys() & {refund.transaction_id for refund in refunds})
    linked = {id_: original for id_, (original, _) in kept.items()}
    settled = originals(job.engine, sorted({*linked.values(), *(one.transaction_id for one in history.payments)}))
    known = {id_: sum(part.refunded_micros for part in billed) for id_, billed in settled.items()}
    for refund in refunds:
        if refund.transaction_id in linked:
            original_id = linked[refund.transaction_id]
            known[original_id] = known.get(original_id, 0) + refund.micros - came_back[refund.transaction_id]
    pool = Originals(facts, history.payments, known, types)
    waiting = {refund.transaction_id for refund in refunds} - linked.keys()
    # Old ledgers recorded no original of what they billed: theirs is found anew.
    for refund in sorted([*refunds, *history.unlinked], key=lambda payment: payment.in_time):
        if refund.transaction_id in linked:
            continue
        original = pool.take(refund)
        if original is not None and refund.transaction_id in waiting:
            linked[refund.transaction_id] = original.transaction_id
    return linked, settled


def _pieces(
    row: dict[str, object],
    original_id: str,
    settled: Mapping[str, tuple[Original, ...]],
    states: Mapping[str, list[dict[str, object]]],
    unsettled: set[str],
    shared: "_Shared",
) -> list[tuple[dict[str, object], Original | None]]:
    """The refund as one row, or a row for each client that the original was shared out to."""
    nobody = {"client_id": "", "trunk_fact": -1, "number_fact": -1, "refund_of": original_id}
    if not original_id:
        return [({**row, **nobody, "outcome": "exception", "reason": WITHOUT_ORIGINAL}, None)]
    waits = ({**row, **nobody, "outcome": "exception", "reason": ORIGINAL_WAITS}, None)
    if original_id in unsettled:
        return [waits]
    parts: dict[int, Original | dict[str, object]] = {part.part: part for part in settled.get(original_id, ())}
    for state in states.get(original_id, ()):
        parts[int(str(state["part"]))] = state
        if state["outcome"] == "excluded" and state["reason"] == HOUSE:
            return [({**row, **nobody, "outcome": "excluded", "reason": HOUSE}, None)]
        if state["outcome"] == "excluded":  # billed elsewhere, at what price nobody knows here
            return [({**row, **nobody, "outcome": "exception", "reason": WITHOUT_ORIGINAL}, None)]
        if state["outcome"] != "attributed":
            return [waits]
    if not parts:
        return [waits]
    parts = _of_its_number(row, parts)
    shares = shared.shares(row, original_id, dict(sorted(parts.items())))
    single = len(parts) == 1
    found: list[tuple[dict[str, object], Original | None]] = []
    for place, (part, micros) in enumerate(shares.items(), 1):
        if not micros and any(shares.values()):
            continue
        original = parts[part]
        facts = (
            {name: getattr(original, name) for name in ("client_id", "number", "trunk")}
            if isinstance(original, Original)
            else {name: original[name] for name in ("client_id", "number", "trunk")}
        )
        piece = {**row, **nobody, **facts, "outcome": "attributed", "reason": "", "micros": micros}
        piece |= {"part": 0 if single else place, "refund_part": part}
        found.append((piece, original if isinstance(original, Original) else None))
    return found


class _Shared:
    """How refunds are shared out over the parts of what they give back: by what is left of each, in order of time."""

    def __init__(self, billed: Mapping[tuple[str, int], int]):
        self._billed: dict[str, dict[int, int]] = defaultdict(dict)
        for (id_, part), cost in billed.items():
            self._billed[id_][part] = -cost
        self._taken: dict[tuple[str, int], int] = defaultdict(int)

    def shares(
        self, row: dict[str, object], original_id: str, parts: Mapping[int, Original | dict[str, object]]
    ) -> dict[int, int]:
        """Part → micros of the refund; billed pieces stay as they were. What is more than is left goes by the costs."""
        billed = self._billed.get(str(row["transaction_id"]), {})
        stay = {part: billed[place] for place, part in enumerate(parts, 1) if place in billed and len(parts) > 1}
        free = {part: _cost(original) for part, original in parts.items() if part not in stay}
        rest = int(str(row["micros"])) - sum(stay.values())
        if not free:
            return stay
        left = {part: max(0, _left(parts[part]) - self._taken[original_id, part]) for part in free}
        fits = max(0, min(rest, sum(left.values())))
        by_left, by_cost = shared_by_cost(fits, left), shared_by_cost(rest - fits, free)
        found = {part: stay[part] if part in stay else by_left[part] + by_cost[part] for part in parts}
        for part in free:
            self._taken[original_id, part] += found[part]
        return found


def _left(original: Original | dict[str, object]) -> int:
    """What earlier documents left of its cost, micros."""
    return _cost(original) - (original.refunded_micros if isinstance(original, Original) else 0)


def _cost(original: Original | dict[str, object]) -> int:
    return original.cost_micros if isinstance(original, Original) else -int(str(original["micros"]))


def _of_its_number(
    row: dict[str, object], parts: dict[int, Original | dict[str, object]]
) -> dict[int, Original | dict[str, object]]:
    """Of an order shared out, the part alone whose number the refund names, where it is worth that much."""
    number = row["number"]
    if len(parts) < 2 or not number:
        return parts
    own = {
        part: original
        for part, original in parts.items()
        if (original.number if isinstance(original, Original) else original["number"]) == number
    }
    worth = sum(_cost(original) for original in own.values())
    return own if len(own) == 1 and worth >= int(str(row["micros"])) else parts


def _payment(row: Mapping[str, object]) -> WalletPayment:
    return WalletPayment(
        str(row["transaction_id"]),
        str(row["reference_type"]),
        str(row["reference_id"]),
        int(str(row["micros"])),
        int(str(row["created_at"])),
        str(row["type"]),
    )


def after(original: Original, given_cents: int, refunded_micros: int) -> Original:
    """The original once a refund has given so much of it back."""
    return replace(
        original,
        given_cents=original.given_cents + given_cents,
        refunded_micros=original.refunded_micros + refunded_micros,
    )
