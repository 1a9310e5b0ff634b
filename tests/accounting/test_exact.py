"""Exact Online's XML: its structure, element by element, and the sums of its signed amounts."""

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.options import AccountingOptions, ExactOptions
from billing_job.accounting.programs.exact import write_exact
from billing_job.core.errors import ConfigError
from billing_job.core.money import cents_from_decimal
from tests.support.accounting_judges import assert_golden, balances_of
from tests.support.sample_months import sample_journal

ACCOUNTS = load_accounts(None)
NAME = "exact_gltransactions.xml"
# What eExact-XML.xsd says of these elements: the order of children, which of them must be there, and attributes.
CHILDREN = {
    "GLTransaction": ("TransactionType", "Journal", "Date", "Description", "Account", "GLTransactionLine"),
    "GLTransactionLine": (
        "Date", "VATType", "GLAccount", "Description", "DueDate", "Account", "Amount", "References",
    ),
    "Amount": ("Currency", "Value", "VAT"),
    "References": ("YourRef",),
}  # fmt: skip
REQUIRED = {
    "GLTransaction": {"TransactionType", "Journal", "Date", "GLTransactionLine"},
    "GLTransactionLine": {"Date", "GLAccount", "Amount"},
    "Amount": {"Currency", "Value"},
}
SIDES = {"20": {"S", "V", "A"}, "21": {"S", "X", "Z"}, "90": {"S"}}


def _judged(content: bytes) -> dict[str, int]:
    """Cents by account; ValueError for a wrong order, a missing element, a wrong VAT type or an unbalanced entry."""
    root = fromstring(content)  # noqa: S314
    sums: dict[str, int] = {}
    for element in root.iter():
        names = [child.tag for child in element]
        known = CHILDREN.get(element.tag)
        if known is not None and (
            [known.index(name) for name in names] != sorted(known.index(name) for name in names)
            or not REQUIRED.get(element.tag, set()) <= set(names)
        ):
            raise ValueError(f"{element.tag}: {names}")
    for transaction in root.iter("GLTransaction"):
        kind = transaction[0].attrib["number"]
        lines = transaction.findall("GLTransactionLine")
        if [line.attrib for line in lines] != [
            {"type": kind, "linetype": "0", "line": str(number), "status": "20"} for number in range(len(lines))
        ]:
            raise ValueError("the lines' attributes")
        if not {_text(line, "VATType") for line in lines} <= SIDES[kind]:
            raise ValueError("a VAT type of another kind of entry")
        cents = [cents_from_decimal(_text(line, "Amount/Value")) for line in lines]
        if sum(cents):
            raise ValueError("an entry does not balance")
        for line, amount in zip(lines, cents, strict=True):
            account = line[2].attrib["code"]
            sums[account] = sums.get(account, 0) + amount
    return {account: cents for account, cents in sums.items() if cents}


def _text(element: Element, path: str) -> str:
    return element.findtext(path) or ""


def test_the_month_in_exact() -> None:
    """Order and structure are the schema's, every entry balances, the accounts add up to the journal's."""
    export = write_exact(sample_journal(), ACCOUNTS, AccountingOptions())
    assert_golden(NAME, export.files[NAME])
    assert _judged(export.files[NAME]) == balances_of(sample_journal(), ACCOUNTS, "exact")
    assert export.warnings == (
        f"5 revenue rows without a VAT code: put your administration's codes into {ACCOUNTS.source}",
    )


def test_journals_and_debtor_codes(tmp_path: Path) -> None:
    """Documents go to the sales journal under the party's code, the wallet to the general one."""
    path = tmp_path / "accounts.csv"
    path.write_text("kind,client_id,format,account\nparty,jansen,exact,1001\n")
    options = AccountingOptions(exact=ExactOptions(sales_journal="60", general_journal="95"))
    content = write_exact(sample_journal(), load_accounts(path), options).files[NAME]
    heads = {
        (entry[0].attrib["number"], entry[1].attrib["code"], code.attrib["code"] if code is not None else "")
        for entry in fromstring(content).iter("GLTransaction")  # noqa: S314
        for code in [entry.find("Account")]
    }
    assert heads == {
        ("90", "95", ""), ("20", "60", "1001"), ("20", "60", "mueller"), ("20", "60", "long"), ("20", "60", "swiss"),
        ("21", "60", "1001"), ("21", "60", "mueller"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text.replace("<Value>130.12</Value>", "<Value>130.11</Value>"), "balance"),
        (lambda text: text.replace("<VATType>X</VATType>", "<VATType>V</VATType>"), "VAT type"),
        (lambda text: text.replace('<Journal code="70" />', "", 1), "GLTransaction"),
        (
            lambda text: text.replace('<GLAccount code="1300" />', "").replace(
                "<VATType>S</VATType>", '<GLAccount code="1300" /><VATType>S</VATType>'
            ),
            "GLTransactionLine",
        ),
    ],
)
def test_the_judge_refuses_broken_files(spoil: Callable[[str], str], message: str) -> None:
    """A cent, another entry's VAT type, a missing journal and a wrong order are seen."""
    content = write_exact(sample_journal(), ACCOUNTS, AccountingOptions()).files[NAME]
    broken = spoil(content.decode()).encode()
    assert broken != content
    with pytest.raises(ValueError, match=message):
        _judged(broken)


def test_clients_that_would_be_one_are_refused(tmp_path: Path) -> None:
    """Two party rows with one code would be one debtor."""
    path = tmp_path / "accounts.csv"
    path.write_text("kind,client_id,format,account\nparty,jansen,exact,1001\nparty,mueller,exact,1001\n")
    with pytest.raises(ConfigError, match="jansen and mueller would both be '1001' in format exact: add a row with"):
        write_exact(sample_journal(), load_accounts(path), AccountingOptions())
