"""Which rows moved money: the column that tells it, and what its words may mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from billing_job.didfarm.proposal.columns import Column, Columns, plain_name, words_of

NAMES = (
    "status",
    "state",
    "transactionstatus",
    "paymentstatus",
    "confirmed",
    "isconfirmed",
    "settled",
    "issettled",
    "posted",
)
DELETIONS = ("deletedat", "cancelledat", "canceledat", "voidedat", "reversedat")
SETTLED = {
    "completed", "complete", "settled", "success", "succeeded", "successful", "confirmed", "paid", "posted", "done",
    "booked", "processed", "approved", "ok", "active", "true", "finished", "captured", "cleared", "final", "closed",
}  # fmt: skip
VOID = {
    "failed",
    "cancelled",
    "canceled",
    "voided",
    "void",
    "rejected",
    "declined",
    "error",
    "expired",
    "aborted",
    "deleted",
}
WAITING = {"pending", "processing", "authorized", "authorised", "onhold", "hold", "queued", "scheduled", "reserved",
           "false", "initiated", "open", "new", "inprogress", "unconfirmed"}  # fmt: skip
EITHER = {"reversed", "refunded", "disputed", "adjusted", "corrected"}
MOST_UNKNOWN_WORDS = 3


@dataclass(frozen=True, slots=True)
class States:
    """One way to read the states of rows; `path` is empty where no field tells any."""

    path: str
    settled: tuple[str, ...] = ()
    void: tuple[str, ...] = ()


def state_candidates(columns: Columns) -> Iterator[States]:
    """The ways to read states, the likeliest first."""
    path = state_path(columns)
    if not path:
        taken_back = deletion_path(columns)
        yield States(taken_back, ("null",), ("set",)) if taken_back else States("")
        if taken_back:
            yield States(taken_back, ("null", "set"))
        return
    words = words_of(columns[path])
    names = {word: plain_name(word) for word in words}
    settled = [word for word in words if names[word] in SETTLED]
    open_ = [word for word in words if names[word] not in SETTLED | VOID | WAITING][:MOST_UNKNOWN_WORDS]
    void = [word for word in words if names[word] in VOID | EITHER]
    for count in range(len(open_) + 1):
        for more in combinations(open_, count):
            yield States(path, tuple(sorted([*settled, *more])), tuple(word for word in void if word not in more))
    if any(names[word] in VOID | WAITING for word in words):
        # The state may be that of a message or an order, whose row moved money all the same.
        yield States(path, tuple(words))


def state_path(columns: Columns) -> str:
    """The column of a row's state; empty when there is none."""
    for path, column in columns.items():
        if plain_name(path) in NAMES and _are_words(column):
            return path
    return ""


def deletion_path(columns: Columns) -> str:
    """The column that holds a moment where a row was taken back, and null elsewhere; empty when there is none."""
    return next((path for path in columns if plain_name(path) in DELETIONS), "")


def _are_words(column: Column) -> bool:
    return all(isinstance(value, str | bool) for value in column) and 0 < len(words_of(column)) <= 12
