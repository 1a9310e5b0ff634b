"""The files of documents as they were last written."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from billing_job.ledger.billing_tables import files
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a document as it was last written."""

    document_number: str
    suffix: str
    sha256: str
    size: int


def record_files(engine: Engine, written: Sequence[StoredFile]) -> list[StoredFile]:
    """Note the files of documents; returns those whose bytes differ from what was written before."""
    with transaction(engine) as connection:
        known = _latest_files(connection, {file.document_number for file in written})
        before = [known.get((file.document_number, file.suffix)) for file in written]
        changed = [(file, old) for file, old in zip(written, before, strict=True) if old != file]
        add(
            connection,
            files,
            ("document_number", "suffix", "sha256", "size"),
            [(file.document_number, file.suffix, file.sha256, file.size) for file, _ in changed],
        )
        return [file for file, old in changed if old is not None]


def stored_files(engine: Engine, numbers: Sequence[str]) -> dict[tuple[str, str], StoredFile]:
    """(document number, suffix) → the file as last written."""
    with transaction(engine) as connection:
        return _latest_files(connection, set(numbers))


def _latest_files(connection: Connection, numbers: Collection[str]) -> dict[tuple[str, str], StoredFile]:
    """The entries of these documents; later ones take the place of earlier ones."""
    return {
        (row.document_number, row.suffix): StoredFile(row.document_number, row.suffix, row.sha256, row.size)
        for chunk in chunks(sorted(numbers))
        for row in connection.execute(select(files).where(files.c.document_number.in_(chunk)).order_by(files.c.seq))
    }
