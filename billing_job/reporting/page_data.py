"""What the month's page says: frozen values, and how sums by month become shares that a chart can show."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.document import Kind
from billing_job.core.period import Period
from billing_job.core.sums import Flow, Sum
from billing_job.core.wallet import Balance
from billing_job.receivables.open_items import Receivables
from billing_job.reporting.exceptions_csv import Waiting

MONTHS_SHOWN = 12
SHARES_SHOWN = 10
"""Names with a bar of their own; all others together are one more row."""
MOVERS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class MonthSum:
    """Cost in micros and net charge in cents of one month."""

    month: str
    cost_micros: int
    charge_cents: int


@dataclass(frozen=True, slots=True)
class Share:
    """A client's or a category's part of every month shown, micros and cents, in the order of the report's months."""

    name: str
    cost_micros: tuple[int, ...]
    charge_cents: tuple[int, ...]
    is_rest: bool = False
    """All those together that have no row of their own."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A client whose net charge changed since the month before, in cents."""

    name: str
    before_cents: int
    now_cents: int

    @property
    def change_cents(self) -> int:
        """How much more it is charged now."""
        return self.now_cents - self.before_cents


@dataclass(frozen=True, slots=True)
class Wallet:
    """The wallet's proof, in wallet micros: opening + before + within + after + undated = balance, or a difference."""

    opening_micros: int
    before: Sum
    within: Mapping[str, Sum]
    """By category, in the month."""
    after: Sum
    undated: Sum
    balance: Balance | None
    """As the supplier last said; None before a sync, or when it is of another currency."""

    @property
    def explained_micros(self) -> int:
        """What the wallet must hold if nothing is missing."""
        parts = (self.before, *self.within.values(), self.after, self.undated)
        return self.opening_micros + sum(part.micros for part in parts)

    @property
    def difference_micros(self) -> int | None:
        """What the balance has more than the movements explain; None when the balance is unknown."""
        return None if self.balance is None else self.balance.micros - self.explained_micros


@dataclass(frozen=True, slots=True)
class Place:
    """Where transactions of the month went, and how many of how many wallet micros."""

    name: str
    sum: Sum


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document of the month with what it cost, in micros; `files` are paths relative to the page, by kind."""

    number: str
    kind: Kind
    client_id: str
    client_name: str
    issue_date: date
    due_date: date
    net_cents: int
    vat_cents: int
    gross_cents: int
    cost_micros: int
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to look at, and the command that shows it, where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the month's page; the same ledger and the same day give the same values."""

    month: Period
    seller: str
    currency: str
    months: tuple[MonthSum, ...]
    """At most twelve, the report's month last; it is there even when nothing happened."""
    by_client: tuple[Share, ...]
    by_category: tuple[Share, ...]
    movers: tuple[Mover, ...]
    """The largest change first; none in a ledger's first month."""
    wallet: Wallet
    places: tuple[Place, ...]
    transactions: Sum
    """The month's own; the places add up to it."""
    waiting: tuple[Waiting, ...]
    """Longest first."""
    anomalies: tuple[Notice, ...]
    documents: tuple[DocumentRow, ...]
    files: tuple[str, ...]
    """The month's other files, relative to the page."""
    owed: Receivables | None = None
    """What clients owe as of the newest day that is known; None while no statement of the bank was read."""
    received_cents: int = 0
    """What came in within the calendar month, less what was returned or paid back."""


def months_back(month: Period) -> Period:
    """The first of the twelve months that end with this one."""
    for _ in range(MONTHS_SHOWN - 1):
        month = month.previous
    return month


def month_sums(month: Period, flows: Iterable[Flow]) -> tuple[MonthSum, ...]:
    """The sums of the last twelve months, from the first one in which anything happened."""
    sums: dict[str, list[int]] = {}
    period = months_back(month)
    while period <= month:
        sums[str(period)] = [0, 0]
        period = period.next
    first = str(month)
    for flow in flows:
        sums[flow.month][0] += flow.cost_micros
        sums[flow.month][1] += flow.charge_cents
        first = min(first, flow.month)
    return tuple(MonthSum(name, cost, charge) for name, (cost, charge) in sums.items() if name >= first)


def shares(
    flows: Iterable[Flow], months: Sequence[MonthSum], key: Callable[[Flow], str], names: Mapping[str, str]
) -> tuple[Share, ...]:
    """The flows by `key`, the month's largest charge first; those beyond SHARES_SHOWN are added up as one share.

    `names` says what a key is called. A single one beyond the limit keeps its own name.
    """
    column = {month.month: place for place, month in enumerate(months)}
    sums: dict[str, tuple[list[int], list[int]]] = {}
    for flow in flows:
        cost, charge = sums.setdefault(key(flow), ([0] * len(column), [0] * len(column)))
        cost[column[flow.month]] += flow.cost_micros
        charge[column[flow.month]] += flow.charge_cents
    ranked = sorted(sums, key=lambda each: (-sums[each][1][-1], -sum(sums[each][1]), -sum(sums[each][0]), each))
    shown = len(ranked) if len(ranked) <= SHARES_SHOWN + 1 else SHARES_SHOWN
    found = [Share(names[each], tuple(sums[each][0]), tuple(sums[each][1])) for each in ranked[:shown]]
    rest = [sums[each] for each in ranked[shown:]]
    if rest:
        cost_micros = tuple(map(sum, zip(*(cost for cost, _ in rest), strict=True)))
        charge_cents = tuple(map(sum, zip(*(charge for _, charge in rest), strict=True)))
        found.append(Share(f"All {len(rest):,} others", cost_micros, charge_cents, is_rest=True))
    return tuple(found)


def movers(flows: Iterable[Flow], months: Sequence[MonthSum], names: Mapping[str, str]) -> tuple[Mover, ...]:
    """The clients whose charge changed most since the month before, up or down, at most MOVERS_SHOWN.

    `names` says what a client is called.
    """
    if len(months) < 2:
        return ()
    compared = {months[-2].month: 0, months[-1].month: 1}
    nets: dict[str, list[int]] = {}
    for flow in flows:
        if flow.month in compared:
            nets.setdefault(flow.client_id, [0, 0])[compared[flow.month]] += flow.charge_cents
    found = [(client_id, Mover(names[client_id], before, now)) for client_id, (before, now) in nets.items()]
    found = [(client_id, mover) for client_id, mover in found if mover.change_cents]
    ranked = sorted(found, key=lambda each: (-abs(each[1].change_cents), each[0]))
    return tuple(mover for _, mover in ranked[:MOVERS_SHOWN])


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Key → name, with the key beside a name that two of them have."""
    often = Counter(names.values())
    return {key: f"{name} ({key})" if often[name] > 1 else name for key, name in names.items()}
