"""FEC layout: fec-parser reads every line, and every entry balances and is numbered without a gap."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.journal import month_journal
from billing_job.accounting.options import AccountingOptions, FecOptions
from billing_job.accounting.programs.fec import COLUMNS, siren_of, write_fec
from billing_job.core.errors import ConfigError
from billing_job.core.parties import Seller
from tests.support.accounting_judges import assert_golden, balances_of, judge_module
from tests.support.sample_months import SELLER, WALLET, sample_documents, sample_journal

ACCOUNTS = load_accounts(None)
OPTIONS = AccountingOptions(fec=FecOptions(siren="123456789"))
NAME = "123456789FEC20261031.txt"


def _cents(text: str) -> int:
    whole, _, cents = text.partition(",")
    assert len(cents) == 2, f"{text} has not two places"
    return int(whole) * 100 + int(cents)


def _judged(content: bytes) -> dict[str, int]:
    """Cents by account; ValueError for what fec-parser refuses, and for the columns and sums it does not look at."""
    parser = judge_module("fec_parser.parser")
    lines = content.decode().split("\r\n")
    if tuple(lines[0].split("\t")) != COLUMNS or lines[-1] != "":
        raise ValueError("other columns, or another order")
    if any(line.count("\t") != len(COLUMNS) - 1 for line in lines[:-1]):
        raise ValueError("a line of another width")
    if problems := parser.FECParser.from_bytesio(io.BytesIO(content)).parse():
        raise ValueError(problems)
    sums: dict[str, int] = {}
    entries: dict[str, int] = {}
    for line in lines[1:-1]:
        cells = dict(zip(COLUMNS, line.split("\t"), strict=True))
        cents = _cents(cells["Debit"]) - _cents(cells["Credit"])
        sums[cells["CompteNum"]] = sums.get(cells["CompteNum"], 0) + cents
        entries[cells["EcritureNum"]] = entries.get(cells["EcritureNum"], 0) + cents
    if any(entries.values()):
        raise ValueError("an entry does not balance")
    for journal in ("VE202610", "OD202610"):
        numbers = [int(number.removeprefix(journal)) for number in entries if number.startswith(journal)]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError("a number is missing")
    return {account: cents for account, cents in sums.items() if cents}


def test_fec_parser_reads_the_month() -> None:
    """Every line is read, every entry balances, and the accounts add up to the journal's."""
    export = write_fec(sample_journal(), ACCOUNTS, OPTIONS)
    assert list(export.files) == [NAME]
    assert_golden(NAME, export.files[NAME])
    assert _judged(export.files[NAME]) == balances_of(sample_journal(), ACCOUNTS, "fec")
    assert export.warnings == ("1 document over 0.00 left out",)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text.replace("EcritureDate", "Ecrituredate2"), "columns"),
        (lambda text: text.replace("\t20261101\t", "\t01/11/2026\t", 1), "date"),
        (lambda text: text.replace("\tBakkerij Jansen B.V.\t", "\tBakkerij\tJansen B.V.\t", 1), "width"),
        (lambda text: text.replace("130,12", "130,13"), "balance"),
        (lambda text: text.replace("VE20261000002", "VE20261000009"), "missing"),
    ],
)
def test_the_judges_refuse_broken_files(spoil: Callable[[str], str], message: str) -> None:
    """A wrong heading, date, tab, sum or number is seen."""
    content = write_fec(sample_journal(), ACCOUNTS, OPTIONS).files[NAME]
    broken = spoil(content.decode()).encode()
    assert broken != content
    with pytest.raises(ValueError, match=message):
        _judged(broken)


@pytest.mark.parametrize(
    ("seller", "siren"),
    [
        (Seller("A", "FR", registration_id="123 456 789 00012"), "123456789"),
        (Seller("A", "FR", registration_id="987654321"), "987654321"),
        (Seller("A", "FR", vat_id="FR 40 303265045"), "303265045"),
        (Seller("A", "NL", registration_id="123456789", vat_id="NL123456789B01"), ""),
        (None, ""),
    ],
)
def test_where_the_siren_comes_from(seller: Seller | None, siren: str) -> None:
    """SIRET, SIREN or French VAT id; another country's numbers are none."""
    assert siren_of(seller) == siren


def test_without_a_siren_the_name_says_so() -> None:
    """The file is still written, under zeros, with a warning."""
    export = write_fec(sample_journal(), ACCOUNTS, AccountingOptions())
    assert list(export.files) == ["000000000FEC20261031.txt"]
    assert SELLER.country == "NL"
    assert "set accounting.fec.siren" in export.warnings[0]


def test_accounts_outside_the_french_chart_are_refused(tmp_path: Path) -> None:
    """CompteNum begins with three digits of the plan comptable."""
    path = tmp_path / "accounts.csv"
    path.write_text("kind,format,account\nwallet,fec,Porte-monnaie\n")
    accounts = load_accounts(path)
    with pytest.raises(ConfigError, match="'Porte-monnaie' does not begin with three digits"):
        write_fec(month_journal(sample_documents(), WALLET, accounts), accounts, OPTIONS)
