"""The files that run the job unattended: units that systemd accepts, an image without root, commands that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from billing_job.cli import cli
from tests.support.accounting_judges import missing
from tests.support.paths import ROOT

UNITS = sorted((ROOT / "docs" / "systemd").iterdir())
GUIDES = ("docs/unattended.md", "docs/backup.md", "SECURITY.md")
MOST_EXPOSED = {"billing-job.service": 1.5, "billing-job-backup.service": 1.0}
"""systemd's own measure: 0 is best, 10 is worst, and a service without hardening gets more than 9."""


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        missing("systemd-analyze")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` has no word to say about any unit, once the program is where it is looked for."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/billing-job/bin/billing-job", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    checked = analyze("verify", *(str(tmp_path / unit.name) for unit in UNITS))
    ours = [line for line in checked.stderr.splitlines() if "billing-job" in line]
    assert (checked.returncode, ours) == (0, [])


@pytest.mark.parametrize("name", MOST_EXPOSED)
def test_the_services_are_hardened(name: str) -> None:
    """`systemd-analyze security` rates each service that touches the ledger as well closed."""
    checked = analyze("security", "--offline=true", str(ROOT / "docs" / "systemd" / name))
    found = re.search(r"exposure level for \S+ ([0-9.]+)", checked.stdout)
    assert found is not None, checked.stderr
    assert float(found[1]) <= MOST_EXPOSED[name]


def test_no_unit_holds_a_secret() -> None:
    """Secrets come as credentials: no unit sets a key or password in its environment."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        assert not re.search(r"^Environment=.*(KEY|PASSWORD|SECRET)", text, re.MULTILINE)
        assert "LoadCredential" in text or unit.name != "billing-job.service"


def test_the_image_has_what_the_program_needs_and_no_root() -> None:
    """The Dockerfile installs by hash the libraries that `make setup` installs, and ends as a user of its own."""
    text = (ROOT / "docs" / "docker" / "Dockerfile").read_text(encoding="utf-8")
    packages = re.search(r"packages=\((.*)\)", (ROOT / ".ci" / "system-libraries").read_text(encoding="utf-8"))
    assert packages is not None
    assert [name for name in packages[1].split() if name not in text] == []
    assert "--require-hashes -r requirements.lock" in text
    assert re.search(r"^USER (?!root)\w+$", text, re.MULTILINE)
    copied = [source for line in re.findall(r"^COPY (?!--)(.*)$", text, re.MULTILINE) for source in line.split()[:-1]]
    assert [source for source in copied if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_of_the_guides_exists(guide: str) -> None:
    """Whatever a guide tells to type is a command, with options that it has."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    code = "\n".join([*re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL), *re.findall(r"`[^`\n]+`", text)])
    typed = re.findall(r"billing-job(?: (?:--config|--log-format) \S+| -q)* ([a-z]+)\b((?: [^\n`|]*)?)", code)
    for name, rest in typed:
        command = cli.commands.get(name)
        assert isinstance(command, click.Command), f"{guide}: billing-job {name}"
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, f"{guide}: billing-job {name}{rest}"
    assert typed or guide == "SECURITY.md"
