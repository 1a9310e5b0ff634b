"""The month in an object store: the same bytes under the same names, the manifest last, whatever the store refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec  # type: ignore[import-untyped]
import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from billing_job.core.errors import ConfigError
from billing_job.core.files.manifest import MANIFEST, Folder, sha256
from billing_job.core.files.object_store import files_at
from tests.support.fakes import Office, office

BUCKET = "balky://billing"


class Balky(MemoryFileSystem):  # type: ignore[misc]
    """A store that keeps objects in memory, notes what is asked of it, and refuses the n-th write."""

    protocol = "balky"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    asked: ClassVar[list[tuple[str, str]]] = []
    refuse: ClassVar[list[int]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol(path.replace("balky://", "memory://")))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
        writes = sum(1 for what, _ in self.asked if what == "write")
        self.asked.append(("write", path))
        if writes in self.refuse:
            raise PermissionError("503 Slow Down")
        super().pipe_file(path, value, mode, **more)

    def rm_file(self, path: str) -> None:
        self.asked.append(("remove", path))
        super().rm_file(path)


@pytest.fixture(autouse=True)
def balky() -> Iterator[None]:
    """An empty store."""
    fsspec.register_implementation("balky", Balky, clobber=True)
    for kept in (Balky.store, Balky.asked, Balky.refuse):
        kept.clear()
    yield
    Balky.store.clear()


def objects() -> dict[str, bytes]:
    """Every object below the bucket, by its name there."""
    return {name.removeprefix("/billing/"): file.getvalue() for name, file in Balky.store.items()}


def documents_and_lists(files: dict[str, bytes]) -> dict[str, bytes]:
    """All but the manifests, which name the configuration, and with it the place."""
    return {name: content for name, content in files.items() if not name.endswith(MANIFEST)}


def into_the_bucket(here: Office) -> None:
    config = here.config / "billing.toml"
    config.write_text(f'{config.read_text()}\n[output]\ndirectory = "{BUCKET}"\n')


def test_a_month_in_a_store_is_the_month_of_a_folder(tmp_path: Path) -> None:
    """The same files byte for byte; the same again asks for no change; drafts go as they come."""
    with office(tmp_path / "folder") as (here, _):
        assert here.run("--month", "2026-10").code == 0
        expected = documents_and_lists(here.files())
    with office(tmp_path / "store") as (here, _):
        into_the_bucket(here)
        assert here.run("--month", "2026-10", "--draft").code == 0
        assert here.run("--month", "2026-10").code == 0
        drafts = {name: content for name, content in objects().items() if name.startswith("drafts/")}
        assert drafts
        assert documents_and_lists(objects()) == expected | drafts
        assert f"2026-10/{MANIFEST}" in objects()
        changes = len(Balky.asked)
        assert here.run("--month", "2026-10").code == 0
        probes = Balky.asked[changes:]  # whether something can be written is tried under a name of its own
        assert all(path.rpartition("/")[2].startswith(".") for _, path in probes)
        assert here.type("verify").code == 0
        assert not here.output.exists()


@pytest.mark.parametrize(
    "refused", [pytest.param(1, marks=pytest.mark.at_length), 4, pytest.param(9, marks=pytest.mark.at_length)]
)
def test_a_store_that_refuses_a_write(refused: int, tmp_path: Path) -> None:
    """The run fails with the object's address, no manifest stands there, and the next run completes the month."""
    with office(tmp_path / "folder") as (here, _):
        assert here.run("--month", "2026-10").code == 0
        expected = documents_and_lists(here.files())
    with office(tmp_path / "store") as (here, _):
        into_the_bucket(here)
        Balky.refuse.append(refused)
        failed = here.run("--month", "2026-10")
        assert failed.code == 1
        assert f"{BUCKET}/" in failed.err
        assert "503 Slow Down" in failed.err
        assert f"2026-10/{MANIFEST}" not in objects()
        assert here.run("--month", "2026-10").code == 0
        assert documents_and_lists(objects()) == expected
        assert f"2026-10/{MANIFEST}" in objects()


def test_the_manifest_goes_before_a_change_and_comes_back_last() -> None:
    """As in a folder: nobody who waits for the manifest reads half a month."""
    folder = Folder(files_at(BUCKET).below("2026-10"))
    folder.write("invoices/INV-1.csv", b"one")
    folder.write_manifest({"invoices/INV-1.csv": (sha256(b"one"), 3)}, {})
    assert folder.damaged() == []
    Balky.asked.clear()
    folder.write("invoices/INV-1.csv", b"two")
    names = [(what, path.rpartition("/")[2]) for what, path in Balky.asked]
    assert names == [("remove", MANIFEST), ("write", "INV-1.csv")]
    assert "is missing" in folder.damaged()[0]


def test_an_address_on_this_machine_is_a_folder(tmp_path: Path) -> None:
    """file:// writes as a folder does: under another name first."""
    files = files_at(f"file://{tmp_path}/output")
    files.check()
    files.below("2026-10").write("a.csv", b"x")
    assert (tmp_path / "output" / "2026-10" / "a.csv").read_bytes() == b"x"


@pytest.mark.parametrize("address", ["nostore://billing", "s3fake://x"])
def test_a_store_that_is_not_installed_is_named(address: str) -> None:
    """With what the user wrote."""
    with pytest.raises(ConfigError, match=f'output.directory = "{address}"'):
        files_at(address)
