"""`verify --archive`: an archive proven by itself, with neither ledger nor configuration."""

import csv
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from billing_job.core.checks import numbers_have_no_gap
from billing_job.core.errors import ConfigError
from billing_job.core.files.manifest import MANIFEST, sha256
from billing_job.core.money import cents_from_decimal
from billing_job.operations.archive import CONTENTS, DOCUMENTS, Hashed, member, sealed, written

_SALES = "accounting/sales.csv"
_KEPT = (CONTENTS, DOCUMENTS)
_MOST_BYTES = 1 << 30
"""Of one file in an archive: what is larger was not written by us."""


@dataclass(slots=True)
class ArchiveCheck:
    """What an archive holds, and what is wrong with it, one sentence for each place."""

    path: Path
    documents: int = 0
    files: int = 0
    problems: list[str] = field(default_factory=list)


def check_archive(path: Path) -> ArchiveCheck:
    """Check every byte of an archive, or every file of an unpacked one; ConfigError when there is none."""
    check = ArchiveCheck(path)
    if not path.exists():
        raise ConfigError(f"--archive {path}: there is no such file or folder")
    found: dict[str, str] = {}
    small: dict[str, bytes] = {}
    try:
        with _contents_of(path, check) as members:
            for name, content in members:
                if name in found:
                    check.problems.append(f"{name}: is in the archive twice")
                if name.startswith("/") or ".." in name.split("/") or "\\" in name:
                    check.problems.append(f"{name}: leads out of the archive; do not unpack it")
                found[name] = sha256(content)
                if name in _KEPT or name.endswith((f"/{MANIFEST}", f"/{_SALES}")):
                    small[name] = content
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        check.problems.append(f"{path}: cannot be read as an archive ({error})")
    check.files = len(found)
    contents = _json(small.get(CONTENTS), CONTENTS, check)
    if contents is not None:
        _check_contents(contents, found, check)
    _check_months(small, found, check)
    try:
        _check_documents(small, contents or {}, check)
    except (ValueError, KeyError, TypeError, csv.Error):
        check.problems.append(f"{DOCUMENTS} and {_SALES}: cannot be compared, one of them has another form")
    return check


@contextmanager
def _contents_of(path: Path, check: ArchiveCheck) -> Iterator[Iterator[tuple[str, bytes]]]:
    if path.is_dir():
        yield _read_folder(path, check)
        return
    hashed = Hashed()
    # The archive is written a second time, to nowhere: what its headers and gaps hold must come out the same.
    with (
        tarfile.open(path, "r:") as tar,
        tarfile.open(fileobj=hashed, mode="w|", format=tarfile.PAX_FORMAT) as again,
    ):
        yield _read(tar, again)
    if not check.problems and hashed.digest.hexdigest() != _digest(path):
        check.problems.append(f"{path}: bytes between its files are not as they were written")


def _read_folder(path: Path, check: ArchiveCheck) -> Iterator[tuple[str, bytes]]:
    """Every plain file; a link could lead to anything, also to what is right today."""
    for each in sorted(path.rglob("*")):
        name = each.relative_to(path).as_posix()
        if each.is_symlink() or not (each.is_file() or each.is_dir()):
            check.problems.append(f"{name}: is a link or no file, which an archive does not hold")
        elif each.is_file():
            yield name, each.read_bytes()


def _read(tar: tarfile.TarFile, again: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for info in tar:
        file = tar.extractfile(info) if info.isfile() and info.size <= _MOST_BYTES else None
        if file is None:
            raise ValueError(f"{info.name}: is not a file as an archive holds them")
        content = file.read()
        again.addfile(member(info.name, len(content)), io.BytesIO(content))
        yield info.name, content


def _digest(path: Path) -> str:
    hashed = Hashed()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            hashed.write(piece)
    return hashed.digest.hexdigest()


def _json(content: bytes | None, name: str, check: ArchiveCheck) -> dict[str, Any] | None:
    if content is None:
        check.problems.append(f"{name}: is missing")
        return None
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("files"), dict):
        check.problems.append(f"{name}: was changed after it was written")
        return None
    return body


def _check_contents(contents: Mapping[str, Any], found: Mapping[str, str], check: ArchiveCheck) -> None:
    if contents.get("seal") != sealed(contents) or sha256(written(contents)) != found[CONTENTS]:
        check.problems.append(f"{CONTENTS}: was changed after it was written")
    expected = contents["files"]
    for name in sorted(found.keys() - expected.keys() - {CONTENTS}):
        check.problems.append(f"{name}: was put in after the archive was written")
    _compare("", expected, found, check)


def _compare(folder: str, expected: Mapping[str, Any], found: Mapping[str, str], check: ArchiveCheck) -> None:
    for name, told in sorted(expected.items()):
        digest = found.get(folder + name)
        if digest is None:
            check.problems.append(f"{folder}{name}: is missing")
        elif not isinstance(told, dict) or digest != told.get("sha256"):
            problem = f"{folder}{name}: was changed after it was written"
            if problem not in check.problems:
                check.problems.append(problem)


def _check_months(small: Mapping[str, bytes], found: Mapping[str, str], check: ArchiveCheck) -> None:
    """Each month's own manifest, which was there before the archive was."""
    for name in sorted(small):
        if name.endswith(f"/{MANIFEST}"):
            manifest = _json(small[name], name, check)
            if manifest is not None:
                _compare(name.removesuffix(MANIFEST), manifest["files"], found, check)


def _check_documents(small: Mapping[str, bytes], contents: Mapping[str, Any], check: ArchiveCheck) -> None:
    """Numbers without a gap, and each document's gross as the month's books have it (invariants 3 and 4)."""
    listed = _rows(small.get(DOCUMENTS))
    check.documents = len(listed)
    gross = {row["number"]: int(row["gross_cents"]) for row in listed}
    numbers = [(row["kind"], int(row["series_year"]), int(row["series_number"])) for row in listed]
    check.problems += numbers_have_no_gap([*numbers, *(tuple(each) for each in contents.get("elsewhere", []))])
    booked: dict[str, int] = {}
    for name, content in small.items():
        if name.endswith(f"/{_SALES}"):
            for row in _rows(content):
                number = row["document_number"]
                booked[number] = booked.get(number, 0) + cents_from_decimal(row["gross"])
    for number in sorted(gross.keys() | booked.keys()):
        if gross.get(number) != booked.get(number):
            told = f"{DOCUMENTS} has {gross.get(number)} cents, sales.csv {booked.get(number)}"
            check.problems.append(f"{number}: {told}")


def _rows(content: bytes | None) -> list[dict[str, str]]:
    text = (content or b"").decode("utf-8-sig", "replace")
    return list(csv.DictReader(io.StringIO(text)))
