"""What would help what waits: one remedy for each reason, and the queue grouped by them, the most money first.

A row's own sentence, with its number or trunk, is its suggestion (`billing.attribution.suggestions`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billing_job.core.sentences import listed
from billing_job.reporting.exceptions_csv import Waiting

_RUN = "billing-job run --month {month}"
_RESOLVE = "billing-job exceptions resolve {ids}"
IDS_NAMED = 4
"""Transactions that a command names; where there are more, the reader puts the others there."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about all rows of a reason: `title` names the act, `how` the place, `command` what is typed then.

    `command` may hold {month} and {ids}; `name` is the remedy as an address on a page writes it.
    """

    name: str
    title: str
    how: str
    command: str


NUMBERS = Remedy(
    "numbers", "Say on which trunk these numbers and orders are", "a row for each in config/numbers.csv", _RUN
)
TRUNKS = Remedy("trunks", "Say whose these trunks are", "a row for each in config/trunks.csv", _RUN)
DATES = Remedy("dates", "Put these numbers on a trunk at that time", "dates of their rows in config/numbers.csv", _RUN)
PRICES = Remedy(
    "prices", "Say what the numbers of these orders cost", "their price in config/numbers.csv, or one owner", _RUN
)
CATEGORIES = Remedy(
    "categories", "Give these types a category", "a line for each in [categories] of config/billing.toml", _RUN
)
TAX = Remedy(
    "tax",
    "Settle the VAT of these clients",
    "vat_id or tax_treatment in config/clients.csv, or oss in billing.toml",
    _RUN,
)
STATUS = Remedy(
    "status", "Wait, or say what their status means", "settled_words and void_words in config/billing.toml", _RUN
)
OWNER = Remedy(
    "owner", "Decide who pays", "--client ID, or --house in its place", f"{_RESOLVE} --client ID --reason TEXT"
)
HOUSE = Remedy(
    "house",
    "Ask DIDfarm about these rows",
    "no client can be charged for them; the house takes what stays",
    f"{_RESOLVE} --house --reason TEXT",
)
VANISHED = Remedy(
    "vanished",
    "Ask DIDfarm why it no longer lists these rows",
    "--client ID, or --house in its place, settles them",
    f"{_RESOLVE} --client ID --reason TEXT",
)
REFUNDS = Remedy(
    "refunds",
    "Say what these refunds give back",
    "an amount for a client, or --house alone",
    f"{_RESOLVE} --client ID --amount NET --reason TEXT",
)
ORIGINALS = Remedy(
    "originals",
    "Solve what these refunds give back",
    "they follow the row that they refund; or decide as of refunds without one",
    f"{_RESOLVE} --client ID --amount NET --reason TEXT",
)
CHANGED = Remedy(
    "changed",
    "Accept what DIDfarm changed, or credit its line",
    "accepted, the documents stay; `billing-job credit NUMBER --line N` corrects them",
    f"{_RESOLVE} --accept --reason TEXT",
)

_OF_REASON = {
    "unreadable_row": HOUSE,
    "amount_too_large": HOUSE,
    "foreign_currency": HOUSE,
    "not_settled": STATUS,
    "vanished_row": VANISHED,
    "unknown_type": CATEGORIES,
    "unknown_reference": NUMBERS,
    "unassigned_number": DATES,
    "unassigned_trunk": TRUNKS,
    "ambiguous_order": PRICES,
    "untaxable_client": TAX,
    "refund_without_original": REFUNDS,
    "original_waits": ORIGINALS,
    "billed_row_changed": CHANGED,
}


def remedy_of(reason: str, reference_type: str) -> Remedy:
    """What helps a row that waits for this reason; a reason that nobody knows wants a decision."""
    if reason == "unknown_reference" and reference_type == "trunk":
        return TRUNKS
    if reason == "unknown_reference" and reference_type not in ("order", "number"):
        return OWNER
    return _OF_REASON.get(reason, OWNER)


@dataclass(frozen=True, slots=True)
class Item:
    """Rows of one reference that wait for one reason, the oldest first: one entry of the file helps them all."""

    rows: tuple[Waiting, ...]

    @property
    def first(self) -> Waiting:
        """The row that waits longest; the item is named after it."""
        return self.rows[0]

    @property
    def micros(self) -> int | None:
        """What waits, in wallet micros; None when no amount could be read."""
        read = [each.micros for each in self.rows if each.micros is not None]
        return sum(read) if read else None


@dataclass(frozen=True, slots=True)
class Group:
    """All that one remedy helps, what waits longest first."""

    remedy: Remedy
    items: tuple[Item, ...]

    @property
    def rows(self) -> tuple[Waiting, ...]:
        """Every row of the group."""
        return tuple(row for item in self.items for row in item.rows)

    @property
    def micros(self) -> int:
        """What waits, in wallet micros; unreadable amounts are left out."""
        return sum(item.micros or 0 for item in self.items)

    @property
    def oldest_days(self) -> int:
        """How long the oldest row has been waiting."""
        return max(row.age_days for row in self.rows)

    def command(self, month: str) -> str:
        """What to type: with the month, and with the rows' ids where the remedy is a decision about them."""
        ids = [row.transaction_id for row in self.rows]
        named = " ".join(ids[:IDS_NAMED]) + (" …" if len(ids) > IDS_NAMED else "")
        return self.remedy.command.format(month=month, ids=named)


def by_remedy(waiting: Iterable[Waiting]) -> tuple[Group, ...]:
    """The queue by what helps, the most money first; rows of one reference together."""
    found: dict[Remedy, dict[tuple[str, ...], list[Waiting]]] = {}
    for row in sorted(waiting, key=lambda row: (-row.age_days, row.created_at, row.transaction_id)):
        items = found.setdefault(remedy_of(row.reason, row.reference_type), {})
        key = (row.reason, row.reference_type, row.reference_id) if row.reference_id else (row.transaction_id,)
        items.setdefault(key, []).append(row)
    groups = (Group(remedy, tuple(Item(tuple(rows)) for rows in items.values())) for remedy, items in found.items())
    return tuple(sorted(groups, key=lambda group: (-abs(group.micros), -len(group.rows), group.remedy.name)))


def ids_text(rows: Sequence[Waiting]) -> str:
    """The transactions of an item: "90000, 90012 and 3 others"."""
    return listed([row.transaction_id for row in rows], 2)
