"""Files are written whole or not at all, inside their folder, and a folder with a manifest is whole."""

import json
from pathlib import Path

import pytest

from billing_job.core.errors import OutputError
from billing_job.core.files.local import LocalFiles
from billing_job.core.files.manifest import MANIFEST, Folder, sha256


@pytest.mark.parametrize(
    "name",
    [
        "../billing.db",
        "/etc/passwd",
        "invoices/../../x",
        "",
        "invoices/",
        ".hidden",
        "a\\b\0",
        "a\nb",
        "CON.",
        "a/ b",
        "x" * 202,
        "a/.b",
        "a /b",
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    """What a number or a client id could turn into never becomes a path outside the folder, or a hidden file."""
    with pytest.raises(OutputError, match="cannot be a file name"):
        Folder(LocalFiles(tmp_path / "2026-10")).write(name, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 201, "invoices/INV-2026-00001.pdf", "a b/ü+@_-.csv", "7"])
def test_names_of_ours(name: str, tmp_path: Path) -> None:
    """What numbers and client ids may look like."""
    assert Folder(LocalFiles(tmp_path)).checked(name) == name


def test_the_manifest_goes_before_a_change_and_comes_back_last(tmp_path: Path) -> None:
    """Equal bytes touch nothing; other bytes take the manifest away until everything is written."""
    folder = Folder(LocalFiles(tmp_path / "2026-10"))
    assert folder.write("invoices/INV-1.csv", b"one")
    folder.write_manifest({"invoices/INV-1.csv": (sha256(b"one"), 3)}, {"month": "2026-10"})
    assert folder.damaged() == []
    assert not folder.write("invoices/INV-1.csv", b"one")
    assert folder.read(MANIFEST) is not None
    assert folder.write("invoices/INV-1.csv", b"two")
    assert folder.read(MANIFEST) is None
    assert "is missing" in folder.damaged()[0]


def test_damage_is_named_file_by_file(tmp_path: Path) -> None:
    """A changed and a missing file are two findings; a manifest that is none is said to be."""
    folder = Folder(LocalFiles(tmp_path))
    files = {name: (sha256(b"x"), 1) for name in ("a.csv", "b.csv", "c.csv")}
    for name in ("a.csv", "b.csv"):
        folder.write(name, b"x")
    folder.write_manifest(files, {})
    (tmp_path / "b.csv").write_bytes(b"y")
    assert [finding.split(": ")[1].split(" ")[:2] for finding in folder.damaged()] == [
        ["was", "changed"],
        ["is", "missing;"],
    ]
    (tmp_path / MANIFEST).write_text(json.dumps(["not", "ours"]))
    assert "is not a manifest" in folder.damaged()[0]


def test_leftovers_of_a_killed_run_go_away(tmp_path: Path) -> None:
    """Half-written files have names of their own; the next run removes them and nothing else."""
    folder = Folder(LocalFiles(tmp_path))
    folder.write("invoices/INV-1.pdf", b"x")
    (tmp_path / "invoices" / ".INV-2.pdf.1a2b3c4d.tmp").write_bytes(b"half")
    (tmp_path / "invoices" / "notes.tmp").write_bytes(b"the user's own")
    (tmp_path / "invoices" / ".notes.tmp").write_bytes(b"the user's own")
    (tmp_path / "invoices" / ".INV-1.pdf.swp.tmp").write_bytes(b"the user's editor's")
    folder.clear_leftovers()
    assert sorted(path.name for path in (tmp_path / "invoices").iterdir()) == [
        ".INV-1.pdf.swp.tmp",
        ".notes.tmp",
        "INV-1.pdf",
        "notes.tmp",
    ]


def test_a_folder_where_a_file_stands(tmp_path: Path) -> None:
    """Before anything is issued it is found out that the output cannot be written."""
    (tmp_path / "output").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"check output\.directory"):
        LocalFiles(tmp_path / "output" / "2026-10").check()
    LocalFiles(tmp_path / "new" / "deep").check()
    assert list((tmp_path / "new" / "deep").iterdir()) == []
