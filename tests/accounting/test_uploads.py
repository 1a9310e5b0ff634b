"""Xero, QuickBooks and Sage 50, whose importers run only there: headings, formats, and VAT worked out their way."""

import csv
import dataclasses
import io
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import pytest

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.export import Export
from billing_job.accounting.journal import Journal, month_journal
from billing_job.accounting.options import AccountingOptions, QuickbooksOptions, XeroOptions
from billing_job.accounting.programs.quickbooks import write_quickbooks
from billing_job.accounting.programs.sage50 import write_sage50
from billing_job.accounting.programs.xero import write_xero
from billing_job.core.errors import ConfigError
from billing_job.core.money import cents_from_decimal
from tests.support.accounting_judges import assert_golden
from tests.support.sample_months import JANSEN, STANDARD, WALLET, sample_document, sample_documents, sample_journal

ACCOUNTS = load_accounts(None)
DEFAULTS = AccountingOptions()
XERO = (
    "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,"
    "POPostalCode,POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,InventoryItemCode,*Description,*Quantity,"
    "*UnitAmount,Discount,*AccountCode,*TaxType,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2,Currency,"
    "BrandingTheme"
)
XERO_JOURNAL = (
    "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1,TrackingName2,"
    "TrackingOption2"
)
QUICKBOOKS = (
    "*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Location,Memo,Item(Product/Service),ItemDescription,ItemQuantity,"
    "ItemRate,*ItemAmount,*ItemTaxCode,ItemTaxAmount,Currency,Service Date"
)
QUICKBOOKS_JOURNAL = "Journal No.,Journal Date,Account Name,Description,Debits,Credits"
SAGE50 = (
    "Type,Account Reference,Nominal A/C Ref,Department Code,Date,Reference,Details,Net Amount,Tax Code,Tax Amount,"
    "Exchange Rate,Extra Reference,User Name,Project Refn,Cost Code Refn"
)
AMOUNT = r"-?\d+\.\d\d"


def _rows(content: bytes, headings: str, patterns: dict[str, str], encoding: str = "utf-8") -> list[dict[str, str]]:
    """The rows; ValueError for another heading, a required cell that is empty, or a cell that does not fit."""
    reader = csv.DictReader(io.StringIO(content.decode(encoding), newline=""))
    if ",".join(reader.fieldnames or []) != headings:
        raise ValueError("the headings are not the importer's")
    rows = list(reader)
    for number, row in enumerate(rows, 2):
        for heading, cell in row.items():
            if heading.startswith("*") and not cell:
                raise ValueError(f"row {number}: {heading} is empty")
            if not re.fullmatch(patterns.get(heading, ".*"), cell):
                raise ValueError(f"row {number}: {heading} is {cell!r}")
    return rows


def _xero(content: bytes) -> list[dict[str, str]]:
    day = r"\d\d/\d\d/20\d\d"
    return _rows(content, XERO, {"*InvoiceDate": day, "*DueDate": day, "*UnitAmount": AMOUNT, "*Quantity": "1"})


def _quickbooks(content: bytes) -> list[dict[str, str]]:
    day = r"\d\d/\d\d/20\d\d"
    amounts = dict.fromkeys(("ItemRate", "*ItemAmount", "ItemTaxAmount"), AMOUNT)
    return _rows(content, QUICKBOOKS, {"*InvoiceDate": day, "*DueDate": day, "Service Date": day} | amounts)


def _sage50(content: bytes) -> list[dict[str, str]]:
    patterns = {
        "Type": "SI|SC|JD|JC", "Account Reference": "[A-Z0-9]{0,8}", "Nominal A/C Ref": r"\d{1,8}",
        "Date": r"\d\d/\d\d/20\d\d", "Reference": ".{1,30}", "Details": ".{1,60}", "Net Amount": r"\d+\.\d\d",
        "Tax Code": r"T\d{1,2}", "Tax Amount": r"\d+\.\d\d",
    }  # fmt: skip
    return _rows(content, SAGE50, patterns, "cp1252")


def _sums(rows: list[dict[str, str]], number: str, amounts: tuple[str, ...]) -> dict[str, int]:
    """Cents by document."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row[number]] = sums.get(row[number], 0) + sum(cents_from_decimal(row[amount]) for amount in amounts)
    return sums


def _gross(journal: Journal) -> dict[str, int]:
    return {entry.reference: entry.receivable_cents for entry, _ in journal.documents()}


def _as_xero_computes(rows: list[dict[str, str]]) -> dict[str, int]:
    """Gross by document when VAT is worked out line by line from the rate in the tax type's name."""
    sums: dict[str, int] = {}
    for row in rows:
        net = Decimal(row["*UnitAmount"])
        rate = re.search(r"([\d.]+)%", row["*TaxType"])
        tax = (net * Decimal(rate[1]) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) if rate else Decimal(0)
        sums[row["*InvoiceNumber"]] = sums.get(row["*InvoiceNumber"], 0) + int((net + tax) * 100)
    return sums


def test_xero_takes_the_month() -> None:
    """Invoices, credit notes and the wallet are a file each, with Xero's headings; its VAT gives our gross."""
    export = write_xero(sample_journal(), ACCOUNTS, DEFAULTS)
    assert list(export.files) == ["xero_sales_invoices.csv", "xero_credit_notes.csv", "xero_manual_journal.csv"]
    for name, content in export.files.items():
        assert_golden(name, content)
    invoices, credit_notes, wallet = export.files.values()
    assert _as_xero_computes(_xero(invoices) + _xero(credit_notes)) == _gross(sample_journal())
    rows = _rows(wallet, XERO_JOURNAL, {"*Date": r"\d\d/\d\d/20\d\d", "*Amount": AMOUNT})
    assert set(_sums(rows, "*Narration", ("*Amount",)).values()) == {0}
    assert export.warnings == ()


def test_the_difference_that_xero_will_make_is_said() -> None:
    """Three lines of 33.35 at 21 % are 21.01 of VAT; line by line they are 21.00, and the warning says so by name."""
    nets = [("a", 3335, STANDARD), ("b", 3335, STANDARD), ("c", 3335, STANDARD)]
    journal = month_journal([sample_document("INV-7", JANSEN, nets)], WALLET, ACCOUNTS)
    export = write_xero(journal, ACCOUNTS, DEFAULTS)
    computed = _as_xero_computes(_xero(export.files["xero_sales_invoices.csv"]))
    assert computed["INV-7"] - _gross(journal)["INV-7"] == -1
    assert export.warnings == (
        "Xero computes VAT line by line, which differs for 1 document, in sum -0.01: INV-7 by -0.01; correct their VAT"
        " in Xero after the import",
    )


def test_xero_options() -> None:
    """American dates, and credit notes with positive amounts for organisations that want them."""
    options = AccountingOptions(xero=XeroOptions(date_format="us", credit_note_amounts="positive"))
    rows = _xero(write_xero(sample_journal(), ACCOUNTS, options).files["xero_credit_notes.csv"])
    assert [(row["*InvoiceDate"], row["*UnitAmount"]) for row in rows] == [
        ("11/01/2026", "33.33"), ("11/03/2026", "12.50"),
    ]  # fmt: skip


def test_large_months_are_split() -> None:
    """Xero takes 500 invoices in a file and QuickBooks 100; a document's rows stay together."""
    entry = sample_journal().entries[2]
    entries = tuple(dataclasses.replace(entry, reference=f"INV-{number:04d}") for number in range(501))
    journal = dataclasses.replace(sample_journal(), entries=entries)
    first, second = write_xero(journal, ACCOUNTS, DEFAULTS).files.items()
    assert (first[0], len(_sums(_xero(first[1]), "*InvoiceNumber", ()))) == ("xero_sales_invoices_1.csv", 500)
    assert (second[0], {row["*InvoiceNumber"] for row in _xero(second[1])}) == (
        "xero_sales_invoices_2.csv",
        {"INV-0500"},
    )
    files = write_quickbooks(journal, ACCOUNTS, DEFAULTS).files
    assert [len(_sums(_quickbooks(content), "*InvoiceNo", ())) for content in files.values()] == [100] * 5 + [1]


def test_quickbooks_takes_the_month() -> None:
    """Net and our own VAT add up to each gross; credit notes are positive in their own file; the wallet balances."""
    export = write_quickbooks(sample_journal(), ACCOUNTS, DEFAULTS)
    for name, content in export.files.items():
        assert_golden(name, content)
    amounts = ("*ItemAmount", "ItemTaxAmount")
    invoices = _sums(_quickbooks(export.files["quickbooks_invoices.csv"]), "*InvoiceNo", amounts)
    credit_notes = _sums(_quickbooks(export.files["quickbooks_credit_notes.csv"]), "*InvoiceNo", amounts)
    assert invoices | {number: -cents for number, cents in credit_notes.items()} == _gross(sample_journal())
    wallet = list(csv.DictReader(io.StringIO(export.files["quickbooks_journal.csv"].decode(), newline="")))
    assert ",".join(wallet[0]) == QUICKBOOKS_JOURNAL
    for side in ("Debits", "Credits"):
        assert sum(cents_from_decimal(row[side] or "0") for row in wallet) == 16_123
    assert export.warnings == (
        "1 document with a line below zero, which its import may refuse; enter by hand: INV-2026-00001",
    )


def test_quickbooks_dates() -> None:
    """The dialogue's other date format is an option."""
    options = AccountingOptions(quickbooks=QuickbooksOptions(date_format="us"))
    rows = _quickbooks(write_quickbooks(sample_journal(), ACCOUNTS, options).files["quickbooks_credit_notes.csv"])
    assert rows[0]["Service Date"] == "10/31/2026"


def test_sage_takes_the_month() -> None:
    """SI less SC is each document's gross, every amount positive; JD equals JC; umlauts are Windows-1252."""
    export = write_sage50(sample_journal(), ACCOUNTS, DEFAULTS)
    (content,) = export.files.values()
    assert_golden("sage50_audit_trail.csv", content)
    rows = _sage50(content)
    by_type = {
        kind: _sums([row for row in rows if row["Type"] == kind], "Reference", ("Net Amount", "Tax Amount"))
        for kind in ("SI", "SC", "JD", "JC")
    }
    for number, cents in _gross(sample_journal()).items():
        assert by_type["SI"].get(number, 0) - by_type["SC"].get(number, 0) == cents
    assert sum(by_type["JD"].values()) == sum(by_type["JC"].values()) == 16_123
    assert {row["Account Reference"] for row in rows} == {"", "JANSEN", "MUELLER", "LONG", "SWISS"}


def test_sage_references_of_long_ids() -> None:
    """Ids beyond eight letters keep their beginning and get a tail of their own, the same in every month."""
    clients = [dataclasses.replace(JANSEN, client_id=f"bakkerij-{name}", name=name) for name in ("jansen", "pieters")]
    documents = [sample_document(f"INV-{c.name}", c, [("call", 100, STANDARD)]) for c in clients]
    (content,) = write_sage50(month_journal(documents, WALLET, ACCOUNTS), ACCOUNTS, DEFAULTS).files.values()
    references = {row["Account Reference"] for row in _sage50(content)}
    assert references == {"", "BAKDZURD", "BAKFKS0X"}


def test_sage_references_that_would_be_one_are_refused() -> None:
    """Two ids that are the same in eight capitals would share a customer's ledger."""
    twin = dataclasses.replace(JANSEN, client_id="jan-sen", name="Jan Sen")
    documents = [*sample_documents(), sample_document("INV-8", twin, [("call", 100, STANDARD)])]
    with pytest.raises(ConfigError, match="'JANSEN' in format sage50"):
        write_sage50(month_journal(documents, WALLET, ACCOUNTS), ACCOUNTS, DEFAULTS)


@pytest.mark.parametrize("write", [write_xero, write_quickbooks])
def test_namesakes_would_be_one_contact(write: Callable[..., object]) -> None:
    """Xero and QuickBooks know clients by name: two of one name are refused until party rows tell them apart."""
    twin = dataclasses.replace(JANSEN, client_id="jansen2")
    documents = [*sample_documents(), sample_document("INV-8", twin, [("call", 100, STANDARD)])]
    with pytest.raises(ConfigError, match="clients jansen and jansen2 would both be"):
        write(month_journal(documents, WALLET, ACCOUNTS), ACCOUNTS, DEFAULTS)


@pytest.mark.parametrize(
    ("judge", "write", "name", "spoil"),
    [
        (_xero, write_xero, "xero_sales_invoices.csv", lambda text: text.replace("*UnitAmount", "UnitAmount")),
        (_xero, write_xero, "xero_sales_invoices.csv", lambda text: text.replace("01/11/2026", "2026-11-01")),
        (_quickbooks, write_quickbooks, "quickbooks_invoices.csv", lambda text: text.replace("33.33,33.33", "33.33,")),
        (_quickbooks, write_quickbooks, "quickbooks_invoices.csv", lambda text: text.replace("20.0% OSS FR", "")),
        (_sage50, write_sage50, "sage50_audit_trail.csv", lambda text: text.replace(",33.33,", ",-33.33,")),
        (_sage50, write_sage50, "sage50_audit_trail.csv", lambda text: text.replace("JANSEN", "JANSEN B.V.")),
    ],
)
def test_the_contracts_refuse_broken_files(
    judge: Callable[[bytes], object], write: Callable[..., Export], name: str, spoil: Callable[[str], str]
) -> None:
    """A renamed heading, another date, an empty required cell, a sign or a long reference is seen."""
    content = write(sample_journal(), ACCOUNTS, DEFAULTS).files[name]
    judge(content)
    with pytest.raises(ValueError, match=r"headings|row"):
        judge(spoil(content.decode("cp1252" if name.startswith("sage") else "utf-8")).encode())
