"""The month's journal: balanced whatever the documents are, and refused when they are not what they say."""

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_job.accounting.accounts import AccountKind, load_accounts
from billing_job.accounting.entry import Entry, EntryKind
from billing_job.accounting.journal import WalletMonth, month_journal
from billing_job.core.document import Vat, VatTotal
from billing_job.core.errors import ConfigError, InvariantBroken
from tests.support.sample_months import (
    FRENCH,
    JANSEN,
    LONG,
    MUELLER,
    OCTOBER,
    STANDARD,
    WALLET,
    sample_document,
    sample_journal,
)

ACCOUNTS = load_accounts(None)
VATS = st.one_of(
    st.builds(Vat, st.just("S"), st.decimals(0, 30, places=2)),
    st.builds(Vat, st.sampled_from(["AE", "O", "E", "Z"]), st.just(Decimal(0))),
)
LINES = st.lists(
    st.tuples(st.sampled_from(["call", "sms", "number_rental"]), st.integers(-(10**9), 10**9), VATS), max_size=8
)


@given(
    st.lists(LINES, max_size=5),
    st.dictionaries(st.sampled_from(["call", "sms", "refund"]), st.integers(-(10**9), 10**9)),
    st.integers(-(10**9), 10**9),
)
def test_every_journal_balances(months: list[list[tuple[str, int, Vat]]], costs: dict[str, int], topups: int) -> None:
    """Whatever the lines, rates and signs are, each entry adds up to zero and the VAT shares to the VAT."""
    documents = [sample_document(f"INV-{number}", LONG, lines) for number, lines in enumerate(months)]
    journal = month_journal(documents, WalletMonth(OCTOBER, "EUR", costs, topups), ACCOUNTS)
    for entry in journal.entries:
        assert sum(posting.cents for posting in entry.postings) == 0
        assert not any(_vat_differences(entry))
    assert sum(journal.balances().values()) == 0
    assert journal.balances().get("1250", 0) == sum(costs.values()) + topups
    assert journal.balances().get("1300", 0) == sum(document.gross_cents for document in documents)


def _vat_differences(entry: Entry) -> list[int]:
    """VAT postings against the shares on the revenue postings, by VAT case and rate."""
    differences: dict[tuple[str, Decimal], int] = {}
    for posting in entry.postings:
        if posting.vat is not None:
            sign = -1 if posting.key.kind == AccountKind.VAT else 1
            case = (posting.vat.category, posting.vat.rate)
            differences[case] = differences.get(case, 0) + sign * posting.vat.vat_cents
    return list(differences.values())


def test_the_rounding_cent_is_shared_out() -> None:
    """Three lines of 33.35 at 21 % carry 7.0035 each, 21.01 together: the first row gets the cent that is left."""
    nets = [("a", 3335, STANDARD), ("b", 3335, STANDARD), ("c", 3335, STANDARD)]
    (entry,) = month_journal(
        [sample_document("INV-1", JANSEN, nets)], WalletMonth(OCTOBER, "EUR", {}, 0), ACCOUNTS
    ).entries
    assert [vat.vat_cents for _, vat in entry.revenue()] == [701, 700, 700]


def test_the_cent_that_a_last_partial_credit_note_carries() -> None:
    """A cent more VAT than the net asks for is booked, on the largest category, and the entry balances."""
    document = sample_document("CN-1", JANSEN, [("a", -100, STANDARD), ("b", -300, STANDARD)])
    document = dataclasses.replace(
        document, vat_totals=(VatTotal(STANDARD, -400, -85),), vat_cents=-85, gross_cents=-485
    )
    (entry,) = month_journal([document], WalletMonth(OCTOBER, "EUR", {}, 0), ACCOUNTS).entries
    assert [(vat.net_cents, vat.vat_cents) for _, vat in entry.revenue()] == [(-100, -21), (-300, -64)]


def test_a_rate_of_another_country_is_oss() -> None:
    """A French client at the French rate is booked apart; with tax_treatment S it is a sale at home."""
    cases = {}
    for treatment in ("", "OSS", "S"):
        client = dataclasses.replace(LONG, tax_treatment=treatment)
        journal = month_journal([sample_document("INV-1", client, [("call", 100, FRENCH)])], WALLET, ACCOUNTS)
        cases[treatment] = {vat.case for entry in journal.entries for _, vat in entry.revenue()}
    assert cases == {"": {"OSS"}, "OSS": {"OSS"}, "S": {"S"}}


def test_order_and_the_wallet() -> None:
    """Entries are ordered by day, an invoice before the credit note that corrects it; the wallet has two entries."""
    journal = sample_journal()
    assert [entry.reference for entry in journal.entries] == [
        "WALLET-2026-10", "TOPUP-2026-10", "INV-2026-00001", "INV-2026-00002", "INV-2026-00003", "INV-2026-00004",
        "CN-2026-00001", "INV-2026-00005", "CN-2026-00002",
    ]  # fmt: skip
    cost, topup = journal.wallet_entries()
    assert (cost.kind, [posting.cents for posting in cost.postings]) == (
        EntryKind.WALLET_COST, [1613, 4510, -250, -5873],
    )  # fmt: skip
    assert [posting.cents for posting in topup.postings] == [10_000, -10_000]
    assert cost.day == date(2026, 10, 31)


def test_an_empty_month_is_an_empty_journal() -> None:
    """Nothing issued and nothing moved gives no entry."""
    assert month_journal([], WalletMonth(OCTOBER, "EUR", {"call": 0}, 0), ACCOUNTS).entries == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": ""}, "draft"),
        ({"currency": "USD"}, "currency"),
        ({"gross_cents": 12_101}, "differ by 0.01"),
        ({"vat_totals": (VatTotal(STANDARD, 9_999, 2_100),)}, "lines do not add up"),
        ({"vat_totals": (VatTotal(STANDARD, 10_000, 2_105),), "gross_cents": 12_105}, "VAT 21.05"),
    ],
)
def test_a_document_that_is_not_right_is_refused(change: dict[str, Any], message: str) -> None:
    """A draft, another currency, a wrong sum of lines, VAT or gross stop the export by name."""
    document = dataclasses.replace(sample_document("INV-1", MUELLER, [("call", 10_000, STANDARD)]), **change)
    with pytest.raises(InvariantBroken, match=message):
        month_journal([document], WALLET, ACCOUNTS)


def test_a_document_twice_is_refused() -> None:
    """The same number twice would book revenue twice."""
    document = sample_document("INV-1", JANSEN, [("call", 100, STANDARD)])
    with pytest.raises(InvariantBroken, match="twice"):
        month_journal([document, document], WALLET, ACCOUNTS)


def test_every_missing_account_is_named_at_once(tmp_path: Path) -> None:
    """An own file without rows for reduced and reverse-charge sales says which rows to add."""
    path = tmp_path / "accounts.csv"
    path.write_text("kind,vat_case,rate,account\nrevenue,S,21,8000\n")
    nets = [("call", 100, Vat("S", Decimal(9))), ("call", 100, Vat("AE", Decimal(0)))]
    with pytest.raises(ConfigError) as caught:
        month_journal([sample_document("INV-1", JANSEN, nets)], WALLET, load_accounts(path))
    assert len(caught.value.problems) == 2
    assert "kind revenue, category call, vat_case S, rate 9, country NL in format csv" in caught.value.problems[0]
