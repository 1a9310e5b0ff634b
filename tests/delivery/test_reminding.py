"""`remind`: each level once, never for what is paid, and what nobody knows is listed until a person settles it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from billing_job.core.document import Document
from billing_job.ledger.database import open_engine
from billing_job.ledger.deliveries import confirm, note_no_participant
from tests.support.bank_files import Moved, camt
from tests.support.booked_payments import book, statement_of
from tests.support.fakes import Office
from tests.support.issued_documents import ACME, BRUNO, bank_office, document
from tests.support.mail_server import MailServer, mail_server

CLIENTS = """\
client_id,name,country,vat_id,email,email_copy,language
acme,Acme B.V.,NL,NL004495445B01,ap@acme.example,boss@acme.example,nl
bruno,Bruno,NL,,bruno@bruno.example,,de
"""
SETTINGS = """\
[receivables]
since = 2026-01-01
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
from = "billing@noordzee.example"
per_minute = 100000
timeout_seconds = 5
[[reminders.levels]]
after_days = 7
channel = "{channel}"
[[reminders.levels]]
after_days = 21
channel = "{channel}"
text = "firm"
interest = true
costs = true
"""
RATES = "country,rate,valid_from,source\nNL,10.15,2026-07-01,ECB tender of June 2026\n"
TODAY = date(2026, 12, 1)
AT_A_MOMENT = """
import sys
from datetime import datetime
from billing_job.cli import main
from tests.support.fakes import Clock
main(sys.argv[2:], Clock(datetime.fromisoformat(sys.argv[1])))
"""


@dataclass(frozen=True)
class Here:
    """An office on 1 December 2026, when invoices are 16 days overdue, and its mail server."""

    office: Office
    server: MailServer

    def remind(self, *options: str, code: int = 0) -> Any:
        """What `remind --json` says."""
        ran = self.office.type("remind", "--json", *options)
        assert ran.code == code, ran.err
        return ran.json

    def later(self, days: int) -> date:
        """Some days later, with a statement of that day."""
        self.office.clock.moment += timedelta(days=days)
        day = self.office.clock.now().date()
        statement_of(self.office, day)
        return day

    @property
    def recipients(self) -> list[str]:
        return [addresses[0] for addresses in self.server.recipients]


@contextmanager
def here(folder: Path, *documents: Document, channel: str = "email") -> Iterator[Here]:
    with mail_server() as server:
        text = SETTINGS.format(port=server.port, channel=channel)
        with bank_office(folder, *documents, settings=text) as made:
            (made.office.config / "clients.csv").write_text(CLIENTS)
            (made.office.config / "interest_rates.csv").write_text(RATES)
            statement_of(made.office, TODAY - timedelta(days=5))
            yield Here(made.office, server)


def both() -> Sequence[Document]:
    return (document("INV-2026-00001", 100_000, ACME), document("INV-2026-00002", 5_000, BRUNO))


@pytest.mark.sqlite_file("a table is taken away while a letter is under way")
def test_a_reminder_that_left_and_could_not_be_noted_is_said(tmp_path: Path) -> None:
    """As with documents: what became of it, and that it counts as uncertain."""
    with here(tmp_path, *both()) as at:

        def lost(message: EmailMessage) -> None:
            with closing(connect(tmp_path / "billing.db")) as ledger, ledger:
                ledger.execute("ALTER TABLE reminders RENAME TO gone")

        at.server.on_taken = lost
        told = at.office.type("remind")
        assert told.code == 1
        assert "the reminder to acme was accepted (250 2.0.0 Taken), which could not be noted" in told.err
        assert "until `remind` gets --confirm or --resend" in told.err


def test_from_the_first_letter_to_the_claim(tmp_path: Path) -> None:
    """Dry run, first level once, second level with interest and costs by law, and nothing after the last."""
    with here(tmp_path, *both()) as at:
        rehearsed = at.remind("--dry-run")
        assert (at.server.taken, len(rehearsed["reminders"])) == ([], 2)
        first = at.remind()
        assert first["reminders"][0] | {"client_id": "acme", "level": 1, "documents": ["INV-2026-00001"]} == {
            "client_id": "acme", "level": 1, "documents": ["INV-2026-00001"], "open_cents": 100_000,
            "interest_cents": 0, "costs_cents": 0, "in_favour_cents": 0, "asked_cents": 100_000,
            "announced_costs_cents": 0, "channel": "email", "sent_to": "ap@acme.example",
        }  # fmt: skip
        assert first["schema"] == "billing-job/remind@1"
        assert at.remind()["reminders"] == []
        at.later(13)
        assert at.remind()["reminders"] == []
        day = at.later(1)
        second = {each["client_id"]: each for each in at.remind()["reminders"]}
        # 30 days late on 15 December: 100000 * 1015 * 30 / 3650000 = 834.25 cents; the scale on 1,000.00: 150.00.
        assert (day, second["acme"]["interest_cents"], second["acme"]["costs_cents"]) == (
            date(2026, 12, 15),
            834,
            15_000,
        )
        # A consumer was told of 40 euros on 1 December: 14 days after its letter it does not owe them yet.
        assert (second["bruno"]["interest_cents"], second["bruno"]["costs_cents"]) == (0, 0)
        at.later(60)
        assert at.remind()["reminders"] == []
        assert at.recipients == ["ap@acme.example", "bruno@bruno.example"] * 2
        assert at.server.recipients[0] == ["ap@acme.example", "boss@acme.example"]
        message = at.server.taken[2]
        assert str(message["Subject"]).replace("\xa0", " ") == "Tweede herinnering, € 1.158,34 - Noordzee Telecom"
        text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "INV-2026-00001" in text
        assert "€ 1.158,34" in text.replace("\xa0", " ")
        (pdf,) = message.iter_attachments()
        assert pdf.get_filename() == "acme-2026-12-15.pdf"
        assert pdf.get_content()[:5] == b"%PDF-"
        assert "chain" not in at.office.type("verify", "--deep").err


def test_what_was_built_and_then_paid_is_not_sent(tmp_path: Path) -> None:
    """A dry run shows it, the payment comes, the next round leaves it out; of a part paid the rest is asked for."""
    with here(tmp_path, *both()) as at:
        assert len(at.remind("--dry-run")["reminders"]) == 2
        book(at.office, "INV-2026-00001", "acme", 100_000, TODAY)
        book(at.office, "INV-2026-00002", "bruno", 2_000, TODAY)
        (left,) = at.remind()["reminders"]
        assert (left["client_id"], left["open_cents"]) == ("bruno", 3_000)
        assert at.recipients == ["bruno@bruno.example"]


def test_a_claim_stays_beside_the_balance_when_only_the_document_is_paid(tmp_path: Path) -> None:
    """Interest and costs are no item: the account closes on nothing and says what was claimed."""
    with here(tmp_path, document("INV-2026-00001", 100_000, ACME), channel="letter") as at:
        at.remind()
        at.later(14)
        at.remind()
        book(at.office, "INV-2026-00001", "acme", 100_000, at.later(3))
        (account,) = at.office.type("statement", "--client", "acme", "--json").json["statements"]
        assert account["closing_cents"] == 0
        assert account["claimed"] == {"INV-2026-00001": 834 + 15_000}
        assert at.office.type("open", "--json").json["total_open_cents"] == 0
        assert at.remind()["reminders"] == []


def test_what_a_letter_claimed_and_the_client_paid(tmp_path: Path) -> None:
    """It is no part of what is open and income without VAT in the books; a return or an undo opens both again."""
    number, claimed = "INV-2026-00001", 834 + 15_000
    with here(tmp_path, document(number, 100_000, ACME), channel="letter") as at:
        at.remind()
        at.later(14)
        at.remind()
        day = str(at.later(3))

        def moved(*movements: Moved) -> Any:
            (tmp_path / "bank.xml").write_bytes(camt(*movements))
            ran = at.office.type("bank", "import", str(tmp_path / "bank.xml"), "--json")
            assert ran.code == 0, ran.err
            told = at.office.type("open", "--json").json
            beside = [(each["document"], each["interest_cents"], each["costs_cents"]) for each in told["claimed"]]
            return told["total_open_cents"], beside, ran.json["matched"]

        left, beside, _ = moved(Moved(100_000, number, day, "R1"))
        assert (left, beside) == (0, [(number, 834, 15_000)])
        assert [each["document"] for each in at.remind()["claimed"]] == [number]
        assert "claimed beside INV-2026-00001" in at.office.type("open").out
        left, beside, matched = moved(Moved(claimed, f"costs and interest {number}", day, "R2"))
        assert (left, beside) == (0, [])
        assert [(each["kind"], each["cents"]) for each in matched] == [("costs", 15_000), ("interest", 834)]
        books = tmp_path / "books"
        formats = [word for name in ("csv", "hledger", "datev", "fec", "sage50") for word in ("--format", name)]
        assert at.office.type("export", "--month", "2026-12", *formats, "--output", str(books)).code == 0
        written = "".join(path.read_text(errors="replace") for path in books.iterdir())
        accounts = ("8900", "revenues:late payment", "2650", "763100", "4900")
        assert [account for account in accounts if account not in written] == []
        (account,) = at.office.type("statement", "--json").json["statements"]
        told = (at.office.output / account["files"]["csv"]).read_text()
        assert (account["closing_cents"], told.count(",interest,"), told.count(",-150.00,")) == (0, 1, 1)
        assert "invariant" not in at.office.type("verify").err
        left, beside, _ = moved(Moved(-claimed, number, day, "R3", returned="AC04"))
        assert (left, beside) == (0, [(number, 834, 15_000)])
        left, beside, _ = moved(Moved(claimed + 5, number, day, "R4"))
        assert (left, beside) == (-5, [])
        listed = at.office.type("bank", "list", "--json").json["entries"]
        entries = {each["reference"]: each["entry"] for each in listed}
        assert at.office.type("bank", "undo", entries["R4"]).code == 0
        told = at.office.type("open", "--json").json
        assert (told["total_open_cents"], len(told["claimed"])) == (0, 1)
        assert "invariant" not in at.office.type("verify").err


def test_a_kill_between_acceptance_and_log(tmp_path: Path) -> None:
    """The client has it, the program dies: uncertain ever after, until a person says which it is."""
    with here(tmp_path, *both()) as at:
        process = subprocess.Popen(
            [sys.executable, "-c", AT_A_MOMENT, at.office.clock.now().isoformat(),
             "--config", str(at.office.config / "billing.toml"), "remind"],
            env=os.environ, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        at.server.on_taken = lambda message: process.kill()
        assert process.wait(60) == -signal.SIGKILL
        at.server.on_taken = lambda message: None
        again = at.remind(code=3)
        assert [each["client_id"] for each in again["uncertain"]] == ["acme"]
        assert at.recipients == ["ap@acme.example", "bruno@bruno.example"]
        assert at.remind("--resend", "bruno", code=2)["status"] == "failed"
        assert [each["client_id"] for each in at.remind("--resend", "acme")["reminders"]] == ["acme"]
        assert at.recipients == ["ap@acme.example", "bruno@bruno.example", "ap@acme.example"]
        assert len({str(message["Message-ID"]) for message in at.server.taken}) == 3


def test_refusals_are_not_tried_again_at_the_same_address(tmp_path: Path) -> None:
    """A refused client is listed, gets its reminder at the corrected address; a deferred one by itself."""
    with here(tmp_path, *both()) as at:
        at.server.misbehave = lambda recipient: {"a": "5xx", "b": "4xx"}[recipient[0]]
        assert [each["client_id"] for each in at.remind(code=3)["unsent"]] == ["acme", "bruno"]
        at.server.misbehave = lambda recipient: ""
        assert [each["client_id"] for each in at.remind(code=3)["unsent"]] == ["acme"]
        at.office.replace("clients.csv", "ap@acme.example", "new@acme.example")
        assert [each["sent_to"] for each in at.remind()["reminders"]] == ["new@acme.example"]
        assert at.recipients == ["bruno@bruno.example", "new@acme.example"]


def test_nobody_is_late_with_an_invoice_that_is_known_not_to_have_come(tmp_path: Path) -> None:
    """The network knew no such receiver: no reminder, until somebody says that the client has the invoice."""
    with here(tmp_path, *both()) as at:
        engine = open_engine(at.office.database_url)
        noted = {"moment": "2026-11-02T09:00:00Z", "run_id": "test"}
        note_no_participant(engine, "INV-2026-00002", "0106:12345678", "not in the directory", **noted)
        told = at.remind()
        assert [each["client_id"] for each in told["reminders"]] == ["acme"]
        (left,) = told["left_out"]
        assert (left["document"], "no participant" in left["reason"]) == ("INV-2026-00002", True)
        assert confirm(engine, "INV-2026-00002", **noted)
        engine.dispose()
        assert [each["client_id"] for each in at.remind()["reminders"]] == ["bruno"]


def test_nobody_is_asked_while_money_of_his_waits(tmp_path: Path) -> None:
    """500.00 from acme's account fit nothing: neither dunned nor debited, until somebody says what they are."""
    with here(tmp_path, *both(), document("INV-2026-00003", 2_000, ACME)) as at:
        moved = (
            Moved(1_000, "INV-2026-00001", reference="1", iban="DE89370400440532013000", day="2026-11-27"),
            Moved(50_000, "thank you", reference="2", iban="DE89370400440532013000", day="2026-11-28"),
            Moved(2_000, "lottery", reference="3", day="2026-11-28"),
        )
        path = at.office.folder / "bank.xml"
        path.write_bytes(camt(*moved))
        waiting = at.office.type("bank", "import", str(path), "--json").json["waiting"]
        (entry,) = [each["entry"] for each in waiting if each["cents"] == 50_000]
        told = at.remind()
        assert [each["client_id"] for each in told["reminders"]] == ["bruno"]
        assert {each["document"] for each in told["left_out"]} == {"INV-2026-00001", "INV-2026-00003"}
        assert all(f"bank match {entry}" in each["reason"] for each in told["left_out"])
        assert at.office.type("bank", "match", entry, "--document", "INV-2026-00001").code == 0
        assert [each["open_cents"] for each in at.remind()["reminders"]] == [49_000 + 2_000]


def test_a_consumers_days_begin_with_a_letter_that_came(tmp_path: Path) -> None:
    """The first letter of 40 euros broke off: 14 days later the next one tells of them again, and they are not owed."""
    with here(tmp_path, *both()) as at:
        at.server.misbehave = lambda recipient: "drop data" if recipient[0] == "b" else ""
        at.remind(code=3)
        at.server.misbehave = lambda recipient: ""
        at.later(14)
        (second,) = [each for each in at.remind(code=3)["reminders"] if each["client_id"] == "bruno"]
        assert (second["announced_costs_cents"], second["costs_cents"]) == (4_000, 0)
        at.later(17)
        assert at.remind("--confirm", "bruno")["reminders"] == []


def test_a_letter_that_was_noted_and_not_written_is_written_once(tmp_path: Path) -> None:
    """The disk fails between the note and the file; a day later the same bytes are written, and no second letter."""
    with here(tmp_path, *both(), channel="letter") as at:
        at.office.output.mkdir()
        blocked = at.office.output / "reminders"
        blocked.write_text("in the way")
        assert at.office.type("remind").code == 1
        blocked.unlink()
        at.later(1)
        assert [each["client_id"] for each in at.remind()["reminders"]] == ["bruno"]
        assert sorted(at.office.files()) == ["reminders/acme-2026-12-01.pdf", "reminders/bruno-2026-12-02.pdf"]
        assert at.remind()["reminders"] == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("billing.toml", "[receivables]\n", "receivables.since: is not set"),
        ("reminder_holds.csv", "client_id,kind,reason\nacme,dispute,wrong\n", "row 2, column valid_to"),
        ("reminder_holds.csv", "client_id,reason\nnobody,wrong\n", "column client_id: 'nobody'"),
        (
            "reminder_holds.csv",
            "client_id,document,reason\nacme,INV-9,wrong\n",
            "row 2, column document: 'INV-9'",
        ),
        (
            "reminder_holds.csv",
            "client_id,document,reason\nacme,INV-2026-00002,wrong\n",
            "'acme': INV-2026-00002 is of bruno",
        ),
        ("interest_rates.csv", "country,rate,valid_from\nNL,10,2026-07-01\n", "column source: is missing"),
    ],
)
def test_it_refuses_what_would_ask_the_wrong_ones(tmp_path: Path, name: str, content: str, said: str) -> None:
    """Wrong files, no first day: exit 2, and nobody is written to; `--anyway` is for the day alone."""
    with here(tmp_path, *both()) as at:
        if name == "billing.toml":
            at.office.replace(name, "[receivables]\nsince = 2026-01-01\n", content)
        else:
            (at.office.config / name).write_text(content)
        refused = at.office.type("remind", "--dry-run")
        assert (refused.code, said in refused.err) == (2, True), refused.err
        assert at.office.type("remind", "--dry-run", "--anyway").code == (0 if name == "billing.toml" else 2)


def test_old_statements_remind_nobody(tmp_path: Path) -> None:
    """Five days old will do, six will not, unless the user says so."""
    with here(tmp_path, *both()) as at:
        at.office.clock.moment += timedelta(days=1)
        refused = at.office.type("remind")
        assert (refused.code, "the newest bank statement is of 2026-11-26" in refused.err) == (1, True)
        assert len(at.remind("--anyway")["reminders"]) == 2


@pytest.mark.sqlite_file("a server is copied with pg_dump")
@pytest.mark.parametrize("before_the_copy", [False, True])
def test_what_left_after_the_backup_does_not_leave_again(tmp_path: Path, before_the_copy: bool) -> None:
    """A restored ledger does not know of the round that followed the copy: nobody is written to until a person says."""
    with here(tmp_path, *both()) as at:
        if before_the_copy:  # a level that the ledger knows of, and one that it does not
            at.remind()
        copy = str(tmp_path / "copy.db")
        assert at.office.type("backup", copy).code == 0
        at.later(14)
        at.remind()
        known = list(at.recipients)
        restored = at.office.type("restore", "--yes", copy)
        assert (restored.code, "2 clients may have been reminded" in restored.err) == (0, True)
        statement_of(at.office, at.office.clock.now().date())
        for _ in range(2):
            told = at.remind(code=3)
            assert (told["reminders"], [each["client_id"] for each in told["uncertain"]]) == ([], ["acme", "bruno"])
        assert at.recipients == known
        # acme has it, and with it every level that was reached; bruno has not, and gets it once.
        assert [each["client_id"] for each in at.remind("--confirm", "acme", "--resend", "bruno")["reminders"]] == [
            "bruno"
        ]
        at.later(60)
        assert "acme" not in [each["client_id"] for each in at.remind()["reminders"]]
        assert at.recipients[: len(known) + 1] == [*known, "bruno@bruno.example"]
        assert at.office.type("verify", "--deep").err.count("chain") == 0


@pytest.mark.sqlite_file("a server is copied with pg_dump")
def test_what_came_after_the_backup_is_reminded_of_as_ever(tmp_path: Path) -> None:
    """A document that fell due after the restoration cannot have been reminded of before it."""
    with here(tmp_path, document("INV-2026-00001", 5_000, due=TODAY + timedelta(1))) as at:
        copy = str(tmp_path / "copy.db")
        at.office.type("backup", copy)
        at.office.type("restore", "--yes", copy)
        at.later(10)
        assert [each["documents"] for each in at.remind()["reminders"]] == [["INV-2026-00001"]]
