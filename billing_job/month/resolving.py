"""What is decided about exceptions: of single transactions, of all that a choice fits, or of a file's rows."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from billing_job.billing.attribution.attribute import UNBILLABLE
from billing_job.billing.invoicing.tax import Untaxable, vat_of
from billing_job.core.decision import Decision
from billing_job.core.errors import ConfigError, ExitCode
from billing_job.core.moments import moment_text
from billing_job.core.money import money_text, wallet_text
from billing_job.core.period import Period
from billing_job.core.phone import e164_as_written
from billing_job.core.sentences import counted
from billing_job.core.wallet import SETTLED
from billing_job.ledger.decisions import decisions, record_decision
from billing_job.ledger.transactions import transactions_of
from billing_job.month.attributing import attributed, billed_and_changed
from billing_job.month.exceptions import waiting, waiting_rows
from billing_job.month.job import Job
from billing_job.month.placing import BILLED_ROW_CHANGED
from billing_job.month.refund_owners import ORIGINAL_WAITS, WITHOUT_ORIGINAL
from billing_job.month.session import CommandResult, Session, locked_job
from billing_job.reporting.exceptions_csv import Waiting


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of what waits: all that fits every word that is not empty."""

    cause: str = ""
    """A reason to wait, such as unknown_reference."""
    month: Period | None = None
    number: str = ""
    """A phone number, or the id by which a transaction refers to a number, order or trunk."""
    type: str = ""

    def of(self, found: Sequence[Waiting]) -> list[Waiting]:
        """Those that fit; ConfigError for a cause that nothing waits for."""
        causes = sorted({each.reason for each in found})
        if self.cause and self.cause not in causes:
            raise ConfigError(
                f"--cause {self.cause}: nothing waits for it; what waits, waits for {', '.join(causes) or 'nothing'}"
            )
        names = {self.number, e164_as_written(self.number) or self.number}
        return [
            each
            for each in found
            if self.cause in ("", each.reason)
            and self.type.lower() in ("", each.type)
            and (not self.number or names & {each.number, each.reference_id})
        ]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is decided about an exception: an empty `client_id` is the house, `amount_cents` a refund's net."""

    client_id: str = ""
    amount_cents: int | None = None
    accepts: bool = False

    @property
    def told(self) -> str:
        """What is decided, for the question before it."""
        if self.accepts:
            return "accept each as it is now"
        return f"{self.client_id} pays" if self.client_id else "the house pays"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision about one transaction, and why; `place` is the row of the file that says so, if one does."""

    transaction_id: str
    resolution: Resolution
    reason: str
    place: str = ""


def chosen_rows(job: Job, choice: Choice) -> list[Waiting]:
    """What waits and fits."""
    return choice.of(waiting_rows(job, waiting(job, choice.month)))


def resolve_exceptions(session: Session, wanted: Sequence[Wanted], who: str) -> CommandResult:
    """Record what is decided about exceptions, about all of them or none. The next run acts on it."""
    with locked_job(session) as job:
        return _resolved(job, session, wanted, who, chosen_rows(job, Choice()))


def resolve_chosen(
    session: Session, choice: Choice, resolution: Resolution, reason: str, who: str, agree: Callable[[str], None]
) -> CommandResult:
    """The same of all that a choice fits; `agree` asks before anything is recorded."""
    with locked_job(session) as job:
        found = chosen_rows(job, choice)
        if not found:
            raise ConfigError("nothing that waits fits: `billing-job exceptions` with the same options lists it")
        micros = wallet_text(sum(each.micros or 0 for each in found), job.settings.billing.currency)
        agree(f"{counted(len(found), 'transaction')} of {micros}: {resolution.told}?")
        wanted = [Wanted(each.transaction_id, resolution, reason) for each in found]
        return _resolved(job, session, wanted, who, found)


def _resolved(
    job: Job, session: Session, wanted: Sequence[Wanted], who: str, found: Sequence[Waiting]
) -> CommandResult:
    waits = {each.transaction_id: each for each in found}
    waits |= _decided_before(job, {each.transaction_id for each in wanted} - waits.keys())
    problems = [problem for each in wanted if (problem := _refused(job, each, waits.get(each.transaction_id)))]
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    decided_at = moment_text(session.clock.now())
    for each in wanted:
        made = each.resolution
        now = _micros_now(job, each.transaction_id) if made.accepts else None
        record_decision(
            job.engine,
            Decision(
                each.transaction_id,
                made.client_id,
                each.reason,
                decided_at,
                who,
                made.amount_cents,
                made.accepts,
                now,
            ),
        )
        session.console.info(f"{each.transaction_id} {_verdict(made, job.settings.billing.currency)}")
    for client_id in sorted({each.resolution.client_id for each in wanted} - {""}):
        taxed = vat_of(job.clients[client_id], job.tax_rules, job.last_month().last_day)
        if isinstance(taxed, Untaxable):
            session.console.warn(f"it goes on waiting until this is solved: {taxed.reason}")
    decided = [
        {
            "transaction_id": each.transaction_id,
            "client_id": each.resolution.client_id,
            "house": not each.resolution.client_id and not each.resolution.accepts,
            "accepted": each.resolution.accepts,
            "amount_cents": each.resolution.amount_cents,
            "reason": each.reason,
        }
        for each in wanted
    ]
    return CommandResult(ExitCode.DONE, {"schema": "billing-job/decision@1", **decided[0], "decisions": decided})


def _decided_before(job: Job, ids: Collection[str]) -> dict[str, Waiting]:
    """Those of these transactions that were decided and that nothing settles, as they would wait without that."""
    known = sorted(decisions(job.engine).keys() & ids)
    if not known:
        return {}
    rows, facts = [transactions_of(job.engine, known)], job.assignments()
    frame = attributed(job, rows, facts, billed_and_changed(job, facts=facts), undecided=known).whole()
    return {each.transaction_id: each for each in waiting_rows(job, frame[~frame["settled"]])}


def _refused(job: Job, wanted: Wanted, row: Waiting | None) -> str:
    """Why this exception cannot be decided in this way; empty when it can."""
    resolution = wanted.resolution
    if resolution.client_id and resolution.client_id not in job.clients:
        named = f"{wanted.place}, column client_id: " if wanted.place else "--client "
        return f"{named}{resolution.client_id}: there is no such client in clients.csv"
    where = f"{wanted.place}: {wanted.transaction_id}" if wanted.place else wanted.transaction_id
    if row is None:
        return f"{where}: no such transaction waits; `billing-job exceptions` lists them"
    is_changed = row.reason == BILLED_ROW_CHANGED
    if is_changed and not resolution.accepts:
        return f"{where}: it is billed already; credit its line, or use --accept to leave the documents as they are"
    if resolution.accepts and not is_changed:
        return f"{where}: {row.reason}, so there is nothing to accept: say who pays, --client ID or --house"
    if resolution.client_id and row.reason in UNBILLABLE:
        return f"{where}: {row.reason}, so there is no amount to charge a client: use --house"
    # One that was decided before may have found its original since.
    gives_back = row.reason in (WITHOUT_ORIGINAL, ORIGINAL_WAITS) or (not row.reason and (row.micros or 0) > 0)
    if resolution.client_id and gives_back and resolution.amount_cents is None:
        return f"{where}: is a refund whose original is not billed: say with --amount what the client gets back, net"
    misplaced = resolution.amount_cents is not None and not (resolution.client_id and gives_back)
    return f"{where}: --amount is for a refund without a billed original, together with --client" if misplaced else ""


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
