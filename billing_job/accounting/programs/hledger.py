"""hledger: a plain-text journal that declares its accounts, payees and commodity, so that `hledger check -s` passes."""

from collections.abc import Mapping
from dataclasses import replace

from billing_job.accounting.accounts import Account, AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import Entry, Posting
from billing_job.accounting.export import Export, one_line
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.core.errors import ConfigError
from billing_job.core.money import decimal_text

_TYPES = {
    AccountKind.RECEIVABLE: "A",
    AccountKind.REVENUE: "R",
    AccountKind.VAT: "L",
    AccountKind.EXPENSE: "X",
    AccountKind.WALLET: "A",
    AccountKind.CLEARING: "A",
    AccountKind.BANK: "C",
    AccountKind.BANK_CHARGE: "X",
    AccountKind.LATE_PAYMENT: "R",
}
_WALLET_PAYEE = "Carrier wallet"


def write_hledger(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """One journal file; ConfigError when an account's name would not be read back as one name."""
    chart = _chart(journal, accounts)
    types = {account.code: _TYPES[key.kind] for key, account in chart.items()}
    payees = {_payee(entry) for entry in journal.entries}
    lines = [
        f"; {journal.period}, amounts in {journal.currency}",
        "decimal-mark .",
        f"commodity {journal.currency} 1000.00",
        *(f"account {code}  ; type:{types[code]}" for code in sorted(types)),
        *(f"payee {payee}" for payee in sorted(payees)),
    ]
    for entry in journal.entries:
        lines += ["", *_transaction(entry, journal.currency, chart)]
    return Export({f"{journal.period}.journal": ("\n".join(lines) + "\n").encode()})


def _transaction(entry: Entry, currency: str, chart: Mapping[AccountKey, Account]) -> list[str]:
    tags = []
    if entry.party is not None and entry.due_date is not None:
        tags = [f"client:{_tag(entry.party.client_id)}", f"due:{entry.due_date}"]
        tags += [f"vatid:{_tag(entry.party.vat_id)}"] if entry.party.vat_id else []
        tags += [f"corrects:{_tag(entry.corrects)}"] if entry.corrects else []
    elif entry.party is not None:
        tags = [f"client:{_tag(entry.party.client_id)}", *(f"settles:{_tag(number)}" for number in entry.settles)]
    comment = f"  ; {', '.join(tags)}" if tags else ""
    head = f"{entry.day} * ({_code(entry.reference)}) {_payee(entry)} | {_text(entry.narration)}{comment}"
    width = max(len(chart[posting.key].code) for posting in entry.postings)
    return [head, *(_posting(posting, currency, chart[posting.key], width) for posting in entry.postings)]


def _posting(posting: Posting, currency: str, account: Account, width: int) -> str:
    amount = f"{currency} {decimal_text(posting.cents)}"
    tag = f"  ; vat:{_tag(account.tax_code)}" if account.tax_code else ""
    return f"    {account.code:<{width}}  {amount:>18}{tag}"


def _payee(entry: Entry) -> str:
    """The client's name; what ends a payee in hledger's syntax (`|`, `;`, quotation marks) is replaced."""
    if entry.party is None:
        return _WALLET_PAYEE
    return _text(entry.party.name).replace("|", "/").replace('"', "'") or _tag(entry.party.client_id)


def _text(text: str) -> str:
    """`;` would begin a comment."""
    return one_line(text.replace(";", ","))


def _tag(text: str) -> str:
    """A comma would end the tag's value."""
    return one_line(text.replace(",", " "))


def _code(text: str) -> str:
    """A bracket would end the transaction's code."""
    return one_line(text.replace("(", "[").replace(")", "]"))


def _chart(journal: Journal, accounts: Accounts) -> Mapping[AccountKey, Account]:
    """The accounts, with names that hledger reads back whole; a category's own `;` becomes a comma."""
    chart = {
        key: replace(account, code=_text(account.code))
        for key, account in accounts.chart("hledger", journal.keys()).items()
    }
    wrong = sorted({account.code for account in chart.values() if not _is_name(account.code)})
    if wrong:
        raise ConfigError(
            [
                f"{accounts.source}: {code!r} is no account name for hledger: write parts joined by ':', for example"
                " assets:receivable"
                for code in wrong
            ]
        )
    return chart


def _is_name(code: str) -> bool:
    """No empty part, and no bracket in front, which would make the posting a virtual one."""
    return all(part.strip() for part in code.split(":")) and code[0] not in "(["
