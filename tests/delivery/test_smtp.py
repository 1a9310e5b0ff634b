"""The way to the mail server: TLS that is checked, logins that stay secret, and messages that arrive byte for byte."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from billing_job.delivery.message import Envelope, Outcome
from billing_job.delivery.smtp import Server, SmtpTransport, tls_context
from tests.support.fakes import Office
from tests.support.mail_month import MONTH, mail_office, number
from tests.support.mail_server import MailServer, mail_server
from tests.support.sandbox_on_loopback import StillClock

LOGIN = ("billing@noordzee.example", "correct horse battery staple")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, its own authority, and its key, in one file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate, both = (folder / name for name in ("key.pem", "certificate.pem", "both.pem"))
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files], check=True, capture_output=True
    )
    both.write_text(certificate.read_text() + key.read_text())
    return both


@contextmanager
def secure_office(folder: Path, certificate: Path, security: str) -> Iterator[tuple[Office, MailServer]]:
    """An office that logs in at a server with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with mail_server(context, starttls=security == "starttls", login=LOGIN) as server:
        office = mail_office(folder, server, 2)
        office.replace("billing.toml", '"127.0.0.1"', f'"localhost"\nca_file = "{certificate}"')
        office.replace("billing.toml", '"none"', f'"{security}"')
        office.environment = {"SMTP_USER": LOGIN[0], "SMTP_PASSWORD": LOGIN[1]}
        yield office, server


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_and_login(security: str, tmp_path: Path, certificate: Path) -> None:
    """Both ways of TLS carry the login and the messages, on one connection."""
    with secure_office(tmp_path, certificate, security) as (office, server):
        ran = office.type("-vv", "send", "--month", MONTH)
        assert ran.code == 0
    assert server.logins == [LOGIN[0]]
    assert server.numbers == [number(0), number(1)]
    assert LOGIN[1] not in ran.err


def test_an_unknown_certificate_is_refused(tmp_path: Path, certificate: Path) -> None:
    """A server that cannot prove its name gets neither password nor invoice."""
    with secure_office(tmp_path, certificate, "starttls") as (office, server):
        office.replace("billing.toml", f'ca_file = "{certificate}"\n', "")
        ran = office.type("send", "--month", MONTH)
    assert ran.code == 3
    assert "no trusted TLS connection" in ran.err
    assert (server.logins, server.taken) == ([], [])


def test_a_wrong_password_is_named_and_not_shown(tmp_path: Path, certificate: Path) -> None:
    """A refused login stops the round with the remedy; the password is nowhere in the output."""
    with secure_office(tmp_path, certificate, "tls") as (office, server):
        office.environment["SMTP_PASSWORD"] = "wrong-and-secret"
        ran = office.type("-vv", "send", "--month", MONTH, "--json")
        assert ran.code == 3
        assert "refuses the login" in ran.json["stopped"]
        assert "wrong-and-secret" not in ran.out + ran.err
        office.environment["SMTP_PASSWORD"] = LOGIN[1]
        assert office.type("send", "--month", MONTH).code == 0
    assert sorted(server.numbers) == [number(0), number(1)]


def test_a_password_file_others_can_read_is_named(tmp_path: Path, certificate: Path) -> None:
    """The password may come from a file; one that every user can read works, with a warning that says what to do."""
    secret = tmp_path / "smtp-password"
    secret.write_text(LOGIN[1] + "\n")
    with secure_office(tmp_path, certificate, "tls") as (office, _):
        office.environment = {}
        office.replace("billing.toml", "port =", f'user = "{LOGIN[0]}"\npassword_file = "{secret}"\nport =')
        secret.chmod(0o644)
        warned = office.type("send", "--month", MONTH)
        secret.chmod(0o600)
        silent = office.type("send", "--month", MONTH)
    assert (warned.code, silent.code) == (0, 0)
    assert f"chmod 600 {secret}" in warned.err
    assert "chmod" not in silent.err
    assert LOGIN[1] not in warned.err


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SMTP_USER": "someone"}, "login is incomplete"),
        ({"SMTP_PASSWORD": "secret"}, "login is incomplete"),
        ({"SMTP_USER": "someone", "SMTP_PASSWORD": "secret"}, "in the clear"),
        ({"SMTP_USER": "someone", "SMTP_PASSWORD": "secrét"}, "beyond ASCII"),
    ],
)
def test_half_a_login_and_one_in_the_clear(environment: dict[str, str], words: str, tmp_path: Path) -> None:
    """A login without its other half is refused, and so is a password over a line without TLS."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 1)
        office.replace("billing.toml", '"127.0.0.1"', '"mail.example.com"')
        office.environment = environment
        ran = office.type("send", "--month", MONTH)
    assert (ran.code, words in ran.err) == (2, True)
    assert environment.get("SMTP_PASSWORD", "secret") not in ran.err


def test_a_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    """`security = "starttls"` never falls back to the clear."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 1)
        office.replace("billing.toml", '"none"', '"starttls"')
        ran = office.type("send", "--month", MONTH, "--json")
    assert "offers no STARTTLS" in ran.json["stopped"]
    assert server.taken == []


def test_dots_and_long_messages_arrive_as_they_left() -> None:
    """Lines of dots, binary files and megabytes come out of the server as they went in."""
    body = b"Subject: dots\r\n\r\n.\r\n..\r\n.hidden\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 76 + b"\r\n") * 20_000
    with mail_server() as server:
        transport = SmtpTransport(Server("127.0.0.1", server.port, "none", 5), StillClock(), lambda: tls_context(None))
        with transport:
            answer = transport.send(Envelope("a@noordzee.example", "b@acme.example"), body)
    assert answer.outcome is Outcome.ACCEPTED
    assert server.sizes == [len(body)]
    text = server.taken[0].get_content().replace("\r\n", "\n")
    assert text.startswith(".\n..\n.hidden\nx")


def test_a_message_too_large_is_refused_before_it_is_sent() -> None:
    """The server's SIZE limit refuses the message at MAIL: a clear no, and the connection goes on."""
    with mail_server() as server:
        transport = SmtpTransport(Server("127.0.0.1", server.port, "none", 5), StillClock(), lambda: tls_context(None))
        with transport:
            large = transport.send(
                Envelope("a@x.example", "b@y.example"), b"Subject: x\r\n\r\n" + b"z\r\n" * 12_000_000
            )
            small = transport.send(Envelope("a@x.example", "b@y.example"), b"Subject: x\r\n\r\nz\r\n")
    assert (large.outcome, small.outcome) == (Outcome.REFUSED, Outcome.ACCEPTED)
    assert large.detail.startswith("552")
