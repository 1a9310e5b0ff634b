"""Seeded months for the benchmarks: clients, numbers and transactions as arrays, as a frame, as a folder to bill."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, insert

from billing_job.core.columns.schema import BOOL, INT, TEXT
from billing_job.core.moments import moment_text
from billing_job.core.parties import Client
from billing_job.core.register import NumberAssignment, Register, TrunkAssignment
from billing_job.ledger.chain import record_anew
from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.derived_tables import derive
from billing_job.ledger.tables import balances, facts, transactions, trunks, walks, wallet_rows

SEED = 20261101
NUMBERS_EACH = 5
ZONE = ZoneInfo("Europe/Amsterdam")
MONTH = "2026-10"
FIRST = int(datetime(2026, 9, 30, 22, 0, tzinfo=UTC).timestamp())
SECONDS = 31 * 86_400
AT_ONCE = 50_000
"""Rows that are laid into a ledger at one time."""
TYPES = np.array(["call", "sms", "renewal", "refund"], dtype=object)
SHARES = (0.62, 0.3, 0.075, 0.005)

SETTINGS = """\
[seller]
name = "Noordzee Telecom"
legal_name = "Noordzee Telecom B.V."
street = "Herengracht 168"
postal_code = "1016 BP"
city = "Amsterdam"
country = "NL"
vat_id = "NL861994772B01"
iban = "NL91ABNA0417164300"
[billing]
issue_date = "period_end"
[accounting]
formats = ["hledger"]
[[plans]]
name = "standard"
[[plans.rules]]
category = "number_rental"
model = "markup"
percent = "30"
[[plans.rules]]
category = "call"
model = "markup"
percent = "25"
fixed = "0.01"
[[plans.rules]]
model = "pass_through"
"""


@dataclass(frozen=True, slots=True)
class Month:
    """Transactions by column; `number` and `client` are places in the lists of numbers and clients."""

    clients: int
    kind: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    cents: npt.NDArray[np.int64]
    created_at: npt.NDArray[np.int64]

    @property
    def client(self) -> npt.NDArray[np.int64]:
        return self.number // NUMBERS_EACH


def month(clients: int, count: int, *, one_has: int = 0) -> Month:
    """So many transactions over so many clients, the same each time; the first client has `one_has` of them."""
    random = np.random.default_rng(SEED)
    kind = random.choice(len(TYPES), count, p=SHARES)
    number = random.integers(0, clients * NUMBERS_EACH, count)
    number[:one_has] = random.integers(0, NUMBERS_EACH, one_has)
    cents = -np.where(kind == 2, 150, random.integers(1, 90, count))
    seconds = np.sort(random.integers(0, SECONDS, count))
    return Month(clients, kind, number, np.where(kind == 3, -cents, cents), (FIRST + seconds) * 1_000_000)


def phone(place: int) -> str:
    return f"+3120{7_000_000 + place:07d}" if place < 3_000_000 else f"+3185{place:08d}"


def client_id(place: int) -> str:
    return f"client-{place:06d}"


def trunk(place: int) -> str:
    return f"trk_{place:06d}"


def frame_of(rows: Month) -> pd.DataFrame:
    """TRANSACTIONS, as the ledger reads them: numbers by their E.164 name, every third row by its trunk."""
    count = len(rows.kind)
    by_trunk = np.arange(count) % 3 == 0
    phones = pa.array([phone(place) for place in range(rows.clients * NUMBERS_EACH)])
    names = pa.array([trunk(place) for place in range(rows.clients)])
    references = pa.compute.if_else(pa.array(by_trunk), names.take(rows.client), phones.take(rows.number))
    kinds = pa.array(TYPES.tolist()).take(rows.kind)

    def text(values: pa.Array) -> pd.Series:
        return pd.Series(pd.arrays.ArrowExtensionArray(values), dtype=TEXT)

    empty = text(pa.repeat("", count))
    return pd.DataFrame(
        {
            "transaction_id": text(pa.array(np.arange(1, count + 1)).cast(pa.string())),
            "type": text(kinds),
            "micros": pd.Series(rows.cents * 10_000, dtype=INT),
            "large_micros": pd.Series(pd.arrays.ArrowExtensionArray(pa.nulls(count, pa.string())), dtype=TEXT),
            "currency": text(pa.repeat("EUR", count)),
            "description": text(pa.compute.binary_join_element_wise(kinds, references, " ")),
            "reference_type": text(pa.compute.if_else(pa.array(by_trunk), "trunk", "number")),
            "reference_id": text(references),
            "created_at": pd.Series(rows.created_at, dtype=INT),
            "problem": empty,
            "standing": text(pa.repeat("settled", count)),
            "quantity": pd.Series(pd.arrays.ArrowExtensionArray(pa.nulls(count, pa.int64())), dtype=INT),
            "settled": pd.Series(np.zeros(count, bool), dtype=BOOL),
        }
    )


def mapping_of(clients: int) -> Register:
    """Who has what: one trunk each, five numbers on it, since for ever."""
    who = tuple(
        Client(client_id(place), f"Client {place}", "NL", city="Utrecht", plan="standard") for place in range(clients)
    )
    return Register(
        clients=who,
        trunks=tuple(TrunkAssignment(None, None, "", trunk(place), client_id(place)) for place in range(clients)),
        numbers=tuple(
            NumberAssignment(None, None, "", phone(place), "", "", "NL", "", trunk(place // NUMBERS_EACH))
            for place in range(clients * NUMBERS_EACH)
        ),
        vat_rates=(),
    )


def make_folder(folder: Path, rows: Month) -> None:
    """config/ and a ledger that was read whole: `billing-job run --offline` bills it."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "billing.toml").write_text(SETTINGS, encoding="utf-8")
    places = range(rows.clients)
    _csv(config / "clients.csv", "client_id,name,country,city,email", [
        f"{client_id(n)},Client {n} B.V.,NL,Utrecht,ap{n}@client.example" for n in places
    ])  # fmt: skip
    _csv(config / "trunks.csv", "trunk,client_id", [f"{trunk(n)},{client_id(n)}" for n in places])
    numbers = [f"{phone(n)},NL,{trunk(n // NUMBERS_EACH)}" for n in range(rows.clients * NUMBERS_EACH)]
    _csv(config / "numbers.csv", "number,country,trunk", numbers)
    fill_ledger(f"sqlite:///{folder / 'billing.db'}", rows)


def fill_ledger(database_url: str, rows: Month) -> None:
    """Store the transactions, and a whole walk after the month's end."""
    frame = frame_of(rows)
    moment = "2026-11-02T06:00:00Z"
    engine = open_engine(database_url)
    with transaction(engine) as connection:
        connection.execute(insert(facts).values(name="reading", value=_reading()))
        for start in range(0, len(frame), AT_ONCE):
            _lay_in(connection, frame.iloc[start : start + AT_ONCE], start + 1, moment)
        names = [
            {"uuid": trunk(n), "trunk_id": str(n + 1), "name": "", "first_seen": moment} for n in range(rows.clients)
        ]
        connection.execute(insert(trunks), names)
        whole = {"finished": moment, "full": True, "total": len(frame), "sort_order": "oldest_first"}
        connection.execute(insert(walks).values(**whole, page_size=100, sealed_seq=len(frame)))
        balance = {"micros": str(rows.cents.sum() * 10_000), "currency": "EUR", "fetched": moment}
        connection.execute(insert(balances).values(balance))
        derive(connection)
        record_anew(connection)
    engine.dispose()


def _lay_in(connection: Connection, frame: pd.DataFrame, first: int, moment: str) -> None:
    records = [
        {str(name): value for name, value in record.items()}
        for record in frame.drop(columns=["settled", "large_micros"]).to_dict("records")
    ]
    for seq, record in enumerate(records, first):
        record["seq"], record["amount_form"], record["is_day"] = seq, "integer", False
        record["quantity"] = None
        record["raw"] = _raw(record)
        record["sha256"] = hashlib.sha256(record["raw"].encode()).hexdigest()
        record["first_seen"] = moment
    connection.execute(insert(wallet_rows), [_part(r, wallet_rows) for r in records])
    connection.execute(insert(transactions), [_part(r, transactions) | {"large_micros": None} for r in records])


def _part(record: dict[str, object], table: object) -> dict[str, object]:
    return {column.name: record[column.name] for column in table.columns if column.name in record}  # type: ignore[attr-defined]


def _raw(record: dict[str, object]) -> str:
    """The row as the supplier sends it: it reads as what is stored, or no month would be billed with it."""
    same = ("type", "currency", "description", "reference_type", "reference_id")
    moment = datetime.fromtimestamp(int(str(record["created_at"])) // 1_000_000, UTC)
    body = {"id": record["transaction_id"], "amount": int(str(record["micros"])) // 10_000}
    return json.dumps(body | {name: record[name] for name in same} | {"created_at": moment_text(moment)})


def _reading() -> str:
    from billing_job.config.reading import TransactionsReading

    in_effect = TransactionsReading().model_copy(update={"amount_unit": "auto:cents"})
    return hashlib.sha256(in_effect.model_dump_json().encode()).hexdigest()


def _csv(path: Path, head: str, lines: list[str]) -> None:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
