"""`vat return` and `vat close`: a tax period's figures from the ledger, as files and as a page, and its end."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from billing_job.accounting.vat_accounts import vat_postings
from billing_job.billing.invoicing.national_currency import national_currency, national_rate
from billing_job.billing.returns.one_stop_shop import EURO
from billing_job.billing.returns.taxed_shares import DueRule, taxed_shares
from billing_job.billing.returns.vat_return import Booked, VatReturn, vat_return
from billing_job.config.vat_forms import load_due_rules, load_euro_rates, load_unit_rules, load_vat_boxes
from billing_job.core.countries import EU, taxed_as
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, ExitCode, InvariantBroken
from billing_job.core.files.manifest import Folder
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.money import decimal_text, money_text
from billing_job.core.sentences import counted
from billing_job.core.tax_period import TaxPeriod
from billing_job.ledger.vat_closings import (
    DeclaredDocuments,
    VatClosing,
    closed_vat_periods,
    declared_documents,
    record_vat_closing,
)
from billing_job.month.folder_guard import check_folder
from billing_job.month.job import Job
from billing_job.month.preconditions import check_facts
from billing_job.month.session import CommandResult, Session, locked_job
from billing_job.reporting.vat_files import vat_csv_files, vat_json
from billing_job.reporting.vat_page import PAGE, VatPage, vat_page_html

CLOSE_SCHEMA = "billing-job/vat-close@1"


def return_of(session: Session, text: str) -> CommandResult:
    """Write output/vat/PERIOD/ and tell what is in it; ConfigError for a period that has not begun."""
    period = _period(text)
    with locked_job(session) as job:
        today = _today(job)
        if today < period.first_day:
            raise ConfigError(f"period {period} begins on {period.first_day}: there is nothing to declare yet")
        found = vat_return_of(job, period, session)
        closing = _closing(job, period)
        over = period.last_day < today
        state = _state(period, closing, over=over)
        notes = [*_notes(found), *(() if closing else _late_notes(found))]
        page = VatPage(found, job.seller.legal_name or job.seller.name, state, notes)
        folder = Folder(files_at(session.settings.output.directory).below("vat").below(str(period)))
        files = vat_csv_files(found) | {PAGE: vat_page_html(page, job.templates)}
        for name, content in files.items():
            folder.write(name, content)
        if over:
            session.console.info(state)
        else:
            session.console.warn(state)
        session.console.warn(*notes)
        session.console.info(_told(found), folder.where())
        paths = {name: f"vat/{period}/{name}" for name in files}
        facts = {"over": over, "closed": closing.closed if closing else ""}
        lacking = any(each.day <= today for each in found.missing_rates)
        code = ExitCode.EXCEPTIONS_WAIT if lacking else ExitCode.DONE
        return CommandResult(code, vat_json(found) | facts | {"notes": notes, "files": paths})


def close_period(session: Session, text: str, filed_on: date | None, who: str) -> CommandResult:
    """Record that the return of a period was filed; what is issued later is declared in the first open month."""
    period = _period(text)
    with locked_job(session, makes_ledger=True) as job:
        today = _today(job)
        if today <= period.last_day:
            raise ConfigError(
                f"period {period} is not over: it can be closed from {period.months[-1].next.first_day} on"
            )
        filed = today if filed_on is None else filed_on
        if not period.last_day < filed <= today:
            raise ConfigError(
                f"--on {filed}: a return of {period} is filed after {period.last_day}, and today is {today}"
            )
        shut = {month for closing in closed_vat_periods(job.engine) for month in closing.period.months}
        if shut >= set(period.months) or _closing(job, period) is not None:
            raise ConfigError(
                f"period {period} is closed already: `billing-job vat return --period {period}` says since when"
            )
        found = vat_return_of(job, period, session)
        closing = record_vat_closing(job.engine, period, filed, moment_text(job.clock.now()), who)
        # Those that came after the day of filing were not in it, and are in this return no more.
        held = counted(len({share.number for share in found.shares if share.issue_date <= filed}), "document")
        session.console.info(
            f"{period} is closed with {held}: what is issued for its months from now on is declared in the first open"
            " month"
        )
        object_ = {"schema": CLOSE_SCHEMA, "period": str(period), "closed": closing.closed, "numbers": closing.numbers}
        return CommandResult(ExitCode.DONE, object_)


def vat_return_of(job: Job, period: TaxPeriod, session: Session) -> VatReturn:
    """The period's figures, tied to the journal; InvariantBroken where a figure is not, to the cent."""
    # A ledger that is not the one of this folder, or not as it was, would make a return of nothing, or of too little.
    check_folder(job)
    check_facts(job)
    # The threshold looks at the year before; what was supplied then may have been invoiced ahead.
    declared = declared_documents(job.engine, date(period.first.year - 2, 1, 1))
    currency = national_currency(job.seller.country, period.last_day) or job.settings.billing.currency
    folder = session.config_folder
    rules = load_due_rules(folder)
    exchange = _exchange(job, period, currency, declared, rules)
    shares = list(taxed_shares(declared.documents, rules, declared.closed, exchange))
    booked = [
        Booked(
            each.number,
            each.issue_date,
            each.figure,
            each.case,
            each.rate,
            each.currency,
            each.account,
            each.account_name,
            each.cents,
        )
        for each in vat_postings(declared.documents, job.accounts)
    ]
    found = vat_return(
        period,
        job.seller.country,
        shares,
        booked,
        load_vat_boxes(folder),
        units=load_unit_rules(folder),
        currency=currency,
        euro_rates=load_euro_rates(folder),
    )
    _check_seller(job, found, declared.documents)
    loose = next((each for each in found.tied if not each.holds), None)
    if loose is not None:
        raise InvariantBroken(
            f"the return of {period} declares {decimal_text(loose.return_cents)} of {loose.figure} {loose.case}"
            f" {loose.rate} % in {loose.currency}, the journal's accounts {loose.accounts} lead to another sum"
        )
    return found


def _check_seller(job: Job, found: VatReturn, documents: Iterable[Document]) -> None:
    """ConfigError for a document that the seller issued from another country: it belongs into that one's return."""
    home, numbers = taxed_as(job.seller.country), {share.number for share in found.shares}
    for each in documents:
        if each.number in numbers and taxed_as(each.seller.country) != home:
            raise ConfigError(
                f"document {each.number} was issued from {each.seller.country}, and seller.country is"
                f" {job.seller.country}: make the return of that time with the seller.country of then"
            )


def _exchange(
    job: Job, period: TaxPeriod, currency: str, declared: DeclaredDocuments, rules: Sequence[DueRule]
) -> dict[str, Decimal]:
    """What one unit of each document's currency is in that of the return, for those in another one.

    ConfigError where one has no rate that the figures need: it is declared in the period, or counts for the threshold.
    """
    others = [each for each in declared.documents if each.currency != currency]
    needed = {
        share.number
        for share in taxed_shares(others, rules, declared.closed)
        if share.declared in period.months or share.case in ("S", "OSS")
    }
    try:
        return {
            each.number: national_rate(each, currency, job.mapping.exchange_rates)
            for each in others
            if each.number in needed
        }
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _period(text: str) -> TaxPeriod:
    try:
        return TaxPeriod.parse(text)
    except ValueError as error:
        raise ConfigError(f"--period: {error}") from None


def _today(job: Job) -> date:
    return job.clock.now().astimezone(job.settings.billing.zone).date()


def _closing(job: Job, period: TaxPeriod) -> VatClosing | None:
    return next((each for each in closed_vat_periods(job.engine) if each.period == period), None)


def _state(period: TaxPeriod, closing: VatClosing | None, *, over: bool) -> str:
    if not over:
        return f"{period} is not over: it ends on {period.last_day}, and these figures are not complete yet."
    if closing is None:
        return f"{period} is open: close it with `billing-job vat close --period {period}` once the return is filed."
    return f"{period} was closed on {closing.closed[:10]} by {closing.closed_by}."


def _notes(found: VatReturn) -> Iterator[str]:
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


def _late_notes(found: VatReturn) -> Iterator[str]:
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


def _told(found: VatReturn) -> str:
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
