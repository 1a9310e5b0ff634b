"""beancount: transactions with links and metadata; on its own also the accounts and a balance for each of them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from billing_job.accounting.accounts import Account, AccountKey, Accounts
from billing_job.accounting.entry import Entry, Posting
from billing_job.accounting.export import Export, one_line
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.core.errors import ConfigError
from billing_job.core.money import decimal_text

_ROOTS = ("Assets", "Liabilities", "Equity", "Income", "Expenses")
_OPENED = "1970-01-01"
_LINK = re.compile(r"[^A-Za-z0-9\-_/.]+")


def write_beancount(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """One file; ConfigError when an account does not begin with one of beancount's five roots."""
    chart = _chart(journal, accounts)
    currency = journal.currency
    lines = [f"; {journal.period}, amounts in {currency}"]
    if options.beancount.standalone:
        lines += [
            f'option "operating_currency" "{currency}"',
            # Without it beancount tolerates half a cent, and two such halves make a cent.
            f'option "inferred_tolerance_default" "{currency}:0.001"',
            *(f"{_OPENED} open {code} {currency}" for code in sorted({account.code for account in chart.values()})),
        ]
    for entry in journal.entries:
        lines += ["", *_transaction(entry, currency, chart)]
    if options.beancount.standalone and journal.entries:
        after = journal.entries[-1].day + timedelta(days=1)
        balances: dict[str, int] = {}
        for posting in (posting for entry in journal.entries for posting in entry.postings):
            code = chart[posting.key].code
            balances[code] = balances.get(code, 0) + posting.cents
        lines += ["", *(f"{after} balance {code} {decimal_text(c)} {currency}" for code, c in sorted(balances.items()))]
    return Export({f"{journal.period}.beancount": ("\n".join(lines) + "\n").encode()})


def account_name(code: str) -> str:
    """An account as beancount accepts it: each part begins with a capital or a digit and holds no other signs than `-`.

    >>> account_name("Income:number_rental"), account_name("Liabilities:VAT:25.5")
    ('Income:Number-rental', 'Liabilities:VAT:25-5')
    """
    return ":".join(_part(part) for part in code.split(":"))


def _part(part: str) -> str:
    part = re.sub(r"[\W_]+", "-", part).strip("-")
    part = part[:1].upper() + part[1:]
    return part if part[:1].isdecimal() or part[:1].isupper() else f"X{part}"


def _chart(journal: Journal, accounts: Accounts) -> Mapping[AccountKey, Account]:
    chart = {
        key: replace(account, code=account_name(account.code))
        for key, account in accounts.chart("beancount", journal.keys()).items()
    }
    wrong = {
        account.code
        for account in chart.values()
        if account.code.split(":")[0] not in _ROOTS or ":" not in account.code
    }
    if wrong:
        raise ConfigError(
            [
                f"{accounts.source}: {code!r} is no account for beancount: begin it with {', '.join(_ROOTS)} and a ':'"
                for code in sorted(wrong)
            ]
        )
    return chart


def _transaction(entry: Entry, currency: str, chart: Mapping[AccountKey, Account]) -> list[str]:
    payee = entry.party.name if entry.party else "Carrier wallet"
    references = (entry.reference, entry.corrects, *entry.settles)
    links = dict.fromkeys(_LINK.sub("-", reference) for reference in references if reference)
    head = f"{entry.day} * {_string(payee)} {_string(entry.narration)}"
    lines = [" ".join([head, f"#{entry.kind.value.replace('_', '-')}", *(f"^{link}" for link in links)])]
    if entry.party is not None:
        lines.append(f"  client: {_string(entry.party.client_id)}")
        lines += [f"  due: {entry.due_date}"] if entry.due_date else []
        lines += [f"  vatid: {_string(entry.party.vat_id)}"] if entry.party.vat_id else []
    width = max(len(chart[posting.key].code) for posting in entry.postings)
    for posting in entry.postings:
        lines += _posting(posting, currency, chart[posting.key], width)
    return lines


def _posting(posting: Posting, currency: str, account: Account, width: int) -> list[str]:
    lines = [f"  {account.code:<{width}}  {decimal_text(posting.cents):>14} {currency}"]
    return [*lines, f"    vat: {_string(account.tax_code)}"] if account.tax_code else lines


def _string(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
