"""Writing the output: each file whole or not at all, the manifest last, nothing outside the folder."""

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_job.errors import OutputError

MANIFEST = "manifest.json"
INVOICES = "invoices"
ACCOUNTING = "accounting"
READERS = 4
"""Files that are read and hashed at one time."""


def sha256(content: bytes) -> str:
    """The fingerprint that manifests and the ledger hold."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one month (or of its drafts); names are checked before they become paths."""

    path: Path

    def file(self, name: str) -> Path:
        """The path of a file such as invoices/INV-2026-00001.pdf; OutputError for a name that leads elsewhere."""
        parts = name.split("/")
        if not all(re.fullmatch(r"[^\W_][\w.@+ -]{0,200}", part) and not part.endswith((".", " ")) for part in parts):
            raise OutputError(f"{name!r} cannot be a file name in {self.path}")
        return self.path.joinpath(*parts)

    def write(self, name: str, content: bytes) -> bool:
        """Write a file under another name and rename it; False when it is there already with these bytes."""
        path = self.file(name)
        if self.read(name) == content:
            return False
        # A folder with a manifest is whole, so the manifest goes before the first change and comes back last.
        if name != MANIFEST:
            self.drop_manifest()
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            if not path.parent.is_dir():
                make_folder(path.parent)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise OutputError(
                f"{path}: cannot be written ({error.strerror}). Make room or give the folder back its permissions, then"
                " run again: nothing is lost and nothing is issued twice"
            ) from None
        return True

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when it is not there or cannot be read."""
        try:
            return self.file(name).read_bytes()
        except OSError:
            return None

    def drop_manifest(self) -> None:
        """Take the manifest away: from here on the folder is not whole."""
        try:
            self.file(MANIFEST).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{self.path / MANIFEST}: cannot be replaced ({error.strerror})") from None

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
        try:
            self.file(name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{self.path / name}: cannot be removed ({error.strerror})") from None

    def clear_leftovers(self) -> None:
        """Remove what a killed run left half-written."""
        for leftover in self.path.glob("**/.*.tmp"):
            with contextlib.suppress(OSError):
                leftover.unlink()

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
            return [f"{self.path / MANIFEST}: is missing, so the folder is not whole; run the month again"]
        try:
            files = json.loads(content)["files"]
            expected = {str(name): str(entry["sha256"]) for name, entry in files.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return [f"{self.path / MANIFEST}: is not a manifest of billing-job; run the month again"]
        # Hashing lets other threads go on.
        with ThreadPoolExecutor(READERS) as readers:
            found = readers.map(self._digest, expected)
        return [
            f"{self.path / name}: is missing; `billing-job render` writes it again"
            if actual is None
            else f"{self.path / name}: was changed after it was written; `billing-job render` restores it"
            for (name, digest), actual in zip(expected.items(), found, strict=True)
            if actual != digest
        ]

    def _digest(self, name: str) -> str | None:
        content = self.read(name)
        return None if content is None else sha256(content)


def make_folder(path: Path) -> None:
    """Make a folder that its owner alone can read, and those above it; OutputError says why it cannot be."""
    try:
        # One by one, for mkdir(parents=True) gives its mode to the last one only.
        for missing in reversed([folder for folder in (path, *path.parents) if not folder.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: the folder cannot be made ({error.strerror}); check output.directory") from None


def check_writable(path: Path) -> None:
    """Find out before anything is issued whether files can be written; OutputError otherwise."""
    make_folder(path)
    probe = path / f".{secrets.token_hex(4)}.tmp"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{path}: files cannot be written there ({error.strerror}); check output.directory") from None
