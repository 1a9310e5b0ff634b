"""What is proposed for any supplier: what is called proven is right, whatever the rows look like and however many."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
import pytest

from billing_job.config.reading import TransactionsReading
from billing_job.core.wallet import SETTLED
from billing_job.didfarm.http import Http
from billing_job.didfarm.proposal.outcomes import Evidence
from billing_job.didfarm.proposal.propose import NotReadable, Proposal, propose
from billing_job.didfarm.proposal.survey import survey
from billing_job.didfarm.sandbox.shapes import replies, rows
from billing_job.didfarm.sandbox.shapes.shape import Edit, Shape, Truth
from billing_job.didfarm.sandbox.shapes.table import SHAPES
from billing_job.didfarm.wire_json import canonical_json, parse_json
from tests.support.sandbox_on_loopback import KEY, StillClock
from tests.support.shape_table import world

CENTS = rows.integers(10_000)
WORDED = (CENTS, rows.decimals(2), rows.texts(CENTS), rows.number, rows.integers(1_000), rows.integers(1),
          rows.decimals(2, thousands=","), rows.decimals(2, minus="\N{MINUS SIGN}"))  # fmt: skip
STATES = (("status", "completed", "pending"), ("state", "posted", "reversed"), ("confirmed", True, False),
          ("deleted_at", None, "2026-10-01"), ("status", "charged", "blocked"))  # fmt: skip
DIRECTIONS = (("debit", "credit"), ("OUT", "IN"), ("-", "+"), ("D", "C"), ("outbound", "inbound"))


def any_shape(chance: Random) -> Shape:
    """A shape that nobody has thought of: amounts, direction, state, balance and order as chance has them."""
    worded = chance.choice(WORDED)
    name = chance.choice(["amount", "value", "total"])
    ways: dict[str, tuple[Edit, ...]] = {
        "signed": (rows.amount(worded, name),),
        "inverted": (rows.amount(rows.negated(worded), name),),
        "by type": (rows.amount(rows.unsigned(worded), name),),
        "columns": (rows.columns(worded, "debit", "credit", None),),
        "direction": (
            rows.amount(rows.unsigned(worded), name),
            rows.direction("flow", *chance.choice(DIRECTIONS)),
        ),
        "after": (rows.amount(rows.unsigned(worded), name), rows.after(rows.decimals(2), "balance")),
    }
    edits = ways[chance.choice(list(ways))]
    has_idle = chance.random() < 0.4
    if has_idle:
        edits += (rows.status(*chance.choice(STATES)),)
    balance = chance.choice([SHAPES["plain"].balance, SHAPES["balance-cents"].balance, replies.no_balance])
    return replace(
        SHAPES["plain"],
        edits=edits,
        balance=balance,
        oldest_first=chance.random() < 0.3,
        idle_status="idle" if has_idle else "",
    )


def proposal_of(shape: Shape, count: int, *, opening: int = 0) -> tuple[list[Truth], Proposal]:
    """What is proposed for the oldest rows of the wallet in a shape; `opening` micros that settings know nothing of."""
    oldest = sorted(world().transactions, key=lambda row: str(row["created_at"]))[:count]
    truths = shape.listed(oldest)
    reply = shape.balance(shape.balance_micros(oldest) + opening)
    told = parse_json(canonical_json(reply.body)) if reply.status == 200 else None
    listed = parse_json(canonical_json([shape.row(truth) for truth in truths]))
    evidence = Evidence(listed, is_whole=True, balance=told, opening=0, currency="EUR", timezone="UTC")
    return truths, propose(evidence, TransactionsReading.model_validate)


def is_right(truths: Sequence[Truth], proposal: Proposal) -> bool:
    """Whether each row moved what it truly moved."""
    read = [row.micros if row.standing == SETTLED else 0 for row in proposal.outcome.rows]
    return read == [truth.micros if truth.has_moved else 0 for truth in truths]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_called_proven_is_right(seed: int) -> None:
    """Any shape, a few rows or many, and a wallet that held something before: a proven reading is the true one."""
    chance = Random(seed)  # noqa: S311 - decides a test, guards nothing
    shape, count, opening = any_shape(chance), chance.choice([2, 5, 60]), chance.choice([0, 0, 3_210_000])
    truths, proposal = proposal_of(shape, count, opening=opening)
    assert is_right(truths, proposal) or not proposal.is_proven


def test_one_way_only_proves_no_sign() -> None:
    """While nothing has left the wallet, unsigned amounts might be signed as well: not proven."""
    _, proposal = proposal_of(SHAPES["by-type"], 1)
    assert not proposal.is_proven


def test_rows_and_balance_in_one_unknown_unit_are_not_proven() -> None:
    """Both are whole numbers: cents or thousandths fit alike, and each of them is named."""
    truths, proposal = proposal_of(SHAPES["balance-cents"], 60)
    assert is_right(truths, proposal)
    assert not proposal.is_proven
    assert {rival.settings["amount_unit"] for rival in proposal.rivals} >= {"decimal", "1/1000"}


@pytest.mark.parametrize("lacking", ["id", "type", "created_at", "amount"])
def test_what_no_field_can_be_is_named(lacking: str) -> None:
    """A row without one of the four that every row needs is not readable."""
    listed = [{"id": 1, "type": "call", "amount": -5, "created_at": "2026-10-05T14:30:00Z"} for _ in range(3)]
    listed = [{**row, "id": number, "note": "same"} for number, row in enumerate(listed)]
    bare = [{key: value for key, value in row.items() if key != lacking} for row in listed]
    with pytest.raises(NotReadable):
        propose(Evidence(bare, True, None, 0, "EUR", "UTC"), TransactionsReading.model_validate)


def test_a_sign_of_the_currency_and_a_second_currency() -> None:
    """A balance in € beside rows in EUR is the same currency; rows in a second one are never called proven."""
    listed = parse_json(canonical_json(world().transactions))
    total = sum(row["amount"] for row in listed)
    balance = {"balance": f"{total / 100:.2f}", "currency": "€"}
    found = propose(Evidence(listed, True, balance, 0, "EUR", "UTC"), TransactionsReading.model_validate)
    assert (found.is_proven, found.transactions["currencies"]) == (True, {"€": "EUR"})
    listed[0]["currency"] = "USD"
    mixed = propose(Evidence(listed, True, balance, 0, "EUR", "UTC"), TransactionsReading.model_validate)
    assert not mixed.is_proven


def test_json_api_is_read() -> None:
    """What a row is about may stand in a relationship of its own; the row's own type and id are not taken for it."""
    listed = [
        {
            "id": str(row["id"]),
            "type": "transactions",
            "attributes": {name: row[name] for name in ("type", "amount", "currency", "created_at")},
            "relationships": {"reference": {"data": {"type": row["reference_type"], "id": str(row["reference_id"])}}},
        }
        for row in world().transactions
    ]
    found = propose(Evidence(listed, True, None, 0, "EUR", "UTC"), TransactionsReading.model_validate)
    fields = found.transactions["fields"]
    assert (fields.get("id", "id"), fields["type"]) == ("id", "attributes.type")
    assert fields["reference_type"] == "relationships.reference.data.type"
    assert fields["reference_id"] == "relationships.reference.data.id"


def test_an_amount_is_no_id() -> None:
    """Rows without an id are not told apart by amounts that happen to differ."""
    listed = [
        {"type": "call", "amount": -number, "created_at": f"2026-10-05T14:{number:02}:00Z"} for number in range(1, 30)
    ]
    with pytest.raises(NotReadable):
        propose(Evidence(listed, True, None, 0, "EUR", "UTC"), TransactionsReading.model_validate)


def long_list(count: int) -> list[dict[str, object]]:
    """Rows a minute apart, the newest first."""
    first = datetime(2026, 10, 1, tzinfo=UTC)
    return [
        {"id": number, "type": "topup" if number == 1 else "call", "amount": "900000" if number == 1 else "-7",
         "currency": "EUR", "created_at": (first + timedelta(minutes=number)).isoformat()}
        for number in range(count, 0, -1)
    ]  # fmt: skip


def test_a_long_list_is_proven_once_the_ledger_has_it() -> None:
    """Of 900 rows at 15 a page three pages are read; with the ledger's copy of the others their sum counts."""
    listed = long_list(900)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/balance"):
            return httpx.Response(200, json={"balance": f"{(900_000 - 899 * 7) / 100:.2f}", "currency": "EUR"})
        page = int(request.url.params.get("page", "1"))
        return httpx.Response(200, json={"data": listed[(page - 1) * 15 : page * 15], "meta": {"total": 900}})

    stored = [canonical_json(row) for row in reversed(listed)]
    verdicts = {}
    for name, mirrored in (("without", []), ("with", stored)):
        with Http("https://supplier.example", KEY, StillClock(), transport=httpx.MockTransport(answer)) as http:
            found = survey(http, lambda mirrored=mirrored: mirrored)  # type: ignore[misc]
            assert http.requests < 20
        evidence = Evidence(found.rows, found.is_whole, found.balance, 0, "EUR", "UTC")
        proposal = propose(evidence, TransactionsReading.model_validate)
        verdicts[name] = (len(found.rows), found.is_mirrored, proposal.is_proven)
    assert verdicts == {"without": (45, False, False), "with": (900, True, True)}
    assert json.loads(stored[0])["id"] == 1
