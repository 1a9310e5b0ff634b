"""The demo month worked out a second time: plain Python over the supplier's JSON and config/, none of our stages.

It must agree to the cent with `run --json`, the detail CSVs, sales.csv, margin.csv and the text of the PDFs.
"""

import csv
import re
import shutil
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pypdf import PdfReader

from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.world import demo_world
from tests.support.fakes import Clock, Office
from tests.support.paths import CONFIG
from tests.support.sandbox_on_loopback import KEY

EU = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
MONTH = "2026-10"
Row = dict[str, Any]
Holding = tuple[str, str, str]
"""What is held, from a day on, up to a day; days as ISO 8601, empty for open."""


@dataclass(frozen=True)
class Billed:
    """A month as the program billed it, beside what the supplier answered."""

    office: Office
    ran: dict[str, Any]
    rows: list[Row]
    trunk_uuids: dict[str, str]
    trunk_names: set[str]


@dataclass(frozen=True)
class Owed:
    """What a client owes: cents by line, and in all."""

    lines: dict[tuple[str, ...], int]
    vat_rate: Fraction
    cost: int

    @property
    def net(self) -> int:
        return sum(self.lines.values())

    @property
    def vat(self) -> int:
        return rounded(self.net * self.vat_rate / 100)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """The demo's world, billed from a copy of the shipped config/."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(CONFIG, folder / "config")
    clock = Clock(datetime.fromisoformat("2026-11-05T08:00:00Z"))
    with RunningSandbox(demo_world(), KEY, clock) as sandbox:
        office = Office(folder, clock)
        office.replace("billing.toml", '"https://didfarm.com/api/v1"', f'"{sandbox.base_url}"')
        office.replace("billing.toml", '"sqlite:///billing.db"', f'"{office.database_url}"')
        ran = office.run("--month", MONTH)
        assert ran.code == 0, ran.err
        headers = {"Authorization": f"Bearer {KEY}"}
        trunks = httpx.get(f"{sandbox.base_url}/portal/sip-trunks", headers=headers).json()["data"]
        rows = sorted(sandbox.truth(), key=lambda row: (str(row["created_at"]), int(str(row["id"]))))
    uuids = {str(trunk["id"]): trunk["uuid"] for trunk in trunks}
    return Billed(office, ran.json, rows, uuids, {trunk["name"] for trunk in trunks})


def rounded(value: Fraction) -> int:
    """To a whole number, half away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def table(office: Office, name: str) -> list[dict[str, str]]:
    with (office.config / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def held(holdings: list[Holding], day: str) -> str:
    """The one thing that is held on a day."""
    (found,) = [what for what, start, end in holdings if start <= day and (not end or day < end)]
    return found


def owed_by_client(demo: Billed) -> dict[str, Owed]:
    """Attribute, price and tax the month's rows."""
    settings = tomllib.loads((demo.office.config / "billing.toml").read_text(encoding="utf-8"))
    plans = {plan["name"]: plan["rules"] for plan in settings["plans"]}
    clients = {row["client_id"]: row for row in table(demo.office, "clients.csv")}
    row: Row
    owner: dict[str, list[Holding]] = defaultdict(list)
    for row in table(demo.office, "trunks.csv"):
        owner[row["trunk"]].append((row["client_id"], row["valid_from"], row["valid_to"]))
    trunk_of: dict[str, list[Holding]] = defaultdict(list)
    numbers: dict[str, dict[str, str]] = {}
    ordered: dict[str, set[str]] = defaultdict(set)
    for row in table(demo.office, "numbers.csv"):
        trunk_of[row["did_number_id"]].append((row["trunk"], row["valid_from"], row["valid_to"]))
        numbers[row["did_number_id"]] = row
        ordered[row["order_id"]].add(row["did_number_id"])

    exact: dict[str, dict[tuple[str, ...], dict[int, Fraction]]] = defaultdict(lambda: defaultdict(dict))
    back: dict[str, dict[tuple[str, ...], list[int]]] = defaultdict(lambda: defaultdict(list))
    cost: dict[str, int] = defaultdict(int)
    for row, day in of_the_month(demo):
        if row["type"] == "topup":
            continue
        reference = str(row["reference_id"])
        dids = {"number": {reference}, "order": ordered[reference], "trunk": set()}[row["reference_type"]]
        trunks = {held(trunk_of[did], day) for did in dids} or {demo.trunk_uuids[reference]}
        (client_id,) = {held(owner[trunk], day) for trunk in trunks}
        number = numbers[min(dids)] if len(dids) == 1 else None
        trunk = trunks.pop() if len(dids) < 2 else ""
        category = settings["categories"][row["type"]]
        if row["type"] == "refund":
            original = refunded(row, demo.rows)
            category = settings["categories"][original["type"]]
        rule = next(rule for rule in plans[clients[client_id]["plan"]] if matches(rule, category, number, trunk))
        cost[client_id] -= row["amount"]
        if rule["model"] == "absorb":
            continue
        detail = clients[client_id]["detail"]
        line = {
            "category": (category,),
            "number": (category, number["number"] if number else "", trunk),
            "transaction": (category, str(row["id"])),
        }[detail or "number"]
        if row["type"] == "refund":
            back[client_id][("refund", *line)].append(int(str(original["id"])))
        else:
            exact[client_id][line][int(str(row["id"]))] = charge(rule, -row["amount"])
    owed = {}
    for client_id, lines in exact.items():
        cents = {id_: share for rows in lines.values() for id_, share in shared_out(rows).items()}
        sums = {line: rounded(sum(rows.values(), Fraction(0))) for line, rows in lines.items()}
        sums |= {line: -sum(cents[id_] for id_ in ids) for line, ids in back[client_id].items()}
        for charge_id, cents_now, cost_now in own_charges(demo, clients[client_id]):
            sums["charge", charge_id] = cents_now
            cost[client_id] += cost_now
        owed[client_id] = Owed(sums, rate_of(demo, clients[client_id]), cost[client_id])
    return owed


def own_charges(demo: Billed, client: dict[str, str]) -> Iterator[tuple[str, int, int]]:
    """(charge, cents, cost in cents) of what a client owes of charges.csv: for October, and in advance for November."""
    trunks = {row["trunk"] for row in table(demo.office, "trunks.csv") if row["client_id"] == client["client_id"]}
    dutch = {
        row["number"]
        for row in table(demo.office, "numbers.csv")
        if row["trunk"] in trunks and row["country"] == "NL" and row["valid_from"] <= "2026-10-31"
        if not row["valid_to"] or row["valid_to"] > "2026-10-01"
    }
    for row in table(demo.office, "charges.csv"):
        if row["client_id"] != client["client_id"] and row["plan"] != client["plan"]:
            continue
        first, days = (date(2026, 11, 1), 30) if row["billed"] == "advance" else (date(2026, 10, 1), 31)
        start = max(first, date.fromisoformat(row["valid_from"] or "2026-10-01"))
        end = min(first + timedelta(days), date.fromisoformat(row["valid_to"] or "2099-01-01"))
        assert start < end, f"this check does not know a charge that ended: {row}"
        assert (row["every"], row["count"]) in {("once", ""), ("month", ""), ("month", "numbers:NL")}
        part = Fraction((end - start).days, days) if row["prorate"] == "days" else Fraction(1)
        units = Fraction(row["quantity"]) * part * (len(dutch) if row["count"] else 1)
        cents, cost = (rounded(Fraction(row[name] or 0) * 100 * units) for name in ("price", "cost"))
        yield row["charge_id"], cents, cost


def shared_out(rows: dict[int, Fraction]) -> dict[int, int]:
    """A line's rounded cents over its rows by largest remainder, ties to the lower id."""
    total = rounded(sum(rows.values(), Fraction(0)))
    shares = {id_: int(exact // 1) for id_, exact in rows.items()}
    for id_ in sorted(rows, key=lambda id_: (-(rows[id_] % 1), id_))[: total - sum(shares.values())]:
        shares[id_] += 1
    return shares


def of_the_month(demo: Billed) -> Iterator[tuple[Row, str]]:
    """The month's rows with their day, both by the seller's calendar."""
    for row in demo.rows:
        moment = datetime.fromisoformat(str(row["created_at"])).astimezone(ZoneInfo("Europe/Amsterdam"))
        if f"{moment:%Y-%m}" == MONTH:
            yield row, f"{moment:%Y-%m-%d}"


def refunded(refund: Row, rows: list[Row]) -> Row:
    """The latest earlier row that a refund undoes."""
    same = ("reference_type", "reference_id")
    return [
        row
        for row in rows
        if row["created_at"] <= refund["created_at"]
        and row["amount"] == -refund["amount"]
        and all(row[name] == refund[name] for name in same)
    ][-1]


def matches(rule: Row, category: str, number: dict[str, str] | None, trunk: str) -> bool:
    facts = {
        "category": category,
        "country": number["country"] if number else "",
        "number_type": number["number_type"] if number else "",
        "trunk": trunk,
    }
    assert set(rule) <= {*facts, "model", "percent", "fixed", "price"}, f"this check does not know {rule}"
    return all(facts[name] == rule[name] for name in facts if name in rule)


def charge(rule: Row, cost: int) -> Fraction:
    """The exact charge for a cost in cents; for what came back it is negative."""
    direction = -1 if cost < 0 else 1
    models: dict[str, Callable[[], Fraction]] = {
        "pass_through": lambda: Fraction(cost),
        "markup": lambda: (
            cost * (1 + Fraction(rule["percent"]) / 100) + direction * Fraction(rule.get("fixed", "0")) * 100
        ),
        "fixed": lambda: direction * Fraction(rule["price"]) * 100,
    }
    return models[rule["model"]]()


def rate_of(demo: Billed, client: dict[str, str]) -> Fraction:
    """The seller is Dutch: Dutch clients pay the rate of the month's end, all others of the demo pay none."""
    if client["country"] != "NL":
        assert client["country"] not in EU or client["vat_id"].startswith(client["country"].replace("GR", "EL"))
        return Fraction(0)
    rates = [row for row in table(demo.office, "vat_rates.csv") if row["country"] == "NL"]
    return Fraction(max((row["valid_from"], row["rate"]) for row in rates if row["valid_from"] <= "2026-10-31")[1])


def in_cents(text: str) -> int:
    return int(Decimal(text) * 100)


def test_the_totals_of_every_client(demo: Billed) -> None:
    """`run --json` has each client once, with the net, VAT and gross that come out here."""
    owed = owed_by_client(demo)
    assert {d["client_id"]: (d["net_cents"], d["vat_cents"], d["gross_cents"]) for d in demo.ran["documents"]} == {
        client_id: (one.net, one.vat, one.net + one.vat) for client_id, one in owed.items()
    }
    assert len(demo.ran["documents"]) == len(owed) == 12


def figures(count: int, cents: int) -> dict[str, int]:
    """What `run --json` says of so many transactions in whole cents."""
    return {"count": count, "cents": cents, "micros": cents * 10_000}


def test_the_months_transactions_and_the_wallet(demo: Billed) -> None:
    """Counts and cents of the month, its top-ups, and the whole wallet are those of the supplier's rows."""
    month = [row["amount"] for row, _ in of_the_month(demo)]
    topups = [row["amount"] for row, _ in of_the_month(demo) if row["type"] == "topup"]
    assert demo.ran["transactions"] == figures(len(month), sum(month))
    assert demo.ran["excluded"] == {"topup": figures(len(topups), sum(topups))}
    assert demo.ran["attributed"] == figures(len(month) - len(topups), sum(month) - sum(topups))
    assert demo.ran["exceptions"] == []
    balance = sum(row["amount"] for row in demo.rows)
    assert demo.ran["wallet"] == {
        "opening_cents": 0,
        "movements_cents": balance,
        "balance_cents": balance,
        "matches": True,
        "opening_micros": 0,
        "movements_micros": balance * 10_000,
        "balance_micros": balance * 10_000,
    }


def test_the_detail_files(demo: Billed) -> None:
    """The rows of each detail CSV add up, line by line, to the lines worked out here; each transaction stands once."""
    owed = owed_by_client(demo)
    seen: list[str] = []
    trunks: set[str] = set()
    for document in demo.ran["documents"]:
        lines: dict[str, int] = defaultdict(int)
        with (demo.office.output / document["files"]["csv"]).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                lines[row["line"]] += in_cents(row["net"])
                seen.append(row["transaction_id"])
                trunks.add(row["trunk"])
        assert sorted(lines.values()) == sorted(owed[document["client_id"]].lines.values()), document["client_id"]
        # A client sees a trunk's name, never the supplier's id.
        for kind in ("csv", "ubl"):
            assert "trk_" not in (demo.office.output / document["files"][kind]).read_text(encoding="utf-8")
    assert trunks - {""} <= demo.trunk_names
    assert trunks - {""}
    assert len(seen) == len(set(seen))
    own = {id_ for id_ in seen if id_.startswith("charge:")}
    plans = {f"charge:premium:{client_id}:{MONTH}" for client_id in ("cafe-etoile", "sakura-denwa", "sharma-and-sons")}
    others = {"charge:phones:once", *(f"charge:{name}:{MONTH}" for name in ("support", "flat", "welcome"))}
    assert own == plans | others | {"charge:exchange:2026-11"}
    assert set(seen) - own <= {str(row["id"]) for row, _ in of_the_month(demo) if row["type"] != "topup"}


def test_the_books_and_the_margin(demo: Billed) -> None:
    """sales.csv sums to the documents by client, margin.csv to costs and charges by client; all of them to the cent."""
    owed = owed_by_client(demo)
    sales: dict[str, int] = defaultdict(int)
    for row in read(demo, "accounting/sales.csv"):
        sales[row["client_id"]] += in_cents(row["gross"])
        assert in_cents(row["net"]) + in_cents(row["vat"]) == in_cents(row["gross"])
    assert sales == {client_id: one.net + one.vat for client_id, one in owed.items()}
    margin: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in read(demo, "margin.csv"):
        cost, charged = margin[row["client_id"]]
        margin[row["client_id"]] = (cost + in_cents(row["cost"]), charged + in_cents(row["charge"]))
    assert margin == {client_id: (one.cost, one.net) for client_id, one in owed.items()}


def read(demo: Billed, name: str) -> list[dict[str, str]]:
    with (demo.office.month(MONTH) / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_text_of_the_pages(demo: Billed) -> None:
    """Each PDF shows net, VAT and gross and every line's amount, in whatever digits and separators its language has."""
    owed = owed_by_client(demo)
    for document in demo.ran["documents"]:
        pages = PdfReader(demo.office.output / document["files"]["pdf"]).pages
        text = with_ascii_digits("\n".join(page.extract_text() for page in pages))
        one = owed[document["client_id"]]
        assert document["number"] in text
        for cents in {one.net, one.vat, one.net + one.vat}:
            assert re.search(rf"(?<!\d){printed(cents)}", text), (document["client_id"], cents)
        # Extracted from right-to-left pages, a line's quantity and amount come without a space between them.
        for cents in one.lines.values():
            assert re.search(printed(cents), text), (document["client_id"], cents)


def with_ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(letter, letter)) for letter in text)


def printed(cents: int) -> str:
    """A pattern for an amount as any language of ours prints it."""
    whole, fraction = divmod(abs(cents), 100)
    return rf"{f'{whole:,}'.replace(',', '[^0-9]?')}[.,٫]{fraction:02d}(?!\d)"
