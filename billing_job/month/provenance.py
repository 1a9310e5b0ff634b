"""Whether a month's folder still says what the ledger says: then a run that changes nothing takes seconds."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from billing_job.core.columns.interned import ints
from billing_job.core.document import Document, Heading
from billing_job.core.files.manifest import MANIFEST, Folder
from billing_job.core.period import Period
from billing_job.ledger.folder_state import ledger_state, note_written, written_from
from billing_job.ledger.identity import ledger_id
from billing_job.month.job import Job
from billing_job.month.placed import Placed

VERSIONS = ("billing-job", "factur-x", "weasyprint")
"""The parts whose version can change a file."""


def is_unchanged(job: Job, placed: Placed, folder: Folder, month: Period) -> bool:
    """The folder is whole, no file of it was touched, and all that it was written from is as it was."""
    noted = written_from(job.engine, str(month))
    return noted != "" and noted == _state(job, placed, folder) and not folder.damaged()


def remember(job: Job, placed: Placed, folder: Folder, month: Period) -> None:
    """Note what the folder, which has just become whole, was written from."""
    note_written(job.engine, str(month), _state(job, placed, folder))


def _state(job: Job, placed: Placed, folder: Folder) -> str:
    """All that the files of a month come from, and the manifest that was written: any folder that has it is the one."""
    waits = not placed.exceptions.empty
    # What waits grows older by the day; nothing else does.
    today = str(job.today) if waits else ""
    digest = hashlib.sha256(folder.read(MANIFEST) or b"")
    for part in (today, ledger_state(job.engine), job.configuration_sha256, repr(job.seller)):
        digest.update(part.encode() + b"\0")
    for name, number in _versions().items():
        digest.update(f"{name} {number}\0".encode())
    for templates in job.templates.folders:
        for path in sorted(path for path in templates.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(templates)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _versions() -> Mapping[str, str]:
    """Looked up once: it means a walk through all that is installed."""
    return {name: version(name) for name in VERSIONS}


def manifest_facts(job: Job, month: Period, placed: Placed, documents: Sequence[Document | Heading]) -> dict[str, Any]:
    """Where the files come from: fingerprints of ledger and configuration, and versions."""
    return {
        "month": str(month),
        "ledger": ledger_id(job.engine),
        "ledger_sha256": _ledger_fingerprint(placed, documents),
        "configuration_sha256": job.configuration_sha256,
        "versions": dict(_versions()),
    }


def _ledger_fingerprint(placed: Placed, documents: Sequence[Document | Heading]) -> str:
    """One hash over the month's transactions and documents, as the ledger holds them."""
    digest = hashlib.sha256()
    between = b""
    for rows in placed.of_month("transaction_id"):
        if not rows.empty:
            digest.update(between + "\n".join(rows["transaction_id"]).encode())
            between = b"\n"
    for column in ("micros", "created_at"):
        for rows in placed.of_month(column):
            digest.update(ints(rows[column], missing=np.iinfo(np.int64).min).tobytes())
    for document in documents:
        digest.update(f"\n{document.number} {document.gross_cents}".encode())
    return digest.hexdigest()
