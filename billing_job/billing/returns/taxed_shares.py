"""Issued documents taken apart into what each tax period declares of them.

A period is a stretch of months, so a share knows its month. Reverse charge and the One Stop Shop follow the month of
the supply, what is taxed at home the rule of the seller's country; what gives something back follows the day it was
given back (Directive 2006/112/EC Articles 66, 90 and 264(2), 369g(4)). Returns are in the money of the seller's
country, the journal is in the document's, so a share has both.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing_job.core.categories import MINIMUM
from billing_job.core.countries import EU, taxed_as
from billing_job.core.document import Document, Kind, Line, Supply, VatTotal
from billing_job.core.money import exchanged_cents, exchanged_shares, vat_shares
from billing_job.core.parties import Seller
from billing_job.core.period import Period
from billing_job.core.supplies import by_supply
from billing_job.core.tax_period import TaxPeriod

NO_CLOSED: Mapping[str, Collection[Period]] = {}
NO_EXCHANGE: Mapping[str, Decimal] = {}
BY_SUPPLY = frozenset({"AE", "DRC", "OSS"})
"""Cases that are declared by the month of the supply, whatever the seller's country says of the others."""
FOREIGN = "FOREIGN"
"""VAT of a country that is neither the seller's nor in the EU: declared there, and in no return of the seller's."""


class DueBy(StrEnum):
    """When VAT becomes chargeable on what is taxed at home; the value is the word of vat_due.csv."""

    ISSUE = "issue"
    """In the month of the invoice's date."""
    SUPPLY = "supply"
    """In the month of the supply."""


@dataclass(frozen=True, slots=True)
class DueRule:
    """What a country's law says of it, from a day on."""

    country: str
    by: DueBy
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class TaxedShare:
    """What one document has of one case and rate in one month; a credit note's cents are negative."""

    number: str
    kind: Kind
    issue_date: date
    client_id: str
    vat_id: str
    country: str
    """The client's at the time of the supply, Monaco as France."""
    case: str
    """S, OSS, AE, DRC, O, E, Z or FOREIGN."""
    booked_case: str
    """The case under which the journal has it."""
    rate: Decimal
    supplied: Period
    """The month of the supply; of what gives back: of the supply that it is about."""
    declared: Period
    net_cents: int
    """In the money of the return, as is the VAT."""
    vat_cents: int
    currency: str
    """The document's."""
    booked_net_cents: int
    """In the document's money, as is the VAT."""
    booked_vat_cents: int

    @property
    def correction_of(self) -> str:
        """The earlier quarter that a share of the One Stop Shop corrects, such as 2026Q4; empty for none."""
        original = TaxPeriod.quarter_of(self.supplied)
        return str(original) if self.case == "OSS" and original < TaxPeriod.quarter_of(self.declared) else ""


def due_by(rules: Iterable[DueRule], country: str, day: date) -> DueBy:
    """The country's rule on a day; the invoice's date where no row holds."""
    held = [rule for rule in rules if rule.country == taxed_as(country) and rule.valid_from <= day]
    return max(held, key=lambda rule: rule.valid_from).by if held else DueBy.ISSUE


def taxed_shares(
    documents: Iterable[Document],
    rules: Sequence[DueRule],
    closed: Mapping[str, Collection[Period]] = NO_CLOSED,
    exchange: Mapping[str, Decimal] = NO_EXCHANGE,
) -> Iterator[TaxedShare]:
    """The shares of every document; they add up to the nets and the VAT of its categories, to the cent.

    `closed` has the months that were closed before a document was issued, by its number: it is declared in the first
    open month after. `exchange` has what one unit of its currency is in the money of the return, where that is another.
    """
    for document in documents:
        shut = closed.get(document.number, ())
        found = [share for total in document.vat_totals for share in _shares(document, total, rules, shut)]
        rate = exchange.get(document.number)
        yield from found if rate is None else _exchanged(document, found, rate)


def _exchanged(document: Document, shares: Sequence[TaxedShare], rate: Decimal) -> Iterator[TaxedShare]:
    """The shares in the money of the return: net and VAT (BT-111) are exchanged once for the whole document."""
    nets, taxes = (
        exchanged_shares(exchanged_cents(sum(cents), rate), cents, rate)
        for cents in ([share.net_cents for share in shares], [share.vat_cents for share in shares])
    )
    for share, net, tax in zip(shares, nets, taxes, strict=True):
        yield replace(share, net_cents=net, vat_cents=tax)


def _shares(
    document: Document, total: VatTotal, rules: Sequence[DueRule], shut: Collection[Period]
) -> Iterator[TaxedShare]:
    for supply, lines, tax in by_supply(document, total):
        yield from _of_supply(document, supply, total.vat.rate, lines, tax, rules, shut)


def _of_supply(
    document: Document,
    supply: Supply,
    rate: Decimal,
    lines: Sequence[Line],
    tax_cents: int,
    rules: Sequence[DueRule],
    shut: Collection[Period],
) -> Iterator[TaxedShare]:
    case = _case(supply, document.seller)
    nets: dict[tuple[Period, Period], int] = {}
    for line in lines:
        supplied = _supplied(line, document.corrects_date or document.issue_date)
        is_by_supply = case in BY_SUPPLY or due_by(rules, document.seller.country, line.period_end) is DueBy.SUPPLY
        for event, cents in [(supplied, line.net_cents)] if document.corrects else _events(line, lines, supplied):
            chargeable = event if is_by_supply and not document.corrects else Period.of(document.issue_date)
            key = (supplied, _first_open(chargeable, shut))
            nets[key] = nets.get(key, 0) + cents
    taxes = vat_shares(tax_cents, list(nets.values()), rate) if nets else []
    for ((supplied, declared), net), tax in zip(nets.items(), taxes, strict=True):
        if net or tax:
            yield TaxedShare(
                number=document.number,
                kind=document.kind,
                issue_date=document.issue_date,
                client_id=document.client.client_id,
                vat_id=supply.vat_id,
                country=supply.country,
                case=case,
                booked_case=supply.case,
                rate=rate,
                supplied=supplied,
                declared=declared,
                net_cents=net,
                vat_cents=tax,
                currency=document.currency,
                booked_net_cents=net,
                booked_vat_cents=tax,
            )


def _case(supply: Supply, seller: Seller) -> str:
    """The case of the return, which asks where the buyer is: only another member state's is in the EC sales list."""
    home = taxed_as(seller.country)
    in_eu = supply.country in EU and home in EU
    if supply.case == "AE" and supply.country == home:
        return "DRC"
    if supply.case == "AE" and not in_eu:
        return "O"
    return FOREIGN if supply.case == "OSS" and not in_eu else supply.case


def _supplied(line: Line, invoiced: date) -> Period:
    """The month of a line's supply; of one for several months the last, which is when the supply is complete.

    Billed in advance it is paid before that, and the payment makes the tax chargeable (Directive 2006/112/EC Article
    65): then it is the month of the invoice, but not before the supply begins. A year that is billed in January would
    otherwise be declared in December.
    """
    first, last = Period.of(line.period_start), Period.of(line.period_end)
    return min(last, max(first, Period.of(invoiced)))


def _events(line: Line, lines: Sequence[Line], own: Period) -> Iterator[tuple[Period, int]]:
    """The line's net by the month in which it happened: the line's own, of a refund the day on which it was given.

    A refund's line stands in the month of what it gives back. A minimum that only refunds made larger goes with them.
    """
    if line.is_refund:
        for row in line.rows:
            yield max(own, Period.of(row.date)), row.net_cents
        return
    others = [each for each in lines if each.period_end == line.period_end and each.category != MINIMUM]
    if line.category == MINIMUM and others and all(each.is_refund for each in others):
        yield max(own, *(Period.of(row.date) for each in others for row in each.rows)), line.net_cents
        return
    yield own, line.net_cents


def _first_open(month: Period, shut: Collection[Period]) -> Period:
    while month in shut:
        month = month.next
    return month
