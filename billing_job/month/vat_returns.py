"""`vat return` and `vat close`: a tax period's figures from the ledger, as files and as a page, and its end."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from billing_job.accounting.vat_accounts import vat_postings
from billing_job.billing.invoicing.national_currency import national_currency, national_rate
from billing_job.billing.returns.taxed_shares import DueRule, taxed_shares
from billing_job.billing.returns.vat_return import VatReturn, vat_return
from billing_job.config.vat_forms import load_due_rules, load_euro_rates, load_unit_rules, load_vat_boxes
from billing_job.core.countries import taxed_as
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, ExitCode, InvariantBroken
from billing_job.core.files.manifest import Folder
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.money import decimal_text
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
from billing_job.month.vat_notes import figures_text, late_notes, return_notes, state_text
from billing_job.reporting.vat_files import vat_csv_files, vat_json
from billing_job.reporting.vat_page import PAGE, VatPage, vat_page_html

CLOSE_SCHEMA = "billing-job/vat-close@1"


def return_of(session: Session, text: str) -> CommandResult:
    """Write output/vat/PERIOD/ and tell what is in it; ConfigError for a period that has not begun."""
    period = _period(text)
    with locked_job(session) as job:
        today = job.today
        if today < period.first_day:
            raise ConfigError(f"period {period} begins on {period.first_day}: there is nothing to declare yet")
        found = vat_return_of(job, period, session)
        closing = _closing(job, period)
        over = period.last_day < today
        state = state_text(period, closing, over=over)
        notes = [*return_notes(found), *(() if closing else late_notes(found))]
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
        session.console.info(figures_text(found), folder.where())
        paths = {name: f"vat/{period}/{name}" for name in files}
        facts = {"over": over, "closed": closing.closed if closing else ""}
        lacking = any(each.day <= today for each in found.missing_rates)
        code = ExitCode.EXCEPTIONS_WAIT if lacking else ExitCode.DONE
        return CommandResult(code, vat_json(found) | facts | {"notes": notes, "files": paths})


def close_period(session: Session, text: str, filed_on: date | None, who: str) -> CommandResult:
    """Record that the return of a period was filed; what is issued later is declared in the first open month."""
    period = _period(text)
    with locked_job(session, makes_ledger=True) as job:
        today = job.today
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
    booked = list(vat_postings(declared.documents, job.accounts))
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


def _closing(job: Job, period: TaxPeriod) -> VatClosing | None:
    return next((each for each in closed_vat_periods(job.engine) if each.period == period), None)
