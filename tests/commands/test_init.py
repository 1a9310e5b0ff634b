"""`init`: a configuration that a run takes once it is filled in; what stands is left alone, and nothing is guessed."""

import csv
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from billing_job.config.first_files import Known, Seen, clients_and_trunks, number_rows, settings_text
from billing_job.config.settings_file import load_settings
from billing_job.core.resources import shipped_config
from billing_job.core.wallet import Trunk
from tests.support.fakes import FIRST, call, two_clients


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def test_from_nothing_to_the_first_invoice(tmp_path: Path) -> None:
    """No file at all: five are made from the live trunks; with seller and countries filled in the month is billed."""
    with two_clients(tmp_path) as (here, sandbox):
        emptied(here.config)
        made = here.type("init", "--base-url", sandbox.base_url, "--json")
        assert made.code == 0, made.err
        assert made.json["written"] == ["billing.toml", "vat_rates.csv", "accounts.csv", "clients.csv", "trunks.csv"]
        assert {path.stat().st_mode & 0o777 for path in here.config.iterdir()} == {0o600}
        assert [(row["client_id"], row["name"], row["country"]) for row in rows_of(here.config / "clients.csv")] == [
            ("acme", "Acme", ""),
            ("bruno", "Bruno", ""),
        ]
        unfinished = here.run("--month", "2026-10")
        assert unfinished.code == 2
        assert "seller.name" in unfinished.err
        assert "seller.country" in unfinished.err
        here.replace("billing.toml", '\nname = ""', '\nname = "Noordzee"')
        here.replace("billing.toml", 'country = ""', 'country = "NL"')
        here.replace("billing.toml", 'vat_id = ""', 'vat_id = "NL861994772B01"')
        still = here.run("--month", "2026-10")
        assert (still.code, still.err.count("column country")) == (2, 2)
        for client in ("acme,Acme", "bruno,Bruno"):
            here.replace("clients.csv", f"{client},,,,,,,", f"{client},,,,,,,NL")
        ran = here.run("--month", "2026-10")
        assert ran.code == 0, ran.err
        assert [(d["client_id"], d["net_cents"]) for d in ran.json["documents"]] == [("acme", 300), ("bruno", 500)]


def test_without_a_key_and_then_with_one(tmp_path: Path) -> None:
    """Offline, without a key and without a supplier the same files are made; what is still empty is filled in later."""
    with two_clients(tmp_path) as (here, sandbox):
        key = dict(here.environment)
        for how, environment, said in (
            (["--offline"], {}, ""),
            ([], {}, "there is no API key in DIDFARM_API_KEY"),
            (["--base-url", "http://127.0.0.1:9/api/v1"], key, "trunks cannot be read"),
        ):
            emptied(here.config)
            here.environment = environment
            made = here.type("init", *how)
            assert (made.code, said in made.err) == (0, True), made.err
            assert len(list(here.config.iterdir())) == 5
            assert (here.config / "trunks.csv").read_text() == "trunk,client_id,valid_from,valid_to,notes\n"
        for step in ("[seller]", "trunks.csv which trunk is whose", "billing-job sync", "init --from-ledger", "doctor"):
            assert step in made.err
        here.environment = key
        again = here.type("init", "--base-url", sandbox.base_url, "--json")
        assert (again.json["written"], again.json["proposed"]) == (["clients.csv", "trunks.csv"], {})
        assert [row["notes"] for row in rows_of(here.config / "trunks.csv")] == ["Acme", "Bruno"]


def test_it_asks_who_sells_on_a_terminal(tmp_path: Path) -> None:
    """What is answered stands in billing.toml, what is not stays open; a quotation mark in a name breaks nothing."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "billing_job", "--config", str(tmp_path / "config"), "init", "--offline"]
    with subprocess.Popen(program, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL) as asking:
        os.write(ours, b'Noordzee "N" Telecom\n\nHerengracht 1\n1016 BP\nAmsterdam\nNL\n\n\n\n')
        assert asking.wait(30) == 0
    os.close(theirs)
    os.close(ours)
    seller = load_settings(tmp_path / "config" / "billing.toml").seller
    assert (seller.name, seller.city, seller.country, seller.vat_id) == (
        'Noordzee "N" Telecom', "Amsterdam", "NL", "",
    )  # fmt: skip


def test_what_stands_is_left_alone(tmp_path: Path) -> None:
    """A second init changes no byte, names each file it left, and prints the rows of a trunk that came since."""
    with two_clients(tmp_path) as (here, sandbox):
        text = (here.config / "trunks.csv").read_text().splitlines(keepends=True)
        (here.config / "trunks.csv").write_text("".join(line for line in text if "bbbb0008" not in line))
        before = {path.name: path.read_bytes() for path in here.config.iterdir()}
        again = here.type("init")
        assert again.code == 0, again.err
        after = {path.name: path.read_bytes() for path in here.config.iterdir()}
        assert {name: after[name] for name in before} == before
        assert set(after) - set(before) == {"vat_rates.csv", "accounts.csv"}
        for name in ("billing.toml", "clients.csv", "trunks.csv"):
            assert f"{here.config / name}: is there already and was left alone" in again.err
        assert (
            again.out == "trunks.csv lacks:\ntrunk,client_id,valid_from,valid_to,notes\ntrk_bbbb0008,bruno,,,Bruno\n\n"
        )
        assert here.type("init", "--base-url", "nonsense").code == 2
        assert [request for request in sandbox.requests if "sip-trunks" not in str(request)] == []


def test_numbers_from_the_ledger(tmp_path: Path) -> None:
    """References without a row become commented rows of numbers.csv: ignored as they are, billed once filled in."""
    rent = call(3, -150, "2026-10-07", type_="renewal") | {
        "description": "Monthly rental +31201234567",
        "reference_type": "number",
        "reference_id": 42,
    }
    order = rent | {"id": 4, "type": "purchase", "description": "Order #1042: +31201234567, +4930123456"}
    order |= {"reference_type": "order", "reference_id": 1042}
    with two_clients(tmp_path, [*FIRST, rent, order]) as (here, _):
        (here.config / "numbers.csv").unlink(missing_ok=True)
        assert here.type("sync").code == 0
        assert here.type("init", "--from-ledger").code == 0
        header, *rows = (here.config / "numbers.csv").read_text().splitlines()
        assert header == "number,did_number_id,order_id,country,number_type,trunk,valid_from,valid_to,price,notes"
        assert rows == [
            '#+31201234567,42,1042,NL,,,,,,"2026-10-07, -EUR 1.50: Monthly rental +31201234567"',
            '#+4930123456,,1042,DE,,,,,,"2026-10-07, -EUR 1.50: Order #1042: +31201234567, +4930123456"',
        ]
        assert len(here.run("--month", "2026-10").json["exceptions"]) == 2
        again = here.type("init", "--from-ledger", "--json")
        assert (again.json["left_alone"], len(again.json["proposed"]["numbers.csv"])) == (["numbers.csv"], 2)
        path = here.config / "numbers.csv"
        path.write_text(path.read_text().replace("#", "").replace("NL,,,", "NL,,7,").replace("DE,,,", "DE,,7,"))
        assert here.type("exceptions").code == 0
        assert here.type("init", "--from-ledger", "--json").json["proposed"] == {}


def test_names_become_ids() -> None:
    """Umlauts, signs, no letters at all, one name twice, a name that is taken: each client an id of its own."""
    names = [
        "Müller & Söhne GmbH",
        "müller & söhne gmbh",
        "Muller Sohne GmbH",
        "…",
        "上海浦江",
        "Known B.V.",
        "  A\n b ",
    ]
    trunks = [Trunk(str(n), f"trk_{n:08x}", name) for n, name in enumerate(names)]
    rows = clients_and_trunks(trunks, Known({"known b.v.": "kbv", "kbv": "kbv"}, frozenset({"3"})))
    assert [(row[0], row[1]) for row in rows["clients.csv"]] == [
        ("muller-sohne-gmbh", "Müller & Söhne GmbH"),
        ("muller-sohne-gmbh-2", "Muller Sohne GmbH"),
        ("上海浦江", "上海浦江"),
        ("a-b", "A b"),
    ]
    assert [row[1] for row in rows["trunks.csv"]] == [
        "muller-sohne-gmbh", "muller-sohne-gmbh", "muller-sohne-gmbh-2", "上海浦江", "kbv", "a-b",
    ]  # fmt: skip


def test_what_several_references_say_of_one_number() -> None:
    """An order and a did id of one number are one row; a bare reference keeps a row of its own."""
    rows = number_rows(
        [
            Seen("order", "1042", "Order: +31201234567"),
            Seen("number", "42", "Rent of +31201234567"),
            Seen("number", "+4930123456", ""),
            Seen("number", "43", "from +31201234567 to +4930123456"),
            Seen("order", "1043", ""),
        ]
    )
    assert [row[:4] for row in rows] == [
        ["#+31201234567", "42", "1042", "NL"],
        ["#+4930123456", "", "", "DE"],
        ["#", "43", "", ""],
        ["#", "", "1043", ""],
    ]


def test_the_shipped_settings_without_their_seller(tmp_path: Path) -> None:
    """Every key keeps its comment, nothing of the example's seller is left, and what it sells at is a comment."""
    shipped = (shipped_config() / "billing.toml").read_text(encoding="utf-8")
    text = settings_text(shipped, "https://example.org/api")
    for word in ("Polderlijn", "NL861994772B01", "NL91ABNA", "Utrecht"):
        assert word not in text
    assert len(text.splitlines()) > len(shipped.splitlines())
    path = tmp_path / "config" / "billing.toml"
    path.parent.mkdir()
    path.write_text(text.replace('name = "" ', 'name = "S" ').replace('country = "" ', 'country = "NL" '))
    settings = load_settings(path)
    assert settings.api.base_url == "https://example.org/api"
    assert [(plan.name, [rule.model for rule in plan.rules]) for plan in settings.plans] == [
        ("standard", ["pass_through"])
    ]
