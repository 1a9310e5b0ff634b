"""By what a client's month would be billed under other plans or prices: as it was, but for what is asked instead."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from billing_job.billing.invoicing.tax import Untaxable
from billing_job.billing.rating.plans import Plan
from billing_job.billing.rating.tariff import EVERY_CLIENT, DatedPrice, MonthTariff
from billing_job.core.document import Vat
from billing_job.core.period import Period
from billing_job.core.settlement import MonthTerms, Owner
from billing_job.month.client_months import ClientMonths
from billing_job.month.terms_as_text import plan_and_prices, terms_text


@dataclass(frozen=True, slots=True)
class Instead:
    """What is asked instead of what was: plans by their names, and the price list; where they say nothing, the same."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    prices: tuple[DatedPrice, ...] | None = None


@dataclass(frozen=True)
class OtherClientMonths(ClientMonths):
    """Those of the ledger apart: a month of which it has no record is as it was recorded, but for what is asked."""

    was: Mapping[Owner, MonthTerms]
    """What months were billed by, as far as they are billed once more."""
    first: str
    """The month from which on it is asked."""
    instead: Instead
    corrected: Collection[Owner]
    """Months of which rows that a credit note freed were billed at another price."""

    def plan(self, client_id: str, month: str) -> Plan:
        """The plan by which the month was first billed in this ledger, else the one that is asked for it."""
        if self.terms(client_id, month) is not None:
            return super().plan(client_id, month)
        return self._at_first(client_id, month).plan

    def plan_anew(self, client_id: str, month: str) -> Plan:
        """The plan that was recorded when fee or minimum were billed again, or the one that is asked for it."""
        return self._at_first(client_id, month).plan

    def plan_now(self, client_id: str, month: str) -> Plan:
        """The plan of rows that a credit note freed."""
        return self._again(client_id, month).plan

    def vat_now(self, client_id: str, month: str) -> Vat | Untaxable:
        """How the month was taxed, else how the files tax it."""
        known = self.was.get((client_id, month))
        return super().vat_now(client_id, month) if known is None else known.vat

    def tariffs(self, owners: Collection[Owner], *, now: bool) -> dict[Owner, MonthTariff]:
        """Plan and prices of each of these months."""
        found = {} if now else super().tariffs(owners, now=False)
        for owner in owners:
            if now or self.terms(*owner) is None:
                found[owner] = self._again(*owner) if now else self._at_first(*owner)
        return found

    def _terms_text(self, client_id: str, month: str) -> str:
        return terms_text(self._at_first(client_id, month))

    def _at_first(self, client_id: str, month: str) -> MonthTariff:
        """What a month is billed by of which nothing is billed yet."""
        known = self.was.get((client_id, month))
        if known is None:
            return self._again(client_id, month)
        tariff = plan_and_prices(known.terms, client_id)
        prices = self._instead_prices(client_id, month)
        return MonthTariff(
            self._instead_plan(tariff.plan.name, month) or tariff.plan, tariff.prices if prices is None else prices
        )

    def _again(self, client_id: str, month: str) -> MonthTariff:
        """What a row is billed by that a credit note freed: where that was another price, as the files are by now."""
        known = self.was.get((client_id, month))
        if known is not None and (client_id, month) not in self.corrected:
            return self._at_first(client_id, month)
        now = super().plan_now(client_id, month)
        if known is not None:
            was = plan_and_prices(known.terms, client_id).plan
            files = {plan.name: plan for plan in self.job.settings.plans}
            now = files[was.name].of_month(Period.parse(month).first_day) if was.name in files else was
        prices = self._instead_prices(client_id, month)
        return MonthTariff(
            self._instead_plan(now.name, month) or now, self._prices(client_id) if prices is None else prices
        )

    def _instead_plan(self, name: str, month: str) -> Plan | None:
        plan = self.instead.plans.get(name) if month >= self.first else None
        return None if plan is None else plan.of_month(Period.parse(month).first_day)

    def _instead_prices(self, client_id: str, month: str) -> tuple[DatedPrice, ...] | None:
        if self.instead.prices is None or month < self.first:
            return None
        return tuple(price for price in self.instead.prices if price.client_id in (client_id, EVERY_CLIENT))


def present_names(client_months: ClientMonths, clients: Collection[str]) -> dict[str, str]:
    """What each client is called by now; several that became one keep the ids that they were billed by."""
    names = {client_id: client_id for client_id in clients}
    months: dict[str, set[str]] = defaultdict(set)
    for client_id, month in client_months.recorded:
        months[client_id].add(month)
    for client_id in client_months.job.clients:
        formers = [former for former in client_months.former_ids(client_id) if former in names]
        together = [months[each] for each in (client_id, *formers)]
        if sum(map(len, together)) == len(set().union(*together)):
            names |= dict.fromkeys(formers, client_id)
    return names
