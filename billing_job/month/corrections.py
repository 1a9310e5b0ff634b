"""The command that corrects an issued document: a credit note."""

from datetime import date

from billing_job.billing.invoicing.credit_note import NotCreditable, Request, credit
from billing_job.core.checks import documents_add_up, raise_if_broken
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, ExitCode
from billing_job.core.files.object_store import files_at
from billing_job.core.money import money_text
from billing_job.core.period import Period
from billing_job.core.settlement import Credit, Undone
from billing_job.ledger.credit_notes import issue_credit
from billing_job.ledger.documents import document_of_number
from billing_job.month.folder import write_month
from billing_job.month.folder_guard import check_folder, note_numbers
from billing_job.month.placing import place
from billing_job.month.preconditions import check_facts
from billing_job.month.run_json import document_json
from billing_job.month.session import CommandResult, Session, locked_job


def credit_document(session: Session, number: str, request: Request) -> CommandResult:
    """Undo an issued document by a credit note of today, and bring the folder of today's month up to date."""
    with locked_job(session) as job:
        issued = document_of_number(job.engine, number)
        if issued is None:
            raise ConfigError(f"{number}: no such document was issued; `billing-job verify` counts those that were")
        today = session.clock.now().astimezone(session.settings.billing.zone).date()
        month = Period.of(today)
        files_at(session.settings.output.directory).check()
        check_folder(job)
        check_facts(job)
        document = issue_credit(
            job.engine,
            issued.document,
            lambda undone: _built(issued.document, undone, request, today),
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
            {"schema": "billing-job/credit@1", "documents": [entry]},
        )


def _built(original: Document, undone: Undone, request: Request, today: date) -> Credit:
    """The credit note, held against invariant 3 before it is stored."""
    try:
        built = credit(original, undone, request, today)
    except NotCreditable as error:
        raise ConfigError(str(error)) from None
    raise_if_broken(documents_add_up([built.document]))
    return built
