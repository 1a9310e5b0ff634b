"""docs/first-month.md: a new user's walk, typed again as it stands there; the answers are those that are printed."""

import csv
import difflib
import io
import os
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing_job.didfarm.sandbox.config_files import config_files
from billing_job.didfarm.sandbox.running import RunningSandbox
from tests.support.fakes import Clock, Office
from tests.support.paths import DOCS
from tests.support.sandbox_on_loopback import KEY, small_world

pytestmark = pytest.mark.sqlite_file("the page shows where the ledger's file is")
PAGE = DOCS / "first-month.md"
BLOCK = re.compile(r"^```(console|toml|)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SELLER = {"name": "Noordzee Telecom", "country": "NL", "vat_id": "NL861994772B01", "iban": "NL91ABNA0417164300",
          "street": "Herengracht 168", "postal_code": "1016 BP", "city": "Amsterdam", "registration_id": "80151892",
          "email": "billing@noordzee.example"}  # fmt: skip


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def filled_in(here: Office, written_by_hand: list[str]) -> str:
    """What a user writes into billing.toml and clients.csv; the lines of [seller] that were written."""
    written_by_hand += SELLER.values()
    settings = (here.config / "billing.toml").read_text(encoding="utf-8")
    written = ["[seller]"]
    for key, value in SELLER.items():
        settings, count = re.subn(rf'(?m)^{key} = ""', f'{key} = "{value}"', settings, count=1)
        assert count == 1, key
        written.append(f'{key} = "{value}"')
    (here.config / "billing.toml").write_text(settings, encoding="utf-8")
    known = {row["name"]: row for row in table(config_files(small_world())["clients.csv"])}
    path = here.config / "clients.csv"
    head, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    for row in rows:
        for column in ("street", "postal_code", "city", "country", "vat_id", "email", "language"):
            row[head.index(column)] = known[row[head.index("name")]][column]
            written_by_hand.append(row[head.index(column)])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
    return "\n".join(written)


def confirmed(here: Office, written_by_hand: list[str]) -> None:
    """Each proposal with the trunk that its number is on."""
    path = here.config / "numbers.csv"
    known = table(config_files(small_world())["numbers.csv"])
    names = ("number", "did_number_id", "order_id")
    trunk_of = {(name, row[name]): row["trunk"] for name in names for row in known if row[name]}
    head, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    for row in rows:
        row[0] = row[0].removeprefix("#")
        row[head.index("trunk")] = next(trunk_of[name, cell] for name, cell in zip(names, row, strict=False) if cell)
        written_by_hand.append("#" + row[head.index("trunk")])  # a # that is taken away is a key pressed, too
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def shown(text: str, here: Office, address: str) -> str:
    """An answer as the page shows it: a folder and a port of every reader's, and no versions of this machine."""
    text = text.replace(str(here.folder), "/home/you/billing").replace(address, "http://127.0.0.1:8042/api/v1")
    text = re.sub(r"(?ms)^Machine\n.*?(?=^Settings$)", "Machine\n  …\n", text)
    text = re.sub(r"(?m)^.*: \d+ of \d+\n", "", text)
    # How many are green depends on the machine, too.
    return re.sub(r"(?m)^\d+ green", "… green", text).strip()


def counted(page: str, commands: list[str], written_by_hand: list[str]) -> str:
    """The page with what was typed: its sentence says how long that takes at forty words a minute."""
    values = [value for value in written_by_hand if value]
    keys = sum(len(each) + 1 for each in [*commands, *values])
    typed = f"{len(commands)} commands and {len(values)} values, {keys:,} keys"
    return re.sub(r"(?m)^Typed in all: .*? minutes", f"Typed in all: {typed}, {-(-keys // 200)} minutes", page)


def first_lines(path: Path, count: int = 5) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join([*lines[:count], *(["…"] if len(lines) > count else [])])


def test_the_walk_is_as_the_page_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an empty folder to issued invoices with the commands of the page and what it says to fill in, no more."""
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    clock = Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC))
    here = Office(tmp_path, clock)
    with RunningSandbox(small_world(), KEY, clock, requests_per_minute=0) as sandbox:
        files: list[str] = []
        commands: list[str] = []
        by_hand: list[str] = []

        def told(kind: str, old: str) -> str:
            if kind == "toml":
                return filled_in(here, by_hand)
            if kind == "":
                files.append(old)
                if len(files) == 3:
                    confirmed(here, by_hand)
                return first_lines(here.config / ("trunks.csv" if len(files) == 1 else "numbers.csv"))
            answers = []
            for line in (line for line in old.splitlines() if line.startswith("$ ")):
                answers.append(line)
                commands.append(line.removeprefix("$ "))
                words = shlex.split(line.removeprefix("$ "))
                if words[0] == "billing-job":
                    typed = [word.replace("http://127.0.0.1:8042/api/v1", sandbox.base_url) for word in words[1:]]
                    ran = here.type(*typed)
                    assert ran.code == 0, (line, ran.err)
                    answers.append(shown(ran.out + ran.err, here, sandbox.base_url))
            return "\n".join(answers)

        walked = BLOCK.sub(lambda block: f"```{block[1]}\n{told(block[1], block[2])}\n```", page)
        walked = counted(walked, commands, by_hand)
    if os.environ.get("UPDATE_GOLDENS"):
        PAGE.write_text(walked, encoding="utf-8")
    changes = difflib.unified_diff(page.splitlines(), walked.splitlines(), "the page", "the walk", lineterm="")
    assert walked == page, "\n".join(["UPDATE_GOLDENS=1 writes the page as the walk is", *changes])
    assert len(list(here.month().glob("invoices/*.pdf"))) == 3
