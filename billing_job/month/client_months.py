"""The terms that each client's month is billed by: as recorded at its first issue, otherwise as the files are.

A month belongs to whoever bore it first: a client that was given another id since goes on under the terms, the fee and
the minimum that were billed under the old one.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from billing_job.billing.invoicing.tax import Untaxable, vat_of
from billing_job.billing.rating.charge_periods import fee_for_days
from billing_job.billing.rating.plans import Amounts, Plan
from billing_job.billing.rating.tariff import EVERY_CLIENT, DatedPrice, MonthTariff
from billing_job.core.document import Vat
from billing_job.core.money import cents_from_decimal
from billing_job.core.period import Period
from billing_job.core.settlement import MonthTerms, Owner
from billing_job.core.supplies import supply_of
from billing_job.core.vat_evidence import RecordedAnswer
from billing_job.ledger.billed_months import billed_trunks
from billing_job.ledger.documents import closed_periods, heading_of_month
from billing_job.ledger.freed import FreedMonths, freed_months
from billing_job.ledger.month_terms import borne_months, recorded_terms
from billing_job.ledger.vies_answers import latest_answers
from billing_job.month.job import Job
from billing_job.month.terms_as_text import plan_and_prices, terms_text
from billing_job.month.trunk_months import TrunkMonths
from billing_job.month.vat_ids import rests_on_vies, without_evidence


@dataclass(frozen=True)
class ClientMonths:
    """What the ledger recorded of some months, beside what the files say of them now."""

    job: Job
    recorded: Mapping[Owner, MonthTerms]
    borne: Mapping[tuple[str, str, str], str]
    """(trunk, since, month) → the client that bore or owes it."""
    closed: Collection[str]
    vies: Mapping[str, RecordedAnswer]
    """What VIES last said, by VAT id."""
    freed: FreedMonths = field(default_factory=FreedMonths, kw_only=True)
    """What credit notes freed: it is billed again by the files as they are."""

    def account(self, client_id: str, month: str) -> str:
        """The client under which the month was first billed: the client itself, or what it was called then.

        Of several that became one, each of which bore the month, it is one: what was freed is owed before the others.
        """
        if (client_id, month) in self.recorded:
            return client_id
        if client_id not in self.trunk_months.of_clients:
            return self.accounts_billed([(client_id, month)])[client_id, month]
        return self._one_of(self.trunk_months.bearers(client_id, month), client_id, month)

    def accounts_billed(self, owners: Collection[Owner]) -> dict[Owner, str]:
        """The accounts of what was billed of these months, also under ids that the files no longer have."""
        wanted = {owner for owner in owners if owner not in self.recorded and owner not in self._trunks_billed}
        if wanted:
            known = billed_trunks(self.job.engine, wanted)
            self._trunks_billed.update({owner: known.get(owner, (set(), set())) for owner in wanted})
        found = {}
        for client_id, month in owners:
            trunks, accounts = self._trunks_billed.get((client_id, month), ((), ()))
            bore = {*accounts, *(id_ for trunk in trunks for id_ in self.trunk_months.bearers_of_trunk(trunk, month))}
            otherwise = self.account(client_id, month) if client_id in self.trunk_months.of_clients else client_id
            found[client_id, month] = self._one_of(bore, otherwise, month)
        return found

    def _one_of(self, earlier: Collection[str], otherwise: str, month: str) -> str:
        """Of these ids the one whose month was recorded."""
        if (otherwise, month) in self.recorded:
            return otherwise
        known = ((id_, month) for id_ in earlier if (id_, month) in self.recorded)
        freed = self.freed.owners
        return min(known, key=lambda owner: (owner not in freed, owner), default=(otherwise, month))[0]

    def has_terms(self, client_id: str, month: str) -> bool:
        """Whether the month was issued before, whatever the client was called then."""
        return (self.account(client_id, month), month) in self.recorded

    def terms(self, client_id: str, month: str) -> MonthTerms | None:
        """What was recorded of the month, where it holds: not of one that was undone whole to be billed anew."""
        return None if self.is_undone(client_id, month) else self.recorded.get((self.account(client_id, month), month))

    def is_undone(self, client_id: str, month: str) -> bool:
        """Whether nothing of the month is billed any more, and the files say what is."""
        return client_id in self.job.clients and (self.account(client_id, month), month) in self.freed.whole

    def owes(self, client_id: str, month: str) -> bool:
        """Whether fee and minimum are asked for the month: it was borne, or it is still open and has a trunk."""
        if month < (self.job.settings.billing.first_month or ""):
            return False
        held = self.trunk_months.held(client_id, month)
        if month not in self.closed and held:
            return True
        if self.is_undone(client_id, month):
            return bool(held)
        if any(key in self.borne for key in held):
            return True
        return (self.account(client_id, month), month) in self.trunk_months.owners

    def left_out(self, before: Period) -> set[Owner]:
        """Closed months that clients of the files bore and were never billed for: they could not be taxed then."""
        return {
            (client_id, month)
            for month in sorted({month for _, _, month in self.borne if month in self.closed})
            if month < str(before)
            for client_id in self.trunk_months.of_clients
            if any(key[0] and key in self.borne for key in self.trunk_months.held(client_id, month))
            if not self.has_terms(client_id, month) and self.owes(client_id, month)
        }

    def freed_since(self, before: Period) -> set[Owner]:
        """Older months of clients of the files of which fee, minimum or everything was freed."""
        return self.present({owner for owner in self.freed.owners if owner[1] < str(before)})

    def present(self, accounts: Collection[Owner]) -> set[Owner]:
        """These months under the ids that the files give their clients by now."""
        return {
            (client_id, month)
            for account, month in accounts
            for client_id in self.trunk_months.of_clients
            if client_id in self.job.clients and self.account(client_id, month) == account
        }

    def plan(self, client_id: str, month: str) -> Plan:
        """The plan that the month was billed by, but for a freed fee or minimum; else as the files have it."""
        terms = self.terms(client_id, month)
        if terms is None:
            return self.plan_now(client_id, month)
        plan = plan_and_prices(terms.terms, client_id).plan
        owner = (self.account(client_id, month), month)
        minimums = self.freed.minimums.get(owner, ())
        if (owner not in self.freed.fees and not minimums) or client_id not in self.job.clients:
            return plan
        now = self.plan_anew(client_id, month)
        changed: dict[str, object] = {}
        if owner in self.freed.fees:
            changed |= {"monthly_fee": now.monthly_fee, "monthly_fee_prorate": now.monthly_fee_prorate}
        if "" in minimums:
            changed["minimum"] = now.minimum
        stay = {name: least for name, least in plan.category_minimum.items() if name not in minimums}
        anew = {name: least for name, least in now.category_minimum.items() if name in minimums}
        return plan.model_copy(update={**changed, "category_minimum": Amounts({**stay, **anew})})

    def plan_anew(self, client_id: str, month: str) -> Plan:
        """The plan by which a fee or a minimum that was freed is asked again."""
        return self.plan_now(client_id, month)

    def plan_name(self, client_id: str, month: str) -> str:
        """What the plan was called by which the month was first billed, else what the files call it."""
        terms = self.terms(client_id, month)
        if terms is None:
            client = self.job.clients.get(client_id)
            return self.job.settings.plan(client.plan if client is not None else "").name
        if terms.terms not in self._names:
            self._names[terms.terms] = str(json.loads(terms.terms)["plan"]["name"])
        return self._names[terms.terms]

    def former_ids(self, client_id: str) -> list[str]:
        """What the files called a client before: who bore months of its trunks and is no client any more."""
        return sorted(self.trunk_months.ever_bore(client_id) - set(self.job.clients))

    def plan_now(self, client_id: str, month: str) -> Plan:
        """The plan as the files give it for that month."""
        client = self.job.clients.get(client_id)
        plan = self.job.settings.plan(client.plan if client is not None else "")
        return plan.of_month(Period.parse(month).first_day) if plan.versions else plan

    def vat(self, client_id: str, month: str) -> Vat | Untaxable:
        """How the client is taxed for the month, as it was first; else by the files and the month's last day."""
        terms = self.terms(client_id, month)
        if terms is None or terms.vat.supply is not None:
            return self.vat_now(client_id, month) if terms is None else terms.vat
        # Months of before the supply was kept: as their documents have the client.
        heading = heading_of_month(self.job.engine, terms.client_id, month)
        return terms.vat if heading is None else replace(terms.vat, supply=supply_of(heading, terms.vat))

    def vat_now(self, client_id: str, month: str) -> Vat | Untaxable:
        """How the files tax the client for the month."""
        client = self.job.clients[client_id]
        found = vat_of(client, self.job.tax_rules, Period.parse(month).last_day)
        if self.job.settings.tax.vies == "require" and rests_on_vies(client, self.job, found):
            return without_evidence(client, self.vies) or found
        return found

    def tariffs(self, owners: Collection[Owner], *, now: bool) -> dict[Owner, MonthTariff]:
        """Plan and prices of months that are not priced by the files as they stand; with `now` only dated plans are."""
        found = {}
        dated = any(plan.versions for plan in self.job.settings.plans)
        for client_id, month in owners:
            terms = None if now else self.terms(client_id, month)
            if terms is not None:
                found[client_id, month] = plan_and_prices(terms.terms, client_id)
            elif dated:
                found[client_id, month] = MonthTariff(self.plan_now(client_id, month), self._prices(client_id))
        return found

    def fresh_terms(self, owners: Iterable[Owner]) -> list[MonthTerms]:
        """What is to be recorded of months that are billed for the first time, or anew; untaxable ones are left out."""
        found = []
        freed = self.freed.owners
        for client_id, month in sorted(owners):
            account = self.account(client_id, month)
            terms = self.terms(client_id, month)
            if client_id not in self.job.clients or (terms is not None and (account, month) not in freed):
                continue
            vat = self.vat(client_id, month)
            if isinstance(vat, Vat):
                found.append(MonthTerms(account, month, self._text_to_record(client_id, month, terms), vat))
        return found

    def _text_to_record(self, client_id: str, month: str, terms: MonthTerms | None) -> str:
        if terms is None:
            return self._terms_text(client_id, month)
        prices = plan_and_prices(terms.terms, client_id).prices
        return terms_text(MonthTariff(self.plan(client_id, month), prices))

    def fee_cents(self, client_id: str, month: str, plan: Plan) -> int:
        """The fee of a month that is owed: whole, or for the days on which the client has a trunk."""
        cents = cents_from_decimal(plan.monthly_fee)
        if plan.monthly_fee_prorate == "none":
            return cents
        days = [
            (fact.valid_from or date.min, fact.valid_to or date.max)
            for fact in self.trunk_months.of_clients.get(client_id, ())
        ]
        return fee_for_days(cents, days, Period.parse(month))

    @cached_property
    def trunk_months(self) -> TrunkMonths:
        """Whose trunk is whose, and who bore its months."""
        return TrunkMonths(self.job.mapping.trunks, self.borne)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {}

    @cached_property
    def _trunks_billed(self) -> dict[Owner, tuple[Collection[str], Collection[str]]]:
        return {}

    @cached_property
    def _everybodys(self) -> tuple[DatedPrice, ...]:
        return tuple(price for price in self.job.prices if price.client_id == EVERY_CLIENT)

    def _prices(self, client_id: str) -> tuple[DatedPrice, ...]:
        own = tuple(price for price in self.job.prices if price.client_id == client_id)
        return (*own, *self._everybodys)

    @cached_property
    def _texts(self) -> dict[tuple[str, str, bool], str]:
        return {}

    def _terms_text(self, client_id: str, month: str) -> str:
        own = any(price.client_id == client_id for price in self.job.prices)
        client = self.job.clients[client_id]
        key = (client_id if own else client.plan, month, own)
        if key not in self._texts:
            self._texts[key] = terms_text(MonthTariff(self.plan_now(client_id, month), self._prices(client_id)))
        return self._texts[key]


def client_months_of(job: Job, months: Collection[str], clients: Collection[str] | None = None) -> ClientMonths:
    """What is recorded of these months and of freed ones: of all clients, or of these and what they were called."""
    freed = freed_months(job.engine)
    months = {*months, *(month for _, month in freed.owners)}
    trunks = None if clients is None else {fact.trunk for fact in job.mapping.trunks if fact.client_id in clients}
    borne = borne_months(job.engine, months, trunks)
    known = None if clients is None else {*clients, *borne.values()}
    return ClientMonths(
        job,
        recorded_terms(job.engine, months, known),
        borne,
        closed_periods(job.engine),
        latest_answers(job.engine),
        freed=freed,
    )
