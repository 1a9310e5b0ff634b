"""Payments in the books: every format that has them closes the items, and the judges agree on what is left open."""

from datetime import date
from pathlib import Path

import pyxaf
from lxml import etree

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.formats import FORMATS
from billing_job.accounting.journal import Journal, month_journal
from billing_job.accounting.options import AccountingOptions
from billing_job.accounting.programs.beancount import account_name
from billing_job.core.claim import Payment, PaymentKind
from tests.support.accounting_judges import (
    balances_of,
    beancount_ledger,
    gnucash_accounts,
    gnucash_import,
    hledger_balances,
    hledger_check,
    saved,
)
from tests.support.sample_months import JANSEN, MUELLER, SWISS, WALLET, sample_documents

ACCOUNTS = load_accounts(None)
FIRST, SECOND, FOURTH = "INV-2026-00001", "INV-2026-00002", "INV-2026-00004"


def _journal() -> Journal:
    """The sample month and its payments: in part, with charges kept, several in one entry, too much, returned.

    And a credit balance that was used, with costs and interest that a reminder claimed, of which some went back.
    """
    day = date(2026, 11, 10)

    def paid(entry: str, document: str | None, cents: int, kind: PaymentKind = PaymentKind.RECEIPT) -> Payment:
        return Payment(entry, document, "", cents, day, kind, charges_cents=300 if entry == "e2" else 0)

    payments = [
        (paid("e1", FIRST, 5_000), JANSEN),
        (paid("e2", SECOND, 20_001), MUELLER),
        (paid("e3", FOURTH, 5_250), SWISS),
        (paid("e3", None, 750), SWISS),
        (paid("e3", FIRST, 1_000), JANSEN),
        (paid("e4", SECOND, -20_001, PaymentKind.RETURN), MUELLER),
        (paid("e5", None, -500, PaymentKind.SET_OFF), SWISS),
        (paid("e5", FOURTH, 1_500), SWISS),
        (paid("e5", FOURTH, 4_000, PaymentKind.COSTS), SWISS),
        (paid("e5", FOURTH, 123, PaymentKind.INTEREST), SWISS),
        (paid("e6", FOURTH, -23, PaymentKind.INTEREST), SWISS),
    ]
    return month_journal(sample_documents(), WALLET, ACCOUNTS, payments)


def test_the_receivable_account_is_what_is_open(tmp_path: Path) -> None:
    """Gross less payments, 13,000 cents in all, is left on the receivable account of hledger, beancount and GnuCash."""
    journal = _journal()
    gross = sum(document.gross_cents for document in sample_documents())
    left = gross - (5_000 + 20_001 + 5_250 + 750 + 1_000 - 20_001 - 500 + 1_500)
    (file,) = saved(FORMATS["hledger"].write(journal, ACCOUNTS, AccountingOptions()), tmp_path)
    assert hledger_check(file).stderr == ""
    assert hledger_balances(file)["assets:receivable"] == left
    assert (hledger_balances(file)["assets:bank"], hledger_balances(file)["expenses:bank"]) == (16_800, 300)
    assert hledger_balances(file)["revenues:late payment"] == -(4_000 + 123 - 23)
    (file,) = saved(FORMATS["beancount"].write(journal, ACCOUNTS, AccountingOptions()), tmp_path)
    balances, complaints = beancount_ledger(file)
    assert (balances["Assets:Receivable"], complaints) == (left, [])
    assert balances == balances_of(journal, ACCOUNTS, "beancount", account_name)
    saved(FORMATS["gnucash"].write(journal, ACCOUNTS, AccountingOptions()), tmp_path)
    said = gnucash_import(tmp_path, gnucash_accounts(journal, ACCOUNTS))["balances"]
    assert (said["Assets:Accounts Receivable"], said["Assets:Bank"]) == (left, 16_800)


def test_every_format_carries_payments_or_says_so(tmp_path: Path) -> None:
    """DATEV, Exact, FEC, Sage and the CSV name the invoice that is settled; Xero and QuickBooks warn."""
    journal = _journal()
    for name, known in FORMATS.items():
        export = FORMATS[name].write(journal, ACCOUNTS, AccountingOptions())
        text = b"".join(export.files.values()).decode("latin-1")
        if name in ("xero", "quickbooks"):
            assert "7 payments over 171.00 are left out" in "".join(export.warnings), known.name
            assert "BANK-" not in text
            continue
        lines = [line for line in text.replace("><", ">\n<").splitlines() if "BANK-e1" in line or "50,00;" in line]
        assert lines, name
        assert FIRST in text
    rows = FORMATS["datev"].write(journal, ACCOUNTS, AccountingOptions()).files
    cells = [line.split(";") for line in b"".join(rows.values()).decode("cp1252").splitlines() if "1200" in line]
    # Amount, side of the debtor, debtor, bank and the open item of the first payment; the return is a debit again.
    settled = [(row[0], row[1], row[6], row[7], row[10]) for row in cells if len(row) > 100]
    assert ("50,00", '"H"', "10000", "1200", f'"{FIRST}"') in settled
    assert ("200,01", '"S"', "10000", "1200", f'"{SECOND}"') in settled
    assert ("3,00", '"S"', "4970", "1200", '"BANK-e2"') in settled


def test_the_auditfile_has_a_bank_journal() -> None:
    """Payments stand in a journal of the bank, each side names the invoice that it settles, and the schema holds."""
    long = Payment("e" * 40, FIRST, "", 100, date(2026, 11, 11), PaymentKind.RECEIPT)
    journal = month_journal(sample_documents(), WALLET, ACCOUNTS, [(long, JANSEN)])
    for each in (_journal(), journal):
        (content,) = FORMATS["xaf"].write(each, ACCOUNTS, AccountingOptions()).files.values()
        assert list(pyxaf.validate(content, xsd=True).findings) == []
        root = etree.fromstring(content)
        kinds = {str(found.findtext("{*}jrnTp")): found for found in root.iter("{*}journal")}
        assert sorted(kinds) == ["B", "M", "S"]
        assert len(kinds["B"].findall("{*}transaction")) == sum(1 for _ in each.receipts())
        types = {str(one.findtext("{*}accID")): one.findtext("{*}accTp") for one in root.iter("{*}ledgerAccount")}
        assert {types.get(code, "P") for code in ("4950", "8900")} == {"P"}, "bank charges and late payment are results"
        assert (types["1100"], types["1300"]) == ("B", "B")
        sides = [line for line in kinds["B"].iter("{*}trLine") if line.findtext("{*}custSupID")]
        assert (sides[0].findtext("{*}invRef"), sides[0].findtext("{*}amnt")) == (
            FIRST, "1.00" if each is journal else "50.00"
        )  # fmt: skip
