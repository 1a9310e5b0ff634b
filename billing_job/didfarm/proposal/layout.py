"""Where the list stands in an answer, how it is counted, and how the next page is found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from billing_job.didfarm.dotted_paths import at_path
from billing_job.didfarm.proposal.columns import DEEPEST, full_name, is_text, leaves_of, plain_name
from billing_job.didfarm.wire_json import Json

TOTALS = (
    "total", "totalcount", "totalitems", "totalresults", "totalrows", "totalrecords", "totalelements",
    "recordstotal", "resultcount", "metacount", "paginationcount", "count", "records",
)  # fmt: skip
LISTS = ("data", "items", "results", "rows", "transactions", "records", "entries", "list", "content", "movements")
"""Names of lists, for when they are empty and show nothing else."""
LINKS = ("linksnext", "nextpageurl", "nexturl", "nextlink", "nexthref", "next", "nextcursor", "nextpagetoken",
         "cursornext", "pagingnext")  # fmt: skip
"""In this order: a link needs no knowledge of how it is sent back, a cursor does."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`rows` and `total` are dotted paths, `total` empty when nothing counts; `next` is where the next page stands."""

    rows: str
    total: str
    next: str

    def rows_of(self, body: Json) -> list[Json]:
        """The rows of an answer; none where there is no list."""
        found = at_path(body, self.rows)
        return found if isinstance(found, list) else []

    def total_of(self, body: Json) -> int | None:
        """How many rows the answer says there are in all."""
        return _count(at_path(body, self.total)) if self.total else None

    def next_of(self, body: Json) -> str:
        """The link or cursor to the next page; empty at the end."""
        found = at_path(body, self.next) if self.next else None
        return str(found) if is_text(found) or (isinstance(found, int) and not isinstance(found, bool)) else ""


def layout_of(body: Json) -> Layout | None:
    """The layout of an answer; None when it holds no list of objects."""
    lists = list(_lists(body))
    if not lists:
        return None
    path, rows = max(
        lists, key=lambda found: (_likeness(found[1]), plain_name(found[0]) in LISTS, -found[0].count("."))
    )
    counts = {place: _count(value) for place, value in leaves_of(body)}
    numbers = [place for place, count in counts.items() if count is not None and count >= len(rows)]
    totals = sorted(
        (place for place in numbers if _rank(place, TOTALS) is not None), key=lambda p: _rank(p, TOTALS) or 0
    )
    # One that is null is the end of a list that fits one page: it will not be null when the list has grown.
    named = {place: value for place, value in leaves_of(body) if _rank(place, LINKS) is not None}
    links = sorted(
        (place for place, value in named.items() if value is None or _is_link(value)),
        key=lambda place: (named[place] is None, _rank(place, LINKS) or 0),
    )
    return Layout(path, totals[0] if totals else "", links[0] if links else "")


def _lists(body: Json, path: str = "", depth: int = 0) -> Iterator[tuple[str, list[Json]]]:
    if isinstance(body, list) and (not body or _is_of_rows(body, path)):
        yield path, body
    if isinstance(body, dict) and depth <= DEEPEST:
        for key, inner in body.items():
            yield from _lists(inner, f"{path}.{key}" if path else key, depth + 1)


def _is_of_rows(rows: Sequence[Json], path: str) -> bool:
    """Whether a list may hold transactions: objects with names of theirs, or else of three fields, and no links."""
    first = next((row for row in rows if isinstance(row, dict)), {})
    return _likeness(rows)[0] > 1 or (len(list(leaves_of(first))) > 2 and plain_name(path) != "links")


def _likeness(rows: Sequence[Json]) -> tuple[int, int]:
    """How much a list looks like transactions: fields of its first object that money has, and its length."""
    first: Mapping[str, Json] = next((row for row in rows if isinstance(row, dict)), {})
    names = " ".join(plain_name(path) for path, _ in leaves_of(first))
    told = sum(
        word in names for word in ("id", "amount", "value", "type", "date", "created", "at", "debit", "descr", "cur")
    )
    return told, len(rows)


def _count(value: Json) -> int | None:
    """A number of rows, also as a text of digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _rank(path: str, names: Sequence[str]) -> int | None:
    found = [names.index(name) for name in (full_name(path), plain_name(path)) if name in names]
    return min(found, default=None)


def _is_link(value: Json) -> bool:
    return is_text(value) or (isinstance(value, int) and not isinstance(value, bool))
