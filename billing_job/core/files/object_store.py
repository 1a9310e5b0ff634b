"""Output in an object store, through fsspec: s3://bucket/billing, gs://… or az://… and others.

Such a store shows an object whole or not at all, so a file is written in one request, under its own name.
"""

import hashlib
import importlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_job.core.errors import BillingJobError, ConfigError, OutputError
from billing_job.core.files.local import MONTH, Files, LocalFiles

_HERE = "file://"


def files_at(directory: Path | str) -> Files:
    """The files of a folder, or of an address; ConfigError when what the address needs is not installed."""
    if isinstance(directory, Path):
        return LocalFiles(directory)
    if directory.startswith(_HERE):
        return LocalFiles(Path(directory.removeprefix(_HERE)))
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError:
        raise ConfigError(
            f'output.directory = "{directory}": fsspec is missing; `pip install "billing-job[objects]"`'
        ) from None
    try:
        store, root = fsspec.core.url_to_fs(directory)
    except (ImportError, ValueError) as error:
        raise ConfigError(f'output.directory = "{directory}": {error}') from None
    return ObjectFiles(store, root.rstrip("/"), directory.rstrip("/"))


@dataclass(frozen=True, slots=True)
class ObjectFiles:
    """The objects below one key; `address` is how people name it."""

    store: Any
    root: str
    address: str

    def below(self, name: str) -> "ObjectFiles":
        """The same below a longer key; nothing is made."""
        return ObjectFiles(self.store, f"{self.root}/{name}", f"{self.address}/{name}")

    def where(self, name: str = "") -> str:
        """The address, for people."""
        return f"{self.address}/{name}" if name else self.address

    def read(self, name: str) -> bytes | None:
        """The bytes of an object; None when there is none, OutputError when the store does not answer."""
        try:
            content: bytes = self.store.cat_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return None
        except Exception as error:  # each store has errors of its own
            raise self._failed(name, "cannot be read", error) from None
        return content

    def digest(self, name: str) -> str | None:
        """The SHA-256 of an object; None when there is none."""
        content = self.read(name)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def take(self, name: str, path: Path) -> None:
        """Upload a file, in as many parts as the store wants; it shows the object when the last one is there."""
        try:
            self.store.put_file(str(path), f"{self.root}/{name}")
        except Exception as error:
            raise self._failed(name, "cannot be written", error) from None

    def write(self, name: str, content: bytes) -> None:
        """Put the object in one request; the store shows it whole or not at all."""
        try:
            self.store.pipe_file(f"{self.root}/{name}", content)
        except Exception as error:
            raise self._failed(name, "cannot be written", error) from None

    def remove(self, name: str) -> None:
        """Delete an object; one that is not there is no error."""
        try:
            self.store.rm_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._failed(name, "cannot be removed", error) from None

    def names(self, folder: str) -> Iterator[str]:
        """The objects directly below a key in alphabetical order, as the store has them now."""
        try:
            self.store.invalidate_cache()
            found = self.store.find(f"{self.root}/{folder}", maxdepth=1)
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._failed(folder, "cannot be listed", error) from None
        yield from (path.rpartition("/")[2] for path in sorted(found))

    def folders(self) -> Iterator[str]:
        """The months below the key, as the store has them now."""
        try:
            self.store.invalidate_cache()
            found = self.store.ls(self.root, detail=False)
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._failed("", "cannot be listed", error) from None
        names = (path.rstrip("/").rpartition("/")[2] for path in sorted(found))
        yield from (name for name in names if MONTH.fullmatch(name))

    def clear_leftovers(self) -> None:
        """Nothing is ever half-written here."""

    def check(self) -> None:
        """Put an object and delete it: whether the store lets us, before anything is issued."""
        probe = f".{secrets.token_hex(4)}.tmp"
        self.write(probe, b"")
        self.remove(probe)

    def _failed(self, name: str, what: str, error: Exception) -> BillingJobError:
        return OutputError(
            f"{self.where(name)}: {what} ({error or type(error).__name__}). Check output.directory and the store's"
            " permissions, then run again: nothing is lost and nothing is issued twice"
        )
