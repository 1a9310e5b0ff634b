"""Whose is each transaction, and why: attributed to a client, excluded with a reason, or an exception that waits.

The transaction's own moment decides. A number found only in the description bills nobody.
"""

from collections.abc import Collection, Mapping
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.categories import REFUND, TOPUP
from billing_job.core.columns.in_parallel import THREADS, side_by_side
from billing_job.core.columns.interned import Coded, Codes, Mask, arrow, column_of, flags, ints
from billing_job.core.columns.intervals import Ints
from billing_job.core.columns.schema import ATTRIBUTED, TEXT, TRANSACTIONS, conform
from billing_job.core.columns.text_tables import TextsByText
from billing_job.core.decision import Decision
from billing_job.core.wallet import PENDING, VOID

VANISHED = "vanished_row"
"""The reason of a row that the supplier listed once and lists no more."""
HOUSE = "house"
"""The reason of what a user decided that the house pays."""
NOT_SETTLED = "not_settled"
"""The reason of a row whose status says neither that it moved money nor that it never will."""
TAKEN_BACK = "refund_taken_back"
"""The reason of a refund that took money: it undoes another one, and what that gave back is not what it costs."""
UNBILLABLE = frozenset({"unreadable_row", NOT_SETTLED, "amount_too_large", "foreign_currency"})
"""Reasons of exceptions that no client can be charged for: no amount in the seller's currency has left the wallet."""

# Millions of rows carry the place of their reason in this list.
REASONS = (
    "", "unreadable_row", "amount_too_large", "foreign_currency", "unknown_type", TOPUP, "unknown_reference",
    "unassigned_number", "unassigned_trunk", "ambiguous_order", NOT_SETTLED, VOID, TAKEN_BACK,
)  # fmt: skip
_PLACE = {reason: place for place, reason in enumerate(REASONS)}
_OUTCOMES = ("attributed", "excluded", "exception")
_OUTCOME_OF = np.array([{"": 0, TOPUP: 1, VOID: 1}.get(reason, 2) for reason in REASONS], np.int32)


def attribute(
    transactions: pd.DataFrame, facts: Assignments, categories: Mapping[str, str], currency: str
) -> pd.DataFrame:
    """Give every transaction its outcome; TRANSACTIONS in, ATTRIBUTED out, the same rows in the same order.

    `categories` maps a lower-case transaction type to its category. Reasons of exceptions: unreadable_row,
    not_settled, amount_too_large, foreign_currency, unknown_type, refund_taken_back, unknown_reference,
    unassigned_number, unassigned_trunk, ambiguous_order.
    """
    frame = conform(transactions, TRANSACTIONS, "attribute").reset_index(drop=True)
    types = Coded.of(frame["type"])
    category = Coded.taken([categories.get(name, "") for name in types.names()], types.codes)
    number_fact, trunk_fact, reason = _owners(frame, facts)
    # What is wrong with the row itself comes before what its reference lacks, the first of these before the others.
    for name, rows in (
        (TAKEN_BACK, category.equal(REFUND) & flags((frame["micros"] < 0).fillna(False))),
        (TOPUP, category.equal(TOPUP)),
        ("unknown_type", ~types.each(lambda name: name in categories)),
        ("foreign_currency", flags(frame["currency"] != currency)),
        ("amount_too_large", flags(frame["large_micros"].notna())),
        (NOT_SETTLED, flags(frame["standing"] == PENDING)),
        ("unreadable_row", flags(frame["problem"] != "")),
        (VOID, flags(frame["standing"] == VOID)),
    ):
        reason[rows] = _PLACE[name]
    nobodys = reason > 0
    number_fact[nobodys] = -1
    trunk_fact[nobodys] = -1
    # An order of several numbers can name none of them, nor one trunk.
    one_trunk = flags(frame["reference_type"] != "order") | (number_fact >= 0)
    tables = facts.tables
    columns = side_by_side(
        len(frame),
        {
            "outcome": lambda: Coded.taken(_OUTCOMES, _OUTCOME_OF[reason]).plain(),
            "reason": lambda: Coded.taken(REASONS, reason).plain(),
            "category": category.plain,
            "client_id": lambda: tables.clients.at(trunk_fact).column(),
            "trunk": lambda: tables.trunks.at(np.where(one_trunk, trunk_fact, -1)).column(),
            "number": lambda: tables.numbers.at(number_fact).column(),
            "country": lambda: tables.countries.at(number_fact).column(),
            "number_type": lambda: tables.number_types.at(number_fact).column(),
            "number_fact": lambda: column_of(number_fact),
            "trunk_fact": lambda: column_of(trunk_fact),
            "part": lambda: column_of(np.zeros(len(frame), np.int64)),
            "refund_of": lambda: Coded.taken((), np.full(len(frame), -1, np.int32)).column(),
            "refund_part": lambda: column_of(np.zeros(len(frame), np.int64)),
        },
    )
    return conform(frame.assign(**columns), ATTRIBUTED, "attribute")


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
    if not decisions:
        return frame
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


def _owners(frame: pd.DataFrame, facts: Assignments) -> tuple[Ints, Ints, Codes]:
    """number fact, trunk fact and place of the reason (0: an owner) of each row, by its reference alone."""
    moments = ints(frame["created_at"], missing=0)
    kinds = arrow(frame["reference_type"])
    ids = Coded.of(frame["reference_id"])
    trunk_names = pc.coalesce(facts.tables.names_of_trunks.of(ids.texts), ids.texts)
    number_keys = _number_keys(ids.texts, facts.tables.keys_of_numbers)
    # What each distinct reference would be as a trunk and as a number, and why it may have no owner.
    trunks, numbers = facts.trunks.places(trunk_names), facts.numbers.places(number_keys)
    is_known = facts.tables.known_trunks.have(trunk_names)
    trunk_waits = np.where(is_known, _PLACE["unassigned_trunk"], _PLACE["unknown_reference"])
    number_waits = np.where(_nulls(number_keys), _PLACE["unknown_reference"], _PLACE["unassigned_number"])
    # The place of the trunk that each number fact names; the last stands for no number fact.
    trunk_of = np.append(facts.tables.trunk_of_number, -1)
    number_fact = np.full(len(frame), -1, np.int64)
    trunk_fact = np.full(len(frame), -1, np.int64)
    reason = np.full(len(frame), _PLACE["unknown_reference"], np.int32)

    def of_trunks(rows: Ints) -> None:
        codes = ids.codes[rows]
        found = facts.trunks.at_places(_of_each(trunks, codes, -1), moments[rows])
        trunk_fact[rows] = found
        reason[rows] = np.where(found >= 0, 0, _of_each(trunk_waits, codes, _PLACE["unknown_reference"]))

    def of_numbers(rows: Ints) -> None:
        codes, at = ids.codes[rows], moments[rows]
        on = facts.numbers.at_places(_of_each(numbers, codes, -1), at)
        found = facts.trunks.at_places(trunk_of[on], at)
        waits = np.where(
            on >= 0, _PLACE["unassigned_trunk"], _of_each(number_waits, codes, _PLACE["unknown_reference"])
        )
        number_fact[rows] = on
        trunk_fact[rows] = found
        reason[rows] = np.where(found >= 0, 0, waits)

    # Each writes to rows of its own.
    side_by_side(
        len(frame),
        {
            f"{kind} {half}": partial(look_up, rows)
            for kind, look_up in (("trunk", of_trunks), ("number", of_numbers))
            for half, rows in enumerate(np.array_split(_rows_of(kinds, kind), THREADS))
        },
    )
    rows = _rows_of(kinds, "order")
    if len(rows):
        orders = ids.texts.take(pa.array(ids.codes[rows], mask=ids.codes[rows] < 0))
        number_fact[rows], trunk_fact[rows], reason[rows] = _owners_of_orders(orders, moments[rows], trunk_of, facts)
    return number_fact, trunk_fact, reason


def _owners_of_orders(orders: pa.Array, moments: Ints, trunk_of: Ints, facts: Assignments) -> tuple[Ints, Ints, Ints]:
    """An order is the client's that all of its numbers belonged to when it was paid."""
    pairs = [(order, key) for order, found in facts.keys_of_order.items() for key in found]
    bought = pd.DataFrame({"order": [order for order, _ in pairs], "key": [one for _, one in pairs]}, dtype=TEXT)
    wanted = pd.DataFrame({"order": pd.Series(pd.arrays.ArrowExtensionArray(orders), dtype=TEXT), "moment": moments})
    wanted["row"] = np.arange(len(wanted))
    items = wanted.merge(bought, on="order", how="inner")
    item_moments = items["moment"].to_numpy(np.int64)
    item_number = facts.numbers.at(arrow(items["key"]), item_moments)
    item_trunk = facts.trunks.at_places(trunk_of[item_number], item_moments)
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
        numbers=("key", "size"),
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


def _number_keys(ids: pa.Array, key_of: TextsByText) -> pa.Array:
    """What a reference to a number means: a did_number_id first, then a phone number, with or without its plus."""
    found = key_of.of(ids)
    unknown = found.is_null()
    as_phone = pc.replace_substring_regex(ids.filter(unknown), r"[\s().\-/]", "")
    with_plus = pc.binary_join_element_wise("+", pc.replace_substring_regex(as_phone, r"^(\+|00)", ""), "")
    phones = pc.coalesce(key_of.of(as_phone), key_of.of(with_plus))
    return pc.replace_with_mask(found, unknown, phones)


def _rows_of(kinds: pa.Array, kind: str) -> Ints:
    """The rows whose reference is of that kind."""
    return np.flatnonzero(pc.equal(kinds, kind).to_numpy(zero_copy_only=False))


def _nulls(values: pa.Array) -> Mask:
    return np.asarray(values.is_null().to_numpy(zero_copy_only=False), bool)


def _of_each(table: Ints, codes: Codes, otherwise: int) -> Ints:
    """table[code] for each code, `otherwise` where it is -1."""
    return np.append(table, otherwise)[codes]
