"""Invariant 8: the output folder holds no number that the ledger has not given.

Otherwise the ledger came from an older copy, is another one, or is gone, and would give the same numbers again.
"""

from collections.abc import Iterator

from billing_job.core.errors import LedgerError
from billing_job.core.files.local import Files, LocalFiles
from billing_job.core.files.manifest import INVOICES, Folder
from billing_job.core.files.numbers_file import NUMBERS, GivenNumbers, numbers_content, read_numbers
from billing_job.core.files.object_store import files_at
from billing_job.ledger.database import database_path, is_file
from billing_job.ledger.identity import all_numbers, highest_numbers, ledger_id
from billing_job.month.job import Job

_REMEDY = (
    "restore a newer copy (`billing-job restore`), or take the documents back from the folder with `billing-job adopt`"
)


def check_folder(job: Job) -> None:
    """LedgerError where folder and ledger do not belong together; run before a number is given or a mail is sent."""
    problems = folder_problems(job)
    if problems:
        raise LedgerError(problems[0])


def folder_problems(job: Job) -> list[str]:
    """What the output folder and the files beside the ledger know that the ledger does not."""
    return [*_of_number_files(job), *_of_manifests(job)]


def note_numbers(job: Job) -> None:
    """Keep the highest numbers in the output folder and beside the database; OutputError when it cannot be done."""
    given = GivenNumbers(ledger_id(job.engine), highest_numbers(job.engine))
    if not given.highest:
        return
    content = numbers_content(given)
    for files, name in _places(job):
        if files.read(name) != content:
            files.write(name, content)


def _places(job: Job) -> Iterator[tuple[Files, str]]:
    yield files_at(job.settings.output.directory), NUMBERS
    url = job.settings.storage.database_url
    if is_file(url):
        path = database_path(url)
        yield LocalFiles(path.parent), f"{path.name}.{NUMBERS}"


def _of_number_files(job: Job) -> Iterator[str]:
    own, highest = ledger_id(job.engine), highest_numbers(job.engine)
    for files, name in _places(job):
        where = files.where(name)
        try:
            found = read_numbers(files.read(name))
        except ValueError as error:
            yield f"{where}: cannot be read ({error}); take it from a backup, or remove it if nothing was issued yet"
            continue
        if found is None or not found.highest:
            continue
        if found.ledger != own:
            yield _other_ledger(where, found.ledger, own)
        for series in found.beyond(highest):
            yield (
                f"{where}: {series} has come to {found.highest[series]}, the ledger knows {highest.get(series, 0)}: it"
                f" is older than its folder; {_REMEDY}"
            )


def _of_manifests(job: Job) -> Iterator[str]:
    own, known = ledger_id(job.engine), all_numbers(job.engine)
    output = files_at(job.settings.output.directory)
    for month in output.folders():
        folder = Folder(output.below(month))
        manifest = folder.manifest()
        if not manifest:
            continue
        if manifest.get("ledger", own) != own:
            yield _other_ledger(folder.where(), str(manifest["ledger"]), own)
        unknown = sorted(numbers_in(manifest) - known)
        if unknown:
            more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            yield f"{folder.where()} holds {unknown[0]}{more}, which this ledger has not given; {_REMEDY}"


def numbers_in(manifest: dict[str, object]) -> set[str]:
    """The numbers of the documents that a manifest lists."""
    files = manifest.get("files")
    names = files if isinstance(files, dict) else {}
    return {name.removeprefix(f"{INVOICES}/").removesuffix(".pdf") for name in names if name.endswith(".pdf")}


def _other_ledger(where: str, other: str, own: str) -> str:
    return (
        f"{where} belongs to another ledger ({other or 'unknown'}, this one is {own}): choose another folder with"
        f" --output or output.directory. If that ledger was lost, {_REMEDY}"
    )
