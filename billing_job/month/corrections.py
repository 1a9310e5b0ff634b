"""The commands that correct: credit an issued document, decide about an exception."""

from datetime import date

from billing_job.billing.attribution.attribute import UNBILLABLE
from billing_job.billing.invoicing.credit_note import NotCreditable, Request, credit
from billing_job.billing.invoicing.tax import Untaxable, vat_of
from billing_job.core.checks import documents_add_up, raise_if_broken
from billing_job.core.decision import Decision
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, ExitCode
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.money import money_text
from billing_job.core.period import Period
from billing_job.core.settlement import Credit, Undone
from billing_job.ledger.credit_notes import issue_credit
from billing_job.ledger.decisions import record_decision
from billing_job.ledger.documents import document_of_number
from billing_job.month.exceptions import waiting
from billing_job.month.folder import write_month
from billing_job.month.placing import place
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
        document = issue_credit(
            job.engine,
            issued.document,
            lambda undone: _built(issued.document, undone, request, today),
            job.numbering,
            str(month),
        )
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


def resolve_exception(session: Session, transaction_id: str, client_id: str, reason: str, who: str) -> CommandResult:
    """Record whose an exception is; an empty `client_id` is the house. The next run acts on it."""
    with locked_job(session) as job:
        rows = waiting(job, None)
        why = dict(zip(rows["transaction_id"], rows["reason"], strict=True)).get(transaction_id)
        if why is None:
            raise ConfigError(f"{transaction_id}: no such transaction waits; `billing-job exceptions` lists them")
        if client_id and client_id not in job.clients:
            raise ConfigError(f"--client {client_id}: there is no such client in clients.csv")
        if client_id and why in UNBILLABLE:
            raise ConfigError(f"{transaction_id}: {why}, so there is no amount to charge a client: use --house")
        decided_at = moment_text(session.clock.now())
        record_decision(job.engine, Decision(transaction_id, client_id, reason, decided_at, who))
        verdict = f"is {client_id}'s: its next invoice bills it" if client_id else "is paid by the house"
        session.console.info(f"{transaction_id} {verdict}")
        taxed = vat_of(job.clients[client_id], job.tax_rules, job.last_month().last_day) if client_id else None
        if isinstance(taxed, Untaxable):
            session.console.warn(f"it goes on waiting until this is solved: {taxed.reason}")
        decided = {"transaction_id": transaction_id, "client_id": client_id, "house": not client_id, "reason": reason}
        return CommandResult(ExitCode.DONE, {"schema": "billing-job/decision@1", **decided})
