"""The command line as a whole: every command and option explains itself, and --help answers at once."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from billing_job import __version__
from billing_job.cli import cli
from billing_job.commands.config_path import meant_month

HEAVY = (
    "pandas",
    "numpy",
    "pyarrow",
    "sqlalchemy",
    "weasyprint",
    "httpx",
    "pydantic",
    "uvicorn",
    "rich",
    "phonenumbers",
)
CONTRACT = (
    "run", "sync", "preview", "exceptions", "reconcile", "render", "verify", "doctor", "demo", "sandbox",
)  # fmt: skip


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group below a group."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = dict(commands(cli))


def test_the_commands_of_the_contract_are_there() -> None:
    """What the design names can be typed."""
    assert [name for name in CONTRACT if (name,) not in EVERY] == []


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    """A sentence on what it does, an example, a sentence on every option, and its help page prints."""
    command = EVERY[path]
    assert command.help
    assert f"Example: billing-job {path[0]}" in command.help
    assert command.help.strip().split("\n\n")[0].endswith((".", "?", ":"))
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []
    shown = CliRunner().invoke(cli, [*path, "--help"])
    assert shown.exit_code == 0
    assert " ".join(path) in shown.output


def test_the_list_of_commands_fits_a_screen_line() -> None:
    """`billing-job --help` cuts no command's description short."""
    shown = CliRunner().invoke(cli, ["--help"])
    listed = shown.output.split("Commands:")[1]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_help_loads_nothing_heavy() -> None:
    """--help and --version answer without pandas, WeasyPrint and the like: 0.1 s instead of 2."""
    program = (
        "import sys\nfrom billing_job.cli import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit as stop:\n    assert stop.code == 0\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [f"billing-job, version {__version__}", "[]"]


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run", "--nope"], ["run", "--workers", "0"], ["render"], []])
def test_wrong_usage_is_exit_2_with_a_hint(arguments: list[str]) -> None:
    """What click refuses ends with 2 and shows the way to --help."""
    ended = subprocess.run(
        [sys.executable, "-m", "billing_job", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "--help" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(("command", "is_told"), [("run", True), ("preview", True), ("sync", False)])
def test_a_month_without_its_option_is_told_so(command: str, is_told: bool) -> None:
    """Where the command takes one: `run 2026-10`."""
    with pytest.raises(click.UsageError) as caught:
        cli.main([command, "2026-10"], standalone_mode=False)
    assert meant_month(caught.value) == ("A month is given as --month 2026-10\n" if is_told else "")
