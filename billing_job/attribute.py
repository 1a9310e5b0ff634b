"""Whose is each transaction, and why: attributed to a client, excluded with a reason, or an exception that waits.

The transaction's own moment decides. A number found only in the description bills nobody.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.assignments import Assignments, Ints
from billing_job.decision import Decision
from billing_job.schema import ATTRIBUTED, TEXT, TRANSACTIONS, conform

TOPUP = "topup"
"""The category that is money put into the wallet, not a cost."""

VANISHED = "vanished_row"
"""The reason of a row that the supplier listed once and lists no more."""
HOUSE = "house"
"""The reason of what a user decided that the house pays."""
UNBILLABLE = frozenset({"unreadable_row", "amount_too_large", "foreign_currency"})
"""Reasons of exceptions that no client can be charged for: there is no amount in the seller's currency."""

Mask = npt.NDArray[np.bool_]

# Millions of rows carry the place of their reason in this list, and its name only in the end.
REASONS = (
    "", "unreadable_row", "amount_too_large", "foreign_currency", "unknown_type", TOPUP, "unknown_reference",
    "unassigned_number", "unassigned_trunk", "ambiguous_order",
)  # fmt: skip
_PLACE = {reason: place for place, reason in enumerate(REASONS)}
_OUTCOMES = ("attributed", "excluded", "exception")


def attribute(
    transactions: pd.DataFrame, facts: Assignments, categories: Mapping[str, str], currency: str
) -> pd.DataFrame:
    """Give every transaction its outcome; TRANSACTIONS in, ATTRIBUTED out, the same rows in the same order.

    `categories` maps a lower-case transaction type to its category. Reasons of exceptions: unreadable_row,
    amount_too_large, foreign_currency, unknown_type, unknown_reference, unassigned_number, unassigned_trunk,
    ambiguous_order.
    """
    frame = conform(transactions, TRANSACTIONS, "attribute").reset_index(drop=True)
    frame["category"] = frame["type"].map(dict(categories)).astype(TEXT)
    number_fact, trunk_fact, reason = _owners(frame, facts)

    no_category = frame["category"].isna().to_numpy(bool)
    first_reasons: tuple[tuple[str, Mask], ...] = (
        ("unreadable_row", (frame["problem"] != "").to_numpy(bool)),
        ("amount_too_large", frame["large_cents"].notna().to_numpy(bool)),
        ("foreign_currency", (frame["currency"] != currency).to_numpy(bool)),
        ("unknown_type", no_category),
    )
    broken = np.select([mask for _, mask in first_reasons], [_PLACE[name] for name, _ in first_reasons], default=0)
    topup = (frame["category"] == TOPUP).fillna(False).to_numpy(bool) & (broken == 0)
    reason = np.where(broken > 0, broken, np.where(topup, _PLACE[TOPUP], reason))
    owned = reason == 0
    outcome = np.where(topup, 1, np.where(owned, 0, 2))
    number_fact = np.where(owned, number_fact, -1)
    trunk_fact = np.where(owned, trunk_fact, -1)
    frame["outcome"] = _taken(_OUTCOMES, outcome)
    frame["reason"] = _taken(REASONS, reason)
    frame["number_fact"] = number_fact
    frame["trunk_fact"] = trunk_fact
    frame["category"] = frame["category"].fillna("")
    frame["part"] = 0
    clients = [fact.client_id for fact in facts.trunk_facts]
    trunk_keys = [facts.trunk_names.get(fact.trunk, fact.trunk) for fact in facts.trunk_facts]
    frame["client_id"] = _taken(clients, trunk_fact)
    # An order of several numbers can name none of them, nor one trunk.
    one_trunk = (frame["reference_type"] != "order").to_numpy(bool) | (number_fact >= 0)
    frame["trunk"] = _taken(trunk_keys, np.where(one_trunk, trunk_fact, -1))
    for column in ("number", "country", "number_type"):
        frame[column] = _taken([getattr(fact, column) for fact in facts.number_facts], number_fact)
    return conform(frame, ATTRIBUTED, "attribute")


def withdrawn(frame: pd.DataFrame, vanished: Collection[str]) -> pd.DataFrame:
    """Make exceptions of open rows that the supplier no longer lists: it may have taken the charge back."""
    if not vanished:
        return frame
    frame = frame.copy()
    rows = ~frame["settled"] & frame["transaction_id"].isin(sorted(vanished))
    frame["outcome"] = frame["outcome"].mask(rows, "exception")
    frame["reason"] = frame["reason"].mask(rows, VANISHED)
    return frame


def decide(frame: pd.DataFrame, decisions: Mapping[str, Decision]) -> pd.DataFrame:
    """Apply what users decided on transactions that waited; ATTRIBUTED in and out.

    A decision for a client attributes the transaction to it, one for the house excludes it with the reason `house`;
    both speak of one transaction, so they win over what the files say of its reference. An amount that cannot be read
    or is in another currency can go to the house alone.
    """
    frame = frame.copy()
    clients = {id_: decision.client_id for id_, decision in decisions.items() if not decision.is_house}
    house = [id_ for id_, decision in decisions.items() if decision.is_house]
    open_rows = (frame["outcome"] != "excluded") & ~frame["settled"]
    to_house = open_rows & frame["transaction_id"].isin(house)
    to_client = open_rows & frame["transaction_id"].isin(list(clients)) & ~frame["reason"].isin(sorted(UNBILLABLE))
    frame["outcome"] = frame["outcome"].mask(to_house, "excluded").mask(to_client, "attributed")
    frame["reason"] = frame["reason"].mask(to_house, HOUSE).mask(to_client, "")
    frame["client_id"] = frame["client_id"].mask(to_client, frame["transaction_id"].map(clients).astype(TEXT))
    # Whose the trunk is had no part in it.
    frame["trunk_fact"] = frame["trunk_fact"].mask(to_client | to_house, -1)
    # A type that no category is known for is its own category once somebody pays for it.
    frame["category"] = frame["category"].mask(to_client & (frame["category"] == ""), frame["type"])
    return conform(frame, ATTRIBUTED, "attribute")


def _owners(frame: pd.DataFrame, facts: Assignments) -> tuple[Ints, Ints, Ints]:
    """number fact, trunk fact and place of the reason (0: an owner) of each row, by its reference alone."""
    moments = frame["created_at"].fillna(0).to_numpy(np.int64)
    kinds = _text_array(frame["reference_type"])
    ids = pa.array(frame["reference_id"].array)
    ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    number_fact = np.full(len(frame), -1, np.int64)
    trunk_fact = np.full(len(frame), -1, np.int64)
    reason = np.full(len(frame), _PLACE["unknown_reference"], np.int64)

    rows = _rows_of(kinds, "trunk")
    keys = _renamed(ids.take(pa.array(rows)), facts.trunk_names)
    trunk_fact[rows] = facts.trunks.at(keys, moments[rows])
    reason[rows] = np.where(
        trunk_fact[rows] >= 0,
        0,
        np.where(_is_in(keys, sorted(facts.known_trunks)), _PLACE["unassigned_trunk"], _PLACE["unknown_reference"]),
    )

    rows = _rows_of(kinds, "number")
    identities = _identities(ids.take(pa.array(rows)), facts.identity_of)
    number_fact[rows] = facts.numbers.at(identities, moments[rows])
    trunk_fact[rows] = _trunks_of(number_fact[rows], moments[rows], facts)
    reason[rows] = np.select(
        [trunk_fact[rows] >= 0, number_fact[rows] >= 0, ~_nulls(identities)],
        [0, _PLACE["unassigned_trunk"], _PLACE["unassigned_number"]],
        default=_PLACE["unknown_reference"],
    )

    rows = _rows_of(kinds, "order")
    if len(rows):
        number_fact[rows], trunk_fact[rows], reason[rows] = _owners_of_orders(
            ids.take(pa.array(rows)), moments[rows], facts
        )
    return number_fact, trunk_fact, reason


def _owners_of_orders(orders: pa.Array, moments: Ints, facts: Assignments) -> tuple[Ints, Ints, Ints]:
    """An order is the client's that all of its numbers belonged to when it was paid."""
    pairs = [(order, identity) for order, found in facts.identities_of_order.items() for identity in found]
    bought = pd.DataFrame({"order": [order for order, _ in pairs], "identity": [one for _, one in pairs]}, dtype=TEXT)
    wanted = pd.DataFrame({"order": pd.Series(pd.arrays.ArrowExtensionArray(orders), dtype=TEXT), "moment": moments})
    wanted["row"] = np.arange(len(wanted))
    items = wanted.merge(bought, on="order", how="inner")
    item_moments = items["moment"].to_numpy(np.int64)
    item_number = facts.numbers.at(_text_array(items["identity"]), item_moments)
    item_trunk = _trunks_of(item_number, item_moments, facts)
    clients = np.array([fact.client_id for fact in facts.trunk_facts], dtype=object)
    items["number_fact"] = item_number
    items["trunk_fact"] = item_trunk
    items["client"] = np.where(item_trunk >= 0, clients[item_trunk] if len(clients) else "", "")
    items["owned"] = item_trunk >= 0
    items["on_trunk"] = item_number >= 0
    by_row = items.groupby("row").agg(
        clients=("client", "nunique"),
        owned=("owned", "all"),
        any_owned=("owned", "any"),
        on_trunk=("on_trunk", "any"),
        numbers=("identity", "size"),
        number_fact=("number_fact", "first"),
        trunk_fact=("trunk_fact", "first"),
    )
    by_row = by_row.reindex(np.arange(len(wanted)))
    known = by_row["clients"].notna().to_numpy(bool)
    one_owner = known & (by_row["clients"] == 1).to_numpy(bool) & by_row["owned"].eq(True).to_numpy(bool)
    nobody = known & by_row["any_owned"].eq(False).to_numpy(bool)
    on_trunk = by_row["on_trunk"].eq(True).to_numpy(bool)
    waiting = np.where(on_trunk, _PLACE["unassigned_trunk"], _PLACE["unassigned_number"])
    reason = np.select(
        [one_owner, ~known, nobody], [0, _PLACE["unknown_reference"], waiting], default=_PLACE["ambiguous_order"]
    )
    trunk_fact = np.where(one_owner, by_row["trunk_fact"].fillna(-1).to_numpy(np.int64), -1)
    single = one_owner & by_row["numbers"].eq(1).fillna(False).to_numpy(bool)
    number_fact = np.where(single, by_row["number_fact"].fillna(-1).to_numpy(np.int64), -1)
    return number_fact, trunk_fact, reason


def _trunks_of(number_fact: Ints, moments: Ints, facts: Assignments) -> Ints:
    """The trunk fact that holds for the trunk of each number fact; -1 where there is no number fact or no owner."""
    names = [facts.trunk_names.get(fact.trunk, fact.trunk) for fact in facts.number_facts]
    return facts.trunks.at(_taken_or_null(names, number_fact), moments)


def _identities(ids: pa.Array, identity_of: Mapping[str, str]) -> pa.Array:
    """What a reference to a number means: a did_number_id first, then a phone number, with or without its plus."""
    distinct = ids.dictionary_encode()  # a number has many transactions
    return _identities_of_names(distinct.dictionary, identity_of).take(distinct.indices)


def _identities_of_names(ids: pa.Array, identity_of: Mapping[str, str]) -> pa.Array:
    as_phone = pc.replace_substring_regex(ids, r"[\s().\-/]", "")
    with_plus = pc.binary_join_element_wise("+", pc.replace_substring_regex(as_phone, r"^(\+|00)", ""), "")
    found = _looked_up(ids, identity_of)
    return pc.coalesce(found, _looked_up(as_phone, identity_of), _looked_up(with_plus, identity_of))


def _renamed(keys: pa.Array, names: Mapping[str, str]) -> pa.Array:
    return pc.coalesce(_looked_up(keys, names), keys)


def _looked_up(keys: pa.Array, table: Mapping[str, str]) -> pa.Array:
    """table[key] for each key, null where it is not there."""
    places = pc.index_in(keys, value_set=pa.array(list(table), pa.string()))
    return pa.array(list(table.values()), pa.string()).take(places)


def _rows_of(kinds: pa.Array, kind: str) -> Ints:
    """The rows whose reference is of that kind."""
    return np.flatnonzero(pc.equal(kinds, kind).to_numpy(zero_copy_only=False))


def _is_in(keys: pa.Array, values: list[str]) -> Mask:
    return np.asarray(pc.is_in(keys, value_set=pa.array(values, pa.string())).to_numpy(zero_copy_only=False), bool)


def _nulls(values: pa.Array) -> Mask:
    return np.asarray(values.is_null().to_numpy(zero_copy_only=False), bool)


def _taken_or_null(values: Sequence[str], rows: Ints) -> pa.Array:
    return pa.array(values, pa.string()).take(pa.array(rows, mask=rows < 0))


def _taken(values: Sequence[str], rows: Ints) -> pd.Series:
    """values[row] for each row, '' where the row is -1."""
    return pd.Series(pd.arrays.ArrowExtensionArray(pc.fill_null(_taken_or_null(values, rows), "")))


def _text_array(column: pd.Series) -> pa.Array:
    values = pa.array(column.array)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
