"""E-mail over a real server: each client gets each document at most once, and what is not certain is listed."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from sqlite3 import connect

import pytest

from billing_job.config.mail import Mail
from billing_job.core.errors import DocumentError
from billing_job.delivery.mailing import may_send
from billing_job.delivery.message import Attachment, Letter, ascii_address, message_bytes
from billing_job.documents.email_text import mail_texts
from billing_job.documents.templates import load_templates
from billing_job.ledger.deliveries import claim
from tests.support.fakes import office
from tests.support.mail_month import LANGUAGES, MONTH, address, client_id, index_of, mail_office, number, opened
from tests.support.mail_server import mail_server
from tests.support.sample_documents import CLIENT, document, full_credit, in_language, standard_lines
from tests.support.tried import times

TEMPLATES = load_templates(None)
SUBJECT = "{kind} {number} - {seller}"
LETTER = Letter(
    message_id="<INV-2026-00001.1.0123456789abcdef@noordzee.example>",
    date=datetime(2026, 11, 5, 8, 0, tzinfo=UTC),
    sender="billing@noordzee.example",
    sender_name="Noordzee Telecom",
    recipient="ap@acme.example",
    recipient_name="Acme Trading B.V.",
    reply_to="accounts@noordzee.example",
    language="en",
    subject="Invoice INV-2026-00001",
    text="Hello\n.\nlast line",
    html="<p>Hello</p>",
    attachments=(Attachment("INV-2026-00001.pdf", b"%PDF"), Attachment("INV-2026-00001.xml", b"<Invoice/>")),
)


def test_many_documents_over_a_server_that_misbehaves(tmp_path: Path) -> None:
    """Refusals, delays and broken connections: each document is taken at most once, every doubt is listed."""
    count = times(150, 500)
    faults = {7: "5xx", 11: "4xx", 13: "drop data", 17: "drop rcpt", 19: "4xx data", 23: "5xx data", 29: "421"}
    once: Counter[str] = Counter()

    def misbehave(recipient: str) -> str:
        fault = faults.get(index_of(recipient) % 50, "")
        once[recipient] += 1
        lasts = fault.startswith("5xx") or (fault == "drop data" and once[recipient] <= 2)
        return fault if fault and (lasts or once[recipient] == (2 if fault == "4xx data" else 1)) else ""

    with mail_server() as server:
        office = mail_office(tmp_path, server, count)
        server.misbehave = misbehave
        first = office.type("send", "--month", MONTH, "--json")
        server.misbehave = lambda recipient: "5xx" if index_of(recipient) % 50 in (7, 23) else ""
        second = office.type("send", "--month", MONTH, "--json")
        third = office.type("send", "--month", MONTH, "--json")
    taken = Counter(server.numbers)
    of = {fault: {number(n) for n in range(count) if faults.get(n % 50) == fault} for fault in faults.values()}
    refused = of["5xx"] | of["5xx data"]
    assert max(taken.values()) == 1
    assert set(taken) == {number(n) for n in range(count)} - refused
    assert (first.code, second.code, third.code) == (3, 3, 3)
    assert {entry["number"] for entry in first.json["deferred"]} == of["4xx"] | of["4xx data"]
    for ran in (first, second, third):
        assert {entry["number"] for entry in ran.json["refused"]} == refused
        assert {entry["number"] for entry in ran.json["uncertain"]} == of["drop data"]
    assert {entry["number"] for entry in second.json["sent"]} == of["4xx"] | of["4xx data"]
    assert third.json["sent"] == []
    assert third.json["already_sent"] == count - len(refused) - len(of["drop data"])


def test_a_kill_between_acceptance_and_log(tmp_path: Path) -> None:
    """The server has the message, the program dies: it is uncertain ever after, until a person settles it."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 5)
        process = _started(office.config, "send", "--month", MONTH)

        def kill(message: EmailMessage) -> None:
            if len(server.taken) == 3:
                process.kill()

        server.on_taken = kill
        assert process.wait(60) == -signal.SIGKILL
        again = office.type("send", "--month", MONTH, "--json")
        assert again.code == 3
        assert [entry["number"] for entry in again.json["uncertain"]] == [number(2)]
        assert server.numbers == [number(n) for n in range(5)]
        assert office.type("send", "--month", MONTH, "--confirm", number(2)).code == 0
        assert office.type("send", "--month", MONTH, "--confirm", number(2)).code == 2
        assert len(server.taken) == 5
        elsewhere = office.type("send", "--month", "2026-09", "--resend", number(2))
        assert (elsewhere.code, "use --month 2026-10" in elsewhere.err) == (2, True)
        assert office.type("send", "--month", MONTH, "--resend", number(2)).code == 0
    assert Counter(server.numbers)[number(2)] == 2
    ids = [str(message["Message-ID"]) for message in server.taken if number(2) in str(message["Message-ID"])]
    assert ids[0].split(".")[1] == "1"
    assert ids[1].split(".")[1] == "2"


def test_two_processes_cannot_send_one_document(tmp_path: Path) -> None:
    """The lock lets one round work at a time; and even without it, the log gives an attempt to one claimant only."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 1)
        with opened(office.config, office.clock) as job:
            made = [
                claim(
                    job.engine,
                    number(0),
                    address(0),
                    lambda attempt: f"<{attempt}@x>",
                    lambda before: may_send(before, address(0), again=False),
                    moment="2026-11-05T08:00:00Z",
                    run_id="test",
                )
                for _ in range(2)
            ]
    assert made[0] is not None
    assert made[1] is None


def test_a_refused_document_goes_to_the_corrected_address(tmp_path: Path) -> None:
    """A refusal is not tried again at the same address; a corrected address gets the document by itself."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 2)
        server.misbehave = lambda recipient: "5xx" if recipient == address(0) else ""
        office.type("send", "--month", MONTH)
        server.misbehave = lambda recipient: ""
        assert office.type("send", "--month", MONTH).code == 3
        assert server.numbers == [number(1)]
        office.replace("clients.csv", address(0), "new@client.example")
        assert office.type("send", "--month", MONTH).code == 0
    assert server.recipients == [[address(1)], ["new@client.example"]]


@pytest.mark.sqlite_file("a table is taken away while a message is under way")
def test_what_left_and_could_not_be_noted_is_said(tmp_path: Path) -> None:
    """The last that anybody hears of it: what became of the message, and what to do."""
    with mail_server() as server:
        here = mail_office(tmp_path, server, 1)

        def lost(message: EmailMessage) -> None:
            with closing(connect(tmp_path / "billing.db")) as ledger, ledger:
                ledger.execute("ALTER TABLE deliveries RENAME TO gone")

        server.on_taken = lost
        told = here.type("send", "--month", MONTH)
        assert told.code == 1
        said = f"{number(0)} was accepted (250 2.0.0 Taken), which could not be noted, so it counts as uncertain until"
        assert f"{said} `send` gets --confirm or --resend" in told.err


def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    """A dry run says what would leave, builds every message, and neither sends nor notes anything."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 3)
        rehearsed = office.type("send", "--month", MONTH, "--dry-run", "--json")
        assert [entry["number"] for entry in rehearsed.json["sent"]] == [number(0), number(1), number(2)]
        assert server.taken == []
        assert office.type("send", "--month", MONTH, "--json").json["already_sent"] == 0


def test_a_changed_file_is_held_back(tmp_path: Path) -> None:
    """A client gets the file that was issued or none; the other documents leave."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 3)
        (office.month() / "invoices" / f"{number(1)}.pdf").write_bytes(b"another amount")
        ran = office.type("send", "--month", MONTH, "--json")
    assert ran.code == 3
    assert [entry["number"] for entry in ran.json["held_back"]] == [number(1)]
    assert server.numbers == [number(0), number(2)]


def test_a_server_that_is_down_holds_the_rest(tmp_path: Path) -> None:
    """No connection: the round stops after its tries, says so, and the next one sends everything."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 3)
        office.replace("billing.toml", f"port = {server.port}", "port = 1")
        down = office.type("send", "--month", MONTH, "--json")
        assert down.code == 3
        assert "cannot be reached" in down.json["stopped"]
        assert len(down.json["waiting"]) == 2
        office.replace("billing.toml", "port = 1\n", f"port = {server.port}\n")
        assert office.type("send", "--month", MONTH).code == 0
    assert server.numbers == [number(1), number(2), number(0)]


def test_a_server_that_always_hangs_up_ends_the_round(tmp_path: Path) -> None:
    """Three messages in a row whose fate is unknown are enough: the rest is not risked."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 9)
        server.misbehave = lambda recipient: "drop data"
        ran = office.type("send", "--month", MONTH, "--json")
    assert [len(ran.json[name]) for name in ("uncertain", "waiting", "sent")] == [3, 6, 0]


def test_throttle_copy_and_missing_address(tmp_path: Path) -> None:
    """per_minute spaces the messages, bcc gets its copy unseen, a client without an address is named."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 4)
        office.replace("billing.toml", "per_minute = 100000", 'per_minute = 30\nbcc = "archive@noordzee.example"')
        office.replace("clients.csv", address(3), "")
        began = office.clock.monotonic()
        ran = office.type("send", "--month", MONTH, "--json")
    assert ran.code == 0
    assert [entry["number"] for entry in ran.json["no_address"]] == [number(3)]
    assert office.clock.monotonic() - began == pytest.approx(4.0)
    assert server.recipients[0] == [address(0), "archive@noordzee.example"]
    assert all("archive" not in message.as_string() for message in server.taken)


def test_every_address_once(tmp_path: Path) -> None:
    """Several addresses and copies go with one message, nobody gets two, and who is refused is named."""
    with mail_server() as server:
        server.misbehave = lambda recipient: "5xx" if recipient == "away@x.example" else ""
        office = mail_office(tmp_path, server, 1)
        office.replace("billing.toml", "per_minute = 100000", 'per_minute = 100000\nbcc = "chef@x.example"')
        rows = (
            "client_id,name,country,email,email_copy,language",
            f"{client_id(0)},Client 0,NL,{address(0)}; two@x.example,Two@x.example;chef@x.example;away@x.example,en",
        )
        (office.config / "clients.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        first, again = office.type("send", "--month", MONTH), office.type("send", "--month", MONTH)
    assert (first.code, again.code) == (0, 0)
    assert server.recipients == [[address(0), "two@x.example", "chef@x.example"]]
    assert "away@x.example did not get its copy" in first.err
    (message,) = server.taken
    assert [each.addr_spec for each in message["To"].addresses] == [address(0), "two@x.example"]
    assert [each.addr_spec for each in message["Cc"].addresses] == ["chef@x.example", "away@x.example"]


def test_run_send_sends_what_is_whole(tmp_path: Path) -> None:
    """`run --send`: when the first message is taken the manifest stands; a broken mail server does not undo a run."""
    manifests = []
    with mail_server() as server, office(tmp_path) as (reseller, _):
        reseller.append(
            "billing.toml",
            "[mail]",
            'host = "127.0.0.1"',
            "port = 1",
            'security = "none"',
            'from = "billing@noordzee.example"',
            "per_minute = 100000",
        )
        without = reseller.run("--send")
        assert without.code == 3
        assert without.json["status"] == "done"
        reseller.replace("billing.toml", "port = 1\n", f"port = {server.port}\n")
        server.on_taken = lambda message: manifests.append((reseller.month() / "manifest.json").exists())
        ran = reseller.run("--send")
        assert (ran.code, len(ran.json["delivery"]["sent"])) == (0, 3)
        assert reseller.run("--send").json["delivery"]["already_sent"] == 3
    assert manifests == [True, True, True]
    assert sorted(server.numbers) == [number(0), number(1), number(2)]
    names = [part.get_filename() for part in server.taken[0].iter_attachments()]
    assert names == [f"{server.numbers[0]}.pdf", f"{server.numbers[0]}.xml"]
    pdf = next(server.taken[0].iter_attachments()).get_content()
    assert pdf == (tmp_path / "output" / MONTH / "invoices" / f"{server.numbers[0]}.pdf").read_bytes()


def test_no_mail_table_and_no_whole_folder(tmp_path: Path) -> None:
    """Without [mail], without a manifest, with an unknown number: one sentence each, and nothing leaves."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 1)
        unknown = office.type("send", "--month", MONTH, "--resend", "INV-2026-09999")
        (office.month() / "manifest.json").unlink()
        no_manifest = office.type("send", "--month", MONTH)
        settings = (office.config / "billing.toml").read_text()
        (office.config / "billing.toml").write_text(settings.partition("[mail]")[0])
        no_mail = office.type("send", "--month", MONTH)
    assert (unknown.code, "no such document" in unknown.err) == (2, True)
    assert (no_manifest.code, "manifest.json" in no_manifest.err) == (1, True)
    assert (no_mail.code, "[mail]" in no_mail.err) == (2, True)
    assert server.taken == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_its_own_message(language: str) -> None:
    """Text and HTML are in the client's language and direction, with number, amount and payment reference."""
    invoice = in_language(language)
    texts = mail_texts(invoice, TEMPLATES, subject=SUBJECT, attached=("pdf", "ubl"))
    english = mail_texts(
        replace(invoice, client=replace(invoice.client, language="en")),
        TEMPLATES,
        subject=SUBJECT,
        attached=("pdf", "ubl"),
    )
    assert texts.language == language
    for text in (texts.text, texts.html, texts.subject):
        assert invoice.number in text
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in texts.html
    if language != "en":
        lines = {line for line in english.text.splitlines() if " " in line} & set(texts.text.splitlines())
        assert {line for line in lines if not line.strip().startswith(("Noordzee", "+31", "IBAN", "BIC"))} == set()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Invoice INV-2026-00042 · €106.61 · Please pay by 16 November 2026"),
        ("de", "Rechnung INV-2026-00042 · 106,61 € · Zahlbar bis 16. November 2026"),
        ("ja", "請求書 INV-2026-00042 · €106.61 · 2026年11月16日までにお支払いください"),
    ],
)
def test_number_amount_and_due_date_come_first(language: str, expected: str) -> None:
    """They are the subject, the first lines of the text, and in HTML they stand before the greeting."""
    texts = mail_texts(
        in_language(language), TEMPLATES, subject=Mail.model_fields["subject"].default, attached=("pdf",)
    )
    assert texts.subject == expected
    amount = expected.split(" · ")[1]
    text, html = (each.replace("\N{NO-BREAK SPACE}", " ") for each in (texts.text, texts.html))
    first, second, *rest = text.splitlines()
    assert first.endswith(f": {amount}")
    assert second.rstrip(".。") == expected.split(" · ")[2]
    greeting = next(line for line in rest if line)
    assert html.index(amount) < html.index(greeting)
    hidden = html.partition('aria-hidden="true">')[2].partition("</div>")[0]
    assert hidden.startswith("Noordzee Telecom · ")
    assert amount in hidden
    for needed in ("NL91 ABNA 0417 1643 00", "RF36 INV2 0260 0042"):
        assert needed in text
        assert needed in html


def test_a_credit_note_asks_for_no_money() -> None:
    """The e-mail of a credit note names it as such, gives no bank account, and is due on no day."""
    texts = mail_texts(full_credit(), TEMPLATES, subject=Mail.model_fields["subject"].default, attached=("pdf",))
    assert texts.subject == "Credit note CN-2026-00001 · €125.25"
    assert "credit note CN-2026-00001" in texts.text
    assert "IBAN" not in texts.text + texts.html
    assert "XML" not in texts.text


def test_text_is_not_escaped_and_html_is() -> None:
    """An ampersand in a name stays one in the text and becomes an entity in HTML."""
    invoice = document(standard_lines())
    invoice = replace(invoice, seller=replace(invoice.seller, legal_name="R&D <b>Telecom"))
    texts = mail_texts(invoice, TEMPLATES, subject=SUBJECT, attached=())
    assert "R&D <b>Telecom" in texts.text
    assert "R&amp;D &lt;b&gt;Telecom" in texts.html


def test_a_users_mail_template_stays_in_the_sandbox(tmp_path: Path) -> None:
    """A text template that reaches for the program's inside fails with its name, as an HTML one does."""
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "message.txt").write_text("{{ view.__class__.__mro__ }}")
    with pytest.raises(DocumentError, match=r"message\.txt"):
        mail_texts(document(standard_lines()), load_templates(tmp_path), subject=SUBJECT, attached=())


def test_the_same_letter_gives_the_same_bytes() -> None:
    """A message depends on its letter alone, and comes back from the wire as it was."""
    content = message_bytes(LETTER)
    assert content == message_bytes(LETTER)
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Content-Language"] == "en"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().split("\r\n") == ["Hello", ".", "last line", ""]
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


@pytest.mark.parametrize(
    "name", ["Acme\r\nBcc: all@evil.example", "Acme\nSubject: x", "=?utf-8?b?QUNNRQ==?=", 'A"\\ B']
)
def test_no_name_becomes_a_header(name: str, tmp_path: Path) -> None:
    """What a client is called never adds a header or a recipient."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 1)
        quoted = name.replace('"', '""')
        office.replace("clients.csv", "Client 0", f'"{quoted}"')
        hostile = replace(LETTER, recipient_name=name)
        if "\n" in name:
            with pytest.raises(ValueError, match=r"linefeed|CR or LF|parameters"):
                message_bytes(hostile)
        else:
            message = message_from_bytes(message_bytes(hostile), policy=policy.default)
            assert message["To"].addresses[0].addr_spec == "ap@acme.example"
            assert len(message["To"].addresses) == 1
        assert office.type("send", "--month", MONTH).code == 0
    assert server.recipients == [[address(0)]]
    assert server.taken[0]["Bcc"] is None
    assert len(server.taken[0].get_all("Subject") or []) == 1


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("ap@acme.example", "ap@acme.example"),
        ("ap@müller.example", "ap@xn--mller-kva.example"),
        ("jürgen@acme.example", None),
        ("a@b>,<c@d", None),
        ("ap@acme..example", None),
        ("0@", None),
        ("a..b@acme.example", None),
    ],
)
def test_addresses_on_the_wire(given: str, wanted: str | None) -> None:
    """International domains get their ASCII form; what not every server takes is named before it is tried."""
    assert ascii_address(given) == wanted


def _started(config: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "billing_job", "--config", str(config / "billing.toml"), "-q", *arguments]
    return subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_client_without_a_row_keeps_its_address(tmp_path: Path) -> None:
    """A document outlives its client's row in clients.csv: the address at the time of issue is used."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 2)
        row = next(line for line in (office.config / "clients.csv").read_text().splitlines() if address(1) in line)
        office.replace("clients.csv", row + "\n", "")
        assert office.type("send", "--month", MONTH).code == 0
    assert server.recipients == [[address(0)], [address(1)]]
    assert CLIENT.email not in str(server.recipients)
