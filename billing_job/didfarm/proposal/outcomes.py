"""Candidates read over all rows: what each comes to, which witnesses agree, and which one is best."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing_job.core.wallet import SETTLED, Transaction
from billing_job.didfarm.proposal.amounts import Candidate, amount_candidates, direction_of
from billing_job.didfarm.proposal.columns import Columns
from billing_job.didfarm.proposal.states import States, state_candidates
from billing_job.didfarm.proposal.witnesses import Running, Told, balances_of, running_balances
from billing_job.didfarm.wire import read_transaction
from billing_job.didfarm.wire_json import Json
from billing_job.didfarm.wire_reading import Reading

SAMPLE = 40
"""Rows that a candidate must read before all rows are read under it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was answered: rows in the list's order, all of them or the newest ones, and the balance's answer."""

    rows: Sequence[Json]
    is_whole: bool
    balance: Json
    """None when there is none."""
    opening: int
    """Micros in the wallet before the first row, as settings say."""
    currency: str
    """The currency that settings bill in."""
    timezone: str
    """Where settings place moments without an offset."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A candidate and what comes of it: every row read, and the witnesses that agree."""

    candidate: Candidate
    states: States
    reading: Reading
    rows: tuple[Transaction, ...]
    running: Running | None
    told: Told | None

    @property
    def settings(self) -> dict[str, Json]:
        """Keys of `[api.transactions]` that this candidate is about."""
        states: dict[str, Json] = {"settled_words": list(self.states.settled)} if self.states.path else {}
        if self.states.void:
            states["void_words"] = list(self.states.void)
        return {**self.candidate.settings, **states}

    @property
    def fields(self) -> dict[str, str]:
        """Keys of `[api.transactions.fields]` that it is about."""
        return {**self.candidate.fields, **({"status": self.states.path} if self.states.path else {})}

    @property
    def movements(self) -> tuple[int | None, ...]:
        """Micros of each row; 0 where it moved nothing, None where it cannot be read."""
        return tuple(row.micros if row.standing == SETTLED else 0 for row in self.rows)

    @property
    def total(self) -> int:
        """What all rows moved."""
        return sum(micros or 0 for micros in self.movements)

    @property
    def unreadable(self) -> int:
        """Rows whose amount cannot be read."""
        return sum(row.micros is None for row in self.rows)

    @property
    def meaning(self) -> tuple[object, ...]:
        """What tells two candidates apart in money: every movement, and whether a sign will tell the next one's."""
        has_both = any((micros or 0) < 0 for micros in self.movements)
        return (self.movements, self.candidate.is_signed or has_both)


MakeReading = Callable[[Mapping[str, Any]], Reading]
"""`[api.transactions]` as a table → a reading; ValueError for settings that contradict each other."""


def outcomes_of(
    columns: Columns, evidence: Evidence, settings: Mapping[str, Json], fields: Mapping[str, str], make: MakeReading
) -> Iterator[Outcome]:
    """Every candidate that reads as many rows as any does, with the witnesses that agree."""
    fewest = len(evidence.rows) - 1 if len(evidence.rows) > 1 else 0
    for candidate in amount_candidates(columns, fields["type"]):
        for states in state_candidates(columns):
            bare = Outcome(candidate, states, None, (), None, None)  # type: ignore[arg-type]
            table = {**settings, **bare.settings, "fields": {**fields, **bare.fields}}
            try:
                reading = make(table)
            except ValueError:
                continue
            sample = [read_transaction(row, reading) for row in evidence.rows[:SAMPLE]]
            if all(row.micros is None for row in sample):
                continue
            rows = tuple(read_transaction(row, reading) for row in evidence.rows)
            outcome = Outcome(candidate, states, reading, rows, None, None)
            if outcome.unreadable > fewest:
                continue
            fewest = outcome.unreadable
            yield _witnessed(outcome, columns, evidence)


def _witnessed(outcome: Outcome, columns: Columns, evidence: Evidence) -> Outcome:
    moved = [row.standing == SETTLED for row in outcome.rows]
    running = None
    if all(isinstance(row, dict) for row in evidence.rows):
        micros = [row.micros for row in outcome.rows]
        running = next(running_balances(columns, micros, moved, outcome.reading), None)
    told = next(
        (
            told
            for told in balances_of(evidence.balance, outcome.reading)
            if evidence.is_whole and abs(evidence.opening + outcome.total - told.micros) < told.last_place
        ),
        None,
    )
    return Outcome(outcome.candidate, outcome.states, outcome.reading, outcome.rows, running, told)


def chosen(outcomes: Sequence[Outcome], evidence: Evidence) -> tuple[Outcome, list[Outcome], list[str]]:
    """The best outcome, its rivals, and why it is not proven."""
    fewest = min(outcome.unreadable for outcome in outcomes)
    able = [outcome for outcome in outcomes if outcome.unreadable == fewest]
    best = max(outcome_rank(outcome) for outcome in able)
    fitting = [outcome for outcome in able if outcome_rank(outcome) == best]
    chosen = min(fitting, key=contrary_rows)
    rivals = list({other.meaning: other for other in fitting if other.meaning != chosen.meaning}.values())
    doubts = []
    if not any(best):
        rivals = []
        doubts.append("no balance agrees with these rows" if evidence.balance is not None else "there is no balance")
    elif rivals:
        doubts.append(f"{len(rivals) + 1} readings that differ in money fit all that is known")
    elif evidence.is_whole and evidence.balance is not None and not chosen.told:
        doubts.append("the running balances agree, the sum of all rows and the wallet's balance do not")
    return chosen, rivals, doubts


def contrary_rows(outcome: Outcome) -> int:
    """Rows that went another way than their type usually goes: a top-up that left the wallet, a call that came in.

    It tells which of several readings is likelier, and proves none.
    """
    ways = [(direction_of(row.type), row.micros) for row in outcome.rows if row.micros]
    return sum((way == "in") == (micros < 0) for way, micros in ways if way)


def outcome_rank(outcome: Outcome) -> tuple[bool, bool]:
    """How much agrees: running balances first, for they speak of each row by itself."""
    return (outcome.running is not None, outcome.told is not None)
