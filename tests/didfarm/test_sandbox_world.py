"""The sandbox's world: the same everywhere, valid to the check digit, and every row of it somebody's."""

import csv
import hashlib
import io
import json
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from eu_vat_rates_data import get_standard_rate
from stdnum import get_cc_module

from billing_job.core.errors import OutputError
from billing_job.core.period import Period
from billing_job.didfarm.sandbox.config_files import config_files, write_config
from billing_job.didfarm.sandbox.world import World, demo_world, make_world
from tests.support.paths import CONFIG

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OCTOBER = Period(2026, 10)


@pytest.fixture(scope="module")
def demo() -> World:
    return demo_world()


def _local(row: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(row["created_at"])).astimezone(AMSTERDAM)


class Owners:
    """Whose a row is, by nothing but the CSV files and the list of trunks."""

    def __init__(self, world: World) -> None:
        files = {name: list(csv.DictReader(io.StringIO(text))) for name, text in config_files(world).items()}
        clients = {row["trunk"]: row["client_id"] for row in files["trunks.csv"]}
        self._held: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for trunk in world.trunks:
            self._held["trunk", str(trunk.trunk_id)] = [("", "9999", clients[trunk.uuid])]
        for row in files["numbers.csv"]:
            held = (row["valid_from"], row["valid_to"] or "9999", clients[row["trunk"]])
            for key in (("order", row["order_id"]), ("number", row["did_number_id"])):
                self._held.setdefault(key, []).append(held)

    def __call__(self, row: dict[str, object]) -> set[str]:
        day = _local(row).date().isoformat()
        held = self._held.get((str(row["reference_type"]), str(row["reference_id"])), [])
        return {client for valid_from, valid_to, client in held if valid_from <= day < valid_to}


@pytest.fixture(scope="module")
def owners(demo: World) -> Owners:
    return Owners(demo)


def test_the_demo_world_is_the_same_on_every_machine(demo: World) -> None:
    """A golden hash over everything the world says: a change of it is a change of the demo's invoices."""
    said = json.dumps([demo.transactions, config_files(demo)], ensure_ascii=False, sort_keys=True)
    assert hashlib.sha256(said.encode()).hexdigest()[:16] == "6840a8231b9afcce"
    assert len(demo.transactions) == 2000
    assert make_world(2, 12, 2000, OCTOBER, AMSTERDAM).transactions != demo.transactions


def test_the_example_configuration_describes_the_demo_world(demo: World) -> None:
    """The files in config/ are exactly what the demo's sandbox serves the wallet of."""
    for name, text in config_files(demo).items():
        assert (CONFIG / name).read_text(encoding="utf-8") == text


def test_every_transaction_but_top_ups_has_one_owner(demo: World, owners: Owners) -> None:
    """The demo ends without exceptions: each reference is one client's at the row's own moment."""
    for row in demo.transactions:
        if row["type"] == "topup":
            assert row["reference_type"] is None
        else:
            assert len(owners(row)) == 1, row


def test_the_balance_is_never_below_zero(demo: World) -> None:
    """The wallet is prepaid: top-ups come before what they pay for."""
    balance = 0
    for row in demo.transactions:
        balance += int(str(row["amount"]))
        assert balance >= 0


@pytest.mark.parametrize(("clients", "transactions"), [(1, 40), (2, 120), (40, 3000)])
def test_a_world_of_any_size_is_whole(clients: int, transactions: int) -> None:
    """Small and large worlds have the asked number of rows, unique ids and numbers, rising ids, and owners."""
    world = make_world(7, clients, transactions, OCTOBER, AMSTERDAM)
    owners = Owners(world)
    assert all(len(owners(row)) == 1 for row in world.transactions if row["type"] != "topup")
    ids = [int(str(row["id"])) for row in world.transactions]
    assert len(ids) == transactions
    assert ids == sorted(set(ids))
    assert [row["created_at"] for row in world.transactions] == sorted(
        str(row["created_at"]) for row in world.transactions
    )
    assert len({number.number for number in world.numbers}) == len(world.numbers)
    assert len({client.client_id for client in world.clients}) == clients


def test_all_vat_ids_and_phone_numbers_are_valid() -> None:
    """Check digits and numbering plans hold for a thousand clients, so that no invoice fails on its buyer."""
    world = make_world(3, 1000, 20_000, OCTOBER, AMSTERDAM)
    for client in world.clients:
        if client.country != "US":
            rules = get_cc_module(client.country, "vat")
            assert rules is not None, client
            assert rules.is_valid(client.vat_id), client
    for number in world.numbers:
        parsed = phonenumbers.parse(number.number)
        assert phonenumbers.is_valid_number(parsed), number
        assert phonenumbers.region_code_for_number(parsed) == number.country


def test_the_demo_shows_what_invoices_must_cope_with(demo: World, owners: Owners) -> None:
    """About 40 and about 400 numbers in October, a 60-character name, seven scripts, every VAT treatment."""
    october = Counter[str]()
    for row in demo.transactions:
        if row["type"] == "renewal" and Period.of(_local(row).date()) == OCTOBER:
            october.update(owners(row))
    assert 38 <= october["acme"] <= 42
    assert 398 <= october["klantcontact-utrecht"] <= 402
    assert max(len(client.name) for client in demo.clients) == 60
    assert {client.country for client in demo.clients} >= {"NL", "BE", "DE", "FR", "GB", "CH", "US"}
    assert {client.language for client in demo.clients} >= {"en", "nl", "de", "fr", "ar", "zh", "ja", "hi"}
    assert {client.detail for client in demo.clients} == {"number", "category", "transaction"}


def test_a_number_moves_at_midnight_with_a_message_on_either_side(demo: World, owners: Owners) -> None:
    """The last second of the old client and the first of the new one are both in the wallet, and both attributed."""
    (old, new) = [held for held in demo.assignments if held.number.number == _moved(demo)]
    assert old.valid_to == new.valid_from == date(2026, 10, 15)
    midnight = datetime(2026, 10, 15, tzinfo=AMSTERDAM)
    around = [
        row
        for row in demo.transactions
        if row["reference_id"] == old.number.did_number_id
        and row["reference_type"] == "number"
        and midnight - timedelta(seconds=1) <= _local(row) <= midnight
    ]
    assert [owners(row) for row in around] == [{old.trunk.client_id}, {new.trunk.client_id}]


def _moved(world: World) -> str:
    counts = Counter(held.number.number for held in world.assignments)
    return next(number for number, count in counts.items() if count == 2)


def test_rows_stand_on_both_sides_of_the_months_ends(demo: World) -> None:
    """The last second of a month and the first of the next are there, in the seller's zone and not in UTC."""
    moments = {_local(row).replace(tzinfo=None) for row in demo.transactions}
    for midnight in (datetime(2026, 9, 1), datetime(2026, 10, 1), datetime(2026, 11, 1)):  # noqa: DTZ001
        assert {midnight, midnight - timedelta(seconds=1)} <= moments


def test_refunds_give_back_what_was_paid_before(demo: World, owners: Owners) -> None:
    """Each refund undoes one earlier debit of the same reference in full, for the same client."""
    refunds = [row for row in demo.transactions if row["type"] == "refund"]
    assert len(refunds) >= 10
    for refund in refunds:
        paid = [
            row
            for row in demo.transactions
            if row["created_at"] <= refund["created_at"]  # type: ignore[operator]
            and (row["reference_type"], row["reference_id"]) == (refund["reference_type"], refund["reference_id"])
            and row["amount"] == -int(str(refund["amount"]))
            and owners(row) == owners(refund)
        ]
        assert paid, refund


def test_writing_a_world_replaces_no_file(demo: World, tmp_path: Path) -> None:
    """A file that exists stops the writing before anything is written."""
    (tmp_path / "numbers.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"numbers\.csv exists"):
        write_config(demo, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.csv"]
    write_config(demo, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["clients.csv", "numbers.csv", "trunks.csv"]


def test_the_shipped_vat_rates_are_todays() -> None:
    """The latest dated rate of each of the 27 + 3 countries is the one that the Commission's data set knows."""
    with (CONFIG / "vat_rates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == sorted(rows, key=lambda row: (row["country"], row["valid_from"]))
    latest = {row["country"]: Decimal(row["rate"]) for row in rows}
    assert len(latest) == 30
    assert {country: float(rate) for country, rate in latest.items()} == {c: get_standard_rate(c) for c in latest}


@pytest.mark.parametrize(
    ("country", "day", "rate"),
    [
        ("EE", "2025-06-30", "22"),
        ("EE", "2025-07-01", "24"),
        ("FI", "2024-08-31", "24"),
        ("FI", "2024-09-01", "25.5"),
        ("RO", "2025-07-31", "19"),
        ("RO", "2025-08-01", "21"),
        ("SK", "2024-12-31", "20"),
        ("SK", "2025-01-01", "23"),
        ("CH", "2023-12-31", "7.7"),
        ("CH", "2024-01-01", "8.1"),
    ],
)
def test_the_shipped_vat_rates_know_the_last_changes(country: str, day: str, rate: str) -> None:
    """A period before a change of rate is taxed at the rate that held then."""
    with (CONFIG / "vat_rates.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["country"] == country and row["valid_from"] <= day]
    assert max(rows, key=lambda row: row["valid_from"])["rate"] == rate
