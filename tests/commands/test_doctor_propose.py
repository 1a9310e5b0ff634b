"""doctor --propose on the command line: what it prints where, its exit codes, and what is billed with it."""

import re
import tomllib
from pathlib import Path

import httpx
import pytest

from billing_job.config.api import Api
from billing_job.config.settings_file import load_settings
from billing_job.operations.proposal import proposed
from tests.support.fakes import Office, documents, office
from tests.support.sandbox_on_loopback import KEY
from tests.support.shape_table import session_with

TABLES = ["api", "api.transactions", "api.transactions.fields", "api.balance"]


def put_into_settings(here: Office, toml: str) -> None:
    """Put tables in place of the [api] that billing.toml has."""
    path = here.config / "billing.toml"
    before, _, after = path.read_text(encoding="utf-8").partition("[api]")
    path.write_text(f"{before}{toml}\n[seller]{after.partition('[seller]')[2]}", encoding="utf-8")


@pytest.mark.parametrize(("shape", "exit_code"), [("minor-text", 0), ("balance-cents", 3)])
def test_what_it_prints_becomes_settings(shape: str, exit_code: int, tmp_path: Path) -> None:
    """Standard output is the four tables and nothing else; put in place of those of billing.toml they load."""
    with office(tmp_path, shape=shape) as (here, _):
        here.replace("billing.toml", "[billing]\n", '[billing]\nopening_balance = "0.000000"\n')
        shown = here.type("doctor", "--propose")
        assert shown.code == exit_code
        assert re.findall(r"^\[(.*)\]$", shown.out, re.MULTILINE) == TABLES
        put_into_settings(here, shown.out)
        assert load_settings(here.config / "billing.toml").api == Api.model_validate(tomllib.loads(shown.out)["api"])
    assert "requests_per_minute = 1000" in shown.out
    assert ("not proven" in shown.err) == (exit_code == 3)
    assert "month 2026-11" in shown.err
    assert KEY not in shown.out + shown.err
    assert not (tmp_path / "billing.db").exists()


def test_json_is_one_object(tmp_path: Path) -> None:
    """--json has the verdict, the tables as text, and every sentence; --offline leaves nothing to look at."""
    with office(tmp_path, shape="direction") as (here, _):
        shown = here.type("doctor", "--propose", "--json")
        assert here.type("doctor", "--propose", "--offline").code == 2
    assert shown.code == 0
    assert (shown.json["schema"], shown.json["verdict"]) == ("billing-job/proposal@1", "proven")
    assert tomllib.loads(shown.json["toml"])["api"]["transactions"]["fields"]["direction"] == "direction"
    assert shown.json["proof"][-1] == "proven"


def test_what_is_billed_with_it_is_what_a_plain_supplier_has_billed(tmp_path: Path) -> None:
    """The same wallet in other words gives the same documents to the cent."""
    billed = []
    for shape in ("plain", "deposit-withdraw", "cursor"):
        with office(tmp_path / shape, shape=shape) as (here, _):
            put_into_settings(here, here.type("doctor", "--propose").out)
            ran = here.run()
            assert ran.code == 0, ran.err
            billed.append(documents(ran.json))
    assert billed[0]
    assert billed[1:] == [billed[0], billed[0]]


@pytest.mark.parametrize(
    "body",
    [{"message": "hello", "list": [1, 2]}, {"data": [{"id": 1, "name": "hello", "type": "y"}], "meta": {"total": 1}}],
)
def test_what_is_no_list_of_transactions_is_shown_by_its_names(body: object) -> None:
    """Not readable: the names of what came and their kinds, without a value; no table is printed."""
    session = session_with(lambda request: httpx.Response(200, json=body))
    found = proposed(session)
    assert (found.verdict, found.toml) == ("not readable", "")
    assert "hello" not in "".join(found.seen)
    assert "a list of" in "".join(found.seen)
