"""Every command of the README and of docs/ is run, in the order in which a reader meets it."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bank_files import Moved, camt
from tests.support.fakes import Office, office
from tests.support.ledgers import on_server
from tests.support.mail_server import mail_server
from tests.support.paths import ROOT
from tests.support.sandbox_on_loopback import small_world
from tests.support.vies_server import vies_server

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
READ = sorted(
    [
        *PAGES,
        "CONTRIBUTING.md",
        "SECURITY.md",
        *(f"docs/decisions/{path.name}" for path in (ROOT / "docs" / "decisions").glob("*.md")),
    ]
)
"""Pages whose commands are typed, and those that are only read."""
TUTORIAL = "docs/tutorial.md"
"""Its commands need three programs at once and are typed by test_tutorial.py."""
SERVES = ({"sandbox"}, {"webhook", "serve"})
"""Commands that go on until they are stopped."""
HERE = {"/var/backups/billing/": "", "/tmp/trial/config/": "config/"}
"""Folders of the pages' examples, and where they are for a test."""
OF_THE_FILE = {"backup", "restore"}
"""Commands that a ledger on a server refuses."""
ANSWERS = {"restore": ["--yes"]}
"""What a person says when a command asks."""
SECRET = "whsec_of_the_docs"
EVENT = (
    '{"event": "number.activated", "timestamp": "2026-04-05T14:30:00Z", "data": {"number": "+31201234567",'
    ' "country": "NL", "type": "local", "trunk_uuid": "trk_a1b2c3d4", "order_id": 1042}}'
)
WAITING = 90122
"""The transaction that the README decides about; its reference is taken away, so that it waits."""


def commands(page: str) -> Iterator[list[str]]:
    """The words of each billing-job command in the sh blocks of a page; comments and continued lines are understood."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(re.sub(r"\$\(date [^)]*\)", "2026-11-05", line), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words = words[1:]
            if words and Path(words[0]).name == "billing-job":
                yield [_here(word) for word in words[1:]] + ANSWERS.get(words[1], [])


def _here(word: str) -> str:
    return next((word.replace(there, here) for there, here in HERE.items() if there in word), word)


def test_make_targets_of_the_readme_exist() -> None:
    """What the README tells to make, the Makefile makes."""
    told = set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test", "check", "bench", "setup"} <= told <= made | {"again"}


def test_links_of_the_pages_lead_somewhere() -> None:
    """No page links to a file that is not there."""
    for page in READ:
        for target in re.findall(r"\]\(([^)#\s]+)", (ROOT / page).read_text(encoding="utf-8")):
            if "://" not in target:
                assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("page", READ)
def test_what_a_page_names_in_the_source_is_there(page: str) -> None:
    """`folder/module.py` is a module of the program or of the tests; of "`name` in `module.py`" it holds the name."""
    text = (ROOT / page).read_text(encoding="utf-8")
    sources = {path: source(path) for path in re.findall(r"`((?:\w+/)+\w+\.py)`", text)}
    assert [path for path, code in sources.items() if not code] == []
    named = re.findall(r"`(\w+)`\s+(?:in|of)\s+`((?:\w+/)+\w+\.py)`", text)
    assert [f"{name} in {path}" for name, path in named if not re.search(rf"\b{name}\b", sources[path])] == []


def source(path: str) -> str:
    """A module's text, by its path from the project's folder, the package's or that of the tests."""
    found = [folder / path for folder in (ROOT, ROOT / "billing_job", ROOT / "tests") if (folder / path).is_file()]
    return found[0].read_text(encoding="utf-8") if found else ""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A folder with the example configuration, pointed at a sandbox, where a reader types."""
    with office(tmp_path, small_world()) as (here, sandbox), mail_server() as mail, vies_server() as vies:
        sandbox.state.change(WAITING, type="call", reference_type=None, reference_id=None)
        example = (ROOT / "config" / "billing.toml").read_text(encoding="utf-8")
        address = re.sub(r'(?m)^base_url = "[^"]+"', f'base_url = "{sandbox.base_url}"', example)
        address = address.replace('"sqlite:///billing.db"', f'"{here.database_url}"')
        address = re.sub(r'(?m)^# vies_url = "[^"]+"', f'vies_url = "{vies.url}"', address)
        post = f'[mail]\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\nfrom = "billing@example.com"\n'
        (here.config / "billing.toml").write_text(address + post, encoding="utf-8")
        (tmp_path / "november.xml").write_bytes(camt(Moved(1_000, "INV-2026-00001", day="2026-11-03", reference="A1")))
        (tmp_path / "events.jsonl").write_text(EVENT + "\n", encoding="utf-8")
        here.environment["DIDFARM_WEBHOOK_SECRET"] = SECRET
        monkeypatch.chdir(tmp_path)
        yield here


@pytest.mark.parametrize("page", [page for page in PAGES if page != TUTORIAL])
def test_commands_of_a_page(page: str, desk: Office) -> None:
    """Each command does what the page says it does: it ends as done, or with something that waits."""
    if page != "README.md":
        assert desk.run("--month", "2026-10").code in (0, 3)  # what the README comes to stands before every other page
    for words in commands(page):
        if on_server() and OF_THE_FILE & set(words):
            continue
        if any(serving <= set(words) for serving in SERVES) and "--bank" not in words:
            assert _still_serves(words, desk)
            continue
        ran = desk.type(*words)
        assert ran.code in (0, 3), f"{page}: billing-job {shlex.join(words)}: {ran.code} {ran.err} {ran.out}"


def _still_serves(words: list[str], desk: Office) -> bool:
    """Whether a command that serves starts, and goes on until it is stopped."""
    program = [sys.executable, "-m", "billing_job", *(re.sub(r"^80\d\d$", "0", word) for word in words)]
    environment = {**os.environ, **desk.environment}
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as serving:
        try:
            serving.communicate(timeout=4)
        except subprocess.TimeoutExpired:
            return True
        finally:
            serving.terminate()
    return False
