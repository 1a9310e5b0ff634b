"""What a shape is: pure functions from the sandbox's truth to the answers of a supplier that words them otherwise."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from billing_job.core.moments import microseconds
from billing_job.didfarm.sandbox.holdings import WireRow

Json = object
MICROS_PER_CENT = 10_000
IDLE_IDS = 10_000_000
"""Added to a row's id, the id of the row beside it that moved nothing."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A row as it really is, whatever a shape makes of it: exact money in micros, the moment in microseconds UTC.

    `has_moved` is false for what is listed but moved nothing (pending, failed); its `after` is that of the row before.
    """

    row: WireRow
    micros: int
    after: int
    has_moved: bool
    moment: int

    @property
    def transaction_id(self) -> str:
        """The id as the ledger will know it."""
        return str(self.row["id"])


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list in a shape's rows: which one, of how many, and the address that was asked for."""

    rows: Sequence[Json]
    number: int
    size: int
    total: int
    start: int
    url: str

    @property
    def last_page(self) -> int:
        """The number of the last page; 1 for an empty list, as Laravel has it."""
        return max(1, -(-self.total // self.size))

    @property
    def has_more(self) -> bool:
        """Whether rows come after this page."""
        return self.start + len(self.rows) < self.total


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its status; without a body when that is None."""

    body: Json
    status: int = 200


Edit = Callable[[WireRow, Truth], WireRow]
"""Takes the row of the plain shape, or what earlier edits made of it, and words one thing otherwise."""
Envelope = Callable[[Listing], Json]
BalanceReply = Callable[[int], Reply]
TrunksReply = Callable[[Sequence[Mapping[str, object]]], Reply]


@dataclass(frozen=True, slots=True)
class Shape:
    """A supplier's way to answer: a name, one sentence, and how rows, lists, balance and trunks are worded."""

    name: str
    sentence: str
    edits: tuple[Edit, ...]
    envelope: Envelope
    balance: BalanceReply
    trunks: TrunksReply
    page_size: int
    size_key: str
    """The parameter by which a client may ask for up to 100 rows a page; empty: none."""
    is_strict: bool
    """Refuses parameters that it does not know."""
    by_cursor: bool
    """Knows no page numbers: the next page is a cursor of the answer before."""
    oldest_first: bool
    fraction: int
    """Micros that calls and messages cost beyond their cents, so that a shape can show amounts below the cent."""
    idle_status: str
    """What every seventh row is that moved nothing; empty: all rows moved money."""

    def row(self, truth: Truth) -> WireRow:
        """The row as this supplier shows it."""
        row = dict(truth.row)
        for edit in self.edits:
            row = edit(row, truth)
        return row

    def listed(self, rows: Iterable[WireRow]) -> list[Truth]:
        """The truth of every row that the list shows, in its order; `rows` are the wallet's, in any order."""
        listed: list[Truth] = []
        after = 0
        in_time = sorted(rows, key=lambda row: (str(row["created_at"]), str(row["id"]).rjust(40)))
        for position, row in enumerate(in_time):
            micros = self._micros(row)
            if self.idle_status and position % 7 == 3:
                idle = row | {"id": IDLE_IDS + int(str(row["id"]))}
                listed.append(Truth(idle, micros, after, False, _moment(row)))
            after += micros
            listed.append(Truth(row, micros, after, True, _moment(row)))
        return listed if self.oldest_first else listed[::-1]

    def balance_micros(self, rows: Iterable[WireRow]) -> int:
        """What is in the wallet: all that moved."""
        return sum(truth.micros for truth in self.listed(rows) if truth.has_moved)

    def _micros(self, row: WireRow) -> int:
        """Cents as the world has them; what a call or message costs, and its refund, a little more."""
        cents = row.get("amount")
        micros = (cents if isinstance(cents, int) else 0) * MICROS_PER_CENT
        is_usage = any(word in str(row.get("description")) for word in ("SMS", "Call to"))
        return micros + (self.fraction if micros > 0 else -self.fraction) if is_usage and micros else micros


def _moment(row: WireRow) -> int:
    return microseconds(datetime.fromisoformat(str(row["created_at"])).astimezone(UTC))
