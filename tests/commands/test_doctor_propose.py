"""doctor --propose on the command line: what it prints where, and its exit codes."""

import json
import re
import tomllib
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from billing_job.cli import cli
from billing_job.config.settings import Api, load_settings
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.operations.proposal import proposed
from tests.support.sandbox_on_loopback import KEY, StillClock, small_world
from tests.support.shape_table import session_with

SETTINGS = """
[api]
base_url = "{url}"
requests_per_minute = 1000
[seller]
name = "Seller"
country = "NL"
"""


def doctor(shape: str, folder: Path, *options: str) -> Result:
    """`doctor --propose` against a sandbox of a shape."""
    config = folder / "config" / "billing.toml"
    config.parent.mkdir(exist_ok=True)
    with RunningSandbox(small_world(), KEY, StillClock(), requests_per_minute=0, shape=shape) as running:
        config.write_text(SETTINGS.format(url=running.base_url), encoding="utf-8")
        words = ["--config", str(config), "doctor", "--propose", *options]
        return CliRunner().invoke(cli, words, env={"DIDFARM_API_KEY": KEY})


@pytest.mark.parametrize(("shape", "exit_code"), [("minor-text", 0), ("cursor", 0), ("balance-cents", 3)])
def test_what_it_prints_becomes_settings(shape: str, exit_code: int, tmp_path: Path) -> None:
    """Standard output is the four tables and nothing else; put in place of those of billing.toml they load."""
    shown = doctor(shape, tmp_path)
    assert shown.exit_code == exit_code
    tables = tomllib.loads(shown.stdout)
    assert re.findall(r"^\[(.*)\]$", shown.stdout, re.MULTILINE) == [
        "api",
        "api.transactions",
        "api.transactions.fields",
        "api.balance",
    ]
    config = tmp_path / "config" / "billing.toml"
    kept = config.read_text(encoding="utf-8").partition("[seller]")[2]
    assert tables["api"]["requests_per_minute"] == 1000
    config.write_text(f"{shown.stdout}\n[seller]{kept}", encoding="utf-8")
    assert load_settings(config).api == Api.model_validate(tables["api"])
    assert ("not proven" in shown.stderr) == (exit_code == 3)
    assert "month 2026-11" in shown.stderr
    assert KEY not in shown.output
    assert not (tmp_path / "billing.db").exists()


def test_json_is_one_object(tmp_path: Path) -> None:
    """--json has the verdict, the tables as text, and every sentence."""
    shown = doctor("direction", tmp_path, "--json")
    said = json.loads(shown.stdout)
    assert (shown.exit_code, said["schema"], said["verdict"]) == (0, "billing-job/proposal@1", "proven")
    fields = tomllib.loads(said["toml"])["api"]["transactions"]["fields"]
    assert fields["direction"] == "direction"
    assert said["proof"][-1] == "proven"


def test_a_shape_needs_the_live_api(tmp_path: Path) -> None:
    """With --offline there is nothing to look at."""
    assert doctor("plain", tmp_path, "--offline").exit_code == 2


@pytest.mark.parametrize(
    "body",
    [{"message": "hello", "list": [1, 2]}, {"data": [{"id": 1, "name": "x", "type": "y"}], "meta": {"total": 1}}],
)
def test_what_is_no_list_of_transactions_is_shown_by_its_names(body: object) -> None:
    """Not readable: the names of what came and their kinds, without a value; no table is printed."""
    session = session_with(lambda request: httpx.Response(200, json=body))
    found = proposed(session)
    assert (found.verdict, found.toml) == ("not readable", "")
    assert "hello" not in "".join(found.seen)
    assert "a list of" in "".join(found.seen)
