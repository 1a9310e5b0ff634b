"""Mistakes of a person: what each is told stands in docs/mistakes.md, and is what the command line says."""

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from billing_job.config.mapping import load_mapping
from billing_job.config.settings_file import load_settings
from tests.support.fakes import Clock, Office, settings_text
from tests.support.paths import DOCS

PAGE = DOCS / "mistakes.md"
CLIENTS = """\
client_id,name,country,language,email,plan,payment_terms_days,detail,tax_treatment,notes
acme,Acme B.V.,NL,nl,,,,,,pays late
bruno,Bruno GmbH,DE,de,,,,,,
"""
TRUNKS = "trunk,client_id,valid_from,valid_to,notes\ntrk_aaaa0007,acme,,,\n"
NUMBERS = "number,did_number_id,order_id,trunk,valid_from,valid_to,notes\n+31201234567,42,1042,trk_aaaa0007,,,\n"
RATES = "country,rate,valid_from\nNL,21,2012-10-01\n"
FILES = {"clients.csv": CLIENTS, "trunks.csv": TRUNKS, "numbers.csv": NUMBERS, "vat_rates.csv": RATES}

Spoil = Callable[[Path], None]


def adding(name: str, row: str) -> Spoil:
    """One more row of a file."""

    def add(config: Path) -> None:
        with (config / name).open("a", encoding="utf-8") as file:
            file.write(row + "\n")

    return add


def writing(name: str, content: str | bytes) -> Spoil:
    """Another file in the place of one."""

    def write(config: Path) -> None:
        (config / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def replacing(name: str, old: str, new: str) -> Spoil:
    """Something else in a file."""

    def replace(config: Path) -> None:
        text = (config / name).read_text(encoding="utf-8")
        assert old in text
        (config / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def under(table: str, line: str) -> Spoil:
    """One more key in a table of billing.toml."""
    return replacing("billing.toml", f"[{table}]\n", f"[{table}]\n{line}\n")


def workbook(name: str, *rows: tuple[object, ...]) -> Spoil:
    """A workbook with these rows; a day is a cell of that kind."""

    def write(config: Path) -> None:
        with xlsxwriter.Workbook(config / name, {"default_date_format": "yyyy-mm-dd"}) as book:
            sheet = book.add_worksheet()
            for place, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write(place, column, cell)

    return write


MISTAKES: dict[str, Spoil] = {
    "A phone number that a spreadsheet shows as 3.12E+10": adding("numbers.csv", "3.12E+10,,,trk_aaaa0007,,,"),
    "A phone number with a decimal place": adding("numbers.csv", "+31200372902.0,,,trk_aaaa0007,,,"),
    "A phone number without its country": adding("numbers.csv", "020 1234567,,,trk_aaaa0007,,,"),
    "An order id with a decimal place": adding("numbers.csv", "+31201234568,,1043.0,trk_aaaa0007,,,"),
    "A did_number_id that lost its digits": adding("numbers.csv", "+31201234568,9.01E+14,,trk_aaaa0007,,,"),
    "A trunk with a decimal place": adding("trunks.csv", "7.0,acme,,,"),
    "A row that names no number": adding("numbers.csv", ",,,trk_aaaa0007,,,"),
    "A quotation mark that is never closed": adding("trunks.csv", '"trk_bbbb0008,bruno,,,'),
    "A misspelt column": writing("trunks.csv", "trunk,client_id,valid_form\ntrk_aaaa0007,acme,\n"),
    "A column that lacks": writing("clients.csv", "client_id,name\nacme,Acme\n"),
    "A column that is there twice": writing("trunks.csv", "trunk,client_id,trunk\ntrk_aaaa0007,acme,x\n"),
    "A comma within a cell": adding("clients.csv", "carl,Carl, Sons & Co,NL,nl,,,,,,pays late"),
    "A file saved in the machine's own encoding": writing("clients.csv", b"client_id,name,country\nc,Caf\xe9,NL\n"),
    "A day as the country writes it": adding("trunks.csv", "trk_bbbb0008,bruno,1-10-2026,,"),
    "A day as a spreadsheet shows it": adding("trunks.csv", "trk_bbbb0008,bruno,1.10.2026,,"),
    "A day that no calendar has": adding("trunks.csv", "trk_bbbb0008,bruno,2026-02-31,,"),
    "Rows with another separator than the first": writing("trunks.csv", "trunk;client_id\ntrk_aaaa0007,acme\n"),
    "A key that is there twice": adding("billing.toml", '[design]\npaper = "a4"\npaper = "letter"'),
    "A table that is there twice": adding("billing.toml", '[seller]\ncity = "Utrecht"'),
    "A table where one of several belongs": adding("billing.toml", '[plans]\nname = "gold"'),
    "An end before its beginning": adding("trunks.csv", "trk_bbbb0008,bruno,2026-10-02,2026-10-01,"),
    "A trunk that is two clients'": adding("trunks.csv", "trk_aaaa0007,bruno,2026-09-01,,"),
    "A client that clients.csv does not know": adding("trunks.csv", "trk_bbbb0008,brono,,,"),
    "A client twice": adding("clients.csv", "ACME,Acme again,NL,nl,,,,,,"),
    "A client id that cannot be a file name": adding("clients.csv", "a/b,A,NL,nl,,,,,,"),
    "A country as it is called": adding("clients.csv", "carl,Carl,Netherlands,nl,,,,,,"),
    "A country by another code": adding("clients.csv", "carl,Carl,UK,en,,,,,,"),
    "A language that there is not": adding("clients.csv", "carl,Carl,NL,xx,,,,,,"),
    "A plan that there is not": adding("clients.csv", "carl,Carl,NL,nl,,gold,,,,"),
    "An address that is none": adding("clients.csv", "carl,Carl,NL,nl,carl at example,,,,,"),
    "Days in words": adding("clients.csv", "carl,Carl,NL,nl,,,two weeks,,,"),
    "A detail that there is not": adding("clients.csv", "carl,Carl,NL,nl,,,,everything,,"),
    "A tax treatment that there is not": adding("clients.csv", "carl,Carl,NL,nl,,,,,never,"),
    "A VAT rate as a fraction": adding("vat_rates.csv", "DE,0.19,2021-01-01"),
    "A VAT rate as a factor": adding("vat_rates.csv", "DE,1.19,2021-01-01"),
    "A workbook beside the CSV file": workbook("clients.xlsx", ("client_id", "name", "country")),
    "A price list saved as a workbook": workbook("prices.xlsx", ("client_id", "category", "model", "value")),
    "A misspelt key": under("billing", 'payment_term_days = 30'),
    "A currency as it is called": under("billing", 'currency = "Euro"'),
    "One word where a list belongs": under("accounting", 'formats = "hledger"'),
    "A percentage without quotes": replacing("billing.toml", '"7.5"', "7.5"),
    "A price with a comma": replacing("billing.toml", '"7.5"', '"7,5"'),
    "An IBAN with a slip": replacing("billing.toml", "NL91ABNA", "NL92ABNA"),
    "A tax number as VAT id": replacing("billing.toml", '"NL861994772B01"', '"133/8150/8159"'),
    "A rule for a category that there is not": replacing("billing.toml", '"number_rental"', '"rental"'),
    "A month as a word": under("billing", 'first_month = "October"'),
    "The key in the settings": under("api", 'key = "df_live_…"'),
    "A table that is no table": writing("billing.toml", 'seller = "Noordzee"\n'),
}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    """A folder in which everything is right; no supplier is asked."""
    config = tmp_path / "config"
    config.mkdir()
    for name, text in FILES.items():
        (config / name).write_text(text, encoding="utf-8")
    settings = settings_text("http://127.0.0.1:9/api/v1") + "[accounting]\n"
    (config / "billing.toml").write_text(settings, encoding="utf-8")
    return Office(tmp_path, Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC)))


def told_in_docs() -> dict[str, str]:
    """Mistake → what docs/mistakes.md says that one is told."""
    rows = re.findall(r"^\| (.+?) \| `(.+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {what: message.replace("\\|", "|") for what, message in rows}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_told_as_the_page_says(mistake: str, desk: Office) -> None:
    """Exit 2, with file, row or key, what is expected and what to do; in words of our own, and in the docs."""
    MISTAKES[mistake](desk.config)
    ran = desk.type("status")
    assert ran.code == 2, ran.out
    message = ran.err[ran.err.index("error: ") + len("error: ") :].strip().replace(f"{desk.folder}/", "")
    assert message.startswith("config/")
    assert not re.search(r"Input should|validation error|pydantic|Value error|type=|Traceback", message), message
    if os.environ.get("UPDATE_GOLDENS"):
        _write_row(mistake, message)
    assert told_in_docs()[mistake] == message


def _write_row(mistake: str, message: str) -> None:
    head = PAGE.read_text(encoding="utf-8").partition("| what went wrong |")[0]
    rows = told_in_docs() | {mistake: message}
    table = "".join(f"| {what} | `{rows[what].replace('|', chr(92) + '|')}` |\n" for what in MISTAKES if what in rows)
    PAGE.write_text(f"{head}| what went wrong | what one is told |\n|---|---|\n{table}", encoding="utf-8")


def test_the_page_lists_thirty_mistakes_and_no_other() -> None:
    """The docs tell of every case that is tried, and of nothing that is not."""
    assert len(MISTAKES) >= 30
    assert list(told_in_docs()) == list(MISTAKES)


def test_what_spreadsheets_do_is_understood(desk: Office) -> None:
    """Digits without their plus, a BOM in billing.toml, notes, semicolons and tabs are no mistakes."""
    adding("numbers.csv", "31612001237,,,trk_aaaa0007,,,their mobile")(desk.config)
    settings = desk.config / "billing.toml"
    settings.write_bytes(b"\xef\xbb\xbf" + settings.read_bytes())
    writing("trunks.csv", TRUNKS.replace(",", ";"))(desk.config)
    writing("clients.csv", CLIENTS.replace(",", "\t"))(desk.config)
    assert load_settings(settings).seller.name == "Noordzee Telecom"
    numbers = load_mapping(desk.config, ["standard"]).numbers
    assert [(each.number, each.order_id) for each in numbers] == [("+31201234567", "1042"), ("+31612001237", "")]


def test_workbooks_instead_of_csv(desk: Office) -> None:
    """Cells are the text that they show: whole numbers are digits, days are days; mistakes are told by their row."""
    (desk.config / "numbers.csv").unlink()
    head = ("number", "did_number_id", "order_id", "trunk", "valid_from", "price")
    good = (31201234567, 42, 1042, "trk_aaaa0007", date(2026, 10, 1), 1.5)
    workbook("numbers.xlsx", head, good)(desk.config)
    (read,) = load_mapping(desk.config, ["standard"]).numbers
    assert (read.number, read.did_number_id, read.order_id) == ("+31201234567", "42", "1042")
    assert (read.valid_from, read.price_micros) == (date(2026, 10, 1), 1_500_000)
    workbook("numbers.xlsx", head, good, (31612001237, 42.5, 9.01e20, "trk_aaaa0007"))(desk.config)
    ran = desk.type("status")
    assert ran.code == 2
    for column in ("did_number_id: '42.5'", "order_id: '9.01e+20'"):
        assert f"numbers.xlsx, row 3, column {column}: a spreadsheet made a decimal of it" in ran.err


def test_a_cell_that_only_looks_filled_is_no_empty_one(desk: Office) -> None:
    """Empty is the plan that most have and an end that is open: a formula without a value, and merged cells, are told.

    What is written on a sheet that nobody sees is not what is billed.
    """
    (desk.config / "trunks.csv").unlink()
    path = desk.config / "trunks.xlsx"
    head = ("trunk", "client_id", "valid_from", "valid_to")
    with xlsxwriter.Workbook(path) as book:
        old, seen = book.add_worksheet("2025"), book.add_worksheet("2026")
        old.hide()
        seen.activate()
        for sheet, client in ((old, "bruno"), (seen, "acme")):
            sheet.write_row(0, 0, head)
            sheet.write_row(1, 0, ("trk_aaaa0007", client))
    assert [each.client_id for each in load_mapping(desk.config, ["standard"]).trunks] == ["acme"]
    told: dict[str, Callable[[Worksheet], object]] = {
        "trunks.xlsx: row 3, column D: '=DATE(2026,10,1)': a formula without a value": (
            lambda sheet: sheet.write_formula(2, 3, "=DATE(2026,10,1)", None, "")
        ),
        "trunks.xlsx, row 2, column valid_to: '#N/A': a formula of the spreadsheet failed": (
            lambda sheet: sheet.write_formula(1, 3, "=VLOOKUP(A2,ends,2,0)", None, "#N/A")
        ),
        "trunks.xlsx: row 2, column D: the cells D2 to D3 are merged": (
            lambda sheet: sheet.merge_range(1, 3, 2, 3, "2026-10-01")
        ),
    }
    for words, spoil in told.items():
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, head)
            sheet.write_row(1, 0, ("trk_aaaa0007", "acme"))
            sheet.write_row(2, 0, ("trk_bbbb0008", "bruno"))
            spoil(sheet)
        ran = desk.type("status")
        assert ran.code == 2
        assert words in ran.err


def test_a_failed_formula_in_the_first_cell_makes_no_comment_of_its_row(desk: Office) -> None:
    """The row was passed over, and what it prices was billed by the plan; a comment stays one."""
    head = "client_id,category,model,value,valid_from\n"
    for cell in ("#N/A", "#REF!", "#NV", "#BEZUG!", "#DIV/0!", "#¡REF!"):
        writing("prices.csv", f"{head}{cell},message,fixed,0.05,2026-01-01\n".encode())(desk.config)
        ran = desk.type("status")
        assert ran.code == 2
        assert f"prices.csv, row 2, column client_id: '{cell}': a formula of the spreadsheet failed" in ran.err
    writing("trunks.csv", "trunk,client_id\ntrk_aaaa0007,acme\n#N/A,acme\n")(desk.config)
    ran = desk.type("status")
    assert ran.code == 2
    assert "trunks.csv, row 3, column trunk: '#N/A': a formula of the spreadsheet failed" in ran.err
    turned = "valid_from,client_id,category,model,value\n########,acme,message,fixed,0.05\n########\n## old ones,,\n"
    writing("prices.csv", turned)(desk.config)
    writing("trunks.csv", TRUNKS)(desk.config)
    ran = desk.type("status")
    assert (ran.code, "prices.csv, row 2, column valid_from: '########': its column was too narrow" in ran.err) == (
        2,
        True,
    )
    assert "row 3" not in ran.err
    writing("prices.csv", f"{head}#ACME!? no,message,fixed,0.05,2026-01-01\n")(desk.config)
    writing("trunks.csv", "trunk,client_id\n#trk_bbbb0008,acme\n")(desk.config)
    assert desk.type("status").code == 0


@pytest.mark.parametrize("name", ["Charges.csv", "prices.csv.txt", "mandates.ods", "accounts.xlsx", "Numbers.xlsx"])
def test_a_table_that_would_not_be_read_is_refused(desk: Office, name: str) -> None:
    """Whoever keeps it believes that it holds; copies under other names, and what lies beside the table, are left."""
    for copy in ("prices.csv.bak", "prices.old.csv", "vat_rates.xlsx"):
        (desk.config / copy).write_bytes(b"")
    (desk.config / "numbers.csv").unlink()
    assert desk.type("status").code == 0
    (desk.config / name).write_bytes(b"")
    ran = desk.type("status")
    assert ran.code == 2
    assert f"config/{name}: is not read; save it as {name.lower().split('.')[0]}.csv" in ran.err


def test_what_cannot_be_written_is_said_before_anything_is_done(desk: Office) -> None:
    """Workbooks: nobody is said to have left, and no number is routed; numbers may be counted in them."""
    (desk.config / "numbers.csv").unlink()
    workbook("numbers.xlsx", ("number", "did_number_id", "trunk"), (31201234567, 42, "trk_aaaa0007"))(desk.config)
    writing("charges.csv", "charge_id,client_id,description,price,every,count\nflat,acme,Flat,1,month,numbers\n")(
        desk.config
    )
    adding("trunks.csv", "trk_bbbb0008,bruno,,")(desk.config)
    for command in (("offboard", "acme", "--yes"), ("move", "+31201234567", "--to", "bruno")):
        ran = desk.type(*command)
        assert ran.code == 2
        assert "numbers.xlsx: is a workbook, into which nothing is written; save it as numbers.csv first" in ran.err
    (desk.config / "numbers.xlsx").unlink()
    (desk.config / "trunks.csv").unlink()
    workbook("trunks.xlsx", ("trunk", "client_id", "valid_to"), ("trk_aaaa0007", "acme", ""))(desk.config)
    writing("charges.csv", "charge_id,client_id,description,price\n")(desk.config)
    ran = desk.type("offboard", "acme", "--yes")
    assert ran.code == 2
    assert "trunks.xlsx: is a workbook" in ran.err
