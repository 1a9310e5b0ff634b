"""Where output is written: a folder of this machine, or an object store; each file whole or not at all."""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from billing_job.core.errors import OutputError

MONTH = re.compile(r"\d{4}-\d{2}")
"""The name of a month's folder."""
_PIECE = 1 << 20
_PIECE_OF_DIGEST = 1 << 16
_TEMPORARY = re.compile(r"\.(.+\.)?[0-9a-f]{8}\.tmp")
"""The names of our temporary files: eight figures of chance, which a user's own .notes.tmp has not."""


class Files(Protocol):
    """Files by names such as invoices/INV-2026-00001.pdf, below one place."""

    def below(self, name: str) -> "Files":
        """The same, in a folder of that name."""

    def where(self, name: str = "") -> str:
        """A file's address, or that of the place itself, for people."""

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when it is not there."""

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, or another in its place, whole or not at all; OutputError when it cannot be done."""

    def digest(self, name: str) -> str | None:
        """The SHA-256 of a file; None when it is not there."""

    def take(self, name: str, path: Path) -> None:
        """Put a copy of a file of this machine there, as `write` does with bytes."""

    def remove(self, name: str) -> None:
        """Take a file away if it is there; OutputError when it cannot be done."""

    def names(self, folder: str) -> Iterator[str]:
        """The names of the files that stand in a folder."""

    def folders(self) -> Iterator[str]:
        """The names of the folders of months that stand here, the oldest first."""

    def clear_leftovers(self) -> None:
        """Remove what a killed run left half-written."""

    def check(self) -> None:
        """Find out whether files can be written here; OutputError otherwise."""


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """A folder of this machine. Files are written under another name and renamed; only their owner can read them."""

    path: Path

    def below(self, name: str) -> "LocalFiles":
        """The same in a subfolder, which the first file that is written makes."""
        return LocalFiles(self.path / name)

    def where(self, name: str = "") -> str:
        """The path as people know it."""
        return str(self.path / name)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when it is not there or may not be read."""
        # A file that cannot be read counts as missing: whoever writes it again says why it cannot be done.
        try:
            return (self.path / name).read_bytes()
        except OSError:
            return None

    def digest(self, name: str) -> str | None:
        """The SHA-256 of a file, never whole in memory; None when it is not there or may not be read."""
        # Without a file object and its buffer, which cost more than hashing a file of a document.
        try:
            descriptor = os.open(os.path.join(self.path, name), os.O_RDONLY)  # noqa: PTH118 - a Path costs as much again
        except OSError:
            return None
        try:
            digest = hashlib.sha256()
            while piece := os.read(descriptor, _PIECE_OF_DIGEST):
                digest.update(piece)
            return digest.hexdigest()
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def write(self, name: str, content: bytes) -> None:
        """Write beside it, flush to the disk and rename, so that nobody ever finds half a file."""
        self._put(name, content)

    def take(self, name: str, path: Path) -> None:
        """Copy a file in the same way."""
        with path.open("rb") as source:
            self._put(name, iter(partial(source.read, _PIECE), b""))

    def _put(self, name: str, content: bytes | Iterable[bytes]) -> None:
        path = self.path / name
        try:
            if not path.parent.is_dir():
                make_folder(path.parent)
            write_whole(path, content)
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be written ({error.strerror}). Make room or give the folder back its permissions, then"
                " run again: nothing is lost and nothing is issued twice"
            ) from None

    def remove(self, name: str) -> None:
        """Delete a file; one that is not there is no error."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{self.path / name}: cannot be removed ({error.strerror})") from None

    def names(self, folder: str) -> Iterator[str]:
        """The files of a folder in alphabetical order, without its subfolders; none when there is no folder."""
        return (path.name for path in sorted((self.path / folder).glob("*")) if path.is_file())

    def folders(self) -> Iterator[str]:
        """Subfolders with the name of a month."""
        return (path.name for path in sorted(self.path.glob("*")) if MONTH.fullmatch(path.name) and path.is_dir())

    def clear_leftovers(self) -> None:
        """Delete the temporary files of writers that were killed; one that resists is left for the next run.

        Only names that we give: whoever else keeps files there finds them again.
        """
        for leftover in self.path.glob("**/.*.tmp"):
            if _TEMPORARY.fullmatch(leftover.name):
                with contextlib.suppress(OSError):
                    leftover.unlink()

    def check(self) -> None:
        """Make the folder and try a file in it, before anything is issued."""
        make_folder(self.path)
        probe = self.path / f".{secrets.token_hex(4)}.tmp"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise OutputError(
                f"{self.path}: files cannot be written there ({error.strerror}); check output.directory"
            ) from None


def write_whole(path: Path, content: bytes | Iterable[bytes], mode: int = 0o600) -> None:
    """Put a file in its place, whole or not at all, with these permissions whatever the umask; OSError otherwise."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def make_folder(path: Path) -> None:
    """Make a folder that its owner alone can read, and those above it; OutputError says why it cannot be."""
    try:
        # One by one, for mkdir(parents=True) gives its mode to the last one only.
        for missing in reversed([folder for folder in (path, *path.parents) if not folder.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: the folder cannot be made ({error.strerror}); check output.directory") from None
