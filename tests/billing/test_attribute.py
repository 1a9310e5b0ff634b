"""Whose a transaction is: the vectorised lookup against a plain one that walks the rows of the files one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.billing.attribution.assignments import assignments
from billing_job.billing.attribution.attribute import attribute
from billing_job.core.columns.schema import TRANSACTIONS, conform
from billing_job.core.errors import ConfigError
from billing_job.core.moments import microseconds, midnight
from billing_job.core.register import NumberAssignment, Register, TrunkAssignment
from billing_job.core.wallet import Trunk

ZONES = tuple(ZoneInfo(name) for name in ("Europe/Amsterdam", "America/Havana", "Africa/Cairo", "Asia/Kathmandu"))
# Edges of months, of the days on which the clocks of these zones change (in Havana and Cairo at midnight), and between.
DAYS = tuple(
    date.fromisoformat(day)
    for day in (
        "2026-03-08", "2026-03-29", "2026-03-30", "2026-04-24", "2026-10-01", "2026-10-15", "2026-10-25",
        "2026-10-26", "2026-10-30", "2026-11-01", "2026-11-02",
    )
)  # fmt: skip
CATEGORIES = {"call": "call", "topup": "topup", "refund": "refund"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Phone:
    """A number with its three names."""

    number: str
    did: str
    order: str


TRUNKS = tuple(Trunk(str(7 + n), f"trk_{n:08x}", f"trunk {n}") for n in range(3))
UNLISTED = Trunk("", "trk_unlisted", "only in trunks.csv")
PHONES = (Phone("+31201234567", "42", "1042"), Phone("+31201234568", "43", "1042"), Phone("+4930123456", "44", "1043"))

timelines = st.lists(st.sampled_from(DAYS), unique=True, min_size=0, max_size=5).map(sorted)


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[date | None, date | None]]:
    """Dated spans of one thing that never overlap, with gaps, and sometimes open at the ends."""
    days: list[date | None] = [*draw(timelines)]
    if draw(st.booleans()):
        days.insert(0, None)
    if draw(st.booleans()):
        days.append(None)
    return [(start, end) for start, end in pairwise(days) if draw(st.booleans())]


@st.composite
def mappings(draw: st.DrawFn) -> Register:
    trunks = [
        TrunkAssignment(start, end, f"trunks.csv, row {n}.{m}", name, draw(st.sampled_from(["acme", "bruno"])))
        for n, trunk in enumerate((*TRUNKS, UNLISTED))
        for m, (start, end) in enumerate(draw(spans()))
        for name in [draw(st.sampled_from([trunk.trunk_id, trunk.uuid])) or trunk.uuid]
    ]
    numbers = []
    for n, phone in enumerate(PHONES):
        for m, (start, end) in enumerate(draw(spans())):
            # Each row names the number in at least one way; the first names it in both, so that they are one thing.
            by_number, by_did = (True, True) if m == 0 else draw(st.sampled_from([(1, 1), (1, 0), (0, 1)]))
            order = phone.order if draw(st.booleans()) else ""
            trunk = draw(st.sampled_from((*TRUNKS, UNLISTED)))
            numbers.append(
                NumberAssignment(
                    start,
                    end,
                    f"numbers.csv, row {n}.{m}",
                    phone.number if by_number else "",
                    phone.did if by_did else "",
                    order,
                    "NL",
                    "local",
                    draw(st.sampled_from([trunk.trunk_id, trunk.uuid])) or trunk.uuid,
                )
            )
    return Register((), tuple(draw(st.permutations(trunks))), tuple(draw(st.permutations(numbers))), ())


references = st.one_of(
    st.tuples(
        st.just("trunk"), st.sampled_from([n for t in TRUNKS for n in (t.trunk_id, t.uuid)] + ["trk_unlisted", "999"])
    ),
    st.tuples(
        st.just("number"),
        st.sampled_from(
            [n for p in PHONES for n in (p.did, p.number, p.number[1:], "00" + p.number[1:])] + ["777", ""]
        ),
    ),
    st.tuples(st.just("number"), st.just("+31 20 123-45.67")),
    st.tuples(st.just("order"), st.sampled_from(["1042", "1043", "1044"])),
    st.tuples(st.sampled_from(["", "campaign"]), st.just("42")),
)
offsets = st.sampled_from([timedelta(0), timedelta(microseconds=-1), timedelta(hours=1), timedelta(hours=-1)])


@st.composite
def questions(draw: st.DrawFn, zone: ZoneInfo) -> list[tuple[str, str, int]]:
    """References at moments around the midnights at which assignments change."""
    days, moments = st.sampled_from(DAYS), []
    for _ in range(draw(st.integers(1, 12))):
        at = EPOCH + timedelta(microseconds=midnight(draw(days), zone)) + draw(offsets)
        moments.append((*draw(references), microseconds(at)))
    return moments


def frame_of(rows: Sequence[tuple[str, str, int]], **columns: Any) -> pd.DataFrame:
    """A TRANSACTIONS frame of calls of one cent with these references and moments."""
    frame = pd.DataFrame(rows, columns=["reference_type", "reference_id", "created_at"])
    frame["transaction_id"] = [str(n) for n in range(len(rows))]
    values = {
        "type": "call", "micros": -10_000, "large_micros": None, "currency": "EUR", "description": "",
        "problem": "", "standing": "settled", "quantity": None,
        "settled": False, **columns,
    }  # fmt: skip
    for column, value in values.items():
        frame[column] = value
    return conform(frame, TRANSACTIONS, "test")


def day_holds(fact: NumberAssignment | TrunkAssignment, day: date) -> bool:
    return (fact.valid_from or date.min) <= day and (fact.valid_to is None or day < fact.valid_to)


def uuid_of(name: str) -> str:
    return next((trunk.uuid for trunk in TRUNKS if name == trunk.trunk_id), name)


def owner_of_trunk(mapping: Register, name: str, day: date) -> str:
    return next((t.client_id for t in mapping.trunks if uuid_of(t.trunk) == uuid_of(name) and day_holds(t, day)), "")


def trunk_of_number(mapping: Register, phone: Phone, day: date, *, did: str = "", order: str = "") -> str:
    """By all rows of the number, or by those alone that name this did_number_id or order."""
    rows = [
        n
        for n in mapping.numbers
        if (phone.number == n.number or phone.did == n.did_number_id)
        and (not did or n.did_number_id == did)
        and (not order or n.order_id == order)
    ]
    return next((uuid_of(row.trunk) for row in rows if day_holds(row, day)), "")


def answer(mapping: Register, kind: str, name: str, moment: int, zone: ZoneInfo) -> tuple[str, str, str, str]:
    """(client, reason, number, trunk) as a person would find them, row by row."""
    day = (EPOCH + timedelta(microseconds=moment)).astimezone(zone).date()
    if kind == "trunk":
        client = owner_of_trunk(mapping, name, day)
        known = {uuid_of(t.trunk) for t in mapping.trunks} | {t.uuid for t in TRUNKS}
        if client:
            return client, "", "", uuid_of(name)
        return "", "unassigned_trunk" if uuid_of(name) in known else "unknown_reference", "", ""
    if kind == "number":
        bare = "".join(letter for letter in name if letter.isdigit()).removeprefix("00")
        phones = [
            p for p in PHONES if bare in (p.did, p.number[1:]) and any(n.number == p.number for n in mapping.numbers)
        ]
        if not phones:
            return "", "unknown_reference", "", ""
        did = name if any(n.did_number_id == name for n in mapping.numbers) else ""
        trunk = trunk_of_number(mapping, phones[0], day, did=did)
        client = owner_of_trunk(mapping, trunk, day) if trunk else ""
        if client:
            return client, "", phones[0].number, trunk
        return "", "unassigned_trunk" if trunk else "unassigned_number", "", ""
    if kind == "order":
        phones = [
            p
            for p in PHONES
            if any(n.order_id == name and (n.number == p.number or n.did_number_id == p.did) for n in mapping.numbers)
        ]
        trunks = [trunk_of_number(mapping, phone, day, order=name) for phone in phones]
        clients = [owner_of_trunk(mapping, trunk, day) if trunk else "" for trunk in trunks]
        if not phones:
            return "", "unknown_reference", "", ""
        if not any(clients):
            return "", "unassigned_trunk" if any(trunks) else "unassigned_number", "", ""
        if len(set(clients)) > 1:
            return "", "ambiguous_order", "", ""
        return clients[0], "", *((phones[0].number, trunks[0]) if len(phones) == 1 else ("", ""))
    return "", "unknown_reference", "", ""


@given(st.data(), st.sampled_from(ZONES), mappings())
@settings(max_examples=100, deadline=None)
def test_every_reference_finds_the_owner_that_a_person_would_find(
    data: st.DataObject, zone: ZoneInfo, mapping: Register
) -> None:
    """Gaps, moves at midnights (also those that clocks skip or repeat), did ids, E.164, orders, trunk ids and uuids."""
    asked = data.draw(questions(zone))
    found = attribute(frame_of(asked), assignments(mapping, TRUNKS, zone), CATEGORIES, "EUR")
    got = list(zip(found["client_id"], found["reason"], found["number"], found["trunk"], strict=True))
    assert got == [answer(mapping, kind, name, moment, zone) for kind, name, moment in asked]
    assert list(found["outcome"]) == ["attributed" if client else "exception" for client, *_ in got]


@pytest.mark.parametrize(
    ("columns", "outcome", "reason"),
    [
        ({"type": "topup"}, "excluded", "topup"),
        ({"type": "telegram"}, "exception", "unknown_type"),
        ({"currency": "USD"}, "exception", "foreign_currency"),
        ({"problem": "amount: is missing", "micros": None}, "exception", "unreadable_row"),
        ({"standing": "pending", "type": "topup"}, "exception", "not_settled"),
        ({"standing": "void", "problem": "amount: is missing"}, "excluded", "void"),
        ({"micros": None, "large_micros": "-99999999999999999999"}, "exception", "amount_too_large"),
        ({"type": "topup", "currency": "USD"}, "exception", "foreign_currency"),
        ({"description": "Call from +31201234567", "reference_id": "999"}, "exception", "unknown_reference"),
    ],
)
def test_what_no_client_is_billed_for(columns: dict[str, object], outcome: str, reason: str) -> None:
    """Top-ups are excluded; what cannot be read, priced or found waits; a number in the description bills nobody."""
    mapping = Register((), (TrunkAssignment(None, None, "row 2", "7", "acme"),), (), ())
    facts = assignments(mapping, TRUNKS, ZONES[0])
    (row,) = attribute(frame_of([("trunk", "7", 0)], **columns), facts, CATEGORIES, "EUR").to_dict("records")
    assert (row["outcome"], row["reason"], row["client_id"]) == (outcome, reason, "")


@pytest.mark.parametrize("other", ["trk_0", "trk_z"])
def test_an_id_that_two_trunks_have_had_is_neither_ones(other: str) -> None:
    """The alphabet decided between their clients; a row for the id itself, with its days, tells whose it was when."""
    trunks = (Trunk("7", "trk_a", "A"), Trunk("7", other, "B"))
    rows = (
        TrunkAssignment(None, None, "trunks.csv, row 2", "trk_a", "acme"),
        TrunkAssignment(None, None, "trunks.csv, row 3", other, "bruno"),
    )
    day = midnight(date(2026, 10, 15), ZONES[0])
    asked = frame_of([("trunk", name, day) for name in ("7", "trk_a", other)])
    facts = assignments(Register((), rows, (), ()), trunks, ZONES[0])
    found = attribute(asked, facts, CATEGORIES, "EUR")
    assert found["reason"].tolist() == ["unknown_reference", "", ""]
    assert found["client_id"].tolist()[1:] == ["acme", "bruno"]
    dated = (*rows, TrunkAssignment(date(2026, 10, 1), None, "trunks.csv, row 4", "7", "bruno"))
    found = attribute(asked, assignments(Register((), dated, (), ()), trunks, ZONES[0]), CATEGORIES, "EUR")
    assert found["client_id"].tolist() == ["bruno", "acme", "bruno"]


def test_one_trunk_under_two_names_cannot_be_assigned_twice() -> None:
    """Row 2 says trunk 7, row 3 its uuid: only the supplier's list shows that this is one trunk with two owners."""
    rows = (
        TrunkAssignment(None, None, "row 2", "7", "acme"),
        TrunkAssignment(None, None, "row 3", "trk_00000000", "b"),
    )
    with pytest.raises(ConfigError, match=r"row 3: trunk trk_00000000 is assigned twice.*row 2"):
        assignments(Register((), rows, (), ()), TRUNKS, ZONES[0])
