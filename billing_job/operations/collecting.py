"""`collect`: one file of direct debits for a day and a scheme, noted before it is written, so that it comes once."""

import re
from collections.abc import Sequence
from datetime import date

from billing_job.core.console import Console
from billing_job.core.errors import ConfigError, RunFailed
from billing_job.core.files.manifest import sha256
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.target_days import after_target_days, is_target_day, next_target_day
from billing_job.ledger.collections import (
    LoggedCollection,
    collections_doubted_on,
    logged_collections,
    prepare_collection,
    record_written,
)
from billing_job.ledger.payments import recorded_payments
from billing_job.ledger.undelivered import not_reached
from billing_job.month.banked import waiting_money
from billing_job.month.collected import announced, collected, collection_of, collection_to_json, under_way
from billing_job.month.job import Job
from billing_job.month.receivables import check_holds, load_receivables
from billing_job.operations.collect_report import FOLDER, CollectionFile, CollectReport, NotCollected
from billing_job.receivables.direct_debit import Collection, Creditor, Debit, collection_xml
from billing_job.receivables.mandates import (
    Collected,
    Mandate,
    Scheme,
    lapsed_after,
    mandate_for,
    returns_in_a_row,
    sequence_of,
    used_on,
)
from billing_job.receivables.open_items import OpenItem
from billing_job.receivables.reminder_plan import HoldKind

_DIRECT_DEBIT = "direct_debit"
_END_TO_END = re.compile(rb"<EndToEndId>([^<]+)<")
_NOTICE = 1
"""TARGET days that a bank wants between the file and the day (EPC rulebooks: D-1)."""


def collect(
    job: Job, due: date, console: Console, *, bank_has_none: bool = False, all_announced: bool = False
) -> CollectReport:
    """Write the files of a day, or again what a call before this one noted and may not have written.

    Documents of before a backup was restored wait, as the bank may have been told of them, unless it `bank_has_none`.
    Documents that announce no debit wait unless the client was told otherwise (`all_announced`).
    What stands in a file that the ledger does not know waits until that is moved away.
    ConfigError for a day on which no bank collects, and where the seller has no account or creditor identifier.
    """
    logged = logged_collections(job.engine)
    report = CollectReport(due)
    for file in logged:
        # Also of another day: a killed call left it, and the bank should not wait for it.
        if not file.is_written or file.due == due.isoformat():
            report.files.append(_written(job, file, console, new=not file.is_written))
    payments = recorded_payments(job.engine)
    history = collected(logged, payments)
    made = {Scheme(file.scheme) for file in logged if file.due == due.isoformat()}
    doubted_on = None if bank_has_none else collections_doubted_on(job.engine)
    debits, report.waiting = _debits(job, due, history, made, doubted_on, all_announced=all_announced)
    if not made:
        _check_day(job, due)
    if not debits:
        return report
    creditor = _creditor(job)
    for scheme, of_scheme in sorted(debits.items()):
        zone = job.settings.billing.zone
        moment = job.clock.now().astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
        collection = Collection(due, scheme, creditor, moment, tuple(of_scheme))
        collection_xml(collection)  # before it is noted: what the schema refuses must not be on record as collected
        name = f"{due}-{scheme.value}.xml"
        if files_at(job.settings.output.directory).below(FOLDER).read(name) is not None:
            raise RunFailed(
                f"{FOLDER}/{name}: is there already, but is not in the ledger: the bank may have it; collect on another"
                " day, or move the file away when the bank has not"
            )
        noted = prepare_collection(
            job.engine,
            due.isoformat(),
            scheme.value,
            collection.message_id,
            collection_to_json(collection),
            moment=moment_text(job.clock.now()),
            run_id=console.run_id,
        )
        report.files.append(_written(job, noted, console, new=True))
    return report


def _written(job: Job, noted: LoggedCollection, console: Console, *, new: bool) -> CollectionFile:
    """The file as it was noted; its bytes follow from the note alone."""
    collection = collection_of(noted)
    content = collection_xml(collection)
    name = f"{noted.due}-{noted.scheme}.xml"
    if noted.is_written and sha256(content) != noted.sha256:
        raise RunFailed(
            f"{name}: this version of the program would write it otherwise than the bank has it; take it from your"
            " backup or from the bank"
        )
    files = files_at(job.settings.output.directory).below(FOLDER)
    if files.read(name) != content:
        files.write(name, content)
    if not noted.is_written:
        moment = moment_text(job.clock.now())
        record_written(job.engine, noted, sha256(content), moment=moment, run_id=console.run_id)
    return CollectionFile(name, collection, new)


def _debits(
    job: Job,
    due: date,
    history: list[Collected],
    made: set[Scheme],
    doubted_on: str | None,
    *,
    all_announced: bool,
) -> tuple[dict[Scheme, list[Debit]], list[NotCollected]]:
    """What is due on the day and may be collected, by scheme; and what may not, with the reason."""
    debits: dict[Scheme, list[Debit]] = {}
    waiting: list[NotCollected] = []
    check_holds(job)
    state = load_receivables(job)
    pending = under_way(history)
    elsewhere = _in_unknown_files(job)
    unread, undecided = not_reached(job.engine, job.clock.now()), waiting_money(job)
    payers = {id_ for id_, client in job.clients.items() if client.payment == _DIRECT_DEBIT}
    owed = [
        (place, item)
        for place, item in enumerate(state.open_items)
        if item.open_cents > 0 and item.due_date <= due and pending.get(item.number) != due
    ]
    told = announced(job.engine, [item.number for _, item in owed])
    # Who has another id by now still waits for the debit that his invoice announced.
    gone = {item.client_id for _, item in owed if item.number in told} - job.clients.keys()
    candidates = [(place, item) for place, item in owed if item.client_id in payers | gone]
    for place, item in candidates:
        mandate = mandate_for(job.receivables_files.mandates, item.client_id, due)
        favour = state.credit_balances.get(item.client_id, 0)
        reason = _refusal(job, item, due, pending, favour)
        if not reason and doubted_on is not None and item.issue_date.isoformat() <= doubted_on:
            reason = (
                f"the ledger was restored from a backup on {doubted_on}, and the bank may have been told of it already:"
                " when it was not, say --bank-has-none"
            )
        if not reason and item.number in elsewhere:
            reason = (
                f"stands in {elsewhere[item.number]}, which the ledger does not know and the bank may have: move the"
                " file away when the bank has not"
            )
        # The invoice is what announces the debit.
        reason = reason or unread.get(item.number, "") or undecided.get(item.client_id, "")
        if not reason and item.client_id in gone:
            reason = f"{item.client_id} is in clients.csv no more, and waits for its debit: ask for a transfer"
        if not reason and mandate is None:
            reason = f"no mandate of the client holds on {due}: add one to mandates.csv"
        if not reason and mandate is not None:
            if refused := _mandate_refusal(job, mandate, history, due):
                reason = refused
            elif mandate.scheme in made:
                reason = f"the {mandate.scheme.value} file of {due} is made: collect it on another day"
            elif not all_announced and item.number not in told:
                reason = (
                    "its invoice asks for a transfer and announces no debit, and the client may be paying it: tell the"
                    " client of the debit, then say --announced"
                )
        if reason or mandate is None:
            waiting.append(NotCollected(item.number, item.client_id, item.open_cents, reason))
            continue
        is_last = not any(later.client_id == item.client_id for later in state.open_items[place + 1 :])
        sequence = sequence_of(mandate, due, history, is_last=is_last)
        debits.setdefault(mandate.scheme, []).append(
            Debit(
                item.number,
                item.client_id,
                item.open_cents,
                sequence.value,
                mandate.mandate_id,
                mandate.signed_on,
                mandate.iban,
                mandate.bic,
                mandate.holder,
            )
        )
        history = [*history, Collected(mandate.mandate_id, item.number, due, returned=False)]
    return debits, waiting


def _mandate_refusal(job: Job, mandate: Mandate, history: Sequence[Collected], due: date) -> str:
    """Why nothing more is collected by a mandate that holds; empty where it may be."""
    most = job.settings.receivables.returns_before_transfer
    if returns_in_a_row(mandate.mandate_id, history) >= most:
        return f"mandate {mandate.mandate_id} came back {most} times in a row: ask for a transfer"
    if mandate.is_one_off and (used := used_on(mandate.mandate_id, history)):
        return f"mandate {mandate.mandate_id} was for one collection, that of {used}: ask for a transfer"
    if last := lapsed_after(mandate.mandate_id, history, due):
        return f"mandate {mandate.mandate_id} lapsed 36 months after its last collection, of {last}: get a new one"
    return ""


def _in_unknown_files(job: Job) -> dict[str, str]:
    """Document → the file of direct debits that has it, of those in the folder that are in no log: after a restore."""
    known = {f"{each.due}-{each.scheme}.xml" for each in logged_collections(job.engine)}
    output = files_at(job.settings.output.directory)
    return {
        number.decode(): f"{FOLDER}/{name}"
        for name in output.names(FOLDER)
        if name.endswith(".xml") and name not in known
        for number in _END_TO_END.findall(output.below(FOLDER).read(name) or b"")
    }


def _refusal(job: Job, item: OpenItem, due: date, pending: dict[str, date], favour: int) -> str:
    if item.number in pending:
        return f"is being collected on {pending[item.number]}, neither booked nor given back yet: import statements"
    if job.settings.billing.currency != "EUR":
        return "is not in euros, which alone SEPA collects"
    for hold in job.receivables_files.holds:
        if hold.kind is HoldKind.DISPUTE and (hold.covers(item, due) or hold.covers(item, job.today)):
            return f"dispute until {hold.valid_to}: {hold.reason}"
    if favour > 0:
        return "the client has a credit balance: set it off or pay it back first"
    return ""


def _check_day(job: Job, due: date) -> None:
    if not is_target_day(due):
        raise ConfigError(f"--due {due}: banks do not settle on this day; the next one is {next_target_day(due)}")
    earliest = after_target_days(job.today, _NOTICE)
    if due < earliest:
        raise ConfigError(f"--due {due}: banks want the file a day before; the earliest day is {earliest}")


def _creditor(job: Job) -> Creditor:
    seller = job.seller
    missing = [name for name in ("iban", "creditor_id") if not getattr(seller, name)]
    if missing:
        raise ConfigError([f"seller.{name}: is needed for direct debits; add it to billing.toml" for name in missing])
    return Creditor(seller.account_name, seller.iban.replace(" ", ""), seller.bic.replace(" ", ""), seller.creditor_id)
