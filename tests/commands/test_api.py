"""The api commands as typed: tables for people, one JSON object for programs, a question before money moves."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from billing_job.cli import cli
from billing_job.didfarm.sandbox.faults import parse_fault
from billing_job.didfarm.sandbox.running import RunningSandbox
from tests.support.fakes import Office, office
from tests.support.sandbox_on_loopback import KEY


def the_first_offer(reseller: Office, number_type: str = "mobile") -> dict[str, object]:
    found = reseller.type("api", "numbers", "search", "--country", "nl", "--type", number_type, "--json").json
    offer: dict[str, object] = found["offers"][0]
    return offer


def test_a_number_is_searched_bought_routed_and_used(tmp_path: Path) -> None:
    """Each command's JSON leads to the next: search, buy, trunk, route, SMS, balance."""
    with office(tmp_path) as (reseller, sandbox):
        sandbox.account.top_up(100_000)
        offer = the_first_offer(reseller)
        number = str(offer["number"])
        before = reseller.type("api", "balance", "--json").json
        bought = reseller.type("api", "numbers", "buy", number, "--type", "mobile", "--yes", "--json").json
        assert bought["cents"] == offer["monthly_rate_cents"] + offer["setup_fee_cents"] == 700  # type: ignore[operator]
        trunk = reseller.type("api", "trunks", "create", "Fietswinkel", "--json").json
        did_number_id = bought["numbers"][0]["did_number_id"]
        routed = reseller.type("api", "route", did_number_id, trunk["uuid"], "--json")
        assert routed.json["trunk"] == trunk["uuid"]
        sent = reseller.type("api", "sms", number, "+31687654321", "Hallo", "--yes", "--json")
        assert sent.json["status"] == "queued"
        after = reseller.type("api", "balance", "--json").json
        assert before["cents"] - after["cents"] == 700 + 7
        listed = reseller.type("api", "trunks", "list", "--json").json["trunks"]
        assert [t["status"] for t in listed if t["uuid"] == trunk["uuid"]] == ["active"]
        assert [json.loads(body)["event"] for body in sandbox.deliveries.sent] == [
            "trunk.registered",
            "number.activated",
        ]


def test_people_get_tables_with_prices(tmp_path: Path) -> None:
    """Prices in euros, not in cents; what a number can do and needs is said in words."""
    with office(tmp_path) as (reseller, _):
        shown = reseller.type("api", "numbers", "search", "--country", "NL", "--city", "Amsterdam").out
        assert "EUR 1.50" in shown
        assert "needed" in shown
        assert "16 of 16 numbers" in shown
        assert "EUR" in reseller.type("api", "balance").out
        assert "trk_" in reseller.type("api", "trunks", "list").out


def test_the_price_is_shown_before_it_is_paid(tmp_path: Path) -> None:
    """No is no, and JSON without --yes asks nobody: nothing is bought."""
    with office(tmp_path) as (reseller, sandbox):
        sandbox.account.top_up(100_000)
        number = str(the_first_offer(reseller)["number"])
        count = len(sandbox.truth())
        arguments = ["--config", str(reseller.config / "billing.toml"), "api", "numbers", "buy", number]
        declined = CliRunner(env={"DIDFARM_API_KEY": KEY}).invoke(cli, [*arguments, "--type", "mobile"], input="n\n")
        assert "Buy for EUR 7.00 out of the wallet?" in declined.output
        assert declined.exit_code == 1
        assert reseller.type(*arguments[2:], "--type", "mobile", "--json").code == 2
        unknown = reseller.type("api", "numbers", "buy", "+31612000000", "--type", "mobile", "--yes")
        assert unknown.code == 2
        assert "not on sale" in unknown.err
        assert len(sandbox.truth()) == count


def test_a_purchase_without_an_answer_says_what_the_wallet_shows(tmp_path: Path) -> None:
    """Exit 4: it may have been carried out, and the wallet shows that it was; it was sent once."""
    with office(tmp_path) as (reseller, sandbox):
        sandbox.account.top_up(100_000)
        number = str(the_first_offer(reseller)["number"])
        sandbox.faults.add(parse_fault("lost_checkout"))
        lost = reseller.type("api", "numbers", "buy", number, "--type", "mobile", "--yes")
        assert lost.code == 4
        assert "was carried out" in lost.err
        assert sum("/checkout" in path for _, path, _ in sandbox.requests) == 1


def test_a_message_without_an_answer_says_what_the_wallet_shows(tmp_path: Path) -> None:
    """Exit 4: it was sent once, and the wallet names the movement that paid for it."""
    with office(tmp_path) as (reseller, sandbox):
        sandbox.account.top_up(100_000)
        sender = next(str(row["description"]).split()[2].rstrip(",") for row in sandbox.truth() if row["type"] == "sms")
        sandbox.faults.add(parse_fault("lost_message"))
        lost = reseller.type("api", "sms", sender, "+31687654321", "Hello", "--yes")
        assert lost.code == 4
        assert f"transaction {sandbox.truth()[0]['id']}" in lost.err
        assert sum("/messages/send" in path for _, path, _ in sandbox.requests) == 1


@pytest.mark.parametrize("command", [("create", "Fietswinkel"), ("regenerate", "UUID", "--yes")])
def test_a_password_is_shown_once_or_kept_in_a_file(tmp_path: Path, command: tuple[str, ...]) -> None:
    """On standard output once and in no log; with --password-file only there, mode 0600, never over another file."""
    with office(tmp_path) as (reseller, sandbox):
        uuid = str(sandbox.account.trunks()[0]["uuid"])
        typed = tuple(uuid if word == "UUID" else word for word in command)
        shown = reseller.type("api", "trunks", *typed)
        [password] = [line.split()[1] for line in shown.out.splitlines() if line.startswith("password")]
        assert len(password) == 24
        assert password not in shown.err
        file = tmp_path / "password.txt"
        hidden = reseller.type("api", "trunks", *typed, "--password-file", str(file), "--json")
        assert hidden.json["password_file"] == str(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret = file.read_text(encoding="utf-8").split("password = ")[1].strip()
        assert secret not in hidden.out + hidden.err
        before = len(sandbox.requests)
        again = reseller.type("api", "trunks", *typed, "--password-file", str(file))
        assert again.code == 2
        assert "exists already" in again.err
        assert len(sandbox.requests) == before


def test_documents_are_submitted(tmp_path: Path) -> None:
    """A regulated number says that it needs documents; they go up as files, and the number comes to life."""
    with office(tmp_path) as (reseller, sandbox):
        sandbox.account.top_up(100_000)
        number = str(the_first_offer(reseller, "local")["number"])
        bought = reseller.type("api", "numbers", "buy", number, "--yes")
        assert "Documents are needed" in bought.out
        did_number_id = bought.out.split("did_number_id ")[1].split()[0]
        assert reseller.type("api", "route", did_number_id, "7").code == 0
        paper = tmp_path / "id.pdf"
        paper.write_bytes(b"%PDF-1.7")
        command = ("api", "regulatory", "submit", did_number_id, "--file")
        assert reseller.type(*command, f"passport={paper}").code == 0
        assert _last_event(sandbox) == "number.activated"
        assert reseller.type(*command, "passport").code == 2
        assert reseller.type(*command, f"passport={tmp_path / 'none.pdf'}").code == 2
        assert reseller.type("api", "regulatory", "submit", "999", "--file", f"passport={paper}").code == 4


def test_a_trunk_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """A routing to an unknown trunk is refused before it is sent."""
    with office(tmp_path) as (reseller, _):
        refused = reseller.type("api", "route", "42", "trk_none")
        assert refused.code == 2
        assert "api trunks list" in refused.err


def _last_event(sandbox: RunningSandbox) -> str:
    return str(json.loads(sandbox.deliveries.sent[-1])["event"])
