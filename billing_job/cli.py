"""The commands; the only home of the clock, the environment, the terminal and exit codes.

Everything heavy is imported by the command that needs it, so that --help answers at once.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from billing_job import __version__
from billing_job.errors import BillingJobError, ConfigError

if TYPE_CHECKING:
    from billing_job.config import Settings
    from billing_job.console import Console
    from billing_job.month_run import Surroundings

KEY_VARIABLE = "DIDFARM_API_KEY"
FAILED = 1

F = TypeVar("F", bound=Callable[..., Any])


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options that come before the command."""

    config: Path
    console: Console

    def settings(self, output: Path | None = None) -> Settings:
        """billing.toml, with --output in place of output.directory."""
        from billing_job.config import Output, load_settings

        settings = load_settings(self.config)
        if output is None:
            return settings
        return settings.model_copy(update={"output": Output(directory=output.absolute())})

    def surroundings(self, output: Path | None = None) -> Surroundings:
        from billing_job.month_run import Surroundings

        settings = self.settings(output)
        folder = self.config.absolute().parent
        return Surroundings(settings, folder, lambda: api_key(settings), SystemClock(), self.console)


def api_key(settings: Settings) -> str:
    """The key from the environment, or from the file that api.key_file names; never from the TOML."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    source = KEY_VARIABLE
    if not key and settings.api.key_file is not None:
        source = f"api.key_file {settings.api.key_file}"
        try:
            key = settings.api.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{source}: cannot be read ({error}); correct the path or its permissions") from None
    if not key:
        raise ConfigError(
            f"there is no API key: set {KEY_VARIABLE}, or api.key_file in billing.toml to a file that holds it"
            " (DIDfarm: Account, API Keys)"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"{source}: holds something that is not a key; it is one word of letters, digits and _")
    return key


def emit(value: object) -> None:
    """One JSON value on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def month_option(*, required: bool = False) -> Callable[[F], F]:
    text = "The month to work on." if required else "The month to work on; by default the previous one."
    return click.option("--month", metavar="YYYY-MM", required=required, help=text)


def json_option(function: F) -> F:
    text = "Print one JSON object on standard output; people's text goes to standard error."
    return click.option("--json", "as_json", is_flag=True, help=text)(function)


def output_option(function: F) -> F:
    return click.option(
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Write here instead of output.directory.",
    )(function)


def workers_option(function: F) -> F:
    return click.option(
        "--workers", type=click.IntRange(1, 256), metavar="N", help="Processes that render; by default one a core."
    )(function)


def offline_option(function: F) -> F:
    return click.option("--offline", is_flag=True, help="Work from the ledger alone; ask DIDfarm nothing.")(function)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="BILLING_JOB_CONFIG",
    default=Path("config/billing.toml"),
    show_default=True,
    metavar="FILE",
    help="The settings; clients.csv and the other tables stand beside it. Also BILLING_JOB_CONFIG.",
)
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="Lines for people or for programs."
)
@click.option("-v", "--verbose", count=True, help="Say more; twice: everything.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.version_option(__version__, prog_name="billing-job")
@click.pass_context
def cli(context: click.Context, config: Path, log_format: str, verbose: int, quiet: bool) -> None:
    """Turn a DIDfarm wallet into the month's invoices.

    Every transaction of the prepaid wallet is joined to the client that caused it, priced, taxed and invoiced as PDF,
    CSV and XML, once; or it waits in a queue that says why. `billing-job demo` shows it without an account.
    """
    from billing_job.console import Console

    run_id = secrets.token_hex(6)
    console = Console(run_id, log_format=log_format, verbosity=-1 if quiet else verbose)
    context.obj = Invocation(config, console)
    context.call_on_close(console.close)


@cli.command()
@month_option()
@output_option
@offline_option
@click.option("--client", "clients", multiple=True, metavar="ID", help="Bill only this client; may be repeated.")
@click.option("--supplementary", is_flag=True, help="Bill late transactions now instead of on the next invoice.")
@click.option("--draft", is_flag=True, help="Write drafts without numbers; issue nothing.")
@workers_option
@json_option
@click.pass_obj
def run(
    invocation: Invocation,
    month: str | None,
    output: Path | None,
    offline: bool,
    clients: tuple[str, ...],
    supplementary: bool,
    draft: bool,
    workers: int | None,
    as_json: bool,
) -> int:
    """Bill a month: read the wallet, issue the invoices, write every file.

    Running a month again issues nothing twice and writes the same bytes. Exit codes: 0 done, 1 failed, 2 wrong usage or
    configuration, 3 done but something waits, 4 DIDfarm could not be read whole, 5 another run is at work.
    """
    from billing_job.month_run import RunOptions
    from billing_job.month_run import run as run_month

    options = RunOptions(month, offline, clients, supplementary, draft, workers)
    try:
        around = invocation.surroundings(output)
    except BillingJobError as error:
        if as_json:
            from billing_job.summary import empty_run_json

            emit(empty_run_json(month or "", "failed", str(error), 0))
        raise
    outcome = run_month(around, options)
    if as_json:
        emit(outcome.json)
    return outcome.exit_code


@cli.command()
@click.option("--full", is_flag=True, help="Read everything again and report what was edited or has vanished.")
@json_option
@click.pass_obj
def sync(invocation: Invocation, full: bool, as_json: bool) -> int:
    """Mirror transactions, trunks and the balance into the ledger."""
    from billing_job.month_run import sync as sync_ledger

    outcome = sync_ledger(invocation.surroundings(), full=full)
    if as_json:
        emit(outcome.json)
    return outcome.exit_code


@cli.command()
@month_option()
@output_option
@offline_option
@workers_option
@json_option
@click.pass_obj
def preview(
    invocation: Invocation, month: str | None, output: Path | None, offline: bool, workers: int | None, as_json: bool
) -> int:
    """Write drafts of a month, and compare them with the month before."""
    from billing_job.month_run import RunOptions
    from billing_job.month_run import preview as preview_month
    from billing_job.tables import changes_table

    outcome = preview_month(invocation.surroundings(output), RunOptions(month, offline, draft=True, workers=workers))
    if as_json:
        emit(outcome.json)
    elif "changes" in outcome.json:
        changes = [(c["client_id"], c["before_cents"], c["now_cents"]) for c in outcome.json["changes"]]
        click.echo(changes_table(changes, invocation.settings().billing.currency))
    return outcome.exit_code


@cli.command()
@month_option()
@json_option
@click.pass_obj
def exceptions(invocation: Invocation, month: str | None, as_json: bool) -> int:
    """List what waits: transactions that no client could be found for, or that could not be read."""
    from billing_job.month_run import locked_job
    from billing_job.proofs import exceptions as waiting
    from billing_job.tables import exceptions_table

    with locked_job(invocation.surroundings()) as job:
        found = waiting(job, _period(month))
        if as_json:
            emit({"schema": "billing-job/exceptions@1", "exceptions": found})
        else:
            click.echo(exceptions_table(found, job.settings.billing.currency))
    return 3 if found else 0


@cli.command()
@json_option
@click.pass_obj
def reconcile(invocation: Invocation, as_json: bool) -> int:
    """Prove the wallet: every cent is billed, excluded, an exception, or waits for its month."""
    from billing_job.month_run import locked_job
    from billing_job.proofs import reconcile as prove
    from billing_job.tables import reconcile_table

    with locked_job(invocation.surroundings()) as job:
        proof = prove(job)
        if as_json:
            emit(proof)
        else:
            click.echo(reconcile_table(proof, job.settings.billing.currency))
    return 0 if proof["wallet"]["matches"] else 3


@cli.command()
@month_option(required=True)
@click.option("--number", "numbers", multiple=True, metavar="N", help="Only this document; may be repeated.")
@output_option
@workers_option
@click.pass_obj
def render(
    invocation: Invocation, month: str, numbers: tuple[str, ...], output: Path | None, workers: int | None
) -> int:
    """Write the files of a month's issued documents again."""
    from billing_job.month_run import locked_job
    from billing_job.proofs import render_again

    with locked_job(invocation.surroundings(output)) as job:
        period = _period(month) or job.last_month()
        written = render_again(
            job, period, numbers, workers=workers or os.cpu_count() or 1, progress=invocation.console.progress
        )
        for warning in written.warnings:
            invocation.console.warn(warning)
        for problem in written.problems:
            invocation.console.error(problem)
        invocation.console.info(f"{len(written.documents)} documents stand in {job.folder(period).path}")
    return FAILED if written.problems else 0


@cli.command()
@month_option()
@output_option
@json_option
@click.pass_obj
def verify(invocation: Invocation, month: str | None, output: Path | None, as_json: bool) -> int:
    """Check every hash of the manifests and every invariant again."""
    from billing_job.month_run import locked_job
    from billing_job.proofs import verify as check

    with locked_job(invocation.surroundings(output)) as job:
        count, problems = check(job, _period(month))
    if as_json:
        emit({"schema": "billing-job/verify@1", "documents": count, "problems": problems})
    for problem in problems:
        invocation.console.error(problem)
    if not problems:
        invocation.console.info(f"{count} documents and their files are as they were issued")
    return FAILED if problems else 0


@cli.command()
@click.option("--offline", is_flag=True, help="Leave the live API out.")
@click.pass_obj
def doctor(invocation: Invocation, offline: bool) -> int:
    """Check machine and configuration, and show how a live answer of DIDfarm is read."""
    from billing_job import doctor as examine
    from billing_job.month_run import locked_job

    findings = list(examine.machine())
    problem: BillingJobError | None = None
    try:
        around = invocation.surroundings()
        with locked_job(around) as job:
            findings += examine.configuration(job)
            if not offline:
                findings += examine.supplier(job, around)
    except BillingJobError as error:
        problem = error
        findings.append(examine.Finding("wrong", str(error)))
    for finding in findings:
        click.echo(f"{finding.verdict:8}{invocation.console.redactor.clean(finding.text)}")
    if problem is not None:
        return problem.exit_code
    return FAILED if any(finding.verdict == "wrong" for finding in findings) else 0


@cli.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("output"),
    show_default=True,
    metavar="DIR",
    help="Where the documents and the demo's ledger go.",
)
@workers_option
@json_option
@click.pass_obj
def demo(invocation: Invocation, output: Path, workers: int | None, as_json: bool) -> int:
    """Bill a month of an invented reseller, served by an embedded sandbox; needs no account and no configuration."""
    from billing_job.demo import demo as run_demo

    outcome = run_demo(output.absolute(), SystemClock(), invocation.console, workers=workers)
    if as_json:
        emit(outcome.json)
    return outcome.exit_code


@cli.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8042, show_default=True, help="0 takes any free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same world.")
@click.option("--clients", type=click.IntRange(1, 10_000), default=12, show_default=True)
@click.option("--transactions", type=click.IntRange(1, 10_000_000), default=2_000, show_default=True)
@click.option(
    "--month", metavar="YYYY-MM", default="2026-10", show_default=True, help="The last full month of the world."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:ARG]",
    help="A fault to play; may be repeated. See --list-faults.",
)
@click.option("--list-faults", is_flag=True, help="Print what can go wrong, and stop.")
@click.option("--rate", type=click.IntRange(0), default=60, show_default=True, help="Requests a minute; 0 is no limit.")
@click.option("--page-size", type=click.IntRange(1, 1_000), default=100, show_default=True)
@click.option(
    "--write-config",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write clients.csv, trunks.csv and numbers.csv of this world, and stop.",
)
@click.pass_obj
def sandbox(
    invocation: Invocation,
    port: int,
    seed: int,
    clients: int,
    transactions: int,
    month: str,
    faults: tuple[str, ...],
    list_faults: bool,
    rate: int,
    page_size: int,
    write_config: Path | None,
) -> int:
    """Serve a stand-in for DIDfarm on loopback, to try things out; it can also misbehave on request.

    Its key is DIDFARM_API_KEY, or made and printed.
    """
    from zoneinfo import ZoneInfo

    from billing_job.didfarm.sandbox.config_files import write_config as write_config_files
    from billing_job.didfarm.sandbox.faults import FAULTS, parse_fault, usage
    from billing_job.didfarm.sandbox.running import serve
    from billing_job.didfarm.sandbox.world import make_world
    from billing_job.model import Period

    if list_faults:
        for name, description in FAULTS.items():
            click.echo(f"{usage(name)}\n    {description}")
        return 0
    world = make_world(seed, clients, transactions, Period.parse(month), ZoneInfo("Europe/Amsterdam"))
    if write_config is not None:
        write_config_files(world, write_config)
        invocation.console.info(f"Wrote clients.csv, trunks.csv and numbers.csv of this world into {write_config}")
        return 0
    played = [parse_fault(text) for text in faults]
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        key = f"df_test_{secrets.token_hex(16)}"
        click.echo(f"{KEY_VARIABLE}={key}")
    serve(
        world,
        port,
        key,
        SystemClock(),
        requests_per_minute=rate,
        page_size=page_size,
        faults=played,
        on_ready=lambda url: click.echo(f"Serving {url}"),
    )
    return 0


def _period(month: str | None) -> Any:
    from billing_job.model import Period

    return None if month is None else Period.parse(month)


def main() -> None:
    """Run a command; every error ends in one paragraph and its exit code, never in a traceback."""
    code = FAILED
    try:
        code = cli.main(standalone_mode=False) or 0
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; what was done is kept, run again to go on", err=True)
        code = 130
    except BillingJobError as error:
        _complain(str(error))
        code = error.exit_code
    except Exception as error:  # the last line of defence: whatever it is, a user gets a sentence
        _complain(f"unexpected {type(error).__name__}: {error}. This is a defect; run again with -vv and report it")
        if "-vv" in sys.argv:
            import logging

            logging.getLogger("billing_job").debug("where it happened", exc_info=error)
    sys.exit(code)


def _complain(text: str) -> None:
    """Say what went wrong where the log goes; before there is a log, on standard error."""
    import logging

    logger = logging.getLogger("billing_job")
    if logging.getLogger().handlers:
        logger.error("%s", text)
    else:
        click.echo(f"error: {text}", err=True)
