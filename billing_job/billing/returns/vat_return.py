"""A period's VAT return, EC sales list and One Stop Shop return, and what ties them to the journal.

All are sums over the same shares of issued documents, so that they cannot contradict each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_job.billing.returns.boxes import Box, BoxRow, Figure, box_names, boxes_of, by_case_and_rate
from billing_job.billing.returns.taxed_shares import TaxedShare
from billing_job.core.countries import EU, taxed_as
from billing_job.core.money import rate_text
from billing_job.core.period import Period
from billing_job.core.tax_period import TaxPeriod

THRESHOLD_CENTS = 1_000_000
"""Sales a year to consumers of other member states, up to which the seller may charge its own VAT (Article 59c)."""


@dataclass(frozen=True, slots=True)
class EcSale:
    """A row of the EC sales list; cents."""

    vat_id: str
    country: str
    net_cents: int


@dataclass(frozen=True, slots=True)
class OssRow:
    """A row of the One Stop Shop return; `correction_of` is the earlier quarter that it corrects, empty for none."""

    country: str
    rate: Decimal
    net_cents: int
    vat_cents: int
    correction_of: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """Sales to consumers of other member states, net, in the period's year and the one before (Article 59c)."""

    year: int
    net_cents: int
    previous_net_cents: int
    home_taxed_clients: tuple[str, ...]
    """Clients of the year that were charged the seller's own VAT."""

    @property
    def exceeded(self) -> bool:
        """Whether the client's country has the VAT: from the sale on that crosses it, and the whole year after."""
        return max(self.net_cents, self.previous_net_cents) > THRESHOLD_CENTS


@dataclass(frozen=True, slots=True)
class Booked:
    """What the journal has of a document under one account: revenue (net) or VAT, with the document's sign; cents."""

    number: str
    issue_date: date
    figure: Figure
    case: str
    rate: str
    account: str
    account_name: str
    cents: int


@dataclass(frozen=True, slots=True)
class TiedAccount:
    """The journal's figure of a case and rate in the period's months, and what leads from it to the return's."""

    figure: Figure
    case: str
    rate: str
    accounts: str
    journal_cents: int
    elsewhere_cents: int
    """Booked in the period and declared in another one: taken off."""
    from_elsewhere_cents: int
    """Booked in another period and declared in this one: added."""
    return_cents: int

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
    net_cents: int
    vat_cents: int


@dataclass(frozen=True, slots=True)
class VatReturn:
    """All that is declared for a period."""

    period: TaxPeriod
    country: str
    boxes: tuple[Box, ...]
    by_case: tuple[Box, ...]
    ec_sales: tuple[EcSale, ...]
    oss: tuple[OssRow, ...]
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
    period: TaxPeriod, country: str, shares: Sequence[TaxedShare], booked: Iterable[Booked], rows: Sequence[BoxRow]
) -> VatReturn:
    """The return of a seller's country for a period; `shares` and `booked` are of all documents that may matter."""
    months = set(period.months)
    mine = [share for share in shares if share.declared in months]
    return VatReturn(
        period=period,
        country=country,
        boxes=tuple(boxes_of(rows, mine, country, period.last_day)),
        by_case=tuple(by_case_and_rate(mine)),
        ec_sales=tuple(ec_sales(mine)),
        oss=tuple(oss_rows(mine)),
        threshold=threshold(shares, country, period.first.year),
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


def oss_rows(shares: Iterable[TaxedShare]) -> list[OssRow]:
    """By country, rate and corrected quarter, the period's own sales first."""
    sums: dict[tuple[str, str, Decimal], tuple[int, int]] = {}
    for share in shares:
        if share.case == "OSS":
            key = (share.correction_of, share.country, share.rate)
            net, vat = sums.get(key, (0, 0))
            sums[key] = net + share.net_cents, vat + share.vat_cents
    return [
        OssRow(country, rate, *sums[quarter, country, rate], quarter)
        for quarter, country, rate in sorted(sums)
        if any(sums[quarter, country, rate])
    ]


def threshold(shares: Iterable[TaxedShare], country: str, year: int) -> Threshold | None:
    """What consumers of other member states were charged, by the year of the supply, whichever country has the VAT."""
    home = taxed_as(country)
    if home not in EU:
        return None
    nets = {year: 0, year - 1: 0}
    home_taxed: dict[str, None] = {}
    for share in shares:
        abroad = share.country in EU and share.country != home
        if abroad and share.case in ("S", "OSS") and share.supplied.year in nets:
            nets[share.supplied.year] += share.net_cents
            if share.case == "S" and share.supplied.year == year:
                home_taxed[share.client_id] = None
    return Threshold(year, nets[year], nets[year - 1], tuple(home_taxed))


def _tied(months: set[Period], shares: Iterable[TaxedShare], booked: Iterable[Booked]) -> list[TiedAccount]:
    accounts: dict[tuple[Figure, str, str], dict[str, None]] = {}
    journal: dict[tuple[Figure, str, str], int] = {}
    for each in booked:
        if Period.of(each.issue_date) in months:
            key = (each.figure, each.case, each.rate)
            accounts.setdefault(key, {})[f"{each.account} {each.account_name}".strip()] = None
            journal[key] = journal.get(key, 0) + each.cents
    elsewhere: dict[tuple[Figure, str, str], int] = {}
    from_elsewhere: dict[tuple[Figure, str, str], int] = {}
    declared: dict[tuple[Figure, str, str], int] = {}
    for share in shares:
        here, booked_here = share.declared in months, Period.of(share.issue_date) in months
        for figure, cents in _figures(share):
            key = (figure, share.booked_case, rate_text(share.rate))
            if here:
                declared[key] = declared.get(key, 0) + cents
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
        )
        for key in keys
    ]


def _figures(share: TaxedShare) -> list[tuple[Figure, int]]:
    figures: Mapping[Figure, int] = {"net": share.net_cents, "vat": share.vat_cents}
    return [(figure, cents) for figure, cents in figures.items() if cents]


def _differences(months: set[Period], shares: Iterable[TaxedShare]) -> list[TimeDifference]:
    return [
        TimeDifference(share.number, share.case, share.rate, booked, share.declared, share.net_cents, share.vat_cents)
        for share in shares
        if (share.declared in months) != ((booked := Period.of(share.issue_date)) in months)
    ]
