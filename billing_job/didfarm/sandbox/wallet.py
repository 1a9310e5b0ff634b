"""The list of transactions that the sandbox shows, and the balance that always follows from it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from billing_job.didfarm.sandbox.holdings import WireRow

Order = Literal["desc", "asc"]


@dataclass(slots=True)
class _Entry:
    """A row beside what it is sorted by, which stays when a fault takes a field out of the row."""

    created_at: str
    transaction_id: int | str
    row: WireRow


class Wallet:
    """Transactions in the supplier's order: newest first, or oldest first with "asc"; ties by id.

    Every method may be called while the server answers in another thread. Rows go in and come out as copies.
    """

    def __init__(self, rows: Iterable[WireRow], *, order: Order = "desc"):
        self._lock = threading.RLock()
        self._newest_first = order == "desc"
        self._ties_flipped = False
        self._entries = [_entry(row) for row in rows]
        self._sort()

    @property
    def total(self) -> int:
        """How many rows the list has now, as `meta.total` says."""
        with self._lock:
            return len(self._entries)

    @property
    def balance_cents(self) -> int:
        """The sum of all amounts shown; an amount that is missing or no integer moves nothing."""
        with self._lock:
            amounts = [entry.row.get("amount") for entry in self._entries]
        return sum(amount for amount in amounts if isinstance(amount, int))

    def rows(self) -> list[WireRow]:
        """All rows as the list shows them."""
        with self._lock:
            return [dict(entry.row) for entry in self._entries]

    def page(self, number: int, size: int) -> tuple[list[WireRow], int]:
        """The rows of a page (from 1), none past the end, and the total at the same moment."""
        with self._lock:
            entries = self._entries[(number - 1) * size : number * size]
            return [dict(entry.row) for entry in entries], len(self._entries)

    def newest(self) -> WireRow:
        """The row with the highest moment and id; ValueError on an empty wallet."""
        with self._lock:
            return dict(max(self._entries, key=lambda entry: (entry.created_at, _id_key(entry.transaction_id))).row)

    def highest_id(self) -> int:
        """The highest integer id, 0 when there is none."""
        with self._lock:
            return max(
                (entry.transaction_id for entry in self._entries if isinstance(entry.transaction_id, int)), default=0
            )

    def add(self, *rows: WireRow) -> None:
        """Show more rows, each at the place that its created_at and id give it."""
        with self._lock:
            self._entries.extend(_entry(row) for row in rows)
            self._sort()

    def remove(self, transaction_id: int | str) -> WireRow:
        """Take a row out and return it; KeyError when there is none."""
        with self._lock:
            entry = self._find(transaction_id)
            self._entries.remove(entry)
            return entry.row

    def change(self, transaction_id: int | str, **fields: object) -> None:
        """Show other values in a row; KeyError when there is none."""
        with self._lock:
            entry = self._find(transaction_id)
            entry.row = entry.row | fields
            entry.created_at = str(fields.get("created_at", entry.created_at))
            self._sort()

    def drop_field(self, transaction_id: int | str, field: str) -> None:
        """Show a row without one of its fields, at the place it had."""
        with self._lock:
            entry = self._find(transaction_id)
            entry.row = {name: value for name, value in entry.row.items() if name != field}

    def add_field(self, field: str, value: object) -> None:
        """Show one more field in every row there is now."""
        with self._lock:
            for entry in self._entries:
                entry.row = entry.row | {field: value}

    def flip_ties(self) -> None:
        """Show rows of one moment in the opposite order of their ids from now on."""
        with self._lock:
            self._ties_flipped = not self._ties_flipped
            self._sort()

    def _find(self, transaction_id: int | str) -> _Entry:
        for entry in self._entries:
            if entry.transaction_id == transaction_id:
                return entry
        raise KeyError(transaction_id)

    def _sort(self) -> None:
        # Two stable sorts: by id for the ties, then by moment.
        self._entries.sort(
            key=lambda entry: _id_key(entry.transaction_id), reverse=self._newest_first is not self._ties_flipped
        )
        self._entries.sort(key=lambda entry: entry.created_at, reverse=self._newest_first)


def _entry(row: WireRow) -> _Entry:
    transaction_id = row["id"]
    if not isinstance(transaction_id, int | str):
        raise TypeError(f"a row's id is an int or a string, not {transaction_id!r}")
    return _Entry(str(row["created_at"]), transaction_id, dict(row))


def _id_key(transaction_id: int | str) -> str:
    """Ids in the order of their numbers, strings of digits like numbers."""
    return str(transaction_id).rjust(40)
