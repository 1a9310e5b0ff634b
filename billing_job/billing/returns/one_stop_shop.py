"""The One Stop Shop return, in euros, and the threshold of sales to consumers abroad from which it is due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_job.billing.returns.taxed_shares import TaxedShare
from billing_job.core.countries import EU, taxed_as
from billing_job.core.money import exchanged_from_cents
from billing_job.core.target_days import next_target_day
from billing_job.core.tax_period import TaxPeriod

EURO = "EUR"
THRESHOLD_CENTS = {"EUR": 1_000_000, "PLN": 4_200_000, "RON": 4_633_700, "SEK": 9_968_000}
"""Sales a year to consumers of other member states, up to which the seller may charge its own VAT (Article 59c).

In other money what the country made of EUR 10,000: PL ustawa o VAT art. 28k, RO Codul fiscal art. 278^1 and the
instructions of form 300, SE Skatteverket, Rättslig vägledning 2021.6. What has no source is not known.
"""
EuroRates = Mapping[tuple[str, date], Decimal]
"""(currency, day) → what one euro is in it, as the ECB publishes it."""
NO_EURO_RATES: EuroRates = {}


@dataclass(frozen=True, slots=True, order=True)
class EuroRate:
    """A publication of the ECB that a return needs: the euro's rate in a currency on a day."""

    day: date
    currency: str


@dataclass(frozen=True, slots=True)
class OssRow:
    """A row of the One Stop Shop return; `correction_of` is the earlier quarter that it corrects, empty for none."""

    country: str
    rate: Decimal
    net_cents: int | None
    """Euro cents; None, as the VAT, where a rate to the euro is not known."""
    vat_cents: int | None
    correction_of: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """Sales to consumers of other member states, net, in the year up to the period's end, and in the one before."""

    year: int
    net_cents: int
    previous_net_cents: int
    limit_cents: int | None
    """None where the limit in the money of the return is not known."""
    home_taxed_clients: tuple[str, ...]
    """Clients of the period that were charged the seller's own VAT."""

    @property
    def exceeded(self) -> bool:
        """Whether the client's country has the VAT: from the sale on that crosses it, and the whole year after."""
        return self.limit_cents is not None and max(self.net_cents, self.previous_net_cents) > self.limit_cents


def euro_rate_day(quarter: TaxPeriod) -> date:
    """The day whose rate converts a quarter: its last, or the next on which the ECB publishes (Article 369h(2))."""
    return next_target_day(quarter.last_day)


def oss_rows(shares: Iterable[TaxedShare], rates: EuroRates = NO_EURO_RATES) -> tuple[list[OssRow], list[EuroRate]]:
    """By country, rate and corrected quarter, the period's own sales first; and the publications that are missing.

    What corrects a quarter is exchanged as that quarter was. Each currency of a row is exchanged once, to the cent
    (Implementing Regulation (EU) 282/2011 Article 60 allows no other rounding).
    """
    sums: dict[tuple[str, str, Decimal], dict[EuroRate, tuple[int, int]]] = {}
    for share in shares:
        if share.case == "OSS":
            quarter = TaxPeriod.quarter_of(share.supplied if share.correction_of else share.declared)
            money = EuroRate(euro_rate_day(quarter), share.currency)
            parts = sums.setdefault((share.correction_of, share.country, share.rate), {})
            net, vat = parts.get(money, (0, 0))
            parts[money] = net + share.booked_net_cents, vat + share.booked_vat_cents
    rows, missing = [], set()
    for (quarter_text, country, rate), parts in sorted(sums.items(), key=lambda each: each[0]):
        parts = {money: cents for money, cents in parts.items() if any(cents)}
        lacking = {money for money in parts if money.currency != EURO and (money.currency, money.day) not in rates}
        missing |= lacking
        if lacking:
            rows.append(OssRow(country, rate, None, None, quarter_text))
            continue
        euros = [_in_euros(cents, money, rates) for money, cents in parts.items()]
        net, vat = sum(net for net, _ in euros), sum(vat for _, vat in euros)
        if net or vat:
            rows.append(OssRow(country, rate, net, vat, quarter_text))
    return rows, sorted(missing)


def threshold(shares: Iterable[TaxedShare], country: str, period: TaxPeriod, currency: str = EURO) -> Threshold | None:
    """What consumers of other member states were charged by the period's end, whichever country has the VAT.

    By the month of the supply: what comes later crosses nothing before. None for a seller outside the EU; `currency` is
    that of the return.
    """
    home = taxed_as(country)
    if home not in EU:
        return None
    months, year = period.months, period.first.year
    nets = {year: 0, year - 1: 0}
    home_taxed: dict[str, None] = {}
    for share in shares:
        abroad = share.country in EU and share.country != home
        if abroad and share.case in ("S", "OSS") and share.supplied.year in nets and share.supplied <= months[-1]:
            nets[share.supplied.year] += share.net_cents
            if share.case == "S" and share.supplied in months:
                home_taxed[share.client_id] = None
    return Threshold(year, nets[year], nets[year - 1], THRESHOLD_CENTS.get(currency), tuple(home_taxed))


def _in_euros(cents: tuple[int, int], money: EuroRate, rates: EuroRates) -> tuple[int, int]:
    if money.currency == EURO:
        return cents
    rate = rates[money.currency, money.day]
    return exchanged_from_cents(cents[0], rate), exchanged_from_cents(cents[1], rate)
