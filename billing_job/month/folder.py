"""The folder of a month: files of documents, of the books, of what waits, and the manifest last."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from billing_job.core.document import Document
from billing_job.core.errors import ConfigError
from billing_job.core.files.manifest import ACCOUNTING, Folder, sha256
from billing_job.core.period import Period
from billing_job.documents.document_files import SUFFIXES, document_file, kinds_of
from billing_job.documents.einvoice.national_rules import Issued
from billing_job.documents.einvoice.profiles import depends_on_lines
from billing_job.documents.render_pool import get_ready, render
from billing_job.ledger.document_files import StoredFile, record_files, stored_files
from billing_job.ledger.documents import Documents, document_of_number, documents_in_folder
from billing_job.ledger.identity import ledger_id
from billing_job.ledger.issued_facts import ISSUED, issued_facts
from billing_job.month.accounting_files import books_still_true, month_books
from billing_job.month.job import Job
from billing_job.month.page_and_lists import page_and_lists, write_page_and_lists
from billing_job.month.placed import Placed, give_back
from billing_job.month.placing import place
from billing_job.month.provenance import is_unchanged, manifest_facts, remember

LOOKED_UP_AT_ONCE = 1_000
"""Documents whose files are looked up in the ledger at one time."""
NOTED_AT_ONCE = 16
"""Documents whose files are recorded in one database transaction; a kill costs at most the drawing of so many again."""

Progress = Callable[[int, int, str], None]
"""Told of (done, of how many, of what)."""


@dataclass(slots=True)
class WrittenMonth:
    """What a month's folder holds now, and what could not be written or differs from what was issued."""

    documents: tuple[Issued, ...]
    """Drafts, or issued documents without their lines."""
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    """name below the folder → (SHA-256, size)."""
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was done that somebody may not expect."""


def write_month(
    job: Job,
    month: Period,
    placed: Placed,
    *,
    workers: int,
    progress: Progress,
    again: Collection[str] = (),
    formats: Collection[str] = (),
) -> WrittenMonth:
    """Bring the folder up to date with the ledger; files that are there already with the right bytes stay.

    `again` names documents to render in any case. `formats` are written for the books beside the configured ones, this
    once: what was exported by hand goes when it no longer holds, as after a credit note, and that is told. Without
    problems the manifest comes last, so a folder that has one is whole; with problems there is none. Nothing is made
    where nothing has changed. Documents are read from the ledger a few at a time, whenever they are gone through.
    """
    folder = job.folder(month)
    folder.clear_leftovers()
    before = folder.manifest()
    if not again and not formats and is_unchanged(job, placed, folder, month):
        files = {name: (entry["sha256"], entry["size"]) for name, entry in before["files"].items()}
        return WrittenMonth(told_of(documents_in_folder(job.engine, str(month))), files)
    give_back(placed, job.engine)
    documents = documents_in_folder(job.engine, str(month))
    written = WrittenMonth(told_of(documents))
    missing = _to_be_rendered(job, folder, written, again)
    get_ready(missing, workers, job.settings.run.scheduler)
    formats = list(dict.fromkeys(("csv", *job.settings.accounting.formats, *formats)))
    books = month_books(job, month, placed, documents, formats)
    written.warnings += books.warnings
    by_hand = {
        name.removeprefix(f"{ACCOUNTING}/"): str(entry["sha256"])
        for name, entry in before.get("files", {}).items()
        if name.startswith(f"{ACCOUNTING}/") and name.removeprefix(f"{ACCOUNTING}/") not in books.files
    }
    kept = books_still_true(job, month, placed, documents, by_hand)
    accounting = {f"{ACCOUNTING}/{name}": content for name, content in {**books.files, **kept}.items()}
    for name, content in accounting.items():
        folder.write(name, content)
        written.files[name] = (sha256(content), len(content))
    names = list(accounting)
    del books, kept, accounting
    give_back(placed, job.engine)
    looked = page_and_lists(job, month, placed, written.documents, names)
    give_back(placed, job.engine)
    # Other processes draw the pages meanwhile. The ledger is this thread's alone.
    with ThreadPoolExecutor(1) as beside:
        lists = beside.submit(write_page_and_lists, folder, looked, job.templates)
        _write_documents(job, folder, missing, written, workers, progress)
    written.files |= lists.result()
    del looked, lists
    give_back(placed, job.engine)
    if documents:
        recorded = issued_facts(job.engine, str(month), ledger_id(job.engine))
        written.files[ISSUED] = folder.write_pieces(ISSUED, recorded)
    for name in before.get("files", {}):
        if name.startswith(f"{ACCOUNTING}/") and name not in written.files:
            folder.remove(name)
            written.notes.append(
                f"{folder.where(name)}: no longer holds, and [accounting] formats does not ask for it, so it was"
                f" removed; `billing-job export --month {month}` writes it again"
            )
    if written.problems:
        folder.drop_manifest()
    else:
        facts = manifest_facts(job, month, placed, written.documents)
        folder.write_manifest(written.files, facts)
        if not written.warnings:  # they are to be said again
            remember(job, placed, folder, month)
    return written


def told_of(documents: Documents) -> tuple[Issued, ...]:
    """What is told of documents: their headings, and their lines without rows where the profile depends on them."""
    return tuple(
        _without_rows(documents[place]) if depends_on_lines(heading) else heading
        for place, heading in enumerate(documents.headings())
    )


def _without_rows(document: Document) -> Document:
    return replace(document, lines=tuple(replace(line, rows=()) for line in document.lines))


def write_drafts(
    job: Job, month: Period, drafts: Sequence[Document], *, workers: int, progress: Progress
) -> WrittenMonth:
    """Write drafts into their own folder; drafts of an earlier preview that no longer hold go away."""
    folder = job.draft_folder(month)
    written = WrittenMonth(tuple(drafts))
    for done, result in enumerate(render(drafts, job.templates, workers, job.settings.run.scheduler), 1):
        if result.problem:
            written.problems.append(result.problem)
        for kind, content in result.files.items():
            name = document_file(result.document, kind)
            folder.write(name, content)
            written.files[name] = (sha256(content), len(content))
        progress(done, len(drafts), "drafts")
    for name in folder.drafts():
        if name not in written.files:
            folder.remove(name)
    return written


def _to_be_rendered(job: Job, folder: Folder, written: WrittenMonth, again: Collection[str]) -> Documents:
    """The documents whose files are missing or differ from what was written before; the files of others are noted.

    Content hashes decide, so a kill costs little.
    """
    missing = []
    for start in range(0, len(written.documents), LOOKED_UP_AT_ONCE):
        lot = written.documents[start : start + LOOKED_UP_AT_ONCE]
        known = stored_files(job.engine, [document.number for document in lot])
        for document in lot:
            found = {}
            kinds = kinds_of(document)
            for kind in kinds:
                stored = known.get((document.number, kind))
                name = document_file(document, kind)
                content = folder.read(name) if stored is not None and document.number not in again else None
                if content is not None and stored is not None and sha256(content) == stored.sha256:
                    found[name] = (stored.sha256, stored.size)
            if len(found) == len(kinds):
                written.files.update(found)
            else:
                missing.append(document.number)
    return Documents(job.engine, missing)


def _write_documents(
    job: Job, folder: Folder, missing: Documents, written: WrittenMonth, workers: int, progress: Progress
) -> None:
    """Render documents and write their files."""
    noted: list[StoredFile] = []
    for done, result in enumerate(render(missing, job.templates, workers, job.settings.run.scheduler), 1):
        if result.problem:
            written.problems.append(result.problem)
            continue
        for kind, content in result.files.items():
            name, digest = document_file(result.document, kind), sha256(content)
            folder.write(name, content)
            written.files[name] = (digest, len(content))
            noted.append(StoredFile(result.document.number, kind, digest, len(content)))
        if done % NOTED_AT_ONCE == 0:
            _note(job, written, noted)
            noted = []
        progress(done, len(missing), "documents")
    _note(job, written, noted)


def _note(job: Job, written: WrittenMonth, files: Sequence[StoredFile]) -> None:
    """Record in the ledger what was written."""
    written.warnings += [
        f"{file.document_number}{SUFFIXES[file.suffix]} has other bytes than when it was first written:"
        " the program, its fonts or the templates have changed since"
        for file in record_files(job.engine, files)
    ]


def render_again(
    job: Job, month: Period, numbers: Collection[str], *, workers: int, progress: Progress
) -> WrittenMonth:
    """Write the files of a month's issued documents again, or of some of them; ConfigError for an unknown number."""
    for number in numbers:
        issued = document_of_number(job.engine, number)
        if issued is None:
            raise ConfigError(
                f"--number {number}: no such document was issued; `billing-job list` shows those that were"
            )
        if issued.folder != str(month):
            raise ConfigError(f"--number {number}: it stands in {issued.folder}, not in {month}")
    return write_month(job, month, place(job, month), workers=workers, progress=progress, again=numbers)
