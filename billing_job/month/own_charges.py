"""Charges of one's own in a month: who owes them, and what of them is billed by now.

A client of a plan is one on the days on which it has a trunk, in the months whose plan that is: of months billed whole,
as they were recorded. Who enters the files after a month was closed owes nothing for it, and a charge that was billed
under a client's former id is not owed again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.rating.charge_periods import NUMBERS, TRUNKS, Charge, Days, NoIndexValue, intersection
from billing_job.billing.rating.own_charges import ChargeRow, Holding, Payer, charge_rows, row_id
from billing_job.core.moments import local_moment
from billing_job.core.period import Period
from billing_job.core.register import Assignment
from billing_job.ledger.billed_charges import BilledCharge, billed_charges
from billing_job.ledger.documents import closed_periods
from billing_job.month.charge_contradictions import contradictions, other_meanings, under_another_id
from billing_job.month.client_months import ClientMonths, client_months_of
from billing_job.month.job import Job

ALWAYS: Days = (date.min, date.max)
NOTHING_BILLED: Mapping[str, BilledCharge] = {}


@dataclass(frozen=True, slots=True)
class OwnCharges:
    """What charges.csv comes to by the run of a month."""

    rows: tuple[ChargeRow, ...] = ()
    """Every period that runs up to this one bill, whether it is billed or not."""
    billed: Mapping[str, BilledCharge] = field(default_factory=dict)
    """By id: all that is billed now, of charges that left the file as well."""
    problems: tuple[str, ...] = ()
    """Ids that mean something else than what was billed under them: nothing may be issued."""
    next_run: str = ""
    """The first month that no run billed whole: it bills what is open of the months before."""
    contradictions: tuple[str, ...] = ()
    """What was billed and would now be billed otherwise: nothing issued changes, somebody should look at it."""

    @property
    def open_rows(self) -> tuple[ChargeRow, ...]:
        """Those that no document settles."""
        return tuple(row for row in self.rows if row.transaction_id not in self.billed)


def own_charges(job: Job, until: Period, facts: Assignments | None = None) -> OwnCharges:
    """All charges that the runs up to this month bill; `facts` are the job's assignments where they are known."""
    billed = billed_charges(job.engine)
    if not job.charges and not billed:
        return OwnCharges()
    facts = facts or job.assignments()
    closed = closed_periods(job.engine)
    first = Period.parse(job.settings.billing.first_month or min({*closed, str(until)}))
    debtors = _Debtors(job, facts, closed, first, billed)
    rows: list[ChargeRow] = []
    problems = list(other_meanings(job, billed))
    for charge in job.charges:
        made = charge_rows(charge, debtors.payers(charge), first.first_day, str(until))
        try:
            rows += [debtors.under_billed_id(row) for row in made]
        except NoIndexValue as problem:
            problems.append(str(problem))
    problems += under_another_id(job, rows, billed)
    next_run = str(Period.parse(max(closed)).next) if closed else str(first)
    return OwnCharges(tuple(rows), billed, tuple(problems), next_run, tuple(contradictions(job, rows, billed)))


class _Debtors:
    """Who owes a charge, on which days, and what they held."""

    def __init__(
        self, job: Job, facts: Assignments, closed: set[str], first: Period, billed: Mapping[str, BilledCharge]
    ):
        self._job, self._facts, self._closed, self._first, self._billed = job, facts, closed, first, billed
        self._holdings = _holdings(job, facts) if any(charge[0].count for charge in job.charges) else {}
        self._of_plan: dict[str, list[Payer]] = {}
        self._stays: dict[str, list[Days]] = {}
        for fact in job.mapping.trunks:
            self._stays.setdefault(fact.client_id, []).append(_days(job, fact))

    @cached_property
    def _client_months(self) -> ClientMonths:
        return client_months_of(self._job, self._closed)

    def payers(self, charge: Sequence[Charge]) -> Sequence[Payer]:
        one = charge[0]
        if one.client_id:
            return [Payer(one.client_id, (ALWAYS,), self._holdings.get(one.client_id, ()))]
        if one.plan not in self._of_plan:
            stays = ((id_, tuple(self._days_of_plan(id_, one.plan))) for id_ in self._job.clients)
            self._of_plan[one.plan] = [Payer(id_, days, self._holdings.get(id_, ())) for id_, days in stays if days]
        return self._of_plan[one.plan]

    def under_billed_id(self, row: ChargeRow) -> ChargeRow:
        """The row under the id by which a plan's charge was billed to what the client was called then."""
        if row.charge.client_id or row.transaction_id in self._billed:
            return row
        for former in self._client_months.former_ids(row.client_id):
            id_ = row_id(row.charge, former, row.period.word)
            if id_ in self._billed:
                return row.under(id_)
        return row

    def _days_of_plan(self, client_id: str, plan: str) -> Iterator[Days]:
        """The days with a trunk in months of the plan: closed months one by one, the open ones by the files.

        What was before the first month is of that month's plan.
        """
        stays = self._stays.get(client_id, [])
        if not stays:
            return
        is_now = self._job.settings.plan(self._job.clients[client_id].plan).name == plan
        month, last = self._first, max([*self._closed, str(self._first.previous)])
        # Who had a trunk before the first month joined then, and owes nothing that was billed elsewhere.
        begins = date.min
        while str(month) <= last:
            owes = str(month) not in self._closed or self._client_months.owes(client_id, str(month))
            if owes and self._client_months.plan_name(client_id, str(month)) == plan:
                yield from _within(stays, (begins, month.next.first_day))
            month = month.next
            begins = month.first_day
        if is_now:
            yield from _within(stays, (begins, date.max))


def _within(stays: Iterable[Days], days: Days) -> Iterator[Days]:
    return (part for stay in stays if (part := intersection(stay, days)))


def _holdings(job: Job, facts: Assignments) -> dict[str, list[Holding]]:
    """What each client had, and when: its trunks, and the numbers on them; an order alone is no number."""
    found: dict[str, list[Holding]] = {}
    trunks: dict[str, list[tuple[str, str, Days]]] = {}
    for fact in facts.trunk_facts:
        name, days = facts.trunk_names.get(fact.trunk, fact.trunk), _days(job, fact)
        trunks.setdefault(name, []).append((fact.client_id, fact.trunk, days))
        found.setdefault(fact.client_id, []).append(Holding(name, frozenset({TRUNKS}), fact.trunk, days))
    for number in facts.number_facts:
        name = facts.identity_of.get(number.number or number.did_number_id, "")
        words = frozenset({NUMBERS, number.country.lower(), number.number_type.lower()} - {""})
        for client_id, trunk, days in trunks.get(facts.trunk_names.get(number.trunk, number.trunk), ()):
            held = intersection(days, _days(job, number))
            if name and held:
                found.setdefault(client_id, []).append(Holding(name, words, trunk, held))
    return found


def _days(job: Job, fact: Assignment) -> Days:
    """The days on which a fact holds; what an event told to the moment holds on each day that it touches."""
    zone = job.settings.billing.zone
    first, end = fact.valid_from or date.min, fact.valid_to or date.max
    if fact.starts is not None:
        first = local_moment(fact.starts, zone).date()
    if fact.ends is not None:
        end = local_moment(fact.ends - 1, zone).date() + timedelta(days=1)
    return first, end
