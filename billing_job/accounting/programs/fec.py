"""FEC layout: the 18 columns of a French fichier des écritures comptables (art. A47 A-1 LPF), for import.

It holds our journals only. A legal FEC is the whole ledger of a year and comes from the accounting program.
"""

import re
from collections.abc import Iterator, Mapping

from billing_job.accounting.accounts import Account, AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import Entry, EntryKind
from billing_job.accounting.export import Export, cut, decimal_comma
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions, FecOptions
from billing_job.accounting.parties import party_codes
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_writer import defused
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client, Seller
from billing_job.core.sentences import counted

COLUMNS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip
_NO_SIREN = "000000000"
_TEXT_LENGTH = 200


def write_fec(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """One tab-separated UTF-8 file; entries are numbered within each journal and month, without a gap.

    ConfigError names accounts that do not begin with three digits of the French chart. Postings of 0,00 are left out,
    and a document that has no others is counted in a warning.
    """
    chart = accounts.chart("fec", journal.keys())
    wrong = sorted({account.code for account in chart.values() if not re.match(r"\d{3}", account.code)})
    if wrong:
        raise ConfigError(
            [f"{accounts.source}: {code!r} does not begin with three digits, as fec wants" for code in wrong]
        )
    codes = party_codes(journal, accounts, "fec", lambda client: client.client_id)
    lines = ["\t".join(COLUMNS)]
    counts: dict[str, int] = {}
    for entry in journal.entries:
        if any(posting.cents for posting in entry.postings):
            code = _journal_code(entry, options.fec)
            counts[code] = counts.get(code, 0) + 1
            number = f"{code}{journal.period.year}{journal.period.month:02d}{counts[code]:05d}"
            lines += ["\t".join(row) for row in _rows(entry, code, number, chart, codes)]
    siren = options.fec.siren or siren_of(journal.seller)
    name = f"{siren or _NO_SIREN}FEC{journal.period.last_day:%Y%m%d}.txt"
    content = "".join(f"{line}\r\n" for line in lines).encode()
    return Export({name: content}, tuple(_warnings(journal, siren, sum(counts.values()))))


def siren_of(seller: Seller | None) -> str:
    """The seller's SIREN from its registration id (SIREN or SIRET) or French VAT id; empty when neither has one."""
    if seller is None:
        return ""
    registration = re.sub(r"\s", "", seller.registration_id)
    if seller.country == "FR" and re.fullmatch(r"\d{9}(\d{5})?", registration):
        return registration[:9]
    vat_id = re.fullmatch(r"FR[0-9A-Z]{2}(\d{9})", re.sub(r"\s", "", seller.vat_id))
    return vat_id[1] if vat_id else ""


def _rows(
    entry: Entry, code: str, number: str, chart: Mapping[AccountKey, Account], codes: Mapping[str, str]
) -> Iterator[list[str]]:
    day = f"{entry.day:%Y%m%d}"
    for posting in entry.postings:
        if not posting.cents:
            continue
        account = chart[posting.key]
        party = entry.party if posting.key.kind == AccountKind.RECEIVABLE else None
        yield [
            _text(code), _journal_name(entry), number, day, account.code,
            _text(account.name or posting.text), *_auxiliary(party, codes), entry.reference, day,
            _text(entry.narration if party else f"{entry.reference} {posting.text}"),
            decimal_comma(max(posting.cents, 0)), decimal_comma(max(-posting.cents, 0)), "", "", day, "", "",
        ]  # fmt: skip


def _journal_code(entry: Entry, options: FecOptions) -> str:
    if entry.kind is EntryKind.RECEIPT:
        return options.bank_journal
    return options.sales_journal if entry.party else options.general_journal


def _journal_name(entry: Entry) -> str:
    return "Banque" if entry.kind is EntryKind.RECEIPT else "Ventes" if entry.party else "Opérations diverses"


def _text(text: str) -> str:
    """Without what separates or quotes fields in some program's reading of the layout, and no formula."""
    return defused(cut(text.replace("|", "/").replace('"', "'"), _TEXT_LENGTH))


def _auxiliary(party: Client | None, codes: Mapping[str, str]) -> tuple[str, str]:
    return (_text(codes[party.client_id]), _text(party.name)) if party else ("", "")


def _warnings(journal: Journal, siren: str, written: int) -> Iterator[str]:
    if not siren:
        yield f"no SIREN is known, the file is named with {_NO_SIREN}; set accounting.fec.siren"
    if left_out := len(journal.entries) - written:
        yield f"{counted(left_out, 'document')} over {decimal_text(0)} left out"
