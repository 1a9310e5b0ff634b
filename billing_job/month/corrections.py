"""The command that corrects an issued document: a credit note."""

from collections.abc import Callable
from datetime import date

from billing_job.billing.invoicing.credit_limits import NotCreditable
from billing_job.billing.invoicing.credit_note import Request, credit
from billing_job.core.checks import documents_add_up, raise_if_broken
from billing_job.core.document import Document, Line
from billing_job.core.errors import ConfigError, ExitCode
from billing_job.core.files.object_store import files_at
from billing_job.core.money import money_text
from billing_job.core.period import Period
from billing_job.core.settlement import Credit, Undone
from billing_job.ledger.credit_notes import issue_credit, undone
from billing_job.ledger.documents import document_of_number
from billing_job.month.folder import write_month
from billing_job.month.folder_guard import check_folder, note_numbers
from billing_job.month.job import Job
from billing_job.month.placing import place
from billing_job.month.preconditions import check_facts
from billing_job.month.run_json import document_json
from billing_job.month.session import CommandResult, Session, locked_job

CREDIT_SCHEMA = "billing-job/credit@1"


def credit_document(
    session: Session, number: str, request: Request, *, dry_run: bool = False, agree: Callable[[str], None]
) -> CommandResult:
    """Undo an issued document by a credit note of today, and bring the folder of today's month up to date.

    `agree` asks before it is issued; with `dry_run` it is only worked out: no number is given, nothing is written.
    """
    with locked_job(session) as job:
        issued = document_of_number(job.engine, number)
        if issued is None:
            raise ConfigError(f"{number}: no such document was issued; `billing-job list` shows those that were")
        check_facts(job)
        _check_currency(issued.document, job)
        today = job.today
        month = Period.of(today)
        ahead = _built(issued.document, undone(job.engine, issued.document), request, today).document
        told = f"{money_text(-ahead.gross_cents, ahead.currency)} of {number}, {issued.document.client.name}"
        told += f" ({money_text(-ahead.net_cents, ahead.currency)} net)"
        if dry_run:
            session.console.info(
                f"A credit note would credit {told}:",
                *(f"  {_what(line)}: {money_text(-line.net_cents, ahead.currency)} net" for line in ahead.lines),
                "Nothing was issued",
            )
            entry = document_json(ahead, str(month), new=False) | {"number": "", "files": {}}
            return CommandResult(ExitCode.DONE, {"schema": CREDIT_SCHEMA, "dry_run": True, "documents": [entry]})
        agree(f"Credit {told}? An issued credit note cannot be undone")
        files_at(session.settings.output.directory).check()
        check_folder(job)
        document = issue_credit(
            job.engine,
            issued.document,
            lambda left: _built(issued.document, left, request, today),
            job.numbering,
            str(month),
            today,
        )
        note_numbers(job)
        written = write_month(job, month, place(job, month), workers=1, progress=session.console.progress)
        session.console.error(*written.problems)
        currency = document.currency
        session.console.info(
            f"{document.number} credits {money_text(-document.gross_cents, currency)} of {number}"
            f" ({money_text(-document.net_cents, currency)} net): {job.folder(month).where()}"
        )
        entry = document_json(document, str(month), new=True)
        return CommandResult(
            ExitCode.FAILED if written.problems else ExitCode.DONE,
            {"schema": CREDIT_SCHEMA, "documents": [entry]},
        )


def _what(line: Line) -> str:
    """A line in a few words; most have no description of their own."""
    return " ".join(filter(None, (line.category, line.number, line.description)))


def _check_currency(original: Document, job: Job) -> None:
    """The books of a month are in one currency; a document of before a change of it is credited in its own."""
    if original.currency != job.settings.billing.currency:
        raise ConfigError(
            f"{original.number} is in {original.currency} and billing.currency is {job.settings.billing.currency}: the"
            " books of a month are in one currency; credit it with the billing.currency of then, in a month without"
            f" documents in {job.settings.billing.currency}"
        )


def _built(original: Document, left: Undone, request: Request, today: date) -> Credit:
    """The credit note, held against invariant 3 before it is stored."""
    try:
        built = credit(original, left, request, today)
    except NotCreditable as error:
        raise ConfigError(str(error)) from None
    raise_if_broken(documents_add_up([built.document]))
    return built
