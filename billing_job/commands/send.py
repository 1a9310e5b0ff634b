"""The command that sends: by e-mail and by Peppol, each document once."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billing_job.commands.options import emit, json_option, month_option, output_option, period
from billing_job.core.errors import ConfigError, ExitCode
from billing_job.core.money import decimal_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from billing_job.commands.invocation import Invocation
    from billing_job.config.mail import Mail
    from billing_job.config.peppol import Peppol
    from billing_job.core.console import Console
    from billing_job.delivery.message import Transport
    from billing_job.delivery.peppol.access_point import AccessPoint
    from billing_job.delivery.round_report import Delivered, Entry
    from billing_job.delivery.rounds import RoundOptions

USER_VARIABLE, PASSWORD_VARIABLE, PEPPOL_VARIABLE = "SMTP_USER", "SMTP_PASSWORD", "PEPPOL_KEY"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@click.command(short_help="Send a month's documents, by e-mail or Peppol, each once.")
@month_option()
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send nothing.")
@click.option("--resend", multiple=True, metavar="NUMBER", help="Send this document again; may be repeated.")
@click.option(
    "--confirm", multiple=True, metavar="NUMBER", help="The client has this document after all; may be repeated."
)
@output_option
@json_option
@click.pass_obj
def send(
    invocation: Invocation,
    month: str | None,
    dry_run: bool,
    resend: tuple[str, ...],
    confirm: tuple[str, ...],
    output: Path | None,
    as_json: bool,
) -> int:
    """Send a month's documents by each client's channel, e-mail or Peppol, each document once, also over several runs.

    Where the connection broke after a document was handed over, nobody knows whether the client has it: such a document
    is listed as uncertain. Of Peppol the next round asks the access point; otherwise --resend or --confirm settles it.
    The login comes from SMTP_USER and SMTP_PASSWORD, or from [mail]; the access point's key from PEPPOL_KEY, or from
    [peppol]. Exit codes: 0 everything is sent, 3 something was refused, is uncertain or waits.

    Example: billing-job send --month 2026-10 --dry-run
    """
    from billing_job.delivery.rounds import RoundOptions

    if dry_run and confirm:
        raise click.UsageError("--dry-run and --confirm: a rehearsal confirms nothing")
    delivered = send_month(invocation, month, output, RoundOptions(dry_run, resend, confirm))
    if as_json:
        emit(delivered.json)
    return ExitCode.DONE if delivered.is_done else ExitCode.EXCEPTIONS_WAIT


def send_month(invocation: Invocation, month: str | None, output: Path | None, options: RoundOptions) -> Delivered:
    """Send what is not sent yet and say so; BillingJobError when the round could not begin, or the ledger failed it."""
    from billing_job.delivery.rounds import Ways, send_month
    from billing_job.month.folder_guard import check_folder
    from billing_job.month.preconditions import check_facts
    from billing_job.month.session import locked_job

    session = invocation.session(output)
    mail, peppol = session.settings.mail, session.settings.peppol
    if mail is None and peppol is None:
        raise ConfigError(
            f"{invocation.config}: there is neither a [mail] nor a [peppol] table, so nothing can be sent; add [mail]"
            " with host and from"
        )
    transport = _no_transport if mail is None else transport_of(invocation, mail)
    with locked_job(session) as job, ExitStack() as connections:
        access_point = None if peppol is None else access_point_of(invocation, peppol, connections)
        check_folder(job)
        wanted = job.last_month() if month is None else period(month)
        check_facts(job)
        delivered = send_month(job, wanted, Ways(mail, transport, access_point), options, invocation.console)
    tell(delivered, invocation.console)
    return delivered


def access_point_of(invocation: Invocation, peppol: Peppol, connections: ExitStack) -> AccessPoint:
    """The access point that billing.toml names, its connections closed with the others; ConfigError without a key."""
    from billing_job.core.files.secret_file import read_secret
    from billing_job.delivery.peppol.asking import Asking
    from billing_job.delivery.peppol.e_invoice_be import EInvoiceBe
    from billing_job.delivery.peppol.phoss_ap import PhossAp

    key = invocation.secret(PEPPOL_VARIABLE)
    if not key and peppol.key_file is not None:
        key = read_secret(peppol.key_file, "peppol.key_file", invocation.console)
    if not key:
        raise ConfigError(f"the access point's key is missing: set {PEPPOL_VARIABLE}, or key_file of [peppol]")
    if not key.isascii() or not key.isprintable():
        raise ConfigError("the access point's key holds letters that no key has: copy it again")
    hosted = peppol.access_point == "e-invoice.be"
    headers = {"Authorization": f"Bearer {key}"} if hosted else {"X-Token": key}
    asking = Asking(peppol.url, headers, peppol.timeout_seconds, invocation.clock, peppol.ca_file)
    connections.callback(asking.close)
    if hosted:
        return EInvoiceBe(asking)
    directory = Asking(peppol.directory_url, {}, peppol.timeout_seconds, invocation.clock)
    connections.callback(directory.close)
    return PhossAp(asking, directory)


def _no_transport() -> AbstractContextManager[Transport]:
    raise AssertionError("without [mail] no document goes by e-mail")


def transport_of(invocation: Invocation, mail: Mail) -> Callable[[], AbstractContextManager[Transport]]:
    """What opens the way to the mail server; ConfigError for a login that would be incomplete or readable by others."""
    from billing_job.core.files.secret_file import read_secret
    from billing_job.delivery.smtp import Server, SmtpTransport, tls_context

    console = invocation.console
    user = invocation.variable(USER_VARIABLE) or mail.user
    password = invocation.secret(PASSWORD_VARIABLE)
    if not password and mail.password_file is not None:
        password = read_secret(mail.password_file, "mail.password_file", console)
    if bool(user) != bool(password):
        missing = f"{PASSWORD_VARIABLE} or mail.password_file" if user else f"{USER_VARIABLE} or mail.user"
        raise ConfigError(f"the mail login is incomplete: set {missing} too, or neither for a server without login")
    if not (user + password).isascii():
        raise ConfigError("the mail login holds letters beyond ASCII, which not every mail server takes: choose others")
    if user and mail.security == "none" and mail.host not in _LOOPBACK:
        raise ConfigError(
            f'mail.security = "none" would send the password to {mail.host} in the clear: use starttls or tls'
        )
    server = Server(mail.host, mail.real_port, mail.security, mail.timeout_seconds, user, password)
    return lambda: SmtpTransport(server, invocation.clock, lambda: tls_context(mail.ca_file))


def tell(delivered: Delivered, console: Console) -> None:
    """The round for people."""
    verb = "would be sent" if delivered.dry_run else "sent"
    if delivered.dry_run:
        for entry in delivered.sent:
            console.info(f"{entry.number} to {entry.recipient}: {entry.detail}")
    console.info(
        f"{delivered.month}: {len(delivered.sent)} documents {verb}, {len(delivered.already_sent)} had been sent before"
    )
    for entry in delivered.no_address:
        console.warn(f"{entry.number}: not sent, {entry.detail} ({entry.client_id})")
    problems: tuple[tuple[list[Entry], str], ...] = (
        (delivered.refused, "was refused; correct the address in clients.csv, or send it again with --resend"),
        (delivered.deferred, "was not taken yet; the next `send` tries again"),
        (delivered.held_back, "was held back"),
        (delivered.uncertain, "may or may not have arrived; ask the client, then use --confirm or --resend"),
    )
    for entries, words in problems:
        for entry in entries:
            console.warn(f"{entry.number} to {entry.recipient or 'an unknown address'} {words}: {entry.detail}")
    for stuck in delivered.queue:
        console.warn(
            f"{stuck.number} ({decimal_text(stuck.gross_cents)}) has not reached {stuck.client_id} for"
            f" {stuck.age_days} days, {stuck.reason.replace('_', ' ')}: {stuck.detail}"
        )
    if delivered.stopped:
        console.error(f"{delivered.stopped}; {len(delivered.waiting)} documents were not tried")


def may_send(run: Mapping[str, Any]) -> bool:
    """Whether what a run came to may go out: not where it issued nothing, or where the wallet's difference waits."""
    return bool(run["issued"] and (run["wallet"]["matches"] or run["gate"]["accepted"]))


def nothing_sent(console: Console, month: str) -> dict[str, Any]:
    """The part of `run --send` where nothing goes out, said."""
    from billing_job.delivery.round_report import SCHEMA

    error = (
        "nothing was sent: the run issued nothing, or the wallet is not explained. `billing-job send --month"
        f" {month}` sends what is issued, when you have looked"
    )
    console.warn(error)
    return {"schema": SCHEMA, "month": month, "error": error}


def delivery_after_run(invocation: Invocation, month: str, output: Path | None) -> tuple[dict[str, Any], int]:
    """The part of `run --send` after the run: its JSON object and 0 or 3; what went wrong is told, never raised.

    The documents are issued and written by then: a mail server that is down does not undo that.
    """
    from billing_job.core.errors import BillingJobError
    from billing_job.delivery.round_report import SCHEMA
    from billing_job.delivery.rounds import RoundOptions

    try:
        delivered = send_month(invocation, month, output, RoundOptions())
    except BillingJobError as error:
        invocation.console.error(f"{error} (`billing-job send --month {month}` sends what is not sent yet)")
        clean = invocation.console.redactor.clean(str(error))
        return {"schema": SCHEMA, "month": month, "error": clean}, ExitCode.EXCEPTIONS_WAIT
    return delivered.json, ExitCode.DONE if delivered.is_done else ExitCode.EXCEPTIONS_WAIT
