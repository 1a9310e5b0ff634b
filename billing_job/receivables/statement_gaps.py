"""What is missing: statements between two balances that differ, and entries of a statement that moves its own."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.bank_entry import Balances, BankEntry, Statement
from billing_job.core.money import decimal_text


@dataclass(frozen=True, slots=True)
class Gap:
    """Between two statements of an account something is missing."""

    account: str
    after: str
    before: str
    closing_cents: int
    opening_cents: int
    after_day: date
    before_day: date

    def __str__(self) -> str:
        missing = decimal_text(self.opening_cents - self.closing_cents)
        return (
            f"{self.account}: statement {self.after or 'without a name'} ends on {self.after_day} with"
            f" {decimal_text(self.closing_cents)}, statement {self.before or 'without a name'} begins on"
            f" {self.before_day} with {decimal_text(self.opening_cents)}: entries of"
            f" {missing} between them are missing; import those statements"
        )


def gaps(statements: Sequence[Balances]) -> list[Gap]:
    """Every gap by account and day; statements that overlap are not held against each other."""
    by_account: dict[str, list[Balances]] = defaultdict(list)
    for statement in statements:
        by_account[statement.account].append(statement)
    found = []
    for account in sorted(by_account):
        endings: dict[date, list[Balances]] = defaultdict(list)
        for statement in sorted(by_account[account], key=lambda one: (one.last_day, one.first_day, one.name)):
            endings[statement.last_day].append(statement)
        days = sorted(endings)
        for statement in (one for day in days for one in endings[day]):
            place = bisect_right(days, statement.first_day)
            if place and days[place - 1] == statement.last_day:
                place -= 1
            before = endings[days[place - 1]] if place else []
            # Several statements of one day follow each other in an order that only their balances tell.
            same_day = [one for one in endings[statement.last_day] if one is not statement]
            if not before or any(one.closing_cents == statement.opening_cents for one in (*before, *same_day)):
                continue
            # It may tell the same day once more, from its beginning: the earlier one was of the day so far.
            began = (statement.first_day, statement.opening_cents)
            if any((one.first_day, one.opening_cents) == began for one in before):
                continue
            last = before[-1]
            found.append(
                Gap(
                    account,
                    last.name,
                    statement.name,
                    last.closing_cents,
                    statement.opening_cents,
                    last.last_day,
                    statement.first_day,
                )
            )
    return found


def short_statements(statements: Sequence[Statement], known: Sequence[BankEntry], currency: str) -> Iterator[str]:
    """A sentence for each statement whose balances move by another sum than its entries come to.

    `known` are all entries that any file told by now: of a statement in several files, the last one makes it whole.
    """
    for statement in statements:
        if statement.opening_cents is None or statement.closing_cents is None:
            continue
        if any(entry.currency != currency for entry in statement.entries):
            continue
        moved = statement.closing_cents - statement.opening_cents
        told = sum(entry.cents for entry in statement.entries)
        days = [entry.day for entry in statement.entries] or [statement.last_day or date.min]
        within = (each for each in known if each.account == statement.account and min(days) <= each.day <= max(days))
        if moved not in (told, sum(entry.cents for entry in within)):
            yield (
                f"{statement.account}: statement {statement.name or 'without a name'} goes from"
                f" {decimal_text(statement.opening_cents)} to {decimal_text(statement.closing_cents)}, but its entries"
                f" come to {decimal_text(told)}: entries of {decimal_text(moved - told)} are missing in it; fetch it"
                " from the bank again"
            )
