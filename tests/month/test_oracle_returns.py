"""VAT returns of lives in which clients move, get VAT ids and give them up, beside sums that know the law alone.

The sums take each line's month, net and document from what was issued, and who was where when a month was first billed
from what clients.csv said then; treatment, period, box, country and VAT id follow here, from the law.
"""

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from billing_job.core.money import cents_from_decimal
from tests.support.lives import DECEMBER, MARKUP, NOVEMBER, OCTOBER, SEPTEMBER, Life, moved, plan, quiet_life

pytestmark = pytest.mark.sqlite_file("the lives of test_vat_return play on the server")

RATES = {"NL": "21", "DE": "19", "BE": "21", "FR": "20"}
IDS = {"NL": "NL004495445B01", "DE": "DE136695976", "BE": "BE0878353311", "FR": "FR40303265045"}
SELLERS = {"NL": "NL861994772B01", "DE": "DE811569869", "BE": "BE0403170701", "FR": "FR83404833048"}
BOXES = {
    "NL": {"S": "1a", "Z": "1e", "DRC": "1e", "AE": "3b"},
    "DE": {"S": "81", "DRC": "60", "AE": "21", "O": "45"},
    "FR": {"S": "08", "DRC": "E2", "AE": "E2", "O": "E2"},
    "BE": {"S": "03", "Z": "00", "DRC": "45", "AE": "44", "O": "47"},
}
"""The box of each case on the form of the seller's country."""
BELGIAN_CREDIT = {"S": "49", "DRC": "49", "O": "49", "AE": "48"}
TRUNKS = {"acme": "trk_a", "bruno": "trk_b", "carla": "trk_c", "dora": "trk_d"}
QUARTERS = ("2026Q3", "2026Q4", "2027Q1")


@dataclass(frozen=True)
class Place:
    """A client as a version of clients.csv has it."""

    country: str
    vat_id: str
    treatment: str

    def case(self, home: str) -> tuple[str, str]:
        """How it is taxed, and at which rate."""
        if self.treatment:
            return {"zero": ("Z", "0"), "domestic_reverse_charge": ("DRC", "0"), "standard": ("S", RATES[home])}[
                self.treatment
            ]
        if self.country == home:
            return "S", RATES[home]
        if self.country not in RATES:
            return "O", "0"
        return ("AE", "0") if self.vat_id else ("OSS", RATES[self.country])


@dataclass
class Declared:
    """What the law makes of the documents; cents by quarter and the columns of each file."""

    boxes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    oss: Counter[tuple[str, ...]] = field(default_factory=Counter)
    ec: Counter[tuple[str, ...]] = field(default_factory=Counter)


def quarter(month: str) -> str:
    return f"{month[:4]}Q{(int(month[5:7]) + 2) // 3}"


def moves(chance: random.Random, before: Mapping[str, Place], home: str) -> dict[str, Place]:
    """Where the clients are by now: every third has moved, some have a VAT id, some are taxed as was chosen."""
    found = {}
    for name in TRUNKS:
        country = before[name].country if name in before and chance.random() < 0.7 else chance.choice([*RATES, "CH"])
        vat_id = IDS.get(country, "") if chance.random() < 0.4 else ""
        chosen = [""]
        if country == home:
            chosen = ["", "zero", "domestic_reverse_charge" if vat_id else ""]
        elif country in RATES and not vat_id:
            chosen = ["", "standard"]
        found[name] = Place(country, vat_id, chance.choice(chosen))
    return found


def declared(here: Life, terms: Mapping[tuple[str, str], Place], home: str) -> Declared:
    """Each line where it belongs; a refund of the wallet goes by the day on which it came, a credit note by its own."""
    found = Declared()
    for number in here.told:
        document = here.stored(number)
        issued, kind = document["issue_date"][:7], document["kind"]
        for line in document["lines"]:
            month = line["period_start"][:7]
            place = terms[document["client"]["client_id"], month]
            case, rate = place.case(home)
            assert line["vat"]["rate"] == rate
            parts = [(month, line["net_cents"])]
            if line["is_refund"] and not document["corrects"]:
                parts = [(max(month, row["date"][:7]), row["net_cents"]) for row in line["rows"]]
            for happened, net in parts:
                by_supply = case in ("AE", "DRC", "OSS") or home == "DE"
                when = quarter(happened if by_supply and not document["corrects"] else issued)
                if case == "OSS":
                    of = quarter(month)
                    found.oss[when, place.country, rate, of if of < when else ""] += net
                elif home == "BE" and kind == "credit_note" and case in BELGIAN_CREDIT:
                    found.boxes[when][BELGIAN_CREDIT[case]] -= net
                elif case in BOXES[home]:
                    found.boxes[when][BOXES[home][case]] += net
                if case == "AE":
                    found.ec[when, place.vat_id, place.country] += net
    return found


def cents(here: Life, period: str, name: str, keys: Sequence[str]) -> dict[tuple[str, ...], int]:
    """The nets of a file of the return, of those that are not nothing."""
    with (here.office.output / "vat" / period / name).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["net"] and row.get("box") not in ("", "A1")]
    sums = {tuple(row[key] for key in keys): cents_from_decimal(row["net"]) for row in rows}
    return {key: net for key, net in sums.items() if net}


def of_quarter(sums: Mapping[tuple[str, ...], int], period: str) -> dict[tuple[str, ...], int]:
    return {key[1:]: net for key, net in sums.items() if key[0] == period and net}


@pytest.mark.parametrize(("seed", "home"), [(15, "DE"), (3, "BE")])
def test_returns_of_clients_that_move(seed: int, home: str, tmp_path: Path) -> None:
    """Boxes, EC sales list and One Stop Shop of three quarters are the sums of the law."""
    chance = random.Random(seed)  # noqa: S311
    places: dict[str, Place] = {}
    terms: dict[tuple[str, str], Place] = {}
    months = (SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER)
    with quiet_life(tmp_path, plan(MARKUP, monthly_fee="9.95", discount_percent="10"), tax="oss = true") as here:
        wording = (f"{country},Reverse charge,2020-01-01,,law" for country in RATES)
        here.file("domestic_reverse_charge.csv", "country,wording,valid_from,valid_to,source", *wording)
        here.office.replace("billing.toml", 'country = "NL"', f'country = "{home}"')
        here.office.replace("billing.toml", SELLERS["NL"], SELLERS[home])
        here.trunks(*(f"{trunk},{name},," for name, trunk in TRUNKS.items()))
        for place, month in enumerate(months):
            places = moves(chance, places, home)
            here.clients(
                *(f"{name},{name},{one.country},{one.vat_id},,,{one.treatment}" for name, one in places.items())
            )
            for number, trunk in enumerate([*TRUNKS.values(), *chance.choices([*TRUNKS.values()], k=5)]):
                of = month if number < len(TRUNKS) else chance.choice(months[: place + 1])
                day = f"{of}-{chance.randint(1, 27):02d}"
                here.add(moved(100 * place + number, -chance.randint(100, 9_000), day, trunk=trunk))
            for number, trunk in enumerate(chance.choices([*TRUNKS.values()], k=3), 20):
                here.add(moved(100 * place + number, chance.randint(1, 99), f"{month}-28", type_="refund", trunk=trunk))
            for name in TRUNKS:
                terms.setdefault((name, month), places[name])
            ran = here.run(month)
            here.credit(chance.choice([one["number"] for one in ran.json["documents"] if one["gross_cents"] > 0]))
        here.on("2027-05-02")
        expected = declared(here, terms, home)
        for period in QUARTERS:
            assert here.office.type("vat", "return", "--period", period).code == 0
            boxes = {(box,): net for box, net in expected.boxes[period].items() if net}
            assert cents(here, period, "return.csv", ["box"]) == boxes
            assert cents(here, period, "oss.csv", ["country", "rate", "correction_of"]) == of_quarter(
                expected.oss, period
            )
            assert cents(here, period, "ec_sales_list.csv", ["vat_id", "country"]) == of_quarter(expected.ec, period)
