"""A period's VAT return, EC sales list and One Stop Shop return, and what ties them to the journal.

All are sums over the same shares of issued documents, so that they cannot contradict each other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_job.billing.returns.boxes import Box, BoxRow, box_names, boxes_of, by_case_and_rate
from billing_job.billing.returns.one_stop_shop import (
    EURO,
    NO_EURO_RATES,
    EuroRate,
    EuroRates,
    OssRow,
    Threshold,
    oss_rows,
    threshold,
)
from billing_job.billing.returns.taxed_shares import TaxedShare
from billing_job.billing.returns.whole_units import UnitRule, in_whole_units, unit_rules
from billing_job.core.money import rate_text
from billing_job.core.period import Period
from billing_job.core.tax_period import TaxPeriod
from billing_job.core.vat_posting import Figure, VatPosting


@dataclass(frozen=True, slots=True)
class EcSale:
    """A row of the EC sales list; cents."""

    vat_id: str
    country: str
    net_cents: int


@dataclass(frozen=True, slots=True)
class TiedAccount:
    """The journal's figure of a case and rate in the period's months, and what leads from it to the return's.

    All in the money of the journal's documents.
    """

    figure: Figure
    case: str
    rate: str
    currency: str
    accounts: str
    journal_cents: int
    elsewhere_cents: int
    """Booked in the period and declared in another one: taken off."""
    from_elsewhere_cents: int
    """Booked in another period and declared in this one: added."""
    return_cents: int
    exchanged_cents: int
    """What the return has of it in its own money; the same where there is one money only."""

    @property
    def holds(self) -> bool:
        """Whether the two are tied to the cent."""
        return self.journal_cents - self.elsewhere_cents + self.from_elsewhere_cents == self.return_cents


@dataclass(frozen=True, slots=True)
class TimeDifference:
    """A share that the journal has in another month than the return, where one of the two is in the period."""

    number: str
    case: str
    rate: Decimal
    booked: Period
    declared: Period
    currency: str
    net_cents: int
    """In the document's money, as is the VAT."""
    vat_cents: int


@dataclass(frozen=True, slots=True)
class VatReturn:
    """All that is declared for a period."""

    period: TaxPeriod
    country: str
    currency: str
    """The money of the return: the country's, or the documents' where the country's is not known."""
    boxes: tuple[Box, ...]
    unit_sources: tuple[str, ...]
    """Where it stands that figures are typed in as whole units; empty where the form wants cents."""
    by_case: tuple[Box, ...]
    ec_sales: tuple[EcSale, ...]
    oss: tuple[OssRow, ...]
    """In euros, whatever the return is in."""
    missing_rates: tuple[EuroRate, ...]
    """The ECB's publications without which rows of `oss` have no amounts."""
    threshold: Threshold | None
    """None for a seller outside the EU."""
    tied: tuple[TiedAccount, ...]
    differences: tuple[TimeDifference, ...]
    shares: tuple[TaxedShare, ...]
    """What the figures are the sums of, in the order of the documents."""
    boxes_of_share: tuple[str, ...]
    """Of each share: the boxes that hold it."""

    @property
    def is_nil(self) -> bool:
        """Whether there is nothing to declare; it has to be filed all the same."""
        return not self.shares


def vat_return(
    period: TaxPeriod,
    country: str,
    shares: Sequence[TaxedShare],
    booked: Iterable[VatPosting],
    rows: Sequence[BoxRow],
    *,
    units: Iterable[UnitRule] = (),
    currency: str = EURO,
    euro_rates: EuroRates = NO_EURO_RATES,
) -> VatReturn:
    """The return of a seller's country for a period; `shares` and `booked` are of all documents that may matter."""
    months = set(period.months)
    mine = [share for share in shares if share.declared in months]
    held = unit_rules(units, country, period.last_day)
    oss, missing = oss_rows(mine, euro_rates)
    return VatReturn(
        period=period,
        country=country,
        currency=currency,
        boxes=tuple(in_whole_units(boxes_of(rows, mine, country, period.last_day), held)),
        unit_sources=tuple(dict.fromkeys(rule.source for rule in held.values())),
        by_case=tuple(by_case_and_rate(mine)),
        ec_sales=tuple(ec_sales(mine)),
        oss=tuple(oss),
        missing_rates=tuple(missing),
        threshold=threshold(shares, country, period, currency),
        tied=tuple(_tied(months, shares, booked)),
        differences=tuple(_differences(months, shares)),
        shares=tuple(mine),
        boxes_of_share=tuple(box_names(rows, mine, country, period.last_day)),
    )


def ec_sales(shares: Iterable[TaxedShare]) -> list[EcSale]:
    """Services under reverse charge by the buyer's VAT id; an id whose sales come to nothing is not listed."""
    nets: dict[str, int] = {}
    country: dict[str, str] = {}
    for share in shares:
        if share.case == "AE":
            nets[share.vat_id] = nets.get(share.vat_id, 0) + share.net_cents
            country.setdefault(share.vat_id, share.country)
    return [EcSale(vat_id, country[vat_id], nets[vat_id]) for vat_id in sorted(nets) if nets[vat_id]]


_Key = tuple[Figure, str, str, str]


def _tied(months: set[Period], shares: Iterable[TaxedShare], booked: Iterable[VatPosting]) -> list[TiedAccount]:
    accounts: dict[_Key, dict[str, None]] = {}
    journal: dict[_Key, int] = {}
    for each in booked:
        if Period.of(each.issue_date) in months:
            key = (each.figure, each.case, each.rate, each.currency)
            accounts.setdefault(key, {})[f"{each.account} {each.account_name}".strip()] = None
            journal[key] = journal.get(key, 0) + each.cents
    elsewhere: dict[_Key, int] = {}
    from_elsewhere: dict[_Key, int] = {}
    declared: dict[_Key, int] = {}
    exchanged: dict[_Key, int] = {}
    for share in shares:
        here, booked_here = share.declared in months, Period.of(share.issue_date) in months
        for figure, cents, in_return in _figures(share):
            key = (figure, share.booked_case, rate_text(share.rate), share.currency)
            if here:
                declared[key] = declared.get(key, 0) + cents
                exchanged[key] = exchanged.get(key, 0) + in_return
            if here != booked_here:
                moved = from_elsewhere if here else elsewhere
                moved[key] = moved.get(key, 0) + cents
    keys = sorted({*journal, *declared, *elsewhere})
    return [
        TiedAccount(
            *key,
            ", ".join(accounts.get(key, ())),
            journal.get(key, 0),
            elsewhere.get(key, 0),
            from_elsewhere.get(key, 0),
            declared.get(key, 0),
            exchanged.get(key, 0),
        )
        for key in keys
    ]


def _figures(share: TaxedShare) -> list[tuple[Figure, int, int]]:
    figures: list[tuple[Figure, int, int]] = [
        ("net", share.booked_net_cents, share.net_cents),
        ("vat", share.booked_vat_cents, share.vat_cents),
    ]
    return [each for each in figures if each[1]]


def _differences(months: set[Period], shares: Iterable[TaxedShare]) -> list[TimeDifference]:
    return [
        TimeDifference(
            share.number,
            share.case,
            share.rate,
            booked,
            share.declared,
            share.currency,
            share.booked_net_cents,
            share.booked_vat_cents,
        )
        for share in shares
        if (share.declared in months) != ((booked := Period.of(share.issue_date)) in months)
    ]
