"""A reseller's life over several months, played by the real command line against a wallet whose rows come and go.

`Life` types commands and reads what they say and write: `run --json`, `credit --json`, `exceptions --json`, the CSV of
each document, and the documents as the ledger keeps them. A run that issues a document takes about 0.4 s.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from billing_job.billing.invoicing.credit_note import Request, credit
from billing_job.config.settings_file import load_settings
from billing_job.core.document import Document, Line, Vat
from billing_job.core.files.pieces import ROWS_IN_PIECE
from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.core.wallet import Balance, CompletedWalk, ListShape
from billing_job.didfarm.sandbox.holdings import Trunk, WireRow
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.world import World
from billing_job.didfarm.wire import read_transaction
from billing_job.documents.detail_csv import detail_csv
from billing_job.ledger.billing_steps import billed_of_periods, course
from billing_job.ledger.credit_notes import issue_credit
from billing_job.ledger.documents import (
    StoredDocument,
    all_documents,
    billed_periods,
    document_of_number,
    documents_in_folder,
)
from billing_job.ledger.mirror import LedgerMirror
from billing_job.month.job import Job, open_job
from billing_job.month.other_terms import Instead
from billing_job.month.pipeline import bill
from billing_job.month.replaying import Replay
from billing_job.month.run_json import document_json, run_json
from tests.support.fakes import ACME, BRUNO, Clock, Office, Ran, office
from tests.support.ledgers import rows as ledger_rows
from tests.support.ledgers import storage
from tests.support.paths import FIXTURES

TRUNK_A, TRUNK_B, TRUNK_C = ACME.uuid, BRUNO.uuid, "trk_cccc0009"
NUMBER, DID, ORDER = "+31201110001", 42, 1042
"""Acme's number in the files that every life begins with; the three names of one thing."""

SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = "2026-09", "2026-10", "2026-11", "2026-12"

CLIENT_COLUMNS = "client_id,name,country,vat_id,plan,detail,tax_treatment"
TRUNK_COLUMNS = "trunk,client_id,valid_from,valid_to"
NUMBER_COLUMNS = "number,did_number_id,order_id,trunk,valid_from,valid_to"
RATE_COLUMNS = "country,category,rate,valid_from"

AT_COST = '[[plans.rules]]\nmodel = "pass_through"\n'
MARKUP = (
    "".join(
        f'[[plans.rules]]\ncategory = "{category}"\nmodel = "markup"\npercent = "30"\n'
        for category in ("number_rental", "number_setup", "call", "message")
    )
    + AT_COST
)
"""30 % on top of all use; a refund that is priced by itself would be at cost, and so be seen."""


def plan(rules: str = AT_COST, *, name: str = "standard", **terms: str) -> str:
    """A plan as TOML: `monthly_fee`, `minimum` and `discount_percent` by keyword, then its rules."""
    return f'[[plans]]\nname = "{name}"\n' + "".join(f'{key} = "{value}"\n' for key, value in terms.items()) + rules


def rule(**keys: object) -> str:
    """A rule of a plan as TOML; text stands in quotes, whole numbers and lists of tiers as they are."""
    cells = (f'{key} = "{value}"' if key != "tiers" and isinstance(value, str) else f"{key} = {value}"
             for key, value in keys.items())  # fmt: skip
    return "[[plans.rules]]\n" + "".join(f"{cell}\n" for cell in cells)


def decimal(micros: int) -> str:
    """An amount as a supplier with six decimal places writes it."""
    whole, fraction = divmod(abs(micros), 1_000_000)
    return f"{'-' if micros < 0 else ''}{whole}.{fraction:06d}"


def moved(
    row_id: int,
    amount: int | str,
    day: str,
    *,
    type_: str = "call",
    number: str | int = "",
    order: str | int = "",
    trunk: str | int = TRUNK_A,
) -> WireRow:
    """A movement of the wallet at noon UTC of a day, or at a moment; on a trunk unless number or order is named.

    The amount is in cents, or a decimal as text.
    """
    kind, reference = ("number", number) if number else ("order", order) if order else ("trunk", trunk)
    return {
        "id": row_id,
        "type": type_,
        "amount": amount,
        "currency": "EUR",
        "description": "",
        "reference_type": kind,
        "reference_id": reference,
        "created_at": day if "T" in day else f"{day}T12:00:00Z",
    }


@dataclass(frozen=True, slots=True)
class Detail:
    """A row of `invoices/*.csv` with the client of its document; `net` in cents."""

    document: str
    client_id: str
    line: int
    date: str
    category: str
    number: str
    quantity: str
    net: int
    vat_category: str
    vat_rate: str
    transaction_id: str


@dataclass(slots=True)
class Life:
    """Files, wallet, clock and commands; `told` are the documents that the commands have told of, by their number."""

    office: Office
    sandbox: RunningSandbox
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def file(self, name: str, columns: str, *rows: str) -> None:
        """Write a file of config/ anew."""
        text = "".join(f"{line}\n" for line in (columns, *rows))
        (self.office.config / name).write_text(text, encoding="utf-8")

    def clients(self, *rows: str) -> None:
        """Rows of client_id,name,country,vat_id,plan,detail,tax_treatment."""
        self.file("clients.csv", CLIENT_COLUMNS, *rows)

    def trunks(self, *rows: str) -> None:
        """Rows of trunk,client_id,valid_from,valid_to."""
        self.file("trunks.csv", TRUNK_COLUMNS, *rows)

    def numbers(self, *rows: str) -> None:
        """Rows of number,did_number_id,order_id,trunk,valid_from,valid_to."""
        self.file("numbers.csv", NUMBER_COLUMNS, *rows)

    def rates(self, *rows: str) -> None:
        """Rows of country,category,rate,valid_from."""
        self.file("vat_rates.csv", RATE_COLUMNS, *rows)

    def settings(self, plans: str = "", *, billing: str = "", tax: str = "") -> None:
        """billing.toml with these plans; `billing` and `tax` are more lines of those tables."""
        text = (
            f'{storage(self.office.folder)}[api]\nbase_url = "{self.sandbox.base_url}"\nrequests_per_minute = 1000\n'
            # Reading all of the world's authorities takes 20 ms a run, and the loopback has no certificate.
            f'ca_file = "{FIXTURES / "authority.pem"}"\n'
            '[seller]\nname = "Noordzee Telecom"\ncountry = "NL"\nvat_id = "NL861994772B01"\n'
            f'iban = "NL91ABNA0417164300"\n[billing]\n{billing}\n[tax]\n{tax}\n{plans}'
        )
        (self.office.config / "billing.toml").write_text(text, encoding="utf-8")

    def add(self, *rows: WireRow) -> None:
        """The supplier lists more rows."""
        self.sandbox.state.add(*rows)

    def change(self, row_id: int, **fields: object) -> None:
        """The supplier lists a row with other values."""
        self.sandbox.state.change(row_id, **fields)

    def withdraw(self, *row_ids: int) -> None:
        """The supplier lists these rows no more."""
        for row_id in row_ids:
            self.sandbox.state.remove(row_id)

    def on(self, day: str) -> None:
        """Set the clock to the morning of a day."""
        self.office.clock.moment = datetime.fromisoformat(f"{day}T08:00:00").replace(tzinfo=UTC)

    def on_the_day_of(self, month: str, day: str = "") -> None:
        """Set the clock to when a month is run: a day, or the fifth of the next month if that is not past."""
        following = Period.parse(month).next
        earliest = datetime(following.year, following.month, 5, 8, tzinfo=UTC)
        if day:
            self.on(day)
        elif self.office.clock.moment < earliest:
            self.office.clock.moment = earliest

    def run(self, month: str, *options: str, at: str = "", code: int = 0) -> Ran:
        """`run --month` on a day, by default on the fifth of the next month or today if that is later."""
        self.on_the_day_of(month, at)
        ran = self.office.run("--month", month, *options)
        assert ran.code == code, f"run {month} ended with {ran.code}: {ran.err}{ran.json.get('exceptions')}"
        self.hear(ran)
        return ran

    def credit(self, number: str, *lines: int, rebill: bool = False, code: int = 0) -> Ran:
        """`credit NUMBER --line …`, with or without `--rebill`."""
        chosen = [word for line in lines for word in ("--line", str(line))]
        freed = ["--rebill"] if rebill else []
        ran = self.office.type("credit", number, *chosen, *freed, "--reason", "It was wrong", "--json")
        assert ran.code == code, ran.err
        self.hear(ran)
        return ran

    def resolve(self, row_id: int, *options: str, code: int = 0) -> Ran:
        """`exceptions resolve ID`, with these options."""
        ran = self.office.type("exceptions", "resolve", str(row_id), *options, "--reason", "Asked them", "--json")
        assert ran.code == code, ran.err
        return ran

    def waiting(self) -> dict[str, tuple[str, int]]:
        """What `exceptions --json` lists: transaction → (reason, cents)."""
        listed = self.office.type("exceptions", "--json").json["exceptions"]
        return {each["transaction_id"]: (each["reason"], each["cents"]) for each in listed}

    def new(self, ran: Ran) -> list[tuple[str, int]]:
        """(client, net) of each document that a command issued."""
        return [(each["client_id"], each["net_cents"]) for each in ran.json["documents"] if each["new"]]

    def net(self, client_id: str = "acme") -> int:
        """All that the client was ever billed, credit notes included, net."""
        return sum(each["net_cents"] for each in self.told.values() if each["client_id"] == client_id)

    def vat(self, client_id: str = "acme") -> int:
        """The VAT of that."""
        return sum(each["vat_cents"] for each in self.told.values() if each["client_id"] == client_id)

    def details(self, client_id: str = "acme") -> list[Detail]:
        """The rows of the CSV files of all of the client's documents, in the order of their numbers."""
        found = []
        for path in sorted(self.office.output.glob("*/invoices/*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as file:
                found += [self._detail(row) for row in csv.DictReader(file)]
        return [each for each in found if each.client_id == client_id]

    def of_row(self, row_id: int, client_id: str = "acme") -> int:
        """What the client's documents show for one transaction, over all of them."""
        return sum(each.net for each in self.details(client_id) if each.transaction_id == str(row_id))

    def stored(self, number: str) -> dict[str, Any]:
        """A document as the ledger keeps it."""
        for row in ledger_rows(self.office.database_url)["documents"]:
            document = next((cell for cell in row.values() if isinstance(cell, str) and cell.startswith("{")), "{}")
            if row.get("number") == number:
                value: dict[str, Any] = json.loads(document)
                return value
        raise KeyError(number)

    def line_of(self, document: str, category: str, **values: object) -> int:
        """The place of a document's line of that category, and of those values where several have it."""
        (place,) = {
            line["line"]
            for line in self.stored(document)["lines"]
            if line["category"] == category and all(line[name] == value for name, value in values.items())
        }
        return int(place)

    def of_month(self, month: str, client_id: str = "acme") -> int:
        """The net of all lines that carry that month, whichever document they stand on."""
        return sum(
            line["net_cents"]
            for number, told in self.told.items()
            if told["client_id"] == client_id
            for line in self.stored(number)["lines"]
            if line["period_start"].startswith(month)
        )

    def hear(self, ran: Ran) -> None:
        """Keep the documents that a command has told of."""
        self.told |= {each["number"]: each for each in ran.json["documents"]}

    def _detail(self, row: dict[str, str]) -> Detail:
        whole, _, cents = row["net"].lstrip("-").partition(".")
        net = int(whole) * 100 + int(cents)
        return Detail(
            document=row["document_number"],
            client_id=self.told[row["document_number"]]["client_id"],
            line=int(row["line"]),
            date=row["date"],
            category=row["category"],
            number=row["number"],
            quantity=row["quantity"],
            net=-net if row["net"].startswith("-") else net,
            vat_category=row["vat_category"],
            vat_rate=row["vat_rate"],
            transaction_id=row["transaction_id"],
        )


class QuietLife(Life):
    """A life below the command line: what is billed and kept is the same, and no file of output/ is written.

    A run takes a third of the time. The supplier is not asked: each run reads what is listed here as a whole.
    """

    def __init__(self, office: Office, sandbox: RunningSandbox):
        super().__init__(office, sandbox)
        self._listed: dict[object, WireRow] = {}

    def add(self, *rows: WireRow) -> None:
        """The supplier lists more rows."""
        self._listed |= {row["id"]: row for row in rows}

    def change(self, row_id: int, **fields: object) -> None:
        """The supplier lists a row with other values."""
        self._listed[row_id] = self._listed[row_id] | fields

    def withdraw(self, *row_ids: int) -> None:
        """The supplier lists these rows no more."""
        for row_id in row_ids:
            del self._listed[row_id]

    def run(self, month: str, *options: str, at: str = "", code: int = 0) -> Ran:
        """Issue the documents of a month; what it tells is the `run --json` of the command."""
        only = [option for word, option in pairwise(options) if word == "--client"]
        assert set(options) <= {"--supplementary", "--client", *only}, "with other options, play a `life`"
        self.on_the_day_of(month, at)
        period = Period.parse(month)
        with self._job() as job:
            self._read_list(job)
            billed = bill(job, period, only=only, supplementary="--supplementary" in options)
            folder = list(documents_in_folder(job.engine, month))
        told = [document_json(each, month, new=each.number in billed.issued) for each in folder]
        ended = 3 if billed.because or not billed.placed.exceptions.empty or not billed.gate.proof.matches else 0
        assert ended == code, f"run {month} ended with {ended}: {billed.placed.exceptions}"
        return self._tells(run_json(period, "", told, billed, 0, issued=not billed.because))

    def credit(self, number: str, *lines: int, rebill: bool = False, code: int = 0) -> Ran:
        """Issue a credit note of these lines of a document, or of all of it."""
        assert code == 0, "what is refused is refused by a `life`"
        with self._job() as job:
            note = credit_note(job, number, lines, rebill=rebill)
        return self._tells({"documents": [document_json(note, str(Period.of(note.issue_date)), new=True)]})

    def details(self, client_id: str = "acme") -> list[Detail]:
        """The rows of the CSV that would be written of each of the client's documents."""
        with self._job() as job:
            made = [detail_csv(each.document) for each in sorted(all_documents(job.engine), key=_number)]
        rows = [row for content in made for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]
        return [each for each in map(self._detail, rows) if each.client_id == client_id]

    def _read_list(self, job: Job) -> None:
        """What a walk through all of the list leaves in the ledger, and the balance that follows from the list."""
        mirror = LedgerMirror(job.engine, job.clock)
        read = [read_transaction(row, job.reading()) for row in self._listed.values()]
        mirror.save(read)
        absent = tuple(sorted(mirror.present_ids() - {each.transaction_id for each in read}))
        mirror.seal(CompletedWalk(True, len(read), ListShape("newest_first", 100), absent))
        mirror.save_balance(Balance(sum(_micros(row["amount"]) for row in self._listed.values()), "EUR", 6))

    @contextmanager
    def _job(self) -> Iterator[Job]:
        with closing(opened(self.office.config, self.office.clock)) as job:
            yield job

    def _tells(self, told: dict[str, Any]) -> Ran:
        ran = Ran(0, json.dumps(told), "")
        self.hear(ran)
        return ran


@contextmanager
def life(folder: Path, plans: str = "", *, billing: str = "", tax: str = "", kind: type[Life] = Life) -> Iterator[Life]:
    """A seller in NL with the clients acme and bruno, both in NL, a trunk each; acme has a number; nothing was used."""
    clients = (Client("acme", "Acme B.V.", "NL"), Client("bruno", "Bruno B.V.", "NL"))
    trunks = (ACME, BRUNO, Trunk(9, TRUNK_C, "Carol", "carol", "carol"))
    world = World(1, Period(2026, 9), ZoneInfo("Europe/Amsterdam"), clients, trunks, (), (), ())
    with office(folder, world) as (here, sandbox):
        made = kind(here, sandbox)
        made.settings(plans, billing=billing, tax=tax)
        made.clients("acme,Acme B.V.,NL,,,,", "bruno,Bruno B.V.,NL,,,,")
        made.trunks(f"{TRUNK_A},acme,,", f"{TRUNK_B},bruno,,")
        made.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_A},,")
        made.rates("NL,S,21,2020-01-01", "DE,S,19,2020-01-01")
        yield made


def quiet_life(folder: Path, plans: str = "", *, billing: str = "", tax: str = "") -> AbstractContextManager[Life]:
    """As `life`, for a test that looks at figures alone."""
    return life(folder, plans, billing=billing, tax=tax, kind=QuietLife)


def opened(config: Path, clock: Clock) -> Job:
    """The job of a folder with its files as they are now."""
    return open_job(load_settings(config / "billing.toml"), config, clock)


def list_rows(job: Job, rows: Sequence[WireRow], micros: int) -> int:
    """Put rows into the ledger as a whole reading of the list does; what they add to a balance that was `micros`."""
    mirror = LedgerMirror(job.engine, job.clock)
    mirror.save([read_transaction(row, job.reading()) for row in rows])
    added = sum(_micros(row["amount"]) for row in rows)
    mirror.seal(CompletedWalk(True, mirror.present(), ListShape("newest_first", 100), ()))
    mirror.save_balance(Balance(micros + added, "EUR", 6))
    return added


def credit_note(job: Job, number: str, lines: Sequence[int], *, rebill: bool) -> Document:
    """Credit these lines of a document, or all of it when none are named."""
    issued = document_of_number(job.engine, number)
    assert issued is not None
    today = job.clock.now().date()
    request = Request("It was wrong", tuple(lines), None, rebill)
    return issue_credit(
        job.engine,
        issued.document,
        lambda undone: credit(issued.document, undone, request, today),
        job.numbering,
        str(Period.of(today)),
        today,
    )


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line of an issued document: its month, its transactions, and how it is taxed."""

    line: int
    category: str
    month: str
    transactions: tuple[str, ...]
    net: int
    vat_category: str
    vat_rate: str


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """An issued document; `vat` by category and rate."""

    number: str
    client_id: str
    lines: tuple[SeenLine, ...]
    vat: dict[tuple[str, str], int]
    net: int


PIECES = (5, 30, ROWS_IN_PIECE)
"""Months are billed in pieces of so many rows, in turns: figures may not depend on them."""


class Books:
    """A reseller's folder driven below the command line: nothing is rendered, so that a run takes a tenth of a second.

    Everything that these tests need of the program's insides is in this class.
    """

    def __init__(self, folder: Path):
        self._folder = folder / "config"
        self._folder.mkdir(parents=True)
        self._clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
        self._job: Job | None = None
        self._documents: dict[str, SeenDocument] = {}
        self._micros = 0

    def write(self, files: Mapping[str, str]) -> None:
        """Write files of config/; later steps read them."""
        for name, text in files.items():
            start = storage(self._folder.parent) if name == "billing.toml" else ""
            (self._folder / name).write_text(start + text, encoding="utf-8")
        self.close()

    def close(self) -> None:
        """Let go of the ledger."""
        if self._job is not None:
            self._job.close()
        self._job = None

    def add(self, rows: Sequence[WireRow]) -> None:
        """The supplier listed these rows, all of its list was read, and the balance fits."""
        self._micros += list_rows(self._opened(), rows, self._micros)

    def run(self, month: str, *, supplementary: bool = False) -> None:
        """Issue the documents of a month."""
        self._clock.moment = max(self._clock.moment, datetime.fromisoformat(f"{Period.parse(month).next}-05T08:00:00Z"))
        period = Period.parse(month)
        pieces = PIECES[period.month % len(PIECES)]
        bill(self._opened(), period, supplementary=supplementary, rows_in_piece=pieces)

    def credit(self, number: str, lines: Sequence[int], *, rebill: bool) -> None:
        """Credit these lines of a document, or all of it when none are named."""
        credit_note(self._opened(), number, lines, rebill=rebill)

    def billed_once_more(self, first: str) -> dict[str, tuple[int, int]]:
        """Client → its net by the runs since this month, as billed and once more under the plans of then."""
        job, last = self._opened(), max(billed_periods(self._opened().engine)[0])
        with TemporaryDirectory() as folder:
            replay = Replay(job, Period.parse(first), Period.parse(last), Instead(), course(job.engine), Path(folder))
            again = replay.play()
        was = billed_of_periods(job.engine, first, last)
        return {
            client: (
                sum(one.net_cents for (owner, _), one in was.items() if owner == client),
                sum(one.net_cents for (owner, _), one in again.items() if owner == client),
            )
            for client, _ in (*was, *again)
        }

    def documents(self) -> list[SeenDocument]:
        """All that was issued, in the order of issue within each series."""
        for issued in all_documents(self._opened().engine):
            document = issued.document
            if document.number not in self._documents:
                self._documents[document.number] = SeenDocument(
                    document.number,
                    document.client.client_id,
                    tuple(map(_seen_line, document.lines)),
                    {_vat_key(total.vat): total.vat_cents for total in document.vat_totals},
                    document.net_cents,
                )
        return list(self._documents.values())

    def _opened(self) -> Job:
        if self._job is None:
            self._job = opened(self._folder, self._clock)
        return self._job


def _number(issued: StoredDocument) -> str:
    return issued.document.number


def _micros(amount: object) -> int:
    """What an amount on the wire comes to: whole cents, or a decimal."""
    return amount * 10_000 if isinstance(amount, int) else int(Fraction(str(amount)) * 1_000_000)


def _seen_line(line: Line) -> SeenLine:
    transactions = tuple(row.transaction_id for row in line.rows if row.transaction_id)
    return SeenLine(
        line.line, line.category, str(Period.of(line.period_start)), transactions, line.net_cents, *_vat_key(line.vat)
    )


def _vat_key(vat: Vat) -> tuple[str, str]:
    return vat.category, f"{vat.rate.normalize():f}"
