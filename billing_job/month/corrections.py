"""The commands that correct: credit an issued document, decide about an exception."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing_job.billing.attribution.attribute import UNBILLABLE
from billing_job.billing.invoicing.credit_note import NotCreditable, Request, credit
from billing_job.billing.invoicing.tax import Untaxable, vat_of
from billing_job.core.checks import documents_add_up, raise_if_broken
from billing_job.core.columns.row_values import records
from billing_job.core.decision import Decision
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, ExitCode
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.money import money_text
from billing_job.core.period import Period
from billing_job.core.settlement import Credit, Undone
from billing_job.core.wallet import SETTLED
from billing_job.ledger.credit_notes import issue_credit
from billing_job.ledger.decisions import record_decision
from billing_job.ledger.documents import document_of_number
from billing_job.ledger.transactions import transactions_of
from billing_job.month.exceptions import waiting
from billing_job.month.folder import write_month
from billing_job.month.folder_guard import check_folder, note_numbers
from billing_job.month.job import Job
from billing_job.month.placing import BILLED_ROW_CHANGED, place
from billing_job.month.preconditions import check_facts
from billing_job.month.refund_owners import ORIGINAL_WAITS, WITHOUT_ORIGINAL
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


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is decided about an exception: an empty `client_id` is the house, `amount_cents` a refund's net."""

    client_id: str = ""
    amount_cents: int | None = None
    accepts: bool = False


def resolve_exceptions(
    session: Session, transaction_ids: Sequence[str], resolution: Resolution, reason: str, who: str
) -> CommandResult:
    """Record what is decided about exceptions, about all of them or none. The next run acts on it."""
    client_id = resolution.client_id
    with locked_job(session) as job:
        waits = {row["transaction_id"]: row for row in records(waiting(job, None))}
        if client_id and client_id not in job.clients:
            raise ConfigError(f"--client {client_id}: there is no such client in clients.csv")
        problems = [problem for id_ in transaction_ids if (problem := _refused(id_, waits.get(id_), resolution))]
        if problems:
            raise ConfigError(problems)
        decided_at = moment_text(session.clock.now())
        for id_ in transaction_ids:
            now = _micros_now(job, id_) if resolution.accepts else None
            amount, accepts = resolution.amount_cents, resolution.accepts
            record_decision(job.engine, Decision(id_, client_id, reason, decided_at, who, amount, accepts, now))
            session.console.info(f"{id_} {_verdict(resolution, job.settings.billing.currency)}")
        taxed = vat_of(job.clients[client_id], job.tax_rules, job.last_month().last_day) if client_id else None
        if isinstance(taxed, Untaxable):
            session.console.warn(f"it goes on waiting until this is solved: {taxed.reason}")
        decided = [
            {
                "transaction_id": id_,
                "client_id": client_id,
                "house": not client_id and not resolution.accepts,
                "accepted": resolution.accepts,
                "amount_cents": resolution.amount_cents,
                "reason": reason,
            }
            for id_ in transaction_ids
        ]
        return CommandResult(ExitCode.DONE, {"schema": "billing-job/decision@1", **decided[0], "decisions": decided})


def _refused(id_: str, row: Mapping[str, Any] | None, resolution: Resolution) -> str:
    """Why this exception cannot be decided in this way; empty when it can."""
    if row is None:
        return f"{id_}: no such transaction waits; `billing-job exceptions` lists them"
    is_changed = row["reason"] == BILLED_ROW_CHANGED
    if is_changed and not resolution.accepts:
        return f"{id_}: it is billed already; credit its line, or use --accept to leave the documents as they are"
    if resolution.accepts and not is_changed:
        return f"{id_}: {row['reason']}, so there is nothing to accept: say who pays, --client ID or --house"
    if resolution.client_id and row["reason"] in UNBILLABLE:
        return f"{id_}: {row['reason']}, so there is no amount to charge a client: use --house"
    gives_back = row["reason"] in (WITHOUT_ORIGINAL, ORIGINAL_WAITS)
    if resolution.client_id and gives_back and resolution.amount_cents is None:
        return f"{id_}: is a refund whose original is not billed: say with --amount what the client gets back, net"
    if resolution.amount_cents is not None and not (resolution.client_id and gives_back):
        return f"{id_}: --amount is for a refund without a billed original, together with --client"
    return ""


def _micros_now(job: Job, transaction_id: str) -> int:
    """What a changed row costs from now on: wallet micros, 0 for one that was withdrawn or moved no money after all."""
    rows = transactions_of(job.engine, [transaction_id])
    moved = rows["micros"].notna() & (rows["standing"] == SETTLED)
    return int(rows["micros"].iloc[0]) if moved.all() and transaction_id not in job.withdrawn() else 0


def _verdict(resolution: Resolution, currency: str) -> str:
    if resolution.accepts:
        return "is accepted as it is now: its documents stay"
    if resolution.amount_cents is not None:
        back = money_text(resolution.amount_cents, currency)
        return f"gives {resolution.client_id} {back} back: its next invoice shows it"
    return f"is {resolution.client_id}'s: its next invoice bills it" if resolution.client_id else "is paid by the house"
