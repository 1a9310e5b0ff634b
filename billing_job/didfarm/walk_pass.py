"""What one pass over the list has shown: which row stands at which rank, and what speaks against the pass."""

from dataclasses import dataclass, field

from billing_job.core.wallet import Order
from billing_job.didfarm.page import Page


@dataclass(slots=True)
class Pass:
    """Ranks count from the oldest row, so that new rows move nobody; `size` is 0 while one page holds the list."""

    order: Order = "newest_first"
    size: int = 0
    total: int = 0
    total_at_first: int | None = None
    rank_of: dict[str, int] = field(default_factory=dict)
    moment_at: dict[int, int | None] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    """Every row that the list is known to hold: this pass's, and after `join` also earlier ones'."""
    anomaly: str = ""
    shrank: bool = False
    moved: bool = False
    doubtful: bool = False
    quiet: bool = False

    def learn_size(self, page: Page) -> None:
        """A first page that does not hold the whole list shows how many rows a page has."""
        if not self.size and page.number == 1 and len(page.rows) < page.count:
            self.size = len(page.rows)

    def take(self, page: Page) -> int:
        """Place a page's rows by rank; returns how many of them this pass had not seen before."""
        if page.count < self.total:
            self.shrank = True
            self.anomaly = f"the list shrank from {self.total} to {page.count} rows: the supplier deleted some"
        self.total = page.count
        if self.total_at_first is None:
            self.total_at_first = page.count
        before = len(self.rank_of)
        for position, row in enumerate(page.rows, (page.number - 1) * self.size):
            rank = position if self.order == "oldest_first" else page.count - 1 - position
            another_moment = self.moment_at.setdefault(rank, row.created_at) != row.created_at
            another_rank = self.rank_of.setdefault(row.transaction_id, rank) != rank
            self.moved = self.moved or another_moment
            if another_moment or another_rank:
                self.anomaly = self.anomaly or (
                    f"transaction {row.transaction_id} changed its place in the list:"
                    " the supplier deleted, back-dated or reordered rows"
                )
        self.listed.update(row.transaction_id for row in page.rows)
        return len(self.rank_of) - before

    def doubt(self, anomaly: str) -> None:
        """What was read is worth keeping, but proves nothing."""
        self.anomaly, self.doubtful = anomaly, True

    def join(self, earlier: "Pass | None") -> None:
        """Add what an earlier pass saw, if every rank that both saw has the same moment: nothing but ties moved."""
        if (
            earlier is not None
            and not (self.shrank or self.moved or self.doubtful)
            and not (earlier.shrank or earlier.moved or earlier.doubtful)
            and all(self.moment_at.get(rank, moment) == moment for rank, moment in earlier.moment_at.items())
        ):
            self.listed |= earlier.listed

    @property
    def is_sound(self) -> bool:
        """Whether the number of rows may prove the pass whole.

        Rows that moved while the total stood still: one was added below and one deleted above, and a third may have
        slipped from a page not yet read onto one that was.
        """
        return not (self.shrank or self.doubtful or (self.moved and self.total == self.total_at_first))

    @property
    def covers_all(self) -> bool:
        """Whether a row was seen at every rank, and as many rows as there are."""
        return len(self.listed) == len(self.moment_at) == self.total

    def is_last(self, page: Page) -> bool:
        """Whether the list ends with this page."""
        return page.number * self.size >= page.count if self.size else len(page.rows) >= page.count

    @property
    def is_all_on_one_page(self) -> bool:
        """Whether page 1 holds as many rows as are counted: its size is not known, and the count may be its own."""
        return not self.size and self.total > 0

    @property
    def fills_its_last_page(self) -> bool:
        """Whether the count is a multiple of the page size, so that no short page marks the end."""
        return bool(self.size) and self.total % self.size == 0

    @property
    def newest_page(self) -> int:
        """The page that new rows come on."""
        return max(1, -(-self.total // self.size)) if self.size and self.order == "oldest_first" else 1
