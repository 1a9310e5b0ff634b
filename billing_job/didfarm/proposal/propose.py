"""Which reading of the supplier's answers the wallet proves: all candidates are read, the witnesses choose.

Pure: rows and balance come in as they were answered, settings go out. What could be wrong by a factor or a sign is
never called proven: as soon as two readings that differ in money fit all that is known, it is not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from billing_job.core.wallet import SETTLED, Transaction
from billing_job.didfarm.proposal.amounts import Candidate, amount_candidates, direction_of
from billing_job.didfarm.proposal.columns import Columns, columns_of, words_of
from billing_job.didfarm.proposal.fields import currency_path, other_fields, reference_aliases
from billing_job.didfarm.proposal.moments import formats_of, in_order, moment_paths
from billing_job.didfarm.proposal.states import States, state_candidates
from billing_job.didfarm.proposal.witnesses import Running, Told, balances_of, currency_of, running_balances
from billing_job.didfarm.wire import FIELDS, read_transaction
from billing_job.didfarm.wire_json import Json
from billing_job.didfarm.wire_moments import read_moment
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


@dataclass(frozen=True, slots=True)
class Proposal:
    """The reading that fits best; `is_proven` when the wallet proves it and no other one."""

    transactions: dict[str, Json]
    balance: dict[str, Json]
    outcome: Outcome
    is_proven: bool
    doubts: tuple[str, ...]
    """Why it is not proven, each as a sentence."""
    rivals: tuple[Outcome, ...] = field(default=())
    """Other readings that fit as well and differ in money."""


MakeReading = Callable[[Mapping[str, Any]], Reading]
"""`[api.transactions]` as a table → a reading; ValueError for settings that contradict each other."""


class NotReadable(ValueError):
    """No reading fits: what is missing in the rows."""


def propose(evidence: Evidence, make: MakeReading) -> Proposal:
    """The best reading of the evidence; NotReadable says what no field of the rows can be."""
    columns = columns_of([row for row in evidence.rows if isinstance(row, dict)])
    fields = dict(other_fields(columns))
    doubts: list[str] = []
    settings, moment_doubt = _moment(columns, evidence, fields)
    doubts += [moment_doubt] if moment_doubt else []
    for name in ("id", "type", "created_at"):
        if name not in fields:
            raise NotReadable(f"no field of the rows can be {_WHAT[name]}")
    settings |= _currency(columns, evidence, fields)
    if aliases := reference_aliases(columns.get(fields.get("reference_type", ""), ())):
        settings["reference_types"] = aliases
    outcomes = list(_outcomes(columns, evidence, settings, fields, make))
    if not outcomes:
        raise NotReadable("no field of the rows can be the amount, or debit and credit")
    outcome, rivals, why = _chosen(outcomes, evidence)
    doubts += why
    currencies = sorted({row.currency for row in outcome.rows if row.currency})
    if len(currencies) > 1:
        doubts.append(f"rows are in several currencies ({', '.join(currencies)}), which no one balance sums up")
    mapped = {**fields, **outcome.fields}
    if outcome.running:
        mapped["balance_after"] = outcome.running.path
    transactions = {**settings, **outcome.settings}
    transactions["fields"] = {name: mapped[name] for name in _FIELD_NAMES if name in mapped}
    return Proposal(transactions, _balance(outcome, evidence), outcome, not doubts, tuple(doubts), tuple(rivals))


_FIELD_NAMES = (*FIELDS, "direction", "debit", "credit", "status", "quantity", "balance_after")
_WHAT = {
    "id": "the id: none has a value of its own in each row",
    "type": "the type: none has a word in each row",
    "created_at": "the moment: none has a date or time of a known form in each row",
}


def _moment(columns: Columns, evidence: Evidence, fields: dict[str, str]) -> tuple[dict[str, Json], str]:
    """timezone and moment_format; a doubt when two formats fit that name different moments."""
    settings: dict[str, Json] = {"timezone": evidence.timezone}
    path = next(iter(moment_paths(columns)), "")
    if not path:
        return settings, ""
    fields["created_at"] = path
    read: dict[str, list[int | None]] = {}
    for pattern in formats_of(columns[path]):
        moments: list[int | None] = []
        for value in columns[path]:
            try:
                moments.append(read_moment(value, evidence.timezone, pattern).micros)
            except ValueError:
                moments.append(None)
        read[pattern] = moments
    breaks = {pattern: (moments.count(None), in_order(moments)) for pattern, moments in read.items()}
    best = min(breaks, key=lambda pattern: breaks[pattern])
    if best:
        settings["moment_format"] = best
    others = [pattern for pattern in read if breaks[pattern] == breaks[best] and read[pattern] != read[best]]
    return settings, f"moments could be {best} or {others[0]}" if others else ""


def _currency(columns: Columns, evidence: Evidence, fields: dict[str, str]) -> dict[str, Json]:
    """What rows without a currency have, and codes for other words."""
    path = currency_path(columns)
    if path:
        fields["currency"] = path
    beside_balance = currency_of(evidence.balance, "")[0]
    named = beside_balance.upper() if _is_code(beside_balance) else _SIGNS.get(beside_balance, evidence.currency)
    words = {*(words_of(columns[path]) if path else []), beside_balance} - {""}
    odd = sorted(word for word in words if not _is_code(word))
    settings: dict[str, Json] = {}
    if not path or any(value is None for value in columns[path]):
        settings["currency"] = named
    if odd:
        settings["currencies"] = {word: _SIGNS.get(word, named) for word in odd}
    return settings


def _is_code(word: str) -> bool:
    return len(word) == 3 and word.isascii() and word.isalpha()


_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "Euro": "EUR", "euro": "EUR", "EURO": "EUR"}


def _outcomes(
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


def _chosen(outcomes: Sequence[Outcome], evidence: Evidence) -> tuple[Outcome, list[Outcome], list[str]]:
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


def _balance(outcome: Outcome, evidence: Evidence) -> dict[str, Json]:
    """`[api.balance]`: where it stands and what it counts."""
    found = balances_of(evidence.balance, outcome.reading)
    told = outcome.told or _closing(outcome, found) or next(iter(found), None)
    if told is None:
        return {}
    table: dict[str, Json] = {"amount": told.path} if told.path else {}
    _, currency = currency_of(evidence.balance, told.path)
    return {**table, **({"currency": currency} if currency else {}), "amount_unit": told.unit}


def _closing(outcome: Outcome, found: Sequence[Told]) -> Told | None:
    """The balance as the newest row's running balance has it."""
    running = outcome.running
    return next((told for told in found if running and abs(told.micros - running.closing) < told.last_place), None)
