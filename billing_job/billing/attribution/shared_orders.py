"""An order whose numbers belong to different clients is shared out by what each number is known to cost.

Only when the known prices add up to the transaction exactly; otherwise it stays an exception.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.columns.schema import ATTRIBUTED, conform
from billing_job.core.register import NumberAssignment
from billing_job.core.settlement import BilledPart, Key

AMBIGUOUS = "ambiguous_order"
NOBODYS: dict[str, str | int] = {
    "outcome": "exception", "reason": AMBIGUOUS, "client_id": "", "number": "", "trunk": "", "country": "",
    "number_type": "", "number_fact": -1, "trunk_fact": -1,
}  # fmt: skip
"""What ATTRIBUTED says of a row without an owner."""
AFTER_ALL_ROWS = 2**62
"""The index of the first part that an order is shared out to."""


def split_orders(frame: pd.DataFrame, facts: Assignments, prices: Mapping[str, int]) -> pd.DataFrame:
    """Put the parts of each order that can be shared out after all rows, in its stead; ATTRIBUTED in and out.

    The other rows keep their index. `prices` are the micros of each number's identity, positive. The parts have part 1,
    2, … in the order of client ids; each is one client's, and their micros add up to the transaction.
    """
    waits = (frame["outcome"] == "exception") & (frame["reason"] == AMBIGUOUS) & ~frame["settled"]
    # What came back is shared out as what it gives back.
    candidates = frame[waits & (frame["micros"] < 0).fillna(False).astype(bool)]
    parts: list[dict[str, object]] = []
    split_rows: list[int] = []
    for row, transaction in candidates.iterrows():
        shares = _shares(transaction, facts, prices)
        if shares:
            split_rows.append(int(str(row)))
            whole: dict[str, object] = {str(column): value for column, value in transaction.items()}
            parts += [whole | share for share in shares]
    if not parts:
        return frame
    kept = frame.drop(index=split_rows)
    after = pd.RangeIndex(AFTER_ALL_ROWS, AFTER_ALL_ROWS + len(parts))
    return conform(pd.concat([kept, pd.DataFrame(parts, index=after)]), ATTRIBUTED, "split")


def settle_parts(frame: pd.DataFrame, settled: Mapping[Key, BilledPart]) -> pd.DataFrame:
    """Mark the parts that are billed already; `settled` tells of (transaction, part) how it was billed.

    An order of which a part is billed can no longer be shared out in another way: when its numbers now say so, the
    billed parts stand as they were billed, and what is left of it waits.
    """
    if not settled:
        return frame
    billed_of: dict[str, dict[int, BilledPart]] = {}
    for (transaction_id, part), billed in settled.items():
        billed_of.setdefault(transaction_id, {})[part] = billed
    shared = frame[frame["transaction_id"].isin(list(billed_of))]
    if shared.empty:
        return frame
    pieces = [_settled(rows, billed_of[str(name)]) for name, rows in shared.groupby("transaction_id", sort=False)]
    # Each piece keeps its place, so that the order of rows does not tell when they were billed.
    together = pd.concat([frame.drop(index=shared.index), *pieces]).sort_index(kind="stable")
    return conform(together, ATTRIBUTED, "split")


def _settled(rows: pd.DataFrame, billed: Mapping[int, BilledPart]) -> pd.DataFrame:
    """The rows of one order, of which `billed` (by part) is on documents."""
    costs = {part: one.cost_micros for part, one in billed.items()}
    now = dict(zip(rows["part"], rows["micros"], strict=True))
    if now == {part: -cost for part, cost in costs.items()}:
        return rows.assign(settled=True)
    numbered = _as_numbered(rows, billed)
    if numbered is not None:
        return numbered.assign(settled=numbered["part"].isin(list(billed)))
    first = rows.iloc[:1]
    parts = [first.assign(part=part, micros=-cost, settled=True) for part, cost in sorted(costs.items())]
    left = int(rows["micros"].sum()) + sum(costs.values())
    if left:
        free = next(part for part in range(1, len(costs) + 2) if part not in costs)
        parts.append(first.assign(**NOBODYS, part=free, micros=left, settled=False))
    return pd.concat(parts).astype(rows.dtypes.to_dict())


def _as_numbered(rows: pd.DataFrame, billed: Mapping[int, BilledPart]) -> pd.DataFrame | None:
    """The rows with the parts that were billed under their numbers; None where one of them is no part any more.

    A part is known by its trunk and its cost. Its number says no more than where its client's id stood among others.
    """
    places = {key: place for place, key in enumerate(zip(rows["trunk"], rows["micros"], strict=True))}
    numbers = {places.get((one.trunk, -one.cost_micros)): part for part, one in billed.items()}
    if None in numbers or len(numbers) < len(billed):
        return None
    free = (part for part in range(1, len(rows) + 1) if part not in billed)
    return rows.assign(part=[numbers[place] if place in numbers else next(free) for place in range(len(rows))]).astype(
        rows.dtypes.to_dict()
    )


def numbers_of_shared_orders(frame: pd.DataFrame, facts: Assignments) -> set[str]:
    """Every name of the numbers of the orders that could be shared out, as rentals may refer to them."""
    orders = frame.loc[frame["reason"] == AMBIGUOUS, "reference_id"].unique()
    rows = [facts.number_facts[place] for order in orders for place in facts.rows_of("order", order)]
    identities = {facts.identity_of.get(fact.number or fact.did_number_id) for fact in rows}
    return {name for name, identity in facts.identity_of.items() if identity in identities}


def known_prices(renewals: pd.DataFrame, facts: Assignments) -> dict[str, int]:
    """What each number costs, in micros: the price of its row in numbers.csv, else its latest renewal.

    `renewals` has reference_id and micros, oldest first; ids are turned into identities.
    """
    found = {
        facts.identity_of[reference]: -int(micros)
        for reference, micros in zip(renewals["reference_id"], renewals["micros"], strict=True)
        if reference in facts.identity_of
    }
    for fact in facts.number_facts:
        identity = facts.identity_of.get(fact.number or fact.did_number_id)
        if identity is not None and fact.price_micros is not None:
            found[identity] = fact.price_micros
    return found


def _shares(transaction: pd.Series, facts: Assignments, prices: Mapping[str, int]) -> list[dict[str, object]]:
    """The parts of one order: a client, its micros, and the number when it is one; empty when it cannot be split."""
    keys = facts.keys_of_order.get(str(transaction["reference_id"]), ())
    moments = np.full(len(keys), int(transaction["created_at"]), np.int64)
    number_facts = facts.numbers.at(pa.array(keys, pa.string()), moments)
    names = [facts.number_facts[fact].trunk if fact >= 0 else None for fact in number_facts]
    trunks = [facts.trunk_names.get(name, name) if name else None for name in names]
    trunk_facts = facts.trunks.at(pa.array(trunks, pa.string()), moments)
    if (trunk_facts < 0).any():
        return []
    known = [_price(facts, facts.number_facts[fact], prices) for fact in number_facts]
    costs = [micros for micros in known if micros is not None]
    if len(costs) < len(known) or sum(costs) != abs(int(transaction["micros"])):
        return []
    sign = -1 if transaction["micros"] < 0 else 1
    of_client: dict[str, list[int]] = {}
    for place, fact in enumerate(trunk_facts):
        of_client.setdefault(facts.trunk_facts[fact].client_id, []).append(place)
    shares = []
    for part, (client_id, places) in enumerate(sorted(of_client.items()), 1):
        one = places[0] if len(places) == 1 else None
        number = facts.number_facts[number_facts[places[0]]]
        shares.append(
            {
                "part": part,
                "outcome": "attributed",
                "reason": "",
                "client_id": client_id,
                "micros": sign * sum(costs[place] for place in places),
                "trunk": trunks[places[0]],
                "trunk_fact": int(trunk_facts[places[0]]),
                "number": "" if one is None else number.number,
                "country": "" if one is None else number.country,
                "number_type": "" if one is None else number.number_type,
                "number_fact": -1 if one is None else int(number_facts[one]),
            }
        )
    return shares


def _price(facts: Assignments, fact: NumberAssignment, prices: Mapping[str, int]) -> int | None:
    """What a number of an order cost, in micros: the price of the very row, else what is known of the number."""
    if fact.price_micros is not None:
        return fact.price_micros
    return prices.get(facts.identity_of.get(fact.number or fact.did_number_id, ""))
