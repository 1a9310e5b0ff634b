"""XAF 4.0: the Netherlands' XML Auditfile Financieel, from 1 January 2027 the only version that is accepted.

It holds our journals alone, without an opening balance: the whole year's file comes from the accounting program that
imports them. Element names and order are those of the official schema (XmlAuditfileFinancieel4.0.xsd).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from billing_job import __version__
from billing_job.accounting.accounts import Account, AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import DOCUMENTS, Entry, EntryKind, Posting, PostingVat
from billing_job.accounting.export import Export, cut, numbered, one_line
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.accounting.parties import party_codes, short_code
from billing_job.core.errors import ConfigError
from billing_job.core.money import decimal_text, rate_text
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period
from billing_job.core.sentences import counted

NAMESPACE = "http://www.odb.belastingdienst.nl/Belastingdienst/BCPP/1.1/structures/XmlauditfileXAF_4.0"
_CODE_LENGTH = 35
_PROFIT_AND_LOSS = (AccountKind.REVENUE, AccountKind.EXPENSE, AccountKind.BANK_CHARGE, AccountKind.LATE_PAYMENT)
_NO_SELLER = "no document was issued, so no company is known to write the file for: the wallet's entries wait for one"


def write_xaf(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """One file for each calendar year of booking dates; ConfigError names accounts with more than 35 characters."""
    if not journal.entries:
        return Export({})
    if journal.seller is None:
        return Export({}, (_NO_SELLER,))
    chart = accounts.chart("xaf", journal.keys())
    long = sorted({account.code for account in chart.values() if len(account.code) > _CODE_LENGTH})
    if long:
        raise ConfigError([f"{accounts.source}: {code!r} has more than {_CODE_LENGTH} characters" for code in long])
    codes = party_codes(journal, accounts, "xaf", _code)
    years = sorted({entry.day.year for entry in journal.entries})
    files = [
        _file(
            journal.seller,
            journal.currency,
            [entry for entry in journal.entries if entry.day.year == year],
            chart,
            codes,
            options,
        )
        for year in years
    ]
    shortened = sum(cut(client.name, 50) != one_line(client.name) for client in _clients(journal.entries))
    warnings = [f"{counted(shortened, 'name')} cut at 50 characters"] if shortened else []
    if not (journal.seller.vat_id or journal.seller.tax_number):
        warnings.append("the seller has no VAT id and no tax number, which the file should name: fill in seller.vat_id")
    return Export(numbered(f"auditfile_{journal.period}", "xaf", files), tuple(warnings))


def _file(
    seller: Seller,
    currency: str,
    entries: Sequence[Entry],
    chart: Mapping[AccountKey, Account],
    codes: Mapping[str, str],
    options: AccountingOptions,
) -> bytes:
    root = Element("auditfile", xmlns=NAMESPACE)
    months = sorted({Period.of(entry.day) for entry in entries})
    _texts(
        SubElement(root, "header"),
        fiscalYear=str(months[0].year),
        startDate=months[0].first_day.isoformat(),
        endDate=months[-1].last_day.isoformat(),
        curCode=currency,
        # The same journal gives the same bytes: its last day, in place of the day on which somebody asks.
        dateCreated=max(entry.day for entry in entries).isoformat(),
        softwareDesc="billing-job",
        softwareVersion=cut(__version__, 20),
    )
    company = SubElement(root, "company")
    _texts(
        company,
        Commercenr=cut(seller.registration_id, 100),
        companyName=cut(seller.legal_name or seller.name, 255),
        taxRegistrationCountry=seller.country,
    )
    SubElement(company, "taxRegIdent").text = cut(seller.vat_id or seller.tax_number, 30)
    _address(company, seller.street, seller.city, seller.postal_code, seller.country)
    _customers(company, entries, codes)
    _ledger(company, entries, chart)
    _vat_codes(company, entries, chart)
    periods = SubElement(company, "periods")
    for month in months:
        _texts(
            SubElement(periods, "period"),
            periodNumber=str(month.month),
            startDatePeriod=month.first_day.isoformat(),
            endDatePeriod=month.last_day.isoformat(),
        )
    _totals(SubElement(company, "openingBalance"), [])
    transactions = SubElement(company, "transactions")
    _totals(transactions, [posting for entry in entries for posting in entry.postings])
    for kinds, code, name, kind in (
        (DOCUMENTS, options.xaf.sales_journal, "Verkoop", "S"),
        ({EntryKind.RECEIPT}, options.xaf.bank_journal, "Bank", "B"),
        ({EntryKind.WALLET_COST, EntryKind.TOP_UP}, options.xaf.general_journal, "Memoriaal", "M"),
    ):
        mine = [entry for entry in entries if entry.kind in kinds]
        if mine:
            journal = SubElement(transactions, "journal")
            _texts(journal, jrnID=cut(code, _CODE_LENGTH), desc=name, jrnTp=kind)
            for entry in mine:
                _transaction(journal, entry, chart, codes)
    indent(root)
    content: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"


def _customers(company: Element, entries: Iterable[Entry], codes: Mapping[str, str]) -> None:
    clients = _clients(entries)
    if not clients:
        return
    parent = SubElement(company, "customersSuppliers")
    for client in clients:
        customer = SubElement(parent, "customerSupplier")
        _texts(
            customer,
            custSupID=codes[client.client_id],
            custSupName=cut(client.name, 50) or client.client_id[:50],
            eMail=one_line(client.first_email),
            commerceNr=cut(client.registration_id, 100),
            taxRegistrationCountry=client.country,
            taxRegIdent=cut(client.vat_id, 30),
            custSupTp="C",
        )
        _address(customer, client.street, client.city, client.postal_code, client.country)


def _ledger(company: Element, entries: Iterable[Entry], chart: Mapping[AccountKey, Account]) -> None:
    """Each account once, by its code; the first posting gives the name of one that accounts.csv does not name."""
    ledger = SubElement(company, "generalLedger")
    found: dict[str, tuple[str, str]] = {}
    for posting in (posting for entry in entries for posting in entry.postings):
        account = chart[posting.key]
        kind = "P" if posting.key.kind in _PROFIT_AND_LOSS else "B"
        found.setdefault(account.code, (cut(account.name or posting.account_name, 255) or account.code, kind))
    for code in sorted(found):
        _texts(SubElement(ledger, "ledgerAccount"), accID=code, accDesc=found[code][0], accTp=found[code][1])


def _vat_codes(company: Element, entries: Iterable[Entry], chart: Mapping[AccountKey, Account]) -> None:
    """Each VAT code of the revenue, with the account of its VAT where there is any."""
    accounts: dict[tuple[str, str, str], str] = {}
    codes: dict[str, tuple[str, tuple[str, str, str]]] = {}
    for posting in (posting for entry in entries for posting in entry.postings):
        if posting.vat is None:
            continue
        case = (posting.key.vat_case, posting.key.rate, posting.key.country)
        if posting.key.kind == AccountKind.VAT:
            accounts[case] = chart[posting.key].code
        else:
            words = f"{posting.vat.case} {rate_text(posting.vat.rate)}%"
            codes.setdefault(_vat_id(posting, posting.vat, chart), (words, case))
    if not codes:
        return
    parent = SubElement(company, "vatCodes")
    for code in sorted(codes):
        words, case = codes[code]
        _texts(SubElement(parent, "vatCode"), vatID=code, vatDesc=words, vatToPayAccID=accounts.get(case, ""))


def _transaction(journal: Element, entry: Entry, chart: Mapping[AccountKey, Account], codes: Mapping[str, str]) -> None:
    transaction = SubElement(journal, "transaction")
    day = entry.day.isoformat()
    _texts(
        transaction,
        nr=short_code(entry.reference, _CODE_LENGTH),
        desc=one_line(entry.narration),
        periodNumber=str(entry.day.month),
        trDt=day,
        Source="billing-job",
    )
    for number, posting in enumerate(entry.postings, 1):
        line = SubElement(transaction, "trLine")
        is_receivable = posting.key.kind == AccountKind.RECEIVABLE
        _texts(
            line,
            nr=str(number),
            accID=chart[posting.key].code,
            docRef=entry.reference,
            effDate=day,
            settDate=_day(entry.period_end),
            desc=one_line(posting.text),
            amnt=decimal_text(abs(posting.cents)),
            amntTp=_side(posting.cents),
            custSupID=codes[entry.party.client_id] if entry.party is not None and is_receivable else "",
            invRef=posting.document or (entry.reference if entry.kind in DOCUMENTS else ""),
        )
        if posting.vat is not None and posting.key.kind == AccountKind.REVENUE:
            _texts(
                SubElement(line, "vat"),
                vatID=_vat_id(posting, posting.vat, chart),
                vatPerc=rate_text(posting.vat.rate),
                vatAmnt=decimal_text(abs(posting.vat.vat_cents)),
                vatAmntTp=_side(-posting.vat.vat_cents or posting.cents),
            )


def _totals(parent: Element, postings: Sequence[Posting]) -> None:
    _texts(
        parent,
        linesCount=str(len(postings)),
        totalDebit=decimal_text(sum(posting.cents for posting in postings if posting.cents >= 0)),
        totalCredit=decimal_text(-sum(posting.cents for posting in postings if posting.cents < 0)),
    )


def _vat_id(posting: Posting, vat: PostingVat, chart: Mapping[AccountKey, Account]) -> str:
    """The program's code where accounts.csv gives one, otherwise the case, the rate and, abroad, the country."""
    abroad = f"-{posting.key.country}" if vat.case == "OSS" else ""
    return cut(chart[posting.key].tax_code, _CODE_LENGTH) or f"{vat.case}{abroad}-{rate_text(vat.rate)}"


def _address(parent: Element, street: str, city: str, postal_code: str, country: str) -> None:
    _texts(
        SubElement(parent, "streetAddress"),
        streetname=cut(street, 100),
        city=cut(city, 50),
        postalCode=cut(postal_code, 10),
        country=country,
    )


def _texts(parent: Element, **texts: str) -> None:
    """Children in the order of the schema; an empty text is none."""
    for name, text in texts.items():
        if text:
            SubElement(parent, name).text = text


def _side(cents: int) -> str:
    return "C" if cents < 0 else "D"


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _clients(entries: Iterable[Entry]) -> list[Client]:
    return list({entry.party.client_id: entry.party for entry in entries if entry.party is not None}.values())


def _code(client: Client) -> str:
    return short_code(one_line(client.client_id), _CODE_LENGTH)
