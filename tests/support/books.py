"""Invented books, drawn by Hypothesis: clients, plans and a wallet, and the job that bills them."""

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from billing_job.config.settings_file import load_settings
from billing_job.core.money import MAX_CENTS
from billing_job.core.period import Period
from billing_job.core.wallet import Balance, Trunk
from billing_job.didfarm.wire import read_transaction
from billing_job.ledger.mirror import LedgerMirror
from billing_job.month.job import Job, open_job
from tests.support.fakes import Clock
from tests.support.ledgers import drop, ledger_url, made, storage
from tests.support.paths import IN_MEMORY

OCTOBER = Period(2026, 10)
CLIENTS = (("acme", "NL", "NL004495445B01"), ("bruno", "DE", "DE136695976"), ("carl", "US", ""), ("dora", "FR", ""))
TRUNKS = ("trk_a", "trk_b", "trk_c")

decimals = st.integers(-100_0000, 400_0000).map(
    lambda n: f"{'-' if n < 0 else ''}{abs(n) // 10_000}.{abs(n) % 10_000:04d}"
)
prices = st.integers(0, 5_0000).map(lambda n: f"{n // 10_000}.{n % 10_000:04d}")


@dataclass(frozen=True)
class Books:
    """A month's input: the files' rows, the plans, and the rows on the wire."""

    clients: tuple[Mapping[str, str], ...]
    trunks: tuple[Mapping[str, str], ...]
    numbers: tuple[Mapping[str, str], ...]
    plans: tuple[Mapping[str, Any], ...]
    wire: tuple[Mapping[str, Any], ...]


@st.composite
def rules(draw: st.DrawFn, *, last: bool) -> dict[str, Any]:
    model = draw(st.sampled_from(["pass_through", "markup", "fixed", "package", "graduated", "volume", "absorb"]))
    rule: dict[str, Any] = {"model": model}
    if not last:
        rule |= draw(
            st.sampled_from(
                [
                    {"category": "call"},
                    {"category": "message", "country": "NL"},
                    {"prefix": "+3120"},
                    {"trunk": "trk_b"},
                ]
            )
        )
    if model == "markup":
        rule |= {"percent": draw(decimals), "fixed": draw(decimals)}
    if model in ("fixed", "package"):
        rule["price"] = draw(prices)
    if model == "package":
        rule["included"] = draw(st.integers(0, 3))
    if model in ("graduated", "volume"):
        rule["tiers"] = [{"up_to": draw(st.integers(1, 3)), "price": draw(prices)}, {"price": draw(prices)}]
    return rule


@st.composite
def plans(draw: st.DrawFn, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "monthly_fee": draw(st.sampled_from(["0.00", "9.95"])),
        "minimum": draw(st.sampled_from(["0.00", "25.00"])),
        "discount_percent": draw(st.sampled_from(["0", "12.5", "33.3333", "100"])),
        "rules": [*draw(st.lists(rules(last=False), max_size=2)), draw(rules(last=True))],
    }


amounts = st.one_of(
    st.integers(-30, 30),
    st.integers(-10_000, 0),
    st.sampled_from([MAX_CENTS, -MAX_CENTS, -MAX_CENTS - 1, 10**20, "-1.50", "0.005", 1.5, None]),
)
moments = st.one_of(
    st.integers(0, 29 * 86_400).map(lambda seconds: datetime(2026, 10, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.sampled_from(
        [
            datetime(2026, 9, 30, 21, 59, 59, tzinfo=UTC),
            datetime(2026, 9, 30, 22, tzinfo=UTC),
            datetime(2026, 10, 31, 22, 59, tzinfo=UTC),
            datetime(2026, 10, 31, 23, tzinfo=UTC),
        ]
    ),
).map(datetime.isoformat)
references = st.sampled_from(
    [
        *(("trunk", name) for name in (*TRUNKS, "7", "trk_x")),
        ("number", 42),
        ("number", "+31201234568"),
        ("did", 43),
        ("order", 1),
        ("order", 2),
        (None, None),
    ]
)


@st.composite
def wire_rows(draw: st.DrawFn, row_id: int) -> dict[str, Any]:
    kind, name = draw(references)
    return {
        "id": draw(st.sampled_from([row_id, str(row_id), f"tx-{row_id}"])),
        "type": draw(st.sampled_from(["call", "call", "sms", "renewal", "purchase", "refund", "topup", "telegram"])),
        "amount": draw(amounts),
        "currency": draw(st.sampled_from(["EUR", "EUR", "EUR", "eur ", "USD", None])),
        "description": draw(st.sampled_from(["", "cost 0.30", "=1+1"])),
        "reference_type": kind,
        "reference_id": name,
        "created_at": draw(st.one_of(moments, moments, st.sampled_from(["yesterday", None]))),
    }


@st.composite
def books(draw: st.DrawFn) -> Books:
    names = ("standard", "other")
    clients = [
        {
            "client_id": client_id,
            "name": client_id.title(),
            "country": country,
            "vat_id": vat_id,
            "plan": draw(st.sampled_from(("", *names))),
            "detail": draw(st.sampled_from(("", "category", "number", "transaction"))),
        }
        for client_id, country, vat_id in CLIENTS
    ]
    move = draw(st.sampled_from(["2026-10-01", "2026-10-15", "2026-11-01"]))
    owners = st.sampled_from([client_id for client_id, _, _ in CLIENTS])
    trunks = [
        {"trunk": trunk, "client_id": draw(owners), "valid_from": start, "valid_to": end}
        for trunk in TRUNKS
        for start, end in (("", move), (move, ""))
        if draw(st.integers(0, 3))
    ]
    numbers = [
        {
            "number": number,
            "did_number_id": did,
            "order_id": order,
            "trunk": draw(st.sampled_from(TRUNKS)),
            "price": "0.10",
        }
        for number, did, order in (("+31201234567", "42", "1"), ("+31201234568", "43", "2"), ("+4930123456", "44", "2"))
    ]
    count = draw(st.integers(0, 14))
    return Books(
        tuple(clients),
        tuple(trunks),
        tuple(numbers),
        tuple(draw(plans(name)) for name in names),
        tuple(draw(wire_rows(n)) for n in range(1, count + 1)),
    )


def toml(value: Any) -> str:
    """A value as TOML: JSON, but for tables."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@contextmanager
def job_of(given_books: Books) -> Iterator[Job]:
    """A job on these books: files written, rows in the ledger in the order they came."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name:
        folder = Path(name) / "config"
        folder.mkdir()
        seller = '[seller]\nname = "S"\ncountry = "NL"\nvat_id = "NL861994772B01"\n'
        seller += "[billing]\nmax_waiting_percent = 100\n"
        plan_tables = "".join(
            "[[plans]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in plan.items())
            for plan in given_books.plans
        )
        (folder / "billing.toml").write_text(storage(Path(name)) + seller + plan_tables)
        for file, rows in (
            ("clients.csv", given_books.clients),
            ("trunks.csv", given_books.trunks),
            ("numbers.csv", given_books.numbers),
        ):
            with (folder / file).open("w", newline="") as out:
                writer = csv.DictWriter(out, ["trunk", "client_id"] if not rows else list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        clock = Clock(datetime(2026, 11, 5, tzinfo=UTC))
        loaded = load_settings(folder / "billing.toml")
        job = open_job(loaded, folder, clock)
        try:
            mirror = LedgerMirror(job.engine, clock)
            mirror.save_trunks([Trunk("7", "trk_a", "A")])
            read = [read_transaction(dict(row), loaded.api.transactions) for row in given_books.wire]
            mirror.save(read)
            mirror.save_balance(Balance(sum(each.micros or 0 for each in read), "EUR", 6))
            yield job
        finally:
            job.close()
            drop(made() & {ledger_url(Path(name))})


def rounded(value: Fraction) -> int:
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole
