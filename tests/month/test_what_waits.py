"""What waits is told without reading history, and is what placing every transaction of every month comes to."""

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest

from billing_job.core.decision import Decision
from billing_job.core.errors import LedgerError
from billing_job.core.period import Period
from billing_job.core.wallet import CompletedWalk, ListShape
from billing_job.ledger.database import transaction
from billing_job.ledger.decisions import record_decision
from billing_job.ledger.derived_tables import not_as_derived
from billing_job.ledger.mirror import LedgerMirror
from billing_job.ledger.sums import ledger_size
from billing_job.ledger.withdrawals import changed_bills, wallet_movements
from billing_job.month.exceptions import waiting
from billing_job.month.job import Job
from billing_job.month.placing import place
from billing_job.month.preconditions import check_facts
from tests.support.desk import SELLER, Desk, row
from tests.support.ledgers import execute, rows
from tests.support.tried import times

READING = (
    '[api.transactions]\nsettled_words = ["done"]\nvoid_words = ["void"]\n[api.transactions.fields]\nstatus = "state"\n'
)
MONTHS = [Period(2026, month) for month in (8, 9, 10)]
WAYS: tuple[dict[str, Any], ...] = (
    {"trunk": "trk_a"}, {"trunk": 7}, {"trunk": "trk_b"}, {"trunk": "trk_d"}, {"trunk": "trk_x"},
    {"number": "+31201234567"}, {"number": 42}, {"number": "+4930123456"}, {"number": 99}, {"order": 1042},
    {"order": 1050}, {"order": 77},
)  # fmt: skip
"""References: names of acme's and bruno's, of a client that cannot be taxed, an order of two clients, strangers."""
EVENTS = (
    "rows",
    "rows",
    "refund",
    "bill",
    "bill",
    "bill",
    "change",
    "withdraw",
    "credit",
    "credit",
    "decide",
    "read",
    "files",
    "files",
)


class Fate:
    """What chance does to a desk, whose rows it knows by their ids."""

    def __init__(self, desk: Desk, chance: random.Random):
        self.desk, self.chance = desk, chance
        self.rows: dict[int, dict[str, Any]] = {}

    def rows_come(
        self, *, types: tuple[str, ...] = ("call", "renewal", "purchase", "topup", "odd"), sign: int = -1
    ) -> None:
        for id_ in range(len(self.rows) + 1, len(self.rows) + self.chance.randint(2, 7)):
            day = f"2026-{self.chance.randint(7, 11):02d}-{self.chance.randint(1, 28):02d}"
            way = self.chance.choice(WAYS)
            cents = sign * self.chance.choice((150, 250, 400, 400, 77))
            made = row(id_, cents, day, type_=self.chance.choice(types), **way)
            made["state"] = self.chance.choice(("done",) * 8 + ("void", "pending"))
            if self.chance.random() < 0.05:
                made[self.chance.choice(("created_at", "amount", "currency"))] = "?"
            self.rows[id_] = made
            self.desk.add(made)

    def refund_comes(self) -> None:
        self.rows_come(types=("refund",), sign=1)

    def bill_runs(self) -> None:
        only = (self.chance.choice(("acme", "bruno")),) if self.chance.random() < 0.3 else ()
        supplementary = self.chance.random() < 0.5
        self.desk.bill(self.chance.choice(MONTHS), at=(2026, 11, 5), only=only, supplementary=supplementary)

    def change_comes(self) -> None:
        """The supplier says something else of a row, or says again what it said once."""
        if self.rows:
            made = self.rows[self.chance.choice(list(self.rows))]
            cents = made["amount"]
            self.desk.add(made | {"amount": cents if self.chance.random() < 0.3 or cents == "?" else cents * 2})

    def withdraw_comes(self) -> None:
        """The supplier no longer lists some rows; those of them that come in again are back."""
        gone = tuple(str(id_) for id_ in self.rows if self.chance.random() < 0.2)
        with self.desk.job() as job:
            LedgerMirror(job.engine, self.desk.clock).seal(CompletedWalk(True, 1, ListShape("newest_first", 0), gone))

    def credit_comes(self) -> None:
        documents = [each for each in self.desk.documents() if each.corrects == "" and each.net_cents > 0]
        if documents:
            one = self.chance.choice(documents)
            lines = () if self.chance.random() < 0.3 else (self.chance.choice(one.lines).line,)
            with contextlib.suppress(ValueError):  # where nothing is left of it
                self.desk.credit(one.number, lines=lines, rebill=self.chance.random() < 0.7)

    def decide_comes(self) -> None:
        """Somebody decides of some rows; of one that was billed and changed, that it stays."""
        with self.desk.job() as job:
            changed = changed_bills(job.engine, job.withdrawn())
            for id_ in self.chance.sample(list(self.rows), min(2, len(self.rows))):
                accepts = str(id_) in changed
                now = (changed[str(id_)][1] or 0) if accepts else None
                client = "" if accepts else self.chance.choice(("acme", "bruno", "gone", ""))
                one = Decision(str(id_), client, "x", "2026-11-05T00:00:00Z", "me", None, accepts, now)
                record_decision(job.engine, one)

    def files_comes(self) -> None:
        """Bruno moves to a country in which nobody can tax it, or back: what was billed keeps its terms."""
        country = self.chance.choice(("NL", "DE"))
        who = ("acme,A,NL,", f"bruno,B,{country},", "dora,D,DE,", "gone,G,NL,")
        self.desk.file("clients.csv", "client_id,name,country,vat_id", *who)

    def read_comes(self) -> None:
        """The rows are read otherwise: what was billed in cents costs a hundredth, or as before."""
        unit = self.chance.choice(("cents", "1/10000", "auto"))
        self.desk.settings(READING.replace("\n[", f'\namount_unit = "{unit}"\n[', 1))


def of_history(job: Job) -> tuple[set[str], set[str], int, int]:
    """In plain Python over all rows: who is unsettled, who is billed otherwise, the wallet's micros, how many rows."""
    held = rows(str(job.engine.url))
    old = {each["old_seq"] for each in held["revisions"]}
    freed = {(each["transaction_id"], each["part"], each["generation"]) for each in held["releases"]}
    billed = {
        each["transaction_id"]: each["cost_micros"]
        for each in held["settlements"]
        if each["part"] == 0 and (each["transaction_id"], 0, each["generation"]) not in freed
    }
    now = {each["transaction_id"]: each for each in held["transactions"] if each["seq"] not in old}
    moved = {id_: each["micros"] for id_, each in now.items() if each["standing"] == "settled"}
    changed = {id_ for id_, cost in billed.items() if id_ in now and moved.get(id_) != -cost}
    wallet = sum(micros or 0 for id_, micros in moved.items() if now[id_]["currency"] in ("EUR", ""))
    return set(now) - set(billed), changed, wallet, len(now)


@pytest.mark.parametrize("seed", range(times(1, 40)))
def test_what_waits_is_what_placing_every_month_comes_to(seed: int, tmp_path: Path) -> None:
    """After each of fifteen things that happen the same rows, amounts, reasons and words wait, in the same order."""
    chance = random.Random(seed)  # noqa: S311 - drawn anew, the same each time
    desk = Desk(tmp_path, READING)
    first = f'first_month = "{chance.choice(("2026-08", "2026-09"))}"\n' if seed % 2 else ""
    desk.file("billing.toml", SELLER + first + READING)
    desk.file("clients.csv", "client_id,name,country,vat_id", "acme,A,NL,", "bruno,B,NL,", "dora,D,DE,", "gone,G,NL,")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme", "trk_b,bruno", "trk_d,dora", "trk_g,gone")
    numbers = ("+31201234567,42,1042,trk_a,1.50", "+4930123456,43,1043,trk_b,", "+31201110001,50,1050,trk_a,1.50",
               "+31201110002,51,1050,trk_b,2.50")  # fmt: skip
    desk.file("numbers.csv", "number,did_number_id,order_id,trunk,price", *numbers)
    fate, waited = Fate(desk, chance), 0
    for what in ("rows", "rows", *chance.choices(EVENTS, k=13)):
        name = {"rows": "rows_come", "bill": "bill_runs"}.get(what, f"{what}_comes")
        getattr(fate, name)()
        with desk.job() as job:
            told, whole = waiting(job, None), place(job, job.last_month().next, every_month=True).exceptions
            assert told.to_dict("records") == whole.to_dict("records"), what
            unsettled, changed, wallet, count = of_history(job)
            waited += len(told)
            with transaction(job.engine) as connection:
                assert list(not_as_derived(connection)) == []
            kept = rows(str(job.engine.url))["unsettled"]
            assert {each["transaction_id"] for each in kept if not each["changed"]} == unsettled
            assert {each["transaction_id"] for each in kept if each["changed"]} == changed
            assert (wallet_movements(job.engine, set(), "EUR"), ledger_size(job.engine)[0]) == (wallet, count)
    assert waited


def test_a_late_row_waits_by_the_terms_of_its_month(tmp_path: Path) -> None:
    """Bruno was billed October in NL and has moved where nobody can tax it: October's late row is billed as it was."""
    desk = Desk(tmp_path)
    desk.add(row(1, -100, trunk="trk_b"))
    desk.bill()
    desk.add(row(2, -50, "2026-10-09", trunk="trk_b"), row(3, -70, "2026-11-02", trunk="trk_b"))
    desk.file("clients.csv", "client_id,name,country", "acme,A,NL", "bruno,B,DE")
    with desk.job() as job:
        told, whole = waiting(job, None), place(job, job.last_month().next, every_month=True).exceptions
        assert list(zip(told["transaction_id"], told["reason"], strict=True)) == [("3", "untaxable_client")]
        assert told.to_dict("records") == whole.to_dict("records")


def test_what_lies_before_the_first_month_is_read_for_the_refund_alone(tmp_path: Path) -> None:
    """A refund of what was billed elsewhere has no original here, one that is the house's is the house's, too."""
    desk = Desk(tmp_path)
    desk.file("billing.toml", f'{SELLER}first_month = "2026-09"\n')
    desk.add(row(1, -150, "2026-08-31", trunk="trk_a"), row(2, -250, "2026-08-05", trunk="trk_x"))
    with desk.job() as job:
        record_decision(job.engine, Decision("2", "", "ours", "2026-09-01T00:00:00Z", "me"))
    for id_, cents, trunk in ((3, 150, "trk_a"), (4, 250, "trk_x")):
        desk.add(row(id_, cents, "2026-10-02", type_="refund", trunk=trunk))
    with desk.job() as job:
        told, whole = waiting(job, None), place(job, job.last_month().next, every_month=True).exceptions
        assert list(zip(told["transaction_id"], told["reason"], strict=True)) == [("3", "refund_without_original")]
        assert told.to_dict("records") == whole.to_dict("records")


ODD_IDS = ("a\\u0000b", '"quoted"', "%s", "?", "007", "7", "1e3", "[1]", "null", "\N{GRINNING FACE}")
"""What databases, their drivers and JSON may take for something else than an id."""


def test_whatever_an_id_looks_like_what_is_billed_waits_no_longer(tmp_path: Path) -> None:
    """Each of them is another transaction, and none is left among those that nothing settles."""
    desk = Desk(tmp_path)
    desk.add(*({**row(place, -100), "id": id_} for place, id_ in enumerate(ODD_IDS)))
    desk.bill()
    with desk.job() as job, transaction(job.engine) as connection:
        assert list(not_as_derived(connection)) == []
        assert {each["transaction_id"] for each in rows(str(job.engine.url))["settlements"]} == set(ODD_IDS)
        assert rows(str(job.engine.url))["unsettled"] == []


@pytest.mark.parametrize(
    "edit",
    [
        "DELETE FROM unsettled",
        "UPDATE unsettled SET changed = NOT changed",
        "UPDATE wallet_sums SET low = low + 1",
        "UPDATE wallet_sums SET rows = rows + 1",
    ],
)
def test_nothing_is_billed_where_what_is_derived_was_changed(edit: str, tmp_path: Path) -> None:
    """A run stops, and says what to do."""
    desk = Desk(tmp_path)
    desk.add(row(1, -100), row(2, -50, trunk="trk_x"))
    desk.bill()
    with desk.job() as job:
        check_facts(job, Period(2026, 10))
        execute(str(job.engine.url), edit)
        with pytest.raises(LedgerError, match="does not say what the facts come to"):
            check_facts(job, Period(2026, 10))
