"""Which reading of the supplier's answers the wallet proves: all candidates are read, the witnesses choose.

Pure: rows and balance come in as they were answered, settings go out. What could be wrong by a factor or a sign is
never called proven: as soon as two readings that differ in money fit all that is known, it is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.didfarm.proposal.columns import Columns, columns_of, words_of
from billing_job.didfarm.proposal.fields import currency_path, other_fields, reference_aliases
from billing_job.didfarm.proposal.moments import formats_of, in_order, moment_paths
from billing_job.didfarm.proposal.outcomes import Evidence, MakeReading, Outcome, chosen, outcomes_of
from billing_job.didfarm.proposal.witnesses import Told, balances_of, currency_of
from billing_job.didfarm.wire import FIELDS
from billing_job.didfarm.wire_json import Json
from billing_job.didfarm.wire_moments import read_moment

_FIELD_NAMES = (*FIELDS, "direction", "debit", "credit", "status", "quantity", "balance_after")
_WHAT = {
    "id": "the id: none has a value of its own in each row",
    "type": "the type: none has a word in each row",
    "created_at": "the moment: none has a date or time of a known form in each row",
}
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "Euro": "EUR", "euro": "EUR", "EURO": "EUR"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """The reading that fits best."""

    transactions: dict[str, Json]
    balance: dict[str, Json]
    outcome: Outcome
    doubts: tuple[str, ...]
    """Why it is not proven, each as a sentence."""
    rivals: tuple[Outcome, ...] = ()
    """Other readings that fit as well and differ in money."""

    @property
    def is_proven(self) -> bool:
        """Whether the wallet proves it, and no other one."""
        return not self.doubts


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
    outcomes = list(outcomes_of(columns, evidence, settings, fields, make))
    if not outcomes:
        raise NotReadable("no field of the rows can be the amount, or debit and credit")
    outcome, rivals, why = chosen(outcomes, evidence)
    doubts += why
    currencies = sorted({row.currency for row in outcome.rows if row.currency})
    if len(currencies) > 1:
        doubts.append(f"rows are in several currencies ({', '.join(currencies)}), which no one balance sums up")
    mapped = {**fields, **outcome.fields}
    if outcome.running:
        mapped["balance_after"] = outcome.running.path
    transactions = {**settings, **outcome.settings}
    transactions["fields"] = {name: mapped[name] for name in _FIELD_NAMES if name in mapped}
    return Proposal(transactions, _balance(outcome, evidence), outcome, tuple(doubts), tuple(rivals))


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
