"""`vat return` and `vat close`: a tax period's figures from the ledger, as files and as a page, and its end."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from billing_job.accounting.vat_accounts import vat_postings
from billing_job.billing.returns.boxes import Box
from billing_job.billing.returns.taxed_shares import taxed_shares
from billing_job.billing.returns.vat_return import THRESHOLD_CENTS, Booked, VatReturn, vat_return
from billing_job.config.vat_forms import load_due_rules, load_vat_boxes
from billing_job.core.countries import EU, taxed_as
from billing_job.core.errors import ConfigError, ExitCode, InvariantBroken
from billing_job.core.files.manifest import Folder
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.money import decimal_text, money_text, rate_text
from billing_job.core.sentences import counted
from billing_job.core.tax_period import TaxPeriod
from billing_job.ledger.vat_closings import VatClosing, closed_vat_periods, declared_documents, record_vat_closing
from billing_job.month.folder_guard import check_folder
from billing_job.month.job import Job
from billing_job.month.preconditions import check_facts
from billing_job.month.session import CommandResult, Session, locked_job
from billing_job.reporting.vat_files import vat_csv_files
from billing_job.reporting.vat_page import PAGE, VatPage, vat_page_html

NEAR_THRESHOLD_CENTS = THRESHOLD_CENTS * 4 // 5
RETURN_SCHEMA, CLOSE_SCHEMA = "billing-job/vat-return@1", "billing-job/vat-close@1"


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
        notes = [*_notes(found, job), *(() if closing else _late_notes(found))]
        page = VatPage(found, job.seller.legal_name or job.seller.name, job.settings.billing.currency, state, notes)
        folder = Folder(files_at(session.settings.output.directory).below("vat").below(str(period)))
        files = vat_csv_files(found) | {PAGE: vat_page_html(page, job.templates)}
        for name, content in files.items():
            folder.write(name, content)
        if over:
            session.console.info(state)
        else:
            session.console.warn(state)
        session.console.warn(*notes)
        session.console.info(_told(found, job), folder.where())
        paths = {name: f"vat/{period}/{name}" for name in files}
        facts = {"over": over, "closed": closing.closed if closing else ""}
        return CommandResult(ExitCode.DONE, _json(found, job) | facts | {"notes": notes, "files": paths})


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
        held = counted(len({share.number for share in found.shares}), "document")
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
    currency = job.settings.billing.currency
    foreign = sorted(each.number for each in declared.documents if each.currency != currency)
    if foreign:
        raise ConfigError(
            f"document {foreign[0]} is not in {currency}: a return is made in one currency; make that of"
            " the time before the change with the billing.currency of then"
        )
    rules, rows = load_due_rules(session.config_folder), load_vat_boxes(session.config_folder)
    shares = list(taxed_shares(declared.documents, rules, declared.closed))
    booked = [
        Booked(
            each.number,
            each.issue_date,
            each.figure,
            each.case,
            each.rate,
            each.account,
            each.account_name,
            each.cents,
        )
        for each in vat_postings(declared.documents, job.accounts)
    ]
    found = vat_return(period, job.seller.country, shares, booked, rows)
    loose = next((each for each in found.tied if not each.holds), None)
    if loose is not None:
        raise InvariantBroken(
            f"the return of {period} declares {decimal_text(loose.return_cents)} of {loose.figure} {loose.case}"
            f" {loose.rate} %, the journal's accounts {loose.accounts} lead to another sum"
        )
    return found


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


def _notes(found: VatReturn, job: Job) -> Iterator[str]:
    """What somebody should know before the figures are typed in."""
    loose = [box for box in found.boxes if not box.box]
    if loose and len(loose) < len(found.boxes):
        for box in loose:
            amount = money_text(box.net_cents or 0, job.settings.billing.currency)
            yield f"in no box of the return: {box.description}, {amount} net"
    elif loose:
        yield f"the boxes of {found.country} are not known: the figures come by case and rate (docs/vat.md)"
    yield from _threshold_notes(found, job)
    foreign = [share for share in found.shares if share.country not in EU and share.booked_case == "AE"]
    if foreign:
        yield (
            f"{foreign[0].number} has a reverse charge to {foreign[0].country}, which is not in the EU: it is in no EC"
            " sales list and counts as outside the scope"
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


def _threshold_notes(found: VatReturn, job: Job) -> Iterator[str]:
    watched = found.threshold
    if watched is None or not watched.home_taxed_clients:
        return
    if not watched.exceeded:
        if watched.net_cents >= NEAR_THRESHOLD_CENTS:
            yield (
                f"sales to consumers in other member states at your own rate have come to"
                f" {money_text(watched.net_cents, job.settings.billing.currency)} in {watched.year}: above EUR 10,000"
                " the client's own country has the VAT (docs/vat.md, The threshold)"
            )
        return
    currency = job.settings.billing.currency
    yield (
        f"sales to consumers in other member states are {money_text(watched.net_cents, currency)} in {watched.year} and"
        f" {money_text(watched.previous_net_cents, currency)} in {watched.year - 1}, above the EUR 10,000 of Article"
        f" 59c: the client's own country has the VAT, but {', '.join(watched.home_taxed_clients[:5])} were charged that"
        f" of {taxed_as(found.country)}. Set tax.oss = true and take their tax_treatment out"
    )


def _told(found: VatReturn, job: Job) -> str:
    if found.is_nil:
        return f"{found.period}: nothing to declare; a nil return is filed all the same"
    currency = job.settings.billing.currency
    boxes = ", ".join(
        f"{box.box or box.description} {money_text(cents, currency)}"
        for box in found.boxes
        for cents in [box.net_cents if box.net_cents is not None else box.vat_cents]
        if cents
    )
    ec, oss = sum(sale.net_cents for sale in found.ec_sales), sum(row.vat_cents for row in found.oss)
    return (
        f"{found.period}: {boxes}; EC sales list {money_text(ec, currency)}, One Stop Shop {money_text(oss, currency)}"
        f" VAT; {counted(len(found.differences), 'difference')} in time from the journal"
    )


def _json(found: VatReturn, job: Job) -> dict[str, Any]:
    watched = found.threshold
    return {
        "schema": RETURN_SCHEMA,
        "period": str(found.period),
        "country": found.country,
        "currency": job.settings.billing.currency,
        "nil": found.is_nil,
        "boxes": [_box_json(box) for box in found.boxes],
        "by_case": [_box_json(box) for box in found.by_case],
        "ec_sales_list": [
            {"vat_id": sale.vat_id, "country": sale.country, "net_cents": sale.net_cents} for sale in found.ec_sales
        ],
        "oss": [
            {
                "country": row.country,
                "rate": rate_text(row.rate),
                "net_cents": row.net_cents,
                "vat_cents": row.vat_cents,
                "correction_of": row.correction_of,
            }
            for row in found.oss
        ],
        "threshold": None
        if watched is None
        else {
            "year": watched.year,
            "net_cents": watched.net_cents,
            "previous_net_cents": watched.previous_net_cents,
            "exceeded": watched.exceeded,
        },
        "accounts": [
            {
                "figure": each.figure,
                "vat_case": each.case,
                "rate": each.rate,
                "accounts": each.accounts,
                "journal_cents": each.journal_cents,
                "declared_elsewhere_cents": each.elsewhere_cents,
                "booked_elsewhere_cents": each.from_elsewhere_cents,
                "return_cents": each.return_cents,
            }
            for each in found.tied
        ],
        "time_differences": [
            {
                "number": each.number,
                "vat_case": each.case,
                "rate": rate_text(each.rate),
                "booked": str(each.booked),
                "declared": str(each.declared),
                "net_cents": each.net_cents,
                "vat_cents": each.vat_cents,
            }
            for each in found.differences
        ],
    }


def _box_json(box: Box) -> dict[str, Any]:
    return {
        "box": box.box,
        "description": box.description,
        "vat_case": box.vat_case,
        "rate": box.rate,
        "net_cents": box.net_cents,
        "vat_cents": box.vat_cents,
    }
