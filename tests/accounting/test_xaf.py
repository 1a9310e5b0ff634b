"""XAF 4.0: our own judge looks at order, lengths, keys and sums; pyxaf at the official schema and rules."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import pyxaf
from lxml import etree

from billing_job import __version__
from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.journal import month_journal
from billing_job.accounting.options import AccountingOptions, XafOptions
from billing_job.accounting.programs.xaf import NAMESPACE, write_xaf
from billing_job.core.errors import ConfigError
from billing_job.core.parties import Client
from tests.support.accounting_judges import assert_golden, balances_of
from tests.support.sample_months import STANDARD, WALLET, sample_document, sample_journal

ACCOUNTS, OPTIONS = load_accounts(None), AccountingOptions()
NAME = "auditfile_2026-10.xaf"
ORDER = {
    "auditfile": "header company",
    "header": "fiscalYear startDate endDate curCode dateCreated softwareDesc softwareVersion RGSVersion",
    "company": "Commercenr companyName taxRegistrationCountry taxRegIdent streetAddress customersSuppliers"
    " generalLedger vatCodes periods openingBalance transactions",
    "streetAddress": "streetname number numberExtension city postalCode country",
    "customerSupplier": "custSupID custSupName eMail commerceNr taxRegistrationCountry taxRegIdent custSupTp opBalDesc"
    " opBalTp clBalDesc clBalTp streetAddress",
    "ledgerAccount": "accID accDesc accTp RGScode",
    "vatCode": "vatID vatDesc vatToPayAccID vatToClaimAccID",
    "period": "periodNumber startDatePeriod endDatePeriod",
    "openingBalance": "linesCount totalDebit totalCredit obLine",
    "transactions": "linesCount totalDebit totalCredit journal",
    "journal": "jrnID desc jrnTp offsetAccID transaction",
    "transaction": "nr desc periodNumber trDt Source User trLine",
    "trLine": "nr accID docRef effDate settDate desc amnt amntTp custSupID invRef vat",
    "vat": "vatID vatPerc vatAmnt vatAmntTp",
}
"""The schema's elements in their order, of those that can stand in our files (XAF 4.0.3, functional hierarchy)."""
REQUIRED = {
    "header": 7, "ledgerAccount": 3, "vatCode": 2, "period": 3, "openingBalance": 3, "transactions": 3, "vat": 4,
}  # fmt: skip
"""How many of the first elements must be there."""
LONGEST = {
    "accID": 35, "custSupID": 35, "vatID": 35, "jrnID": 35, "custSupName": 50, "taxRegIdent": 30, "city": 50,
    "postalCode": 10, "streetname": 100, "companyName": 255, "accDesc": 255, "vatDesc": 100, "softwareVersion": 20,
}  # fmt: skip


def _cents(element: etree._Element, path: str) -> int:
    return int(Decimal(_text(element, path)).scaleb(2))


def _text(element: etree._Element, path: str) -> str:
    return str(element.findtext(f"{{*}}{path}") or "")


def _side(element: etree._Element, amount: str = "amnt") -> int:
    return _cents(element, amount) * {"D": 1, "C": -1}[_text(element, f"{amount}Tp")]


def _judged(content: bytes) -> dict[str, int]:
    """Cents by account; ValueError for a wrong order or length, an unknown key, a wrong sum or an unbalanced entry."""
    root = etree.fromstring(content)
    for element in root.iter():
        tag, namespace = etree.QName(element).localname, etree.QName(element).namespace
        known, names = ORDER.get(tag, "").split(), [etree.QName(child).localname for child in element]
        if namespace != NAMESPACE or (known and [name for name in names if name not in known]):
            raise ValueError(f"{tag}: an element that the schema does not have")
        places = [known.index(name) for name in names] if known else []
        if places != sorted(places) or not set(known[: REQUIRED.get(tag, 0)]) <= set(names):
            raise ValueError(f"{tag}: another order, or one is missing")
        if len(element.text or "") > LONGEST.get(tag, 10_000):
            raise ValueError(f"{tag}: is too long")
    keys = {
        tag: [str(each.text) for each in root.iter(f"{{*}}{tag}") if etree.QName(each.getparent()).localname == parent]
        for tag, parent in (("accID", "ledgerAccount"), ("custSupID", "customerSupplier"), ("vatID", "vatCode"))
    }
    keys["periodNumber"] = [_text(each, "periodNumber") for each in root.iter("{*}period")]
    if any(len(set(found)) != len(found) for found in keys.values()):
        raise ValueError("a key is there twice")
    used = {tag: {str(each.text) for each in root.iter(f"{{*}}{tag}")} for tag in keys}
    if any(used[tag] - set(found) for tag, found in keys.items()):
        raise ValueError("a key is nowhere explained")
    sums: dict[str, int] = {}
    lines = 0
    for transaction in root.iter("{*}transaction"):
        mine = transaction.findall("{*}trLine")
        lines += len(mine)
        if sum(map(_side, mine)):
            raise ValueError("an entry does not balance")
        for line in mine:
            sums[_text(line, "accID")] = sums.get(_text(line, "accID"), 0) + _side(line)
    (totals,) = root.iter("{*}transactions")
    every = [_side(line) for line in root.iter("{*}trLine")]
    told = (_cents(totals, "totalDebit"), _cents(totals, "totalCredit"), int(_text(totals, "linesCount")))
    if told != (sum(c for c in every if c > 0), -sum(c for c in every if c < 0), lines):
        raise ValueError("the totals are others")
    vat = sum(_side(each, "vatAmnt") for each in root.iter("{*}vat"))
    payable = {_text(each, "vatToPayAccID") for each in root.iter("{*}vatCode")} - {""}
    if vat != sum(sums.get(account, 0) for account in payable):
        raise ValueError("the VAT of the lines is not that of the accounts")
    return {account: cents for account, cents in sums.items() if cents}


def test_the_month_as_an_auditfile() -> None:
    """Order, lengths, keys and sums are the schema's, and the accounts add up to the journal's."""
    export = write_xaf(sample_journal(), ACCOUNTS, OPTIONS)
    assert list(export.files) == [NAME]
    assert_golden(NAME, export.files[NAME].replace(__version__.encode(), b"0.0.0"))
    assert _judged(export.files[NAME]) == balances_of(sample_journal(), ACCOUNTS, "xaf")
    assert export.warnings == ("1 name cut at 50 characters",)


def test_pyxaf_validates_it() -> None:
    """An independent reader finds nothing to say by the official schema and numbered rules, and sees a spoilt sum."""
    content = write_xaf(sample_journal(), ACCOUNTS, OPTIONS).files[NAME]
    report = pyxaf.validate(content, xsd=True)
    assert (str(report.format.version), list(report.findings)) == ("4.0", [])
    assert not pyxaf.validate(content.replace(b"130.12", b"130.13", 1)).ok


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text.replace("130.12", "130.13", 1), "balance"),
        (lambda text: text.replace("<custSupID>jansen</custSupID>", "<custSupID>jan</custSupID>", 1), "explained"),
        (lambda text: text.replace("<accID>1300</accID>", "<accID>1250</accID>", 1), "twice"),
        (lambda text: text.replace("<curCode>EUR</curCode>", ""), "missing"),
        (lambda text: text.replace("<linesCount>30", "<linesCount>31"), "totals"),
        (lambda text: text.replace("XmlauditfileXAF_4.0", "XmlauditfileXAF_3.2"), "does not have"),
        (lambda text: text.replace("<vatAmnt>0.90</vatAmnt>", "<vatAmnt>0.91</vatAmnt>"), "VAT of the lines"),
    ],
)
def test_the_judge_refuses_broken_files(spoil: Callable[[str], str], message: str) -> None:
    """A cent, a key without its row or with two, a missing element, a wrong count and another version are seen."""
    content = write_xaf(sample_journal(), ACCOUNTS, OPTIONS).files[NAME]
    broken = spoil(content.decode()).encode()
    assert broken != content
    with pytest.raises(ValueError, match=message):
        _judged(broken)


def test_years_journals_and_codes(tmp_path: Path) -> None:
    """Booking dates of two years are two files; journals and VAT codes are the user's; a long account is refused."""
    path = tmp_path / "accounts.csv"
    path.write_text("kind,vat_case,format,account,name,tax_code\nrevenue,S,xaf,8000,Omzet,VH\n")
    accounts = load_accounts(path)
    client = Client("c" * 40, "Ä" * 60, "NL")
    december = [
        sample_document("INV-1", client, [("call", 100, STANDARD)], issued=date(2026, 12, 31)),
        sample_document("INV-2", client, [("call", 100, STANDARD)], issued=date(2027, 1, 2)),
    ]
    options = AccountingOptions(xaf=XafOptions(sales_journal="80", general_journal="90"))
    files = write_xaf(month_journal(december, WALLET, accounts), accounts, options).files
    assert list(files) == ["auditfile_2026-10_1.xaf", "auditfile_2026-10_2.xaf"]
    texts = [content.decode() for content in files.values()]
    assert ["<fiscalYear>2026<" in texts[0], "<fiscalYear>2027<" in texts[1]] == [True, True]
    assert all(part in texts[0] for part in ("<jrnID>80<", "<jrnID>90<", "<vatID>VH<"))
    assert [_judged(content)["1300"] for content in files.values()] == [121, 121]
    path.write_text(f"kind,format,account\nwallet,xaf,{'1' * 36}\n")
    with pytest.raises(ConfigError, match="has more than 35 characters"):
        write_xaf(sample_journal(), load_accounts(path), OPTIONS)
    nothing = write_xaf(month_journal([], WALLET, ACCOUNTS), ACCOUNTS, OPTIONS)
    assert (nothing.files, len(nothing.warnings)) == ({}, 1)
