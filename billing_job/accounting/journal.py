"""One balanced journal for a month: every document, and the wallet's cost and top-ups as the other side.

Every format is written from this and only this.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing_job.accounting.accounts import AccountKey, AccountKind, Accounts
from billing_job.accounting.booking import document_entry, receipt_entries, wallet_entries
from billing_job.accounting.entry import DOCUMENTS, Entry, EntryKind
from billing_job.core.claim import Payment
from billing_job.core.document import Document
from billing_job.core.errors import InvariantBroken
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period
from billing_job.core.sentences import counted, listed


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
class Journal:
    """A month's entries in `Entry.order`; `seller` is None only when there is no document."""

    period: Period
    currency: str
    seller: Seller | None
    entries: tuple[Entry, ...]

    def documents(self) -> Iterator[tuple[Entry, Client]]:
        """The entries that are documents, with who owes them."""
        return ((entry, entry.party) for entry in self.entries if entry.party is not None and entry.kind in DOCUMENTS)

    def receipts(self) -> Iterator[tuple[Entry, Client]]:
        """The entries that are payments of clients or to them, with whose they are."""
        return ((entry, entry.party) for entry in self.entries if entry.party and entry.kind is EntryKind.RECEIPT)

    @property
    def received_cents(self) -> int:
        """What clients paid: off the receivables, and beside them for late payment."""
        kinds = (AccountKind.RECEIVABLE, AccountKind.LATE_PAYMENT)
        return -sum(each.cents for entry, _ in self.receipts() for each in entry.postings if each.key.kind in kinds)

    def clients(self) -> Mapping[str, Client]:
        """Everybody who owes or pays, by id."""
        return {entry.party.client_id: entry.party for entry in self.entries if entry.party is not None}

    def wallet_entries(self) -> Iterator[Entry]:
        """The entries of the wallet."""
        return (entry for entry in self.entries if entry.party is None)

    def keys(self) -> Iterator[AccountKey]:
        """The key of every posting, and of the bank where something was paid.

        A payment that the bank kept whole has no posting there, and some programs book each of its sides against it.
        """
        yield from (posting.key for entry in self.entries for posting in entry.postings)
        if any(True for _ in self.receipts()):
            yield AccountKey(AccountKind.BANK)

    def balances(self) -> dict[str, int]:
        """Cents by account of the chart for all formats."""
        sums: dict[str, int] = {}
        for entry in self.entries:
            for posting in entry.postings:
                sums[posting.account] = sums.get(posting.account, 0) + posting.cents
        return sums


def month_journal(
    documents: Iterable[Document],
    wallet: WalletMonth,
    accounts: Accounts,
    payments: Sequence[tuple[Payment, Client]] = (),
) -> Journal:
    """The month's journal, every entry balanced to the cent; `payments` are those of the month, each with its client.

    InvariantBroken when a document is a draft, has another currency or does not add up; ConfigError when accounts.csv
    has no account for something.
    """
    entries: list[Entry] = []
    foreign: dict[str, list[str]] = {}
    seller: Seller | None = None
    for document in documents:
        seller = seller or document.seller
        entries.append(document_entry(document, accounts))
        if document.currency != wallet.currency:
            foreign.setdefault(document.currency, []).append(document.number)
    if foreign:
        told = " and ".join(f"{listed(numbers)} in {currency}" for currency, numbers in foreign.items())
        raise InvariantBroken(
            f"{wallet.period}: a journal is in one currency, {wallet.currency} by billing.currency, and it has"
            f" documents {told}: write the books of months before the change with billing.currency as it was then; a"
            " month of both is booked by hand, from its documents"
        )
    entries += wallet_entries(wallet.period, wallet.cost_cents_by_category, wallet.topup_cents, accounts)
    entries += receipt_entries(payments, accounts)
    entries.sort(key=Entry.order)
    references = [entry.reference for entry in entries]
    if len(set(references)) != len(references):
        raise InvariantBroken(f"a document is twice in the journal of {wallet.period}")
    return Journal(wallet.period, wallet.currency, seller, tuple(entries))


def payments_left_out(journal: Journal) -> list[str]:
    """The warning of a format that has no payments, with their figure."""
    count = sum(1 for _ in journal.receipts())
    if not count:
        return []
    return [
        f"its import carries no payments: {counted(count, 'payment')} over {decimal_text(journal.received_cents)}"
        f" {'is' if count == 1 else 'are'} left out; match them there with the bank's own feed"
    ]
