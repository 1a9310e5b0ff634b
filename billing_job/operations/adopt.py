"""`adopt`: take the documents of the output folder back into a ledger that is older than the folder."""

from billing_job.core.errors import LedgerError
from billing_job.core.files.manifest import Folder, sha256
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.ledger.collections import doubt_collections
from billing_job.ledger.deliveries import doubt_all_unsent
from billing_job.ledger.identity import all_numbers, ledger_id
from billing_job.ledger.issued_facts import ISSUED, take_in
from billing_job.ledger.reminders import doubt_reminders
from billing_job.month.folder_guard import check_folder, note_numbers, numbers_in
from billing_job.month.job import Job


def adopt(job: Job, run_id: str) -> tuple[list[str], int]:
    """The numbers that were taken in, and how many documents may have been e-mailed without the ledger's knowledge.

    All or nothing. LedgerError where a folder does not hold what its manifest lists, or belongs to another ledger.
    """
    known = all_numbers(job.engine)
    output = files_at(job.settings.output.directory)
    contents = []
    for month in output.folders():
        folder = Folder(output.below(month))
        manifest = folder.manifest()
        if not numbers_in(manifest) - known:
            continue
        if known and manifest.get("ledger") != ledger_id(job.engine):
            raise LedgerError(f"{folder.where()} was written by another ledger: its documents are not this one's")
        content = folder.read(ISSUED)
        listed = manifest["files"].get(ISSUED, {})
        if content is None or listed.get("sha256") != sha256(content):
            raise LedgerError(f"{folder.where(ISSUED)}: is missing or not as it was written; take it from a backup")
        contents.append(content)
    now = moment_text(job.clock.now())
    taken = take_in(job.engine, contents, now)
    check_folder(job)
    in_doubt = doubt_all_unsent(job.engine, moment=now, run_id=run_id) if taken else 0
    if taken:
        doubt_collections(job.engine, moment=now, run_id=run_id)
        if job.settings.reminders.levels:
            doubt_reminders(job.engine, moment=now, run_id=run_id)
    note_numbers(job)
    return taken, in_doubt
