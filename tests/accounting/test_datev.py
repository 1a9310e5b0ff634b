"""DATEV batches: an independent reader adds them up as the journal does; a table of our own checks every field."""

import csv
import dataclasses
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.journal import Journal, WalletMonth, month_journal
from billing_job.accounting.options import AccountingOptions, DatevOptions
from billing_job.accounting.programs.datev import write_datev
from billing_job.core.document import Supply, Vat, VatTotal
from billing_job.core.errors import ConfigError
from tests.support.accounting_judges import assert_golden, judge_module, saved
from tests.support.sample_months import (
    JANSEN,
    MUELLER,
    OCTOBER,
    REVERSE_CHARGE,
    SELLER,
    STANDARD,
    WALLET,
    sample_document,
    sample_documents,
    sample_journal,
)

ACCOUNTS = load_accounts(None)
GERMAN = Vat("S", Decimal(19))
QUOTED = {
    2, 3, 6, 9, 11, 12, 14, 16, *range(20, 39), 40, 42, *range(48, 88), 91, 95, 96, 98, 102, 103, 105, 107, 109, 110,
    112, 118, 120, 121, 123,
}  # fmt: skip
FIELDS = {
    1: r"(?!0{1,10},00)\d{1,10},\d{2}", 2: r'"[SH]"', 3: r'"EUR"', 7: r"\d{3,9}", 8: r"\d{3,9}", 9: r'"\d{0,4}"',
    10: r"\d{4}", 11: r'"[\w$&%*+\-/]{1,36}"', 12: r'"[\w$&%*+\-/]{0,12}"', 14: r'"(?:[^"\x00-\x1f]|""){1,60}"',
    40: r'"([A-Z]{2}[A-Z0-9]{1,13})?"', 114: r"[01]", 115: r"(\d{8})?", 117: r"(\d{8})?",
}  # fmt: skip
HEADER = {
    1: '"EXTF"', 2: "700", 3: "21", 4: '"Buchungsstapel"', 5: "13", 6: r"\d{17}", 8: r'"\w{2}"', 9: r'"[^"]{1,25}"',
    10: '""', 11: r"\d{4,7}", 12: r"\d{1,5}", 13: r"\d{8}", 14: "[4-8]", 15: r"\d{8}", 16: r"\d{8}",
    17: r'"[\w.\-/ ]{0,30}"', 18: r'"([A-Z]{2})?"', 19: "1", 20: "0", 21: "[01]", 22: '"EUR"', 24: '""',
    27: '"(03|04)?"', 30: '""', 31: '"[^"]{0,16}"',
}  # fmt: skip


def _raw_fields(line: str) -> list[str]:
    """The fields of a line with their quotation marks, which the csv module would take away."""
    return re.findall(r'(?:^|;)("(?:[^"]|"")*"|[^;"]*)', line)


def _complaints(content: bytes) -> list[str]:
    """Every field that is not as DATEV's own description of the format wants it."""
    lines = content.decode("cp1252").split("\r\n")
    if content.startswith(b"\xef\xbb\xbf") or lines.pop() != "" or any("\n" in line for line in lines):
        return ["lines do not end in CRLF, or there is a BOM"]
    wrong = [
        f"header field {number}"
        for number, field in enumerate(_raw_fields(lines[0]), 1)
        if not re.fullmatch(HEADER.get(number, ""), field)
    ]
    if len(_raw_fields(lines[0])) != 31 or lines[1].count(";") != 124:
        wrong.append("header or names have another number of fields")
    for row, line in enumerate(lines[2:], 3):
        fields = _raw_fields(line)
        if len(fields) != 125:
            wrong.append(f"row {row}: {len(fields)} fields")
        for number, field in enumerate(fields, 1):
            empty = '""' if number in QUOTED else ""
            if not re.fullmatch(FIELDS.get(number, empty), field, re.ASCII if number in (11, 12) else 0):
                wrong.append(f"row {row}: field {number}")
    return wrong


def _legs(file: Path) -> dict[str, int]:
    """Cents by account as the independent reader adds up both legs of every row."""
    datev = judge_module("mloda.community.feature_groups.experimental.german_ledger.datev")
    _, legs = datev.read_batch(str(file))
    sums: dict[str, int] = {}
    for account, amount in zip(legs["Konto"], legs["Betrag"], strict=True):
        sums[account] = sums.get(account, 0) + int(amount * 100)
    return {account: cents for account, cents in sums.items() if cents}


def _total(files: list[Path]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for file in files:
        for account, cents in _legs(file).items():
            sums[account] = sums.get(account, 0) + cents
    return sums


def test_datev_takes_the_month(tmp_path: Path) -> None:
    """October's wallet and November's documents are a file each; the reader's sums are the journal's."""
    export = write_datev(sample_journal(), ACCOUNTS, AccountingOptions())
    files = saved(export, tmp_path)
    assert [file.name for file in files] == [
        "EXTF_Buchungsstapel_2026-10.csv", "EXTF_Buchungsstapel_2026-11.csv",
    ]  # fmt: skip
    for file in files:
        assert_golden(file.name, file.read_bytes())
        assert _complaints(file.read_bytes()) == []
    assert _total(files) == {
        "3100": 5873, "1500": 10_000 - 5873, "1360": -10_000, "10000": 35_379, "8200": -9849 - 1005 + 3333 - 1,
        "1770": -2068 - 90 + 700, "8336": -20_000 + 1250, "8339": -1999, "1768": -400, "8338": -5000, "8195": -250,
    }  # fmt: skip
    assert export.warnings == (
        "4 clients without a debtor account, booked to 10000: jansen, long, mueller, swiss; add rows with kind"
        f" party to {ACCOUNTS.source}",
        "1 document over 0.00 left out: DATEV takes no zero amount",
    )


def _german(tmp_path: Path, options: DatevOptions, nets: list[tuple[str, int, Vat]], issued: date) -> list[list[str]]:
    """The rows, read, of one German invoice and the credit note of its first line."""
    path = tmp_path / "accounts.csv"
    path.write_text(
        "kind,client_id,category,vat_case,rate,format,account,tax_code\n"
        "party,mueller,,,,datev,10042,\n"
        "revenue,,,S,19,datev,8400,\nrevenue,,call,S,19,datev,8401,3\nrevenue,,,AE,,datev,8336,\n"
    )
    accounts = load_accounts(path)
    seller = dataclasses.replace(SELLER, country="DE")
    documents = [
        sample_document("RE-2026.1", MUELLER, nets, issued=issued, seller=seller),
        sample_document(
            "GS-2026.000001", MUELLER, [("call", -nets[0][1], GERMAN)], issued=issued, corrects="RE-2026.1",
            seller=seller,
        ),
    ]  # fmt: skip
    export = write_datev(
        month_journal(documents, WalletMonth(OCTOBER, "EUR", {}, 0), accounts),
        accounts,
        AccountingOptions(datev=options),
    )
    assert export.warnings == ()
    (content,) = export.files.values()
    assert _complaints(content) == []
    return list(csv.reader(io.StringIO(content.decode("cp1252"), newline=""), delimiter=";"))


def test_automatic_accounts_get_gross_rows(tmp_path: Path) -> None:
    """At 19 % rows are gross, one for each account, and the cent of rounding is spread so that they add up."""
    nets = [("call", 3335, GERMAN), ("number_rental", 3335, GERMAN), ("message", 3335, GERMAN)]
    _, _, *rows = _german(tmp_path, DatevOptions(), nets, date(2026, 11, 1))
    shown = [[row[place - 1] for place in (1, 2, 7, 8, 9, 11, 12)] for row in rows]
    assert shown == [
        ["39,69", "S", "10042", "8401", "3", "RE-2026-1", ""],
        ["79,37", "S", "10042", "8400", "", "RE-2026-1", ""],
        ["39,69", "H", "10042", "8401", "3", "RE-2026-1", "GS2026000001"],
    ]
    assert 10_005 + 1901 == 3969 + 7937


def test_the_vat_id_stands_on_reverse_charge_rows_only(tmp_path: Path) -> None:
    """Field 40 is filled where the ZM needs it and empty on the domestic row of the same invoice."""
    nets = [("call", 1000, GERMAN), ("number_rental", 500, Vat("AE", Decimal(0)))]
    _, _, *rows = _german(tmp_path, DatevOptions(), nets, date(2026, 11, 1))
    assert [(row[7], row[39]) for row in rows][:2] == [("8401", ""), ("8336", "DE136695976")]


@pytest.mark.parametrize(
    ("first_month", "issued", "year_start"),
    [
        (1, date(2027, 1, 3), "20270101"),
        (7, date(2026, 6, 30), "20250701"),
        (7, date(2026, 7, 1), "20260701"),
        (12, date(2026, 11, 30), "20251201"),
    ],
)
def test_the_fiscal_year_of_the_booking_date(tmp_path: Path, first_month: int, issued: date, year_start: str) -> None:
    """December's invoices that are issued in January belong to the new fiscal year, also when it begins in July."""
    options = DatevOptions(fiscal_year_start_month=first_month, lock=True, initials="ab", chart="04")
    header, _, row, *_ = _german(tmp_path, options, [("call", 100, GERMAN)], issued)
    assert (header[12], header[14], header[17], header[20], header[26]) == (
        year_start, f"{issued:%Y%m}01", "AB", "1", "04",
    )  # fmt: skip
    assert (row[9], row[113]) == (f"{issued:%d%m}", "1")


def test_a_large_month_is_split() -> None:
    """99,999 rows are one file and the next document goes into a second one, never half of it."""
    entry = sample_journal().entries[2]
    entries = tuple(dataclasses.replace(entry, reference=f"INV-{number}") for number in range(25_001))
    journal: Journal = dataclasses.replace(sample_journal(), entries=entries)
    files = write_datev(journal, ACCOUNTS, AccountingOptions()).files
    assert {name: content.count(b"\r\n") - 2 for name, content in files.items()} == {
        "EXTF_Buchungsstapel_2026-11_1.csv": 24_999 * 4, "EXTF_Buchungsstapel_2026-11_2.csv": 8,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("wallet,,12345,", "'12345' is no DATEV account of at most 4 digits"),
        ("revenue,,Erlöse,net", "'Erlöse' is no DATEV account"),
        ("party,jansen,123456,", "'123456' is no DATEV account of at most 5 digits"),
        ("revenue,,8400,S21", "'S21' of format datev is no BU-Schlüssel"),
    ],
)
def test_accounts_that_datev_refuses_are_named(tmp_path: Path, row: str, problem: str) -> None:
    """Wrong lengths, letters and tax codes stop the export before DATEV does."""
    path = tmp_path / "accounts.csv"
    kind, client_id, account, tax_code = row.split(",")
    path.write_text(f"kind,client_id,format,account,tax_code\n{kind},{client_id},datev,{account},{tax_code}\n")
    accounts = load_accounts(path)
    with pytest.raises(ConfigError, match=re.escape(problem)):
        write_datev(month_journal(sample_documents(), WALLET, accounts), accounts, AccountingOptions())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("98,49;", "98.49;"),
        lambda text: text.replace("98,49;", "-98,49;"),
        lambda text: text.replace('98,49;"S"', '98,49;"X"'),
        lambda text: text.replace(";0111;", ";0112;"),
        lambda text: text.replace(";10000;", ";1000000;"),
        lambda text: text.replace('"EXTF";700;', '"EXTF";510;'),
    ],
)
def test_the_reader_refuses_broken_batches(tmp_path: Path, spoil: Callable[[str], str]) -> None:
    """The independent judge is awake: a point, a sign, a side, a date outside, a long account, an old format."""
    file = saved(write_datev(sample_journal(), ACCOUNTS, AccountingOptions()), tmp_path)[1]
    file.write_bytes(spoil(file.read_bytes().decode("cp1252")).encode("cp1252"))
    with pytest.raises(ValueError, match="EXTF"):
        _legs(file)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda text: text.replace(";0;31102026;", ";;31102026;", 1), "field 114"),
        (lambda text: text.replace(';"EUR";;;', ";EUR;;;", 1), "field 3"),
        (lambda text: text.replace('"INV-2026-00001";', '"INV 2026.00001";', 1), "field 11"),
        (lambda text: text.replace("Bakkerij", "B" * 60, 1), "field 14"),
        (lambda text: text.replace("\r\n", "\n"), "CRLF"),
        (lambda text: text.replace("20,68;", "0,00;", 1), "field 1"),
    ],
)
def test_our_table_refuses_broken_batches(spoil: Callable[[str], str], complaint: str) -> None:
    """Our own table sees what the reader lets through: an empty field 114, quotation, lengths, line ends, zeros."""
    content = write_datev(sample_journal(), ACCOUNTS, AccountingOptions()).files["EXTF_Buchungsstapel_2026-11.csv"]
    broken = spoil(content.decode("cp1252")).encode("cp1252")
    assert broken != content
    assert any(complaint in wrong for wrong in _complaints(broken))


def test_a_month_of_nothing_but_zero_has_no_file() -> None:
    """When no row is left there is no file, and the warning says why."""
    document = sample_document("INV-1", JANSEN, [("call", 0, STANDARD)])
    export = write_datev(
        month_journal([document], WalletMonth(OCTOBER, "EUR", {}, 0), ACCOUNTS), ACCOUNTS, AccountingOptions()
    )
    assert export.files == {}
    assert "1 document over 0.00 left out" in export.warnings[1]


def test_a_charge_and_a_discount_as_high(tmp_path: Path) -> None:
    """Their VAT comes to nothing, so that the document has no VAT posting: it was a KeyError."""
    pair = sample_document("INV-1", JANSEN, [("hosting", 1000, STANDARD), ("welcome", -1000, STANDARD)])
    (tmp_path / "accounts.csv").write_text(
        "kind,category,format,account,tax_code\nrevenue,hosting,datev,8201,net\nrevenue,,datev,8202,net\n",
        encoding="utf-8",
    )
    accounts = load_accounts(tmp_path / "accounts.csv")
    journal = month_journal([pair], WalletMonth(OCTOBER, "EUR", {}, 0), accounts)
    (content,) = write_datev(journal, accounts, AccountingOptions()).files.values()
    rows = [line.split(";") for line in content.decode("cp1252").splitlines()[2:]]
    assert [(row[0], row[1], row[7]) for row in rows] == [("10,00", '"S"', "8201"), ("10,00", '"H"', "8202")]


def test_a_reverse_charge_has_the_id_of_its_month() -> None:
    """DATEV makes the EC sales list of these ids: what was supplied before the client moved is under its former one."""
    before = dataclasses.replace(REVERSE_CHARGE, supply=Supply("AE", "FR", "FR40303265045"))
    moved = sample_document("INV-1", MUELLER, [("call", 100, before), ("call", 250, REVERSE_CHARGE)])
    moved = dataclasses.replace(moved, vat_totals=(VatTotal(REVERSE_CHARGE, 350, 0),))
    journal = month_journal([moved], WalletMonth(OCTOBER, "EUR", {}, 0), ACCOUNTS)
    (content,) = write_datev(journal, ACCOUNTS, AccountingOptions()).files.values()
    rows = list(csv.reader(content.decode("cp1252").splitlines()[2:], delimiter=";"))
    assert [(row[0], row[39]) for row in rows] == [("1,00", "FR40303265045"), ("2,50", "DE136695976")]
