"""One balanced journal for a month: every document, and the wallet's cost and top-ups as the other side.

Every format is written from this and only this.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing_job.accounting.accounts import AccountKey, Accounts
from billing_job.accounting.booking import document_entry, wallet_entries
from billing_job.accounting.entry import Entry
from billing_job.core.document import Client, Document, Seller
from billing_job.core.errors import InvariantBroken
from billing_job.core.period import Period


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


def month_journal(documents: Sequence[Document], wallet: WalletMonth, accounts: Accounts) -> Journal:
    """The month's journal, every entry balanced to the cent.

    InvariantBroken when a document is a draft, has another currency or does not add up; ConfigError when accounts.csv
    has no account for something.
    """
    entries = [document_entry(document, accounts) for document in documents]
    foreign = [document.number for document in documents if document.currency != wallet.currency]
    if foreign:
        raise InvariantBroken(f"documents {', '.join(foreign)} are not in the wallet's currency {wallet.currency}")
    entries += wallet_entries(wallet.period, wallet.cost_cents_by_category, wallet.topup_cents, accounts)
    entries.sort(key=Entry.order)
    references = [entry.reference for entry in entries]
    if len(set(references)) != len(references):
        raise InvariantBroken(f"a document is twice in the journal of {wallet.period}")
    return Journal(wallet.period, wallet.currency, documents[0].seller if documents else None, tuple(entries))
