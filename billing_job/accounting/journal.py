"""One balanced journal for a month: every document, and the wallet's cost and top-ups as the other side.

Cents are signed as in a ledger: debit is positive, credit negative. Every format is written from this and only this.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing_job.accounting.accounts import AccountKey, AccountKind, Accounts
from billing_job.accounting.export import one_line
from billing_job.errors import InvariantBroken
from billing_job.model import Client, Document, Kind, Line, Period, Seller, Vat
from billing_job.money import MICROCENTS_PER_CENT, decimal_text, shared_out, vat_cents


class EntryKind(StrEnum):
    """What an entry books."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    WALLET_COST = "wallet_cost"
    TOP_UP = "top_up"


@dataclass(frozen=True, slots=True)
class WalletMonth:
    """What happened to the wallet in a month, in wallet cents: negative left the wallet (guide: Wallet).

    Every transaction of the month is in one of the two sums, whether it was billed or not.
    """

    period: Period
    currency: str
    cost_cents_by_category: Mapping[str, int]
    topup_cents: int


@dataclass(frozen=True, slots=True)
class PostingVat:
    """How a revenue or VAT posting is taxed; cents have the document's sign (an invoice's are positive)."""

    case: str
    """A value of `accounts.VAT_CASES`."""
    category: str
    """EN 16931 BT-151."""
    rate: Decimal
    net_cents: int
    """The taxable base: of a revenue posting its own net, of a VAT posting the sum of its case."""
    vat_cents: int
    """Of a revenue posting: its share of the case's VAT, so that the shares add up to the VAT posting."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry: debit positive, credit negative; `account` is of the chart for all formats."""

    key: AccountKey
    account: str
    account_name: str
    cents: int
    text: str
    vat: PostingVat | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One balanced booking; party, due date and period belong to documents and are empty for the wallet's entries."""

    reference: str
    """The document's number, or WALLET-YYYY-MM and TOPUP-YYYY-MM: unique in a journal."""
    day: date
    kind: EntryKind
    narration: str
    postings: tuple[Posting, ...]
    party: Client | None = None
    due_date: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    corrects: str = ""
    """On a credit note of an issued document: that document's number."""

    @property
    def receivable_cents(self) -> int:
        """The document's gross; 0 for the wallet's entries."""
        return sum(posting.cents for posting in self.postings if posting.key.kind == AccountKind.RECEIVABLE)

    def order(self) -> tuple[date, int, str]:
        """By day, invoices before credit notes before the wallet, then by number."""
        return self.day, list(EntryKind).index(self.kind), self.reference

    def revenue(self) -> Iterator[tuple[Posting, PostingVat]]:
        """The revenue postings with their VAT, one for each category and VAT case."""
        return (
            (posting, posting.vat)
            for posting in self.postings
            if posting.vat is not None and posting.key.kind == AccountKind.REVENUE
        )


@dataclass(frozen=True, slots=True)
class Journal:
    """A month's entries in `Entry.order`; `seller` is None only when there is no document."""

    period: Period
    currency: str
    seller: Seller | None
    entries: tuple[Entry, ...]

    def documents(self) -> Iterator[tuple[Entry, Client]]:
        """The entries that are documents, with who owes them."""
        return ((entry, entry.party) for entry in self.entries if entry.party is not None)

    def wallet_entries(self) -> Iterator[Entry]:
        """The entries of the wallet."""
        return (entry for entry in self.entries if entry.party is None)

    def keys(self) -> Iterator[AccountKey]:
        """The key of every posting."""
        return (posting.key for entry in self.entries for posting in entry.postings)

    def balances(self) -> dict[str, int]:
        """Cents by account of the chart for all formats."""
        sums: dict[str, int] = {}
        for entry in self.entries:
            for posting in entry.postings:
                sums[posting.account] = sums.get(posting.account, 0) + posting.cents
        return sums


_Side = tuple[AccountKey, int, str, PostingVat | None]


def month_journal(documents: Sequence[Document], wallet: WalletMonth, accounts: Accounts) -> Journal:
    """The month's journal, every entry balanced to the cent.

    InvariantBroken when a document is a draft, has another currency or does not add up; ConfigError when accounts.csv
    has no account for something.
    """
    entries = [document_entry(document, accounts) for document in documents]
    foreign = [document.number for document in documents if document.currency != wallet.currency]
    if foreign:
        raise InvariantBroken(f"documents {', '.join(foreign)} are not in the wallet's currency {wallet.currency}")
    entries += _wallet_entries(wallet, accounts)
    entries.sort(key=Entry.order)
    references = [entry.reference for entry in entries]
    if len(set(references)) != len(references):
        raise InvariantBroken(f"a document is twice in the journal of {wallet.period}")
    return Journal(wallet.period, wallet.currency, documents[0].seller if documents else None, tuple(entries))


def document_entry(document: Document, accounts: Accounts) -> Entry:
    """An invoice or credit note: receivable gross, revenue per category and VAT case, VAT per case."""
    if document.is_draft:
        raise InvariantBroken(f"a draft for {document.client.client_id} has no number and is not booked")
    receivable = AccountKey(AccountKind.RECEIVABLE, country=document.client.country)
    sides: list[_Side] = [(receivable, document.gross_cents, document.number, None)]
    vat_sides: list[_Side] = []
    for total in document.vat_totals:
        lines = [line for line in document.lines if _same_case(line.vat, total.vat)]
        if sum(line.net_cents for line in lines) != total.net_cents:
            raise InvariantBroken(f"{document.number}: lines do not add up to the net of VAT {_case_text(total.vat)}")
        words = {
            "vat_case": _vat_case(document, total.vat),
            "rate": rate_text(total.vat.rate),
            "country": document.client.country,
        }
        for category, net, vat in _by_category(document.number, lines, total.vat, total.vat_cents):
            share = PostingVat(words["vat_case"], total.vat.category, total.vat.rate, net, vat)
            key = AccountKey(AccountKind.REVENUE, category=category, **words)
            sides.append((key, -net, category_text(category), share))
        if total.vat_cents:
            whole = PostingVat(words["vat_case"], total.vat.category, total.vat.rate, total.net_cents, total.vat_cents)
            vat_sides.append((AccountKey(AccountKind.VAT, **words), -total.vat_cents, f"VAT {words['rate']}%", whole))
    is_invoice = document.kind == Kind.INVOICE
    narration = f"{'Invoice' if is_invoice else 'Credit note'} {document.number}"
    return _balanced(
        Entry(
            reference=document.number,
            day=document.issue_date,
            kind=EntryKind.INVOICE if is_invoice else EntryKind.CREDIT_NOTE,
            narration=f"{narration} for {document.corrects}" if document.corrects else narration,
            postings=_postings([*sides, *vat_sides], accounts),
            party=document.client,
            due_date=document.due_date,
            period_start=document.period_start,
            period_end=document.period_end,
            corrects=document.corrects,
        )
    )


def rate_text(rate: Decimal) -> str:
    """A rate as accounts.csv and the files say it: without trailing zeros, never with an exponent."""
    return f"{rate:f}".rstrip("0").rstrip(".") if "." in f"{rate:f}" else f"{rate:f}"


def category_text(category: str) -> str:
    """A category in words: number_rental is "Number rental"."""
    return one_line(category.replace("_", " ")).capitalize() or "Other"


def _wallet_entries(wallet: WalletMonth, accounts: Accounts) -> list[Entry]:
    """Cost and top-ups as one entry each, on the month's last day; none for what did not move."""
    months: list[tuple[str, EntryKind, str, list[_Side]]] = []
    costs = {category: cents for category, cents in sorted(wallet.cost_cents_by_category.items()) if cents}
    wallet_key = AccountKey(AccountKind.WALLET)
    if costs:
        sides: list[_Side] = [
            (AccountKey(AccountKind.EXPENSE, category=name), -cents, category_text(name), None)
            for name, cents in costs.items()
        ]
        sides.append((wallet_key, sum(costs.values()), "Wallet", None))
        months.append((f"WALLET-{wallet.period}", EntryKind.WALLET_COST, "Carrier cost from the wallet", sides))
    if wallet.topup_cents:
        sides = [
            (wallet_key, wallet.topup_cents, "Wallet", None),
            (AccountKey(AccountKind.CLEARING), -wallet.topup_cents, "Top-ups", None),
        ]
        months.append((f"TOPUP-{wallet.period}", EntryKind.TOP_UP, "Top-ups of the wallet", sides))
    return [
        _balanced(Entry(reference, wallet.period.last_day, kind, f"{what} {wallet.period}", _postings(sides, accounts)))
        for reference, kind, what, sides in months
    ]


def _postings(sides: Sequence[_Side], accounts: Accounts) -> tuple[Posting, ...]:
    chart = accounts.chart("csv", [key for key, *_ in sides])
    return tuple(
        Posting(key, chart[key].code, chart[key].name or text, cents, text, vat) for key, cents, text, vat in sides
    )


def _by_category(number: str, lines: Sequence[Line], vat: Vat, tax_cents: int) -> list[tuple[str, int, int]]:
    """Category, net and share of the case's VAT; the rounding cent goes where it is nearest (largest remainder).

    The last of several partial credit notes may carry a cent more or less than its own net asks for, so that together
    they are the invoice's VAT; that cent goes to the largest category.
    """
    nets: dict[str, int] = {}
    for line in lines:
        nets[line.category] = nets.get(line.category, 0) + line.net_cents
    exact = [int(net * vat.rate * (MICROCENTS_PER_CENT // 100)) for net in nets.values()]
    expected = vat_cents(sum(nets.values()), vat.rate)
    if abs(tax_cents - expected) > len(lines):
        raise InvariantBroken(f"{number}: VAT {decimal_text(tax_cents)} is not the VAT of its lines")
    shares = shared_out(expected, exact)
    if tax_cents != expected:
        shares[max(range(len(shares)), key=lambda place: abs(exact[place]))] += tax_cents - expected
    return [(category, net, share) for (category, net), share in zip(nets.items(), shares, strict=True)]


def _vat_case(document: Document, vat: Vat) -> str:
    """The category, or OSS: standard-rated at the rate of a client's country that is not the seller's."""
    abroad = document.client.country != document.seller.country
    return "OSS" if vat.category == "S" and abroad and document.client.tax_treatment != "S" else vat.category


def _same_case(one: Vat, other: Vat) -> bool:
    return one.category == other.category and one.rate == other.rate


def _case_text(vat: Vat) -> str:
    return f"{vat.category} {rate_text(vat.rate)}%"


def _balanced(entry: Entry) -> Entry:
    """The entry, or InvariantBroken with the difference."""
    difference = sum(posting.cents for posting in entry.postings)
    if difference:
        raise InvariantBroken(f"{entry.reference}: debit and credit differ by {decimal_text(difference)}")
    return entry
