"""DATEV: an EXTF Buchungsstapel (format 700, category 21, version 13) for each calendar month that is booked in.

Rows are gross by document, revenue account and VAT case: the account (Automatikkonto) or the BU-Schlüssel in the tax
code of accounts.csv computes the VAT. Where the tax code is `net`, revenue and VAT are rows of their own instead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from billing_job.accounting.accounts import Account, AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import Entry, EntryKind, Posting
from billing_job.accounting.export import Export, chunks, numbered
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions, DatevOptions
from billing_job.accounting.programs.datev_file import ROWS_PER_FILE, DatevRow, batch_file
from billing_job.core.errors import ConfigError
from billing_job.core.money import decimal_text
from billing_job.core.period import Period
from billing_job.core.sentences import counted, listed

NET = "net"
"""The tax code of accounts.csv for an account that computes no VAT."""


@dataclass(frozen=True, slots=True)
class _Side:
    """What the debtor owes for one account; negative cents are owed to the debtor."""

    account: str
    tax_code: str
    vat_id: str
    """That of a reverse charge, from which DATEV makes the EC sales list."""
    cents: int


def write_datev(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """One file for each calendar month of booking dates, more when there are over 99,999 rows.

    ConfigError lists the accounts that are no numbers of the configured length.
    """
    revenue = [posting for entry in journal.entries for posting, vat in entry.revenue() if vat.vat_cents]
    chart = accounts.chart("datev", [*journal.keys(), *map(_vat_key, revenue)])
    debtors = _debtors(journal, accounts, options.datev)
    _require_numbers(chart, debtors, options.datev, accounts.source)
    files: dict[str, bytes] = {}
    for period, entries in groupby(journal.entries, key=lambda entry: Period.of(entry.day)):
        rows = [list(_rows(entry, chart, debtors, options.datev)) for entry in entries]
        contents = [batch_file(lot, period, journal.currency, options.datev) for lot in chunks(rows, ROWS_PER_FILE)]
        files |= numbered(f"EXTF_Buchungsstapel_{period}", "csv", contents)
    return Export(files, tuple(_warnings(journal, accounts, options.datev)))


def _rows(
    entry: Entry, chart: Mapping[AccountKey, Account], debtors: Mapping[str, str], options: DatevOptions
) -> Iterator[DatevRow]:
    """The entry's rows; amounts of 0.00 have none, because DATEV takes none."""
    if entry.party is None:
        (wallet,) = (posting for posting in entry.postings if posting.key.kind == AccountKind.WALLET)
        for posting in entry.postings:
            if posting is not wallet:
                yield from _row(entry, posting.cents, chart[posting.key].code, chart[wallet.key].code, options)
        return
    if entry.kind is EntryKind.RECEIPT:
        yield from _receipt_rows(entry, chart, debtors[entry.party.client_id], options)
        return
    for side in _document_sides(entry, chart):
        yield from _row(entry, side.cents, debtors[entry.party.client_id], side.account, options, side)


def _receipt_rows(
    entry: Entry, chart: Mapping[AccountKey, Account], debtor: str, options: DatevOptions
) -> Iterator[DatevRow]:
    """What is settled, document by document, and what the bank kept: each against the bank."""
    bank = chart[AccountKey(AccountKind.BANK)].code
    for posting in entry.postings:
        if posting.key.kind is not AccountKind.BANK:
            is_settled = posting.key.kind is AccountKind.RECEIVABLE
            account = debtor if is_settled else chart[posting.key].code
            yield from _row(entry, posting.cents, account, bank, options, document=posting.document)


def _document_sides(entry: Entry, chart: Mapping[AccountKey, Account]) -> list[_Side]:
    """Gross by account and tax code, and net with the VAT apart where the account computes none."""
    sums: dict[tuple[str, str, str, str, str, str], int] = {}

    def add(account: str, tax_code: str, case: tuple[str, str, str, str], cents: int) -> None:
        key = (account, tax_code, *case)
        sums[key] = sums.get(key, 0) + cents

    for posting, vat in entry.revenue():
        account = chart[posting.key]
        key = posting.key
        case = (vat.vat_id if key.vat_case == "AE" else "", key.vat_case, key.rate, key.country)
        if account.tax_code != NET:
            add(account.code, account.tax_code, case, vat.net_cents + vat.vat_cents)
            continue
        add(account.code, "", case, vat.net_cents)
        if vat.vat_cents:
            add(chart[_vat_key(posting)].code, "", case, vat.vat_cents)
    return [_Side(account, tax_code, vat_id, cents) for (account, tax_code, vat_id, *_), cents in sums.items()]


def _vat_key(revenue: Posting) -> AccountKey:
    """Of the VAT on it, which has no posting where the document's comes to nothing: a charge and a discount as high."""
    return replace(revenue.key, kind=AccountKind.VAT, category="")


def _row(
    entry: Entry,
    cents: int,
    account: str,
    contra: str,
    options: DatevOptions,
    side: _Side | None = None,
    document: str = "",
) -> Iterator[DatevRow]:
    if not cents:
        return
    corrected = document or entry.corrects or entry.reference
    party = entry.party
    yield DatevRow(
        cents=cents,
        account=account,
        contra_account=contra,
        tax_code=side.tax_code if side else "",
        day=entry.day,
        # The open item is the corrected invoice's, so that the credit note clears it; its own number goes beside it.
        open_item=corrected,
        second_reference=entry.reference if corrected != entry.reference else "",
        text=f"{entry.reference} {party.name}" if party else entry.narration,
        vat_id=side.vat_id if side else "",
        service_day=entry.period_end,
        due_day=entry.due_date,
        lock=options.lock,
    )


def _debtors(journal: Journal, accounts: Accounts, options: DatevOptions) -> Mapping[str, str]:
    """Debtor account by client id; several clients may share the collective one."""
    return {
        client_id: accounts.party("datev", client_id) or str(options.collective_debtor)
        for client_id in journal.clients()
    }


def _require_numbers(
    chart: Mapping[AccountKey, Account], debtors: Mapping[str, str], options: DatevOptions, source: str
) -> None:
    # The debtor account stands in place of the receivable one.
    general = {account.code for key, account in chart.items() if key.kind != AccountKind.RECEIVABLE}
    problems = [
        f"{source}: {code!r} is no DATEV account of at most {length} digits: correct it, or accounting.datev"
        ".account_length in billing.toml"
        for codes, length in ((general, options.account_length), (set(debtors.values()), options.account_length + 1))
        for code in sorted(codes)
        if not (code.isascii() and code.isdecimal() and len(code) <= length)
    ]
    problems += [
        f"{source}: tax code {code!r} of format datev is no BU-Schlüssel: write up to four digits, nothing for an"
        f" Automatikkonto, or {NET}"
        for code in sorted({account.tax_code for key, account in chart.items() if key.kind == AccountKind.REVENUE})
        if code not in ("", NET) and not (code.isascii() and code.isdecimal() and len(code) <= 4)
    ]
    if problems:
        raise ConfigError(problems)


def _warnings(journal: Journal, accounts: Accounts, options: DatevOptions) -> Iterator[str]:
    without = sorted(client_id for client_id in journal.clients() if accounts.party("datev", client_id) is None)
    if without:
        yield (
            f"{counted(len(without), 'client')} without a debtor account, booked to {options.collective_debtor}:"
            f" {listed(without)}; add rows with kind party to {accounts.source}"
        )
    zero = sum(not any(vat.net_cents for _, vat in entry.revenue()) for entry, _ in journal.documents())
    if zero:
        yield f"{counted(zero, 'document')} over {decimal_text(0)} left out: DATEV takes no zero amount"
