"""docs/tutorial.md: its commands, typed in its order into an empty folder, do what it says."""

import re
import shlex
from pathlib import Path

import pytest

from billing_job.config.mapping import load_mapping
from tests.support.fakes import office
from tests.support.ledgers import storage
from tests.support.paths import DOCS

TUTORIAL = DOCS / "tutorial.md"
PLANS = ("standard", "wholesale", "premium")


def commands() -> list[list[str]]:
    """The words after `billing-job` of each command that the tutorial shows."""
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("billing-job ")]


def test_the_tutorials_commands_work_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the two servers, which the test brings; each ends with 0, and the folder holds what it promises."""
    monkeypatch.chdir(tmp_path)
    typed = []
    with office(tmp_path) as (reseller, sandbox):
        for name in ("clients.csv", "trunks.csv", "numbers.csv"):
            (tmp_path / "config" / name).unlink()
        settings = re.findall(r"```toml\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)[0]
        path = tmp_path / "config" / "billing.toml"
        settings = settings.replace("http://127.0.0.1:8042/api/v1", sandbox.base_url)
        path.write_text(storage(tmp_path) + settings, encoding="utf-8")
        for words in commands():
            if words[0] == "webhook" or "--webhook-url" in words:
                continue
            ran = reseller.type(*words)
            assert ran.code == 0, (words, ran.err)
            typed.append(words[0])
        assert typed == [
            "sandbox", "api", "api", "onboard", "api", "sync", "reconcile", "preview", "move", "offboard", "doctor",
        ]  # fmt: skip
        assert (tmp_path / "fietswinkel.txt").stat().st_mode & 0o777 == 0o600
        assert list((tmp_path / "output" / "drafts" / "2026-11" / "invoices").glob("*fietswinkel*.pdf"))
        mapping = load_mapping(tmp_path / "config", PLANS)
        held = [(row.trunk, row.valid_to) for row in mapping.numbers if row.number == "+31612001237"]
        assert [str(valid_to) for _, valid_to in held] == ["2026-12-01", "None"]
