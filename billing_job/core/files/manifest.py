"""Writing the output: each file whole or not at all, the manifest last, nothing outside the folder."""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from billing_job.core.errors import OutputError
from billing_job.core.files.local import Files

MANIFEST = "manifest.json"
INVOICES = "invoices"
ACCOUNTING = "accounting"
DRAFT = "DRAFT-"
"""How the name of a draft begins, in the place of a number."""
_PART = r"[^\W_](?:[\w.@+ -]{0,199}[\w@+-])?"
_NAME = re.compile(f"{_PART}(?:/{_PART})*")
READERS = 4
"""Files that are read and hashed at one time."""
READ_AT_ONCE = 64
"""Files that one of those readers is given."""


def sha256(content: bytes) -> str:
    """The fingerprint that manifests and the ledger hold."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one month (or of its drafts); names are checked before they become addresses."""

    files: Files

    def where(self, name: str = "") -> str:
        """The address of a file, or of the folder, for people."""
        return self.files.where(name)

    def checked(self, name: str) -> str:
        """The name of a file such as invoices/INV-2026-00001.pdf; OutputError for one that leads elsewhere."""
        if not _NAME.fullmatch(name):
            raise OutputError(f"{name!r} cannot be a file name in {self.where()}")
        return name

    def write(self, name: str, content: bytes) -> bool:
        """Write a file, whole or not at all; False when it is there already with these bytes."""
        if self.read(name) == content:
            return False
        # A folder with a manifest is whole, so the manifest goes before the first change and comes back last.
        if name != MANIFEST:
            self.drop_manifest()
        self.files.write(self.checked(name), content)
        return True

    def write_pieces(self, name: str, pieces: Iterable[bytes]) -> tuple[str, int]:
        """Write a file as `write` does, never whole in memory; returns its SHA-256 and its size."""
        digest, size = hashlib.sha256(), 0
        try:
            with tempfile.NamedTemporaryFile(prefix="billing-job-") as spool:
                for piece in pieces:
                    digest.update(piece)
                    size += spool.write(piece)
                spool.flush()
                if self.files.digest(self.checked(name)) != digest.hexdigest():
                    self.drop_manifest()
                    self.files.take(name, Path(spool.name))
        except OSError as error:
            raise OutputError(
                f"{self.where(name)}: cannot be made ready in {tempfile.gettempdir()} ({error.strerror}). Make room"
                " there or set TMPDIR, then run again: nothing is lost and nothing is issued twice"
            ) from None
        return digest.hexdigest(), size

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when it is not there."""
        return self.files.read(self.checked(name))

    def drop_manifest(self) -> None:
        """Take the manifest away: from here on the folder is not whole."""
        self.files.remove(MANIFEST)

    def manifest(self) -> dict[str, Any]:
        """What manifest.json says; nothing when there is none or it cannot be read."""
        try:
            body = json.loads(self.read(MANIFEST) or b"{}")
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def remove(self, name: str) -> None:
        """Take a file away that the folder should no longer have; the manifest goes first, as before every change."""
        self.drop_manifest()
        self.files.remove(self.checked(name))

    def drafts(self) -> list[str]:
        """The names of the drafts' files that are there."""
        return [f"{INVOICES}/{name}" for name in self.files.names(INVOICES) if name.startswith(DRAFT)]

    def clear_leftovers(self) -> None:
        """Remove what a killed run left half-written."""
        self.files.clear_leftovers()

    def write_manifest(self, files: Mapping[str, tuple[str, int]], facts: Mapping[str, Any]) -> None:
        """Write manifest.json: SHA-256 and size of every file, and facts that are the same on a re-run."""
        body = {
            "schema": "billing-job/manifest@1",
            **facts,
            "files": {name: {"sha256": digest, "size": size} for name, (digest, size) in sorted(files.items())},
        }
        self.write(MANIFEST, (json.dumps(body, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode())

    def damaged(self) -> list[str]:
        """What does not agree with the manifest: one sentence for each file."""
        content = self.read(MANIFEST)
        if content is None:
            return [f"{self.where(MANIFEST)}: is missing, so the folder is not whole; run the month again"]
        try:
            files = json.loads(content)["files"]
            expected = {str(name): str(entry["sha256"]) for name, entry in files.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return [f"{self.where(MANIFEST)}: is not a manifest of billing-job; run the month again"]
        names = [self.checked(name) for name in expected]
        lots = [names[start : start + READ_AT_ONCE] for start in range(0, len(names), READ_AT_ONCE)]
        # Hashing lets other threads go on; handing each file over by itself would take as long as reading it.
        with ThreadPoolExecutor(READERS) as readers:
            found = chain.from_iterable(readers.map(self._digests, lots))
        return [
            f"{self.where(name)}: is missing; `billing-job render` writes it again"
            if actual is None
            else f"{self.where(name)}: was changed after it was written; `billing-job render` restores it"
            for (name, digest), actual in zip(expected.items(), found, strict=True)
            if actual != digest
        ]

    def _digests(self, names: Sequence[str]) -> list[str | None]:
        return [self.files.digest(name) for name in names]
