"""Messages of 0.0075 through the command line: exact in the wallet, whole cents on documents, one rounding a line."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing_job.core.wallet import Balance
from tests.support.fakes import Clock, Office
from tests.support.ledgers import storage
from tests.support.plain_supplier import plain_supplier

SETTINGS = """\
[api]
base_url = "{base_url}"
requests_per_minute = 1000
[api.transactions]
amount_unit = "decimal"
[seller]
name = "Noordzee Telecom"
country = "NL"
vat_id = "NL861994772B01"
iban = "NL91ABNA0417164300"
[billing]
opening_balance = "0.0008"
[[plans]]
name = "standard"
[[plans.rules]]
model = "pass_through"
[[plans]]
name = "markup"
[[plans.rules]]
model = "markup"
percent = "30"
"""


def moved(row_id: int, amount: str, type_: str = "sms", trunk: str = "trk_a") -> dict[str, object]:
    """A movement of October."""
    return {
        "id": row_id,
        "type": type_,
        "amount": amount,
        "currency": "EUR",
        "description": "Message" if type_ == "sms" else "",
        "reference_type": "trunk",
        "reference_id": trunk,
        "created_at": "2026-10-05T12:00:00Z",
    }


def files(folder: Path, base_url: str) -> Office:
    """A folder with acme at cost, a line a category, and bruno at 30 % on top."""
    made = Office(folder, Clock(datetime(2026, 11, 5, 8, tzinfo=UTC)))
    made.config.mkdir()
    texts = {
        "billing.toml": storage(folder) + SETTINGS.format(base_url=base_url),
        "clients.csv": "client_id,name,country,plan,detail\nacme,Acme,NL,standard,category\nbruno,Bruno,NL,markup,\n",
        "trunks.csv": "trunk,client_id\ntrk_a,acme\ntrk_b,bruno\n",
        "numbers.csv": "number,trunk\n",
        "vat_rates.csv": "country,rate,valid_from\nNL,21,2020-01-01\n",
    }
    for name, text in texts.items():
        (made.config / name).write_text(text, encoding="utf-8")
    return made


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# 100 − 3,000 × 0.0075 − 0.0075 − 0.0333 − 1.2345678 that nobody owns, and 0.0008 that were there before.
ROWS = (
    moved(1, "100.00", "topup"),
    *(moved(row_id, "-0.0075") for row_id in range(2, 3002)),
    moved(3002, "-0.0075", trunk="trk_b"),
    moved(3003, "-0.0333", "call", trunk="trk_b"),
    moved(3004, "-1.234567", "call", trunk="trk_x"),
)
MOVED = 100_000_000 - 3001 * 7_500 - 33_300 - 1_234_567


def test_three_thousand_messages_at_0_0075(tmp_path: Path) -> None:
    """22.50 on one line; 0.0075 and 0.0333 with 30 % are 0.01 and 0.04; costs and margins keep every place."""
    assert MOVED == 76_224_633
    with plain_supplier(*ROWS, balance="76.2254") as supplier:
        here = files(tmp_path, supplier.base_url)
        ran = here.run("--month", "2026-10")
        assert ran.code == 3, ran.err
        assert [(each["client_id"], each["net_cents"], each["vat_cents"]) for each in ran.json["documents"]] == [
            ("acme", 2250, 473),
            ("bruno", 5, 1),
        ]
        assert ran.json["transactions"] == {"count": 3004, "cents": 7622, "micros": MOVED}
        assert ran.json["exceptions"][0].items() >= {"cents": -123, "micros": -1_234_567}.items()
        assert ran.json["wallet"].items() >= {"matches": True, "balance_micros": 76_225_400}.items()
        assert "explained to its last place, 4 of them" in ran.err
        rows = read(here.month() / "invoices" / "INV-2026-00001.csv")
        # Each is worth 0.75: the lower ids get the cents.
        assert {row["line"] for row in rows} == {"1"}
        assert [row["net"] for row in rows] == ["0.01"] * 2250 + ["0.00"] * 750
        assert [tuple(row.values())[5:] for row in read(here.month() / "margin.csv")] == [
            ("1.234567", "0.00", "-1.234567", ""),
            ("22.50", "22.50", "0.00", "0.00"),
            ("0.0333", "0.04", "0.0067", "16.75"),
            ("0.0075", "0.01", "0.0025", "25.00"),
        ]
        assert read(here.month() / "exceptions.csv")[0]["amount"] == "-1.234567"
        amounts = {row["amount"] for row in read(here.month() / "attribution.csv")}
        assert amounts == {"100.00", "-0.0075", "-0.0333", "-1.234567"}
        # The books: what left the wallet but its top-up, 23.775367, as the wallet's rounded balance moves.
        accounts = read(here.month() / "accounting" / "journal.csv")
        assert "-23.78" in {row["amount"] for row in accounts} or any("23.78" in row.values() for row in accounts)
        assert here.type("verify", "--deep").code == 0
        again = here.run("--month", "2026-10", "--offline")
        assert [each["new"] for each in again.json["documents"]] == [False, False]

        for balance, code, said in (
            ("76.22", 0, "EUR 0.005433 are below it"),
            ("76.23", 0, "-EUR 0.004567 are below it"),
            ("76.2354", 3, "a difference of EUR 0.009967"),
        ):
            supplier.balance = balance
            told = here.type("sync")
            assert (told.code, said in told.err) == (code, True), told.err


@pytest.mark.parametrize(
    ("micros", "places", "explained", "matches"),
    [
        (22_507_500, 4, 22_507_500, True),
        (22_507_500, 4, 22_507_599, True),
        (22_507_500, 4, 22_507_600, False),
        (22_500_000, 2, 22_507_500, True),
        (22_500_000, 2, 22_490_000, False),
        (22_507_500, 6, 22_507_501, False),
    ],
)
def test_a_balance_shows_so_many_places(micros: int, places: int, explained: int, matches: bool) -> None:
    """Less than one unit of the last place is no difference, either way."""
    assert Balance(micros, "EUR", places).shows(explained) is matches
