"""All formats together: awkward text, empty months, and promises that hold for each of them."""

import csv
import dataclasses
import io
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_job.accounting.accounts import FORMAT_NAMES, load_accounts
from billing_job.accounting.formats import FORMATS
from billing_job.accounting.journal import Journal, WalletMonth, month_journal
from billing_job.accounting.options import AccountingOptions
from billing_job.core.parties import Client
from tests.support.accounting_judges import beancount_ledger, hledger_check, saved
from tests.support.paths import DOCS
from tests.support.sample_months import (
    JANSEN,
    OCTOBER,
    REVERSE_CHARGE,
    STANDARD,
    WALLET,
    sample_document,
    sample_journal,
)

ACCOUNTS = load_accounts(None)
OPTIONS = AccountingOptions()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
AWKWARD = (
    'Ünïcode "Quoted"; semi,comma|pipe\ttab\nline\r\nend \\ backslash',
    "\"; DROP (1) * ! ~ # @ = [2] {3} <4> & '5' 100% :: //",
    "  leading and trailing  ",
    "=1+1",
    "@home",
    "(brackets) first",
    "ź" * 300,
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 名前 имя اسم",
    "\u2028\u0085\x0b\x0c\x1b",
    "",
)


def test_the_registry_is_the_contract() -> None:
    """Every name of `[accounting] formats` has a writer, a program and a menu, and no two write the same file."""
    assert tuple(FORMATS) == FORMAT_NAMES
    assert all(known.program and known.how_imported for known in FORMATS.values())
    names = [name for known in FORMATS.values() for name in known.write(sample_journal(), ACCOUNTS, OPTIONS).files]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("format_name", FORMAT_NAMES)
def test_the_same_month_gives_the_same_bytes(format_name: str) -> None:
    """No clock, no random order: two exports are equal byte for byte."""
    write = FORMATS[format_name].write
    assert write(sample_journal(), ACCOUNTS, OPTIONS) == write(sample_journal(), ACCOUNTS, OPTIONS)


@pytest.mark.parametrize("format_name", FORMAT_NAMES)
def test_an_empty_month(format_name: str) -> None:
    """A month without documents and movements is written without an error, and nothing is warned of."""
    journal = month_journal([], WalletMonth(OCTOBER, "EUR", {}, 0), ACCOUNTS)
    warnings = FORMATS[format_name].write(journal, ACCOUNTS, OPTIONS).warnings
    assert [warning for warning in warnings if "SIREN" not in warning] == []


def _month_of(name: str, category: str) -> Journal:
    client = Client("acme", name, "DE", street=name, city=name, postal_code=name, vat_id="DE136695976")
    nets = [(category, 1234, STANDARD), ("call", -34, STANDARD), (category, 100, REVERSE_CHARGE)]
    documents = [
        sample_document("INV-1", client, nets),
        sample_document("CN-1", client, [(category, -100, STANDARD)], corrects="INV-1", issued=date(2026, 11, 2)),
    ]
    return month_journal(documents, dataclasses.replace(WALLET, cost_cents_by_category={category: -5}), ACCOUNTS)


def _structure(name: str, content: bytes) -> None:
    """What any reader of the file counts on: its encoding, one row a line, one width for all rows."""
    if name.endswith((".xml", ".xaf")):
        fromstring(content)  # noqa: S314
    elif name.startswith("EXTF"):
        rows = list(csv.reader(io.StringIO(content.decode("cp1252"), newline=""), delimiter=";"))
        assert {len(row) for row in rows[1:]} == {125}
        assert content.count(b"\r\n") == content.count(b"\n") == len(rows)
    elif name.startswith("gnucash"):
        lines = content.decode().split("\n")[:-1]
        assert {line.count(";") for line in lines} <= {18, 21}
        assert max(len(line.encode()) for line in lines) <= 999
    elif name.endswith(".txt"):
        assert {line.count("\t") for line in content.decode().split("\r\n")[:-1]} == {17}
    elif name.endswith(".csv"):
        text = content.decode("cp1252" if name.startswith("sage50") else "utf-8")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(row) for row in rows}) == 1
        assert not any(cell.lstrip().startswith(("=", "@")) for row in rows for cell in row)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(TEXT, TEXT)
def test_any_text_keeps_every_file_in_shape(name: str, category: str) -> None:
    """Whatever a client or a category is called, every format writes its rows whole."""
    journal = _month_of(name, category)
    for known in FORMATS.values():
        for file_name, content in known.write(journal, ACCOUNTS, OPTIONS).files.items():
            _structure(file_name, content)


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_in_real_programs(text: str, tmp_path: Path) -> None:
    """hledger and beancount read names and categories that hold their own syntax, and still balance."""
    journal = _month_of(text, text or "call")
    (plain,) = saved(FORMATS["hledger"].write(journal, ACCOUNTS, OPTIONS), tmp_path)
    result = hledger_check(plain)
    assert (result.returncode, result.stderr) == (0, "")
    (bean,) = saved(FORMATS["beancount"].write(journal, ACCOUNTS, OPTIONS), tmp_path)
    balances, complaints = beancount_ledger(bean)
    assert complaints == []
    assert balances["Assets:Receivable"] == 1234 - 34 + 100 + 252 - 121


def test_no_file_turns_its_text_round() -> None:
    """U+202E and other characters that nobody sees are in no file, whatever the client and the category are called."""
    hidden = ("\u202e", "\u2066", "\u200b", "\ufeff", "\u061c")
    text = "Acme".join(hidden)
    journal = _month_of(text, text)
    for known in FORMATS.values():
        for file_name, content in known.write(journal, ACCOUNTS, OPTIONS).files.items():
            encoding = "cp1252" if file_name.startswith(("sage50", "EXTF")) else "utf-8-sig"
            read = content.decode(encoding)
            assert [f"{c!r} in {file_name}" for c in hidden if c in read] == []


def test_the_files_of_a_client_without_a_name() -> None:
    """A name of nothing but control characters leaves the client's id where a name is required."""
    nameless = dataclasses.replace(JANSEN, name="\x00\x01")
    journal = month_journal([sample_document("INV-1", nameless, [("call", 100, STANDARD)])], WALLET, ACCOUNTS)
    invoices = FORMATS["xero"].write(journal, ACCOUNTS, OPTIONS).files["xero_sales_invoices.csv"]
    assert invoices.splitlines()[1].startswith(b"jansen,")


def test_every_format_and_option_is_documented() -> None:
    """docs/accounting.md has a section for each format, and names every option with the default that holds."""
    text = (DOCS / "accounting.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0]: part for part in text.split("\n### ")[1:]}
    assert tuple(sections) == FORMAT_NAMES
    for format_name in AccountingOptions.model_fields:
        for option in type(getattr(OPTIONS, format_name)).model_fields:
            assert f"{option}" in sections[format_name], f"{format_name}.{option}"
