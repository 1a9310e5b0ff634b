"""What a person is told of a VAT return: its state, what to know before the figures are typed in, and the figures."""

from collections.abc import Iterator

from billing_job.billing.returns.one_stop_shop import EURO
from billing_job.billing.returns.vat_return import VatReturn
from billing_job.core.countries import EU, taxed_as
from billing_job.core.money import money_text
from billing_job.core.sentences import counted
from billing_job.core.tax_period import TaxPeriod
from billing_job.ledger.vat_closings import VatClosing


def state_text(period: TaxPeriod, closing: VatClosing | None, *, over: bool) -> str:
    """Whether the period is over, and whether its return was filed."""
    if not over:
        return f"{period} is not over: it ends on {period.last_day}, and these figures are not complete yet."
    if closing is None:
        return f"{period} is open: close it with `billing-job vat close --period {period}` once the return is filed."
    return f"{period} was closed on {closing.closed[:10]} by {closing.closed_by}."


def return_notes(found: VatReturn) -> Iterator[str]:
    """What somebody should know before the figures are typed in."""
    loose = [box for box in found.boxes if not box.box]
    if loose and len(loose) < len(found.boxes):
        for box in loose:
            amount = money_text(box.net_cents or 0, found.currency)
            yield f"in no box of the return: {box.description}, {amount} net"
    elif loose:
        yield f"the boxes of {found.country} are not known: the figures come by case and rate (docs/vat.md)"
    yield from _missing_rate_notes(found)
    yield from _typed_notes(found)
    yield from _threshold_notes(found)
    foreign = [share for share in found.shares if share.country not in EU and share.booked_case == "AE"]
    if foreign:
        yield (
            f"{foreign[0].number} has a reverse charge to {foreign[0].country}, which is not in the EU: it is in no EC"
            " sales list and counts as outside the scope"
        )


def _missing_rate_notes(found: VatReturn) -> Iterator[str]:
    for missing in found.missing_rates:
        yield (
            f"the One Stop Shop return is in euros, at the rate of {missing.day} that the European Central Bank"
            f" publishes (euro foreign exchange reference rates, {missing.currency}; Directive 2006/112/EC Article"
            " 369h): add it to ecb_rates.csv (day, currency, rate: what one euro is in it); until then oss.csv has no"
            " amounts for what was sold in it"
        )


def _typed_notes(found: VatReturn) -> Iterator[str]:
    """What whole units leave out of the VAT that is owed: the boxes that are no sums of others."""
    own = [box for box in found.boxes if box.form_vat_cents is not None and not box.sum_of]
    left_out = sum((box.vat_cents or 0) - (box.form_vat_cents or 0) for box in own)
    if left_out:
        yield (
            f"the form wants whole units: the VAT typed in is {money_text(abs(left_out), found.currency)}"
            f" {'less' if left_out > 0 else 'more'} than the exact figure; book the difference"
        )


def late_notes(found: VatReturn) -> Iterator[str]:
    """Documents that came when the return of an open period was due long since: was it filed without them?"""
    due = found.period.months[-1].next
    late = {share.number: share for share in found.shares if share.issue_date > due.last_day}
    if late:
        first = min(late.values(), key=lambda share: (share.issue_date, share.number))
        yield (
            f"{counted(len(late), 'document')} of this period came after {due.last_day}, the first is {first.number} of"
            f" {first.issue_date}: if the return was filed before, say so with `billing-job vat close --period"
            f" {found.period} --on DAY`, and they are declared in the first open month"
        )


def _threshold_notes(found: VatReturn) -> Iterator[str]:
    watched = found.threshold
    if watched is None or not watched.home_taxed_clients:
        return
    year, last_year = (money_text(cents, found.currency) for cents in (watched.net_cents, watched.previous_net_cents))
    limit = (
        "EUR 10,000 (at the European Central Bank's rate of 5 December 2017, as your country's law has rounded it)"
        if watched.limit_cents is None
        else _limit_text(watched.limit_cents, found.currency)
    )
    if watched.exceeded:
        yield (
            f"sales to consumers in other member states are {year} in {watched.year} and {last_year} in"
            f" {watched.year - 1}, above the {limit} of Article 59c: the client's own country has the VAT, but"
            f" {', '.join(watched.home_taxed_clients[:5])} were charged that of {taxed_as(found.country)}. Set tax.oss"
            " = true and take their tax_treatment out"
        )
    elif watched.limit_cents is None or watched.net_cents >= watched.limit_cents * 4 // 5:
        yield (
            f"sales to consumers in other member states at your own rate have come to {year} in {watched.year}: above"
            f" {limit} the client's own country has the VAT (docs/vat.md, The threshold)"
        )


def _limit_text(cents: int, currency: str) -> str:
    return money_text(cents, currency).removesuffix(".00")


def figures_text(found: VatReturn) -> str:
    """The boxes that hold something, EC sales list and One Stop Shop in one sentence."""
    if found.is_nil:
        return f"{found.period}: nothing to declare; a nil return is filed all the same"
    boxes = ", ".join(
        f"{f'box {box.box}' if box.box else box.description} {money_text(cents, found.currency)}"
        for box in found.boxes
        for cents in [box.net_cents if box.net_cents is not None else box.vat_cents]
        if cents
    )
    ec = money_text(sum(sale.net_cents for sale in found.ec_sales), found.currency)
    known = [row.vat_cents for row in found.oss if row.vat_cents is not None]
    oss = money_text(sum(known), EURO) if len(known) == len(found.oss) else "unknown"
    return (
        f"{found.period}: {boxes}; EC sales list {ec}, One Stop Shop {oss} VAT;"
        f" {counted(len(found.differences), 'difference')} in time from the journal"
    )
