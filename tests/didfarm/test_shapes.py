"""Every shape of a supplier: refused or read right as configured by default, read right with what --propose prints."""

import tomllib
from collections.abc import Sequence

import pytest

from billing_job.config.api import Api
from billing_job.config.reading import TransactionsReading
from billing_job.core.wallet import SETTLED, Transaction
from billing_job.didfarm.http import connect
from billing_job.didfarm.page import Page, page_reader
from billing_job.didfarm.parsing import read_balance
from billing_job.didfarm.sandbox.shapes.shape import Truth
from billing_job.didfarm.sandbox.shapes.table import SHAPES
from billing_job.didfarm.wire import read_transaction
from billing_job.didfarm.wire_amounts import decided
from billing_job.didfarm.wire_json import canonical_json, parse_json
from billing_job.didfarm.wire_reading import BalanceReading
from billing_job.month.session import Session
from billing_job.operations.proposal import proposed
from tests.support.shape_table import Supplier, api_of, documented, needed, proposal_for, session_with, table

UNPROVEN = {
    "balance-cents": "rows and balance are both whole numbers: nothing tells the unit",
    "balance-missing": "there is nothing to prove it by",
}
"""Shapes whose reading nothing can prove, and why; all others are proven."""
OTHER_MOMENTS = {
    "naive-local": "nothing in the answers tells the zone; --propose warns",
    "date-only": "there is no time",
    "dotted-day": "there are no seconds",
}
"""Shapes whose moments cannot be read to the second."""


def movements(rows: Sequence[Transaction]) -> dict[str, int | None]:
    """What each row moved, by its id; None where it cannot be read."""
    return {row.transaction_id: row.micros if row.standing == SETTLED else 0 for row in rows}


def true_movements(truths: Sequence[Truth]) -> dict[str, int]:
    """The same as it really was."""
    return {truth.transaction_id: truth.micros if truth.has_moved else 0 for truth in truths}


@pytest.mark.parametrize("name", SHAPES)
def test_by_default_a_shape_is_read_right_or_refused(name: str) -> None:
    """As configured by default: whatever the wallet's proof lets pass is right to the micro; the rest bills nothing."""
    supplier = Supplier(SHAPES[name])
    truths = supplier.truth()
    reading = TransactionsReading()
    raw = parse_json(canonical_json([supplier.shape.row(truth) for truth in truths]))
    forms = [read_transaction(row, reading).amount_form for row in raw]
    reading = reading.model_copy(update={"amount_unit": f"auto:{decided(forms)}"})
    rows = [read_transaction(row, reading) for row in raw]
    reply = supplier.shape.balance(supplier.balance_micros())
    try:
        balance = read_balance(parse_json(canonical_json(reply.body)), BalanceReading(otherwise="EUR"))
    except ValueError:
        return
    passes_the_gate = abs(sum(row.micros or 0 for row in rows if row.currency == "EUR") - balance.micros) < 10_000
    billed = {row.transaction_id: row.micros for row in rows if passes_the_gate and not row.problem}
    wrong = {id_: micros for id_, micros in billed.items() if true_movements(truths).get(id_) != micros}
    assert wrong == {}


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_proposed_reads_a_shape_right(name: str) -> None:
    """With the printed tables every row and the balance are right to the micro, found page by page, and proven."""
    supplier = Supplier(SHAPES[name])
    found = proposal_for(name)
    assert (found.verdict == "proven") == (name not in UNPROVEN), found.proof
    api = api_of(found.toml)
    read = rows_read(session_with(supplier), api)
    truths = supplier.truth()
    assert [row.problem for row in read if row.problem] == []
    assert movements(read) == true_movements(truths)
    assert {row.currency for row in read} == {"EUR"}
    if name not in OTHER_MOMENTS:
        assert [row.created_at for row in read] == [truth.moment for truth in truths]
    documented_api = Api.model_validate(tomllib.loads("\n".join(needed(name))))
    raw = parse_json(canonical_json([supplier.shape.row(truth) for truth in truths]))
    by_the_page = [read_transaction(row, documented_api.transactions) for row in raw]
    assert [(row.micros, row.standing, row.problem) for row in by_the_page] == [
        (row.micros, row.standing, row.problem) for row in read
    ]
    reply = supplier.shape.balance(supplier.balance_micros())
    if reply.status == 200:
        paths = BalanceReading(
            api.balance.amount, api.balance.currency, api.balance.amount_unit, "EUR", api.transactions
        )
        assert read_balance(parse_json(canonical_json(reply.body)), paths).micros == supplier.balance_micros()


def rows_read(session: Session, api: Api) -> list[Transaction]:
    """All rows through the reader of pages, under the proposed settings."""
    rows: dict[str, Transaction] = {}
    with connect(api, session.key, session.clock, session.console.warn, session.transport) as http:
        read = page_reader(http, api.transactions)
        number = 1
        while True:
            page: Page = read(number, None)
            fresh = [row for row in page.rows if row.transaction_id not in rows]
            rows |= {row.transaction_id: row for row in fresh}
            if not fresh or len(rows) == page.total or (api.transactions.paging == "next" and not page.next):
                return list(rows.values())
            number += 1


def test_there_are_at_least_sixty_shapes_and_docs_show_each() -> None:
    """docs/sync.md has every shape with the keys that read it, and they are what --propose prints."""
    assert len(SHAPES) >= 60
    assert documented() == table()
    for name in ("by-type", "nested-reference", "cursor", "millionths"):
        lines = needed(name)
        assert lines
        Api.model_validate(tomllib.loads("\n".join(lines)))


def test_the_larger_page_is_kept_where_the_supplier_honours_it() -> None:
    """per_page, limit or page_size, whichever works; nothing where none does or unknown parameters are refused."""
    kept = {name: api_of(proposal_for(name).toml).transactions.query for name in
            ("plain", "limit", "page_size", "fixed-pages", "strict")}  # fmt: skip
    assert kept == {
        "plain": {"per_page": "100"},
        "limit": {"limit": "100"},
        "page_size": {"page_size": "100"},
        "fixed-pages": {},
        "strict": {},
    }


def test_an_opening_balance_that_settings_lack_is_named_and_not_proven() -> None:
    """The sum is short by what was there before: said with the figure, and never called proven."""
    supplier = Supplier(SHAPES["plain"])
    wrong = proposed(session_with(supplier, opening_balance="12.34"))
    assert wrong.verdict == "not proven"
    assert any("-12.34 unexplained" in line for line in wrong.proof)


def test_proposals_are_the_same_each_time() -> None:
    """The same answers give the same bytes."""
    first, second = (proposed(session_with(Supplier(SHAPES["by-type"]))) for _ in range(2))
    assert first == second
