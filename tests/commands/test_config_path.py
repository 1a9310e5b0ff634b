"""--config: a folder or a file, anywhere on the line, found upwards; and what a shell completes with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billing_job.cli import COMPLETE, cli
from billing_job.commands.config_path import config_file, config_first
from billing_job.commands.shells import Bash, Fish, Zsh
from tests.support.fakes import two_clients


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        (["list", "--config", "c"], ["--config", "c", "list"]),
        (["--config", "c", "list"], ["--config", "c", "list"]),
        (["exceptions", "resolve", "--config=c", "1"], ["--config=c", "exceptions", "resolve", "1"]),
        (["api", "sms", "a", "b", "--", "--config", "c"], ["api", "sms", "a", "b", "--", "--config", "c"]),
        (["list", "--config"], ["list", "--config"]),
    ],
)
def test_config_stands_anywhere(typed: list[str], taken: list[str]) -> None:
    """Before or behind the command, with a blank or a =; what follows -- is not ours."""
    assert config_first(typed) == taken


def test_config_is_found(tmp_path: Path) -> None:
    """A folder stands for the file in it or in its config/; None is looked for upwards, but is no stranger's."""
    config = tmp_path / "config" / "billing.toml"
    config.parent.mkdir()
    config.touch()
    deep = tmp_path / "output" / "2026-10"
    deep.mkdir(parents=True)
    me = (os.getuid(),)
    assert config_file(tmp_path, deep, me) == config_file(tmp_path / "config", deep, me) == config
    assert config_file(config, deep, me) == config_file(None, deep, me) == config
    assert config_file(None, tmp_path, me) == Path("config/billing.toml")
    assert config_file(None, deep, ()) == config_file(None, deep, me, upwards=False) == Path("config/billing.toml")
    assert config_file(Path("new"), deep, me) == Path("new/billing.toml")
    assert config_file(Path("other.toml"), deep, me) == Path("other.toml")


def test_commands_take_it_behind_and_find_it_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real command with --config DIR at its end, and one that finds it two folders further up; Tab completes."""
    with two_clients(tmp_path) as (here, _):
        assert here.run("--month", "2026-10").code == 0
        deep = here.month() / "invoices"
        monkeypatch.chdir(deep)

        def ended(*words: str, **environment: str) -> str:
            program = [sys.executable, "-m", "billing_job", *words]
            ran = subprocess.run(
                program, capture_output=True, text=True, check=False, env={**os.environ, **environment}
            )
            assert ran.returncode in (0, 1), ran.stderr
            return ran.stdout

        assert "INV-2026-00001" in ended("list")
        monkeypatch.chdir("/")
        assert "INV-2026-00002" in ended("show", "INV-2026-00002", "--config", str(tmp_path))

        def offered(*words: str) -> list[str]:
            typed = {"COMP_WORDS": " ".join(("billing-job", *words)), "COMP_CWORD": str(len(words))}
            where = {"_BILLING_JOB_COMPLETE": "bash_complete", "BILLING_JOB_CONFIG": str(tmp_path)}
            return [line.partition(",")[2] for line in ended(**typed, **where).splitlines()]

        assert offered("show", "INV-2026-0000") == ["INV-2026-00001", "INV-2026-00002"]
        assert offered("list", "--client", "b") == ["bruno"]
        assert offered("list", "--month", "2026") == ["2026-10"]
        assert offered("export", "--format", "d") == ["datev"]


BEHIND = ["list", "--config", "HERE", "--client"]


@pytest.mark.parametrize(
    ("shell", "args", "incomplete", "offered"),
    [
        (Bash, ["--config", "HERE", "list", "--client"], "b", ["plain,bruno"]),
        (Bash, BEHIND, "b", ["plain,bruno"]),
        (Bash, ["list", "--config", "=", "HERE", "--client"], "b", ["plain,bruno"]),
        (Bash, ["list", "--config=HERE", "--client", "="], "b", ["plain,bruno"]),
        (Bash, ["list", "--config", "HERE", "--client"], "acme", ["plain,acme\\ west"]),
        (Bash, ["list", "--config"], "/tm", ["file,/tm"]),
        (Zsh, BEHIND, "acme", ["plain\nacme west\n_"]),
        (Zsh, ["list", "--config", "HERE"], "--client=b", ["plain\n--client=bruno\n_"]),
        (Fish, ["list", "--config", "HERE"], "--client=b", ["plain,--client=bruno"]),
        (Fish, ["show"], "--con", ["plain,--config\tThe settings, or their folder."]),
        (Fish, [], "--con", None),
        (Fish, ["--config", "~/nowhere", "list", "--client"], "b", []),
    ],
)
def test_what_shells_are_offered(
    shell: type[Bash | Zsh | Fish], args: list[str], incomplete: str, offered: list[str] | None, tmp_path: Path
) -> None:
    """--config before and behind the command, values behind =, which bash takes apart, ids with a blank, files."""
    (tmp_path / "clients.csv").write_text("client_id,name,country\nacme west,A,NL\nbruno,B,NL\n", encoding="utf-8")
    asked = shell(cli, {}, "billing-job", COMPLETE)
    typed = [word.replace("HERE", str(tmp_path / "billing.toml")) for word in args]
    found = [asked.format_completion(item) for item in asked.get_completions(typed, incomplete)]
    assert found == offered if offered is not None else [text.count("--config") for text in found] == [1]
