"""`verify`: manifests and invariants again; with `--deep` all of history, and every hash that was ever stored."""

from billing_job.core.checks import documents_add_up, numbers_have_no_gap
from billing_job.core.errors import BillingJobError
from billing_job.core.files.manifest import sha256
from billing_job.core.money import micros_text
from billing_job.core.period import Period
from billing_job.core.sums import Sum
from billing_job.didfarm.wire import read_stored
from billing_job.documents.document_files import document_file, kinds_of
from billing_job.ledger.audit import UNREADABLE, audit, audit_chain, glance
from billing_job.ledger.document_files import stored_files
from billing_job.ledger.documents import all_documents, closed_periods, issued_numbers
from billing_job.month.folder_guard import folder_problems
from billing_job.month.job import Job
from billing_job.operations.open_items_check import open_items_agree
from billing_job.operations.reconcile import reconcile


def verify_deep(job: Job) -> list[str]:
    """What is wrong with the ledger, with the files against the ledger, and with the wallet; empty for nothing."""
    reading = job.reading()
    changed = audit_chain(job.engine)
    problems = audit(job.engine, lambda raw: read_stored(raw, reading), changed)
    if problems:
        return problems + changed  # what is computed from a damaged ledger would only add noise
    try:
        items = open_items_agree(job, [issued.document for issued in all_documents(job.engine)]) if changed else []
        return files_agree(job) + wallet_agrees(job) + items + changed
    except BillingJobError as error:
        return [str(error), *changed]
    except UNREADABLE:
        if not changed:
            raise
        return changed


def files_agree(job: Job) -> list[str]:
    """Every file of every document against the hash that the ledger stored when it was last written."""
    issued = all_documents(job.engine)
    known = stored_files(job.engine, [each.document.number for each in issued])
    problems = []
    for each in issued:
        folder = job.folder(Period.parse(each.folder))
        for kind in kinds_of(each.document):
            stored = known.get((each.document.number, kind))
            name = document_file(each.document, kind)
            content = folder.read(name)
            if stored is None:
                problems.append(f"{folder.where(name)}: was never written; run the month again")
            elif content is None:
                problems.append(f"{folder.where(name)}: is missing; `billing-job render` writes it again")
            elif sha256(content) != stored.sha256:
                problems.append(f"{folder.where(name)}: is not what the ledger says was written")
    return problems


def wallet_agrees(job: Job) -> list[str]:
    """Invariant 1 over every transaction ever mirrored, and invariant 5."""
    proof = reconcile(job)
    problems = []
    for name, part in [
        ("the whole history", proof),
        *((f"month {m['month'] or 'unknown'}", m) for m in proof["months"]),
    ]:
        placed = [
            Sum(part[key]["count"], part[key]["micros"]) for key in ("billed", "excluded", "exceptions", "waiting")
        ]
        if sum(placed, Sum()) != Sum(part["transactions"]["count"], part["transactions"]["micros"]):
            problems.append(f"invariant 1: {name} has {part['transactions']}, but {placed} were given a place")
    wallet = proof["wallet"]
    if wallet["balance_cents"] is not None and not wallet["matches"]:
        problems.append(
            f"invariant 5: the wallet differs by {micros_text(wallet['difference_micros'])} from what opening balance"
            " and movements explain; `billing-job reconcile` shows more"
        )
    return problems


def verify(job: Job, month: Period | None) -> tuple[int, list[str]]:
    """Check manifests and invariants again; how many documents were checked, and what is wrong.

    Without a month every month that has documents is checked.
    """
    documents = all_documents(job.engine)
    problems = documents_add_up(issued.document for issued in documents)
    problems += numbers_have_no_gap(issued_numbers(job.engine))
    problems += folder_problems(job) + glance(job.engine)
    try:
        problems += open_items_agree(job, [issued.document for issued in documents])
    except (BillingJobError, *UNREADABLE):
        if not problems:  # what cannot be read of a damaged ledger adds nothing
            raise
    folders = sorted({issued.folder for issued in documents} | closed_periods(job.engine))
    for folder in [str(month)] if month else folders:
        problems += job.folder(Period.parse(folder)).damaged()
    return len(documents), problems
