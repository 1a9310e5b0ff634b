"""Exact Online: GLTransactions XML, sales entries and credit notes in one journal, the wallet in the general one.

Amounts are signed, debit positive. The order of elements is the schema's (eExact-XML.xsd).
"""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from billing_job.accounting.accounts import Account, AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import DOCUMENTS, Entry, EntryKind, Posting
from billing_job.accounting.export import Export, cut, one_line
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.accounting.parties import party_codes, short_code
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client
from billing_job.core.sentences import counted

_TRANSACTION_TYPES = {
    EntryKind.INVOICE: "20",
    EntryKind.CREDIT_NOTE: "21",
    EntryKind.RECEIPT: "90",
    EntryKind.WALLET_COST: "90",
    EntryKind.TOP_UP: "90",
}
# S: no VAT. V, A: sales base and VAT to pay. X, Z: the same on a credit note.
_VAT_TYPES = {
    (EntryKind.INVOICE, AccountKind.REVENUE): "V",
    (EntryKind.INVOICE, AccountKind.VAT): "A",
    (EntryKind.CREDIT_NOTE, AccountKind.REVENUE): "X",
    (EntryKind.CREDIT_NOTE, AccountKind.VAT): "Z",
}
_OPEN = "20"
_CODE_LENGTH = 18
_DESCRIPTION_LENGTH = 60


def write_exact(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """One file; says how many postings have no VAT code of the administration."""
    if not journal.entries:
        return Export({})  # the schema wants at least one transaction
    chart = accounts.chart("exact", journal.keys())
    codes = party_codes(journal, accounts, "exact", _code)
    root = Element("eExact")
    transactions = SubElement(root, "GLTransactions")
    for entry in journal.entries:
        own_journal = options.exact.sales_journal if entry.kind in DOCUMENTS else options.exact.general_journal
        _transaction(transactions, entry, journal.currency, own_journal, chart, codes)
    indent(root)
    content = tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
    without = sum(not chart[posting.key].tax_code for entry, _ in journal.documents() for posting, _ in entry.revenue())
    warning = (
        f"{counted(without, 'revenue row')} without a VAT code: put your administration's codes into {accounts.source}"
    )
    return Export({"exact_gltransactions.xml": content}, (warning,) if without else ())


def _transaction(
    parent: Element,
    entry: Entry,
    currency: str,
    own_journal: str,
    chart: Mapping[AccountKey, Account],
    codes: Mapping[str, str],
) -> None:
    kind = _TRANSACTION_TYPES[entry.kind]
    transaction = SubElement(parent, "GLTransaction")
    SubElement(transaction, "TransactionType", number=kind)
    SubElement(transaction, "Journal", code=own_journal)
    SubElement(transaction, "Date").text = entry.day.isoformat()
    SubElement(transaction, "Description").text = cut(entry.narration, _DESCRIPTION_LENGTH)
    if entry.party is not None:
        SubElement(transaction, "Account", code=codes[entry.party.client_id])
    for number, posting in enumerate(entry.postings):
        line = SubElement(transaction, "GLTransactionLine", type=kind, linetype="0", line=str(number), status=_OPEN)
        _line(line, entry, posting, currency, chart[posting.key], codes)


def _line(
    line: Element, entry: Entry, posting: Posting, currency: str, account: Account, codes: Mapping[str, str]
) -> None:
    SubElement(line, "Date").text = entry.day.isoformat()
    SubElement(line, "VATType").text = _VAT_TYPES.get((entry.kind, posting.key.kind), "S")
    SubElement(line, "GLAccount", code=account.code)
    SubElement(line, "Description").text = cut(f"{entry.reference} {posting.text}", _DESCRIPTION_LENGTH)
    if posting.key.kind == AccountKind.RECEIVABLE and entry.due_date is not None:
        SubElement(line, "DueDate").text = entry.due_date.isoformat()
    if entry.party is not None:
        SubElement(line, "Account", code=codes[entry.party.client_id])
    amount = SubElement(line, "Amount")
    SubElement(amount, "Currency", code=currency)
    SubElement(amount, "Value").text = decimal_text(posting.cents)
    if posting.vat is not None and account.tax_code:
        SubElement(amount, "VAT", code=account.tax_code)
    references = SubElement(line, "References")
    SubElement(references, "YourRef").text = one_line(posting.document or entry.corrects or entry.reference)


def _code(client: Client) -> str:
    return short_code(one_line(client.client_id), _CODE_LENGTH)
