"""Credit notes: any sequence ends at zero and never takes more than is left; what they free is billed again, once."""

from concurrent.futures import ProcessPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.journal import WalletMonth, month_journal
from billing_job.billing.invoicing.credit_limits import NotCreditable
from billing_job.billing.invoicing.credit_note import Request, credit
from billing_job.core.checks import documents_add_up, numbers_have_no_gap
from billing_job.core.document import Document, Kind, Vat
from billing_job.core.errors import LedgerError
from billing_job.core.period import Period
from billing_job.core.settlement import Credit, Undone
from billing_job.ledger.documents import issued_numbers
from tests.support.desk import OCTOBER, Desk, lines_of, row
from tests.support.fakes import two_clients
from tests.support.sample_documents import document, line

TODAY = date(2026, 11, 20)
VATS = (Vat("S", Decimal("19")), Vat("S", Decimal("5.5")), Vat("E", Decimal(0)))
NOVEMBER = Period(2026, 11)


class Book:
    """What is undone of one document, kept here beside the program's own books."""

    def __init__(self, original: Document):
        self.original = original
        self.notes: list[Document] = []
        self.net_of_line: dict[int, int] = {}
        self.vat_of: dict[Vat, int] = {}

    def credit(self, **request: Any) -> Credit:
        made = credit(self.original, Undone(self.net_of_line, self.vat_of), Request("wrong", **request), TODAY)
        for credited in made.credited:
            self.net_of_line[credited.line] = self.net_of_line.get(credited.line, 0) - credited.net_cents
        for total in made.document.vat_totals:
            self.vat_of[total.vat] = self.vat_of.get(total.vat, 0) - total.vat_cents
        self.notes.append(made.document)
        return made

    def left(self) -> tuple[int, int]:
        """(net, VAT) that document and notes come to together."""
        together = [self.original, *self.notes]
        return sum(each.net_cents for each in together), sum(each.vat_cents for each in together)


@st.composite
def originals(draw: st.DrawFn) -> Document:
    """One to five lines of both signs and up to three VAT categories, from one cent to huge."""
    cents = st.one_of(st.integers(-50, 50), st.integers(-100_000, 300_000), st.just(33_499), st.just(10**12))
    lines = [
        line(number, draw(st.sampled_from(["call", "monthly_fee"])), draw(cents), vat=draw(st.sampled_from(VATS)))
        for number in range(1, draw(st.integers(1, 5)) + 1)
    ]
    made = document(lines)
    kind = Kind.CREDIT_NOTE if made.net_cents < 0 else Kind.INVOICE
    return document(lines, kind=kind)


requests = st.fixed_dictionaries(
    {},
    optional={
        "lines": st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
        "amount_cents": st.one_of(st.integers(1, 60), st.integers(1, 400_000)),
    },
)


@given(originals(), st.lists(requests, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_sequence_ends_at_exactly_zero(original: Document, wanted: list[dict[str, Any]]) -> None:
    """By line, by amount, whole: each note adds up, nothing is undone twice, and the end is zero net and zero VAT."""
    book = Book(original)
    for request in wanted:
        try:
            made = book.credit(**request).document
        except NotCreditable:
            continue
        assert documents_add_up([made]) == []
        assert (made.corrects, made.corrects_date) == (original.number, original.issue_date)
        amount = request.get("amount_cents")
        assert amount is None or abs(made.net_cents) == amount
        for total in original.vat_totals:
            undone = sum(
                cents for number, cents in book.net_of_line.items() if original.lines[number - 1].vat == total.vat
            )
            assert min(0, total.net_cents) <= undone <= max(0, total.net_cents)
            assert min(0, total.vat_cents) <= book.vat_of.get(total.vat, 0) <= max(0, total.vat_cents)
        net, vat = book.left()
        assert min(0, original.net_cents) <= net <= max(0, original.net_cents)
        assert abs(net + vat) <= abs(original.gross_cents) or len(original.vat_totals) > 1
    if any(each.net_cents != book.net_of_line.get(each.line, 0) for each in original.lines):
        book.credit()
    assert book.left() == (0, 0)
    assert {each.line: each.net_cents for each in original.lines if each.net_cents} == {
        number: cents for number, cents in book.net_of_line.items() if cents
    }
    with pytest.raises(NotCreditable, match="nothing is left"):
        book.credit()


def test_334_99_in_four_parts() -> None:
    """Four amounts of 334.99 at 19 %: each note's VAT is right to a cent, together they are the invoice's 63.65."""
    book = Book(document([line(1, "call", 33_499, vat=VATS[0])]))
    vats = [-book.credit(amount_cents=cents).document.vat_cents for cents in (8375, 8375, 8375, 8374)]
    assert vats == [1591, 1592, 1591, 1591]
    assert (sum(vats), book.left()) == (6365, (0, 0))
    with pytest.raises(NotCreditable, match="nothing is left"):
        book.credit(amount_cents=1)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"lines": (3,)}, "--line 3: INV-2026-00001 has lines 1 to 2"),
        ({"amount_cents": 7001}, "--amount 70.01: of INV-2026-00001 70.00 net is left"),
        ({"amount_cents": 0}, "--amount 0.00"),
        ({"lines": (1,)}, "of 70.00 net 70.00 is left, and these lines come to 100.00: credit the lines of the other"),
        ({"lines": (2,)}, "these lines come to -30.00"),
        ({"amount_cents": 10, "rebill": True}, "leave --amount out"),
    ],
)
def test_what_cannot_be_credited(request_: dict[str, Any], told: str) -> None:
    """Of an invoice of 100 less a refund of 30, 70 can be undone: never a line alone that would leave it below zero."""
    book = Book(document([line(1, "call", 10_000), line(2, "refund", -3000)]))
    with pytest.raises(NotCreditable, match=told):
        book.credit(**request_)
    assert book.credit(lines=(1, 2)).document.net_cents == -7000


def desk_with_invoice(folder: Path, *rows: dict[str, Any], settings_text: str = "") -> Desk:
    desk = Desk(folder, settings_text)
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme")
    desk.add(*rows)
    desk.bill()
    return desk


USES = (row(1, -1000, type_="renewal", number=42), row(2, -300), row(3, -30, "2026-10-09"))


def test_a_credit_note_of_a_credit_note(tmp_path: Path) -> None:
    """It undoes the first one in turn, is an invoice that refers to it, and itself has no more than that to give."""
    desk = desk_with_invoice(tmp_path, *USES)
    first = desk.credit("INV-2026-00001", lines=(2,))
    second = desk.credit(first.number)
    assert (second.number, second.kind, second.corrects) == ("INV-2026-00002", Kind.INVOICE, "CN-2026-00001")
    assert (second.net_cents, second.vat_cents) == (-first.net_cents, -first.vat_cents) == (330, 69)
    with pytest.raises(NotCreditable, match="CN-2026-00001: nothing is left"):
        desk.credit(first.number)


def test_the_journal_balances_with_credit_notes(tmp_path: Path) -> None:
    """After any corrections revenue, VAT and receivables are those of what is left; every entry balances."""
    desk = desk_with_invoice(tmp_path, *USES)
    desk.credit("INV-2026-00001", amount_cents=333)
    note = desk.credit("INV-2026-00001", lines=(1,))
    desk.credit(note.number, amount_cents=1)
    documents = desk.documents()
    journal = month_journal(documents, WalletMonth(OCTOBER, "EUR", {}, 0), load_accounts(None))
    assert [sum(p.cents for p in entry.postings) for entry in journal.entries] == [0] * 4
    assert journal.balances()["1300"] == sum(each.gross_cents for each in documents)
    desk.credit("INV-2026-00001")
    desk.credit("INV-2026-00002")
    assert sum(each.gross_cents for each in desk.documents()) == 0


FEE = '[[plans]]\nname = "standard"\nmonthly_fee = "5.00"\n[[plans.rules]]\nmodel = "markup"\npercent = "{}"\n'


def test_rebill_whole_bills_the_month_anew(tmp_path: Path) -> None:
    """At corrected prices, fee included, by a run of the month itself; once."""
    desk = desk_with_invoice(tmp_path, *USES, settings_text=FEE.format(100))
    desk.credit("INV-2026-00001", rebill=True)
    desk.settings(FEE.format(10))
    (again,) = desk.bill().new
    assert lines_of(again) == [("number_rental", 1100), ("call", 363), ("monthly_fee", 500)]
    assert again.number == "INV-2026-00002"
    assert desk.bill().new == desk.bill(supplementary=True).new == ()
    assert sum(each.net_cents for each in desk.documents()) == 1963
    margins = desk.margins()
    assert margins[["cost_micros", "charge_cents"]].sum().to_list() == [13_300_000, 1963]


def test_rebill_by_line_is_on_the_next_invoice(tmp_path: Path) -> None:
    """Only that line's transactions are free; they stand on November's invoice under October, the fee once a month."""
    desk = desk_with_invoice(tmp_path, *USES, settings_text=FEE.format(0))
    desk.credit("INV-2026-00001", lines=(2,), rebill=True)
    assert desk.bill().new == ()
    desk.settings(FEE.format(100))
    (november,) = desk.bill(NOVEMBER).new
    assert [(each.category, each.net_cents, each.period_start.month) for each in november.lines] == [
        ("call", 660, 10),
        ("monthly_fee", 500, 11),
    ]
    assert [each.transaction_id for _, each in november.detail_rows()] == ["2", "3", ""]
    assert desk.margins()[["cost_micros", "charge_cents"]].sum().to_list() == [13_300_000, 1000 + 500 + 660]
    assert desk.bill(supplementary=True).new == ()


def test_rebill_frees_lines_that_came_to_nothing(tmp_path: Path) -> None:
    """Included units of a wrong plan were billed at nothing; undone whole, they are priced by the right one."""
    package = 'category = "call"\nmodel = "package"\nincluded = 9\nprice = "1"'
    rules = f'[[plans.rules]]\n{package}\n[[plans.rules]]\nmodel = "pass_through"\n'
    wrong = f'[[plans]]\nname = "standard"\n{rules}'
    desk = desk_with_invoice(tmp_path, *USES, settings_text=wrong)
    assert lines_of(desk.documents()[0]) == [("number_rental", 1000), ("call", 0)]
    desk.credit("INV-2026-00001", rebill=True)
    desk.settings("")
    assert lines_of(desk.bill().new[0]) == [("number_rental", 1000), ("call", 330)]


def test_fee_and_minimum_are_freed_alone(tmp_path: Path) -> None:
    """Each is billed again by the next run, of its own month: the fee as the plan asks by now, the minimum less that.

    Use 13.30 and a fee of 5.00 are topped up to 40.00 by 21.70. A fee of 7.00 leaves 19.70 to add, 2.00 less.
    """
    asks = FEE.format(0).replace("monthly_fee", 'minimum = "40.00"\nmonthly_fee')
    desk = desk_with_invoice(tmp_path, *USES, settings_text=asks)
    assert lines_of(desk.documents()[0])[2:] == [("monthly_fee", 500), ("minimum", 2170)]
    assert desk.credit("INV-2026-00001", lines=(4,), rebill=True).net_cents == -2170
    assert lines_of(desk.bill(NOVEMBER).new[0])[:1] == [("minimum", 2170)]
    assert desk.credit("INV-2026-00001", lines=(3,), rebill=True).net_cents == -500
    desk.settings(asks.replace("5.00", "7.00"))
    (again,) = desk.bill(NOVEMBER, supplementary=True).new
    assert [(*each, line.period_start.month) for each, line in zip(lines_of(again), again.lines, strict=True)] == [
        ("monthly_fee", 700, 10), ("minimum", -200, 10)
    ]  # fmt: skip


def test_a_discount_alone_is_no_row(tmp_path: Path) -> None:
    """What no transaction stands on cannot be billed again."""
    desk = desk_with_invoice(
        tmp_path, *USES, settings_text=FEE.format(0).replace("monthly_fee", 'discount_percent = "10"\nmonthly_fee')
    )
    (place,) = [line.line for line in desk.documents()[0].lines if line.category == "discount"]
    with pytest.raises(NotCreditable):
        desk.credit("INV-2026-00001", lines=(place,), rebill=True)


def test_credited_without_rebill_stays_billed(tmp_path: Path) -> None:
    """A client that got its money back is not billed for the same month again, neither use nor fee."""
    desk = desk_with_invoice(tmp_path, *USES, settings_text=FEE.format(0))
    desk.credit("INV-2026-00001")
    assert desk.bill().new == desk.bill(supplementary=True).new == ()
    assert lines_of(desk.bill(NOVEMBER).new[0]) == [("monthly_fee", 500)]


def test_credit_by_the_command_line(tmp_path: Path) -> None:
    """Into the folder of today's month, with its files, in sales.csv of that month, refused when nothing is left."""
    with two_clients(tmp_path) as (here, _):
        assert here.run("--month", "2026-10").code == 0
        note = here.type("credit", "INV-2026-00001", "--amount", "1.00", "--reason", "Goodwill", "--json")
        assert note.code == 0, note.err
        (entry,) = note.json["documents"]
        assert (entry["number"], entry["kind"], entry["issue_date"]) == ("CN-2026-00001", "credit_note", "2026-11-05")
        assert (entry["net_cents"], entry["vat_cents"], entry["gross_cents"]) == (-100, -21, -121)
        assert {f"2026-11/invoices/CN-2026-00001.{suffix}" for suffix in ("pdf", "csv", "xml")} <= set(here.files())
        assert b"INV-2026-00001" in here.files()["2026-11/invoices/CN-2026-00001.xml"]
        assert b"CN-2026-00001,credit_note,2026-11-05" in here.files()["2026-11/accounting/sales.csv"]
        assert here.type("verify").code == 0
        again = here.type("credit", "INV-2026-00001", "--amount", "2.01", "--reason", "x")
        assert (again.code, "2.00 net is left" in again.err) == (2, True)
        for wrong in (("INV-2026-09999", "--reason", "x"), ("INV-2026-00001", "--reason", " ")):
            assert here.type("credit", *wrong).code == 2
        assert here.type("credit", "INV-2026-00001", "--amount", "0.005", "--reason", "x").code == 2
        freed = here.type("credit", "INV-2026-00002", "--reason", "wrong client", "--rebill", "--json")
        assert freed.json["documents"][0]["number"] == "CN-2026-00002"
        rebilled = here.run("--month", "2026-10")
        assert [(d["number"], d["net_cents"], d["new"]) for d in rebilled.json["documents"]][-1] == (
            "INV-2026-00003",
            500,
            True,
        )


def _bill(folder: Path) -> str:
    """In a process of its own, past the lock that keeps runs apart: how many documents it issued, or why none."""
    try:
        return str(len(Desk.at(folder).bill().new))
    except LedgerError as error:
        return str(error).partition(":")[0]


def _credit_ten_times(folder: Path, _process: int) -> list[str]:
    """What came of ten credit notes of 1.00: their numbers, or why there was none."""
    answers = []
    for _ in range(10):
        try:
            answers.append(Desk.at(folder).credit("INV-2026-00001", amount_cents=100).number)
        except NotCreditable as error:
            answers.append("nothing" if "nothing is left" in str(error) else str(error))
    return answers


def test_two_processes_at_once_on_one_ledger(tmp_path: Path) -> None:
    """Without any lock but the database's: no transaction twice, numbers without a gap, no cent credited twice."""
    desk = Desk(tmp_path)
    desk.add(row(1, -1500), row(2, -10, trunk="trk_b"))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert sorted(pool.map(_bill, [tmp_path, tmp_path])) in (["2", "invariant 2"], ["0", "2"])
        assert [each.number for each in desk.documents()] == ["INV-2026-00001", "INV-2026-00002"]
        answers = [answer for found in pool.map(partial(_credit_ten_times, tmp_path), range(2)) for answer in found]
    assert sorted(answers) == [*(f"CN-2026-{number:05d}" for number in range(1, 16)), *["nothing"] * 5]
    assert sum(each.net_cents for each in desk.documents()) == 10
    with desk.job() as job:
        assert numbers_have_no_gap(issued_numbers(job.engine)) == []
