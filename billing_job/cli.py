"""The commands; the only home of the clock, the environment, the terminal and exit codes.

Everything heavy is imported by the command that needs it, so that --help answers at once.
"""

from __future__ import annotations

import atexit
import gc
import getpass
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job import __version__
from billing_job.commands import (
    api,
    backup,
    bank,
    charges,
    collect,
    credit,
    doctor,
    exceptions,
    init,
    look_up,
    onboarding,
    open_items,
    prove,
    remind,
    rewrite,
    run,
    sandbox,
    send,
    simulate,
    statement,
    vat,
    webhook,
)
from billing_job.commands.config_path import config_file, config_first, meant_month
from billing_job.commands.invocation import Invocation
from billing_job.commands.options import check_arguments, emit
from billing_job.core.errors import BillingJobError, ExitCode

if TYPE_CHECKING:
    from billing_job.core.clock import Clock

COMPLETE = "_BILLING_JOB_COMPLETE"
"""By this variable a shell asks what completes a line."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="BILLING_JOB_CONFIG",
    metavar="FILE",
    help="The settings, or their folder; clients.csv and the other tables stand beside them. It may stand before or"
    " after the command. By default config/billing.toml, here or in a folder above. Also BILLING_JOB_CONFIG.",
)
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="Lines for people or for programs."
)
@click.option("-v", "--verbose", count=True, help="Say more; twice: everything.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.version_option(__version__, prog_name="billing-job")
@click.pass_context
def cli(context: click.Context, config: Path | None, log_format: str, verbose: int, quiet: bool) -> None:
    """Turn a DIDfarm wallet into the month's invoices.

    Every transaction of the prepaid wallet is joined to the client that caused it, priced, taxed and invoiced as PDF,
    CSV and XML, once; or it waits in a queue that says why. `billing-job demo` shows it without an account.
    """
    from billing_job.core.clock import SystemClock
    from billing_job.core.console import Console

    run_id = secrets.token_hex(6)
    clock = context.obj or SystemClock()
    console = Console(run_id, log_format=log_format, verbosity=-1 if quiet else verbose, clock=clock)
    # A first configuration is made here, whatever stands in a folder above.
    found = config_file(config, Path.cwd(), (os.getuid(), 0), upwards=context.invoked_subcommand != "init")
    context.obj = Invocation(found, console, clock, os.environ, _user, os.cpu_count() or 1, _is_watched())
    context.call_on_close(console.close)


for command in (
    run.run,
    run.sync,
    run.preview,
    charges.charges,
    simulate.simulate,
    credit.credit,
    exceptions.exceptions,
    prove.reconcile,
    rewrite.render,
    prove.verify,
    prove.archive,
    send.send,
    vat.vat,
    backup.backup,
    backup.restore,
    backup.adopt,
    look_up.list_,
    look_up.show,
    look_up.why,
    look_up.status,
    bank.bank,
    open_items.open_,
    statement.statement,
    remind.remind,
    collect.collect,
    rewrite.export,
    rewrite.report,
    init.init,
    doctor.doctor,
    sandbox.demo,
    sandbox.sandbox,
    webhook.webhook,
    onboarding.onboard,
    onboarding.move,
    onboarding.offboard,
    api.api,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None, clock: Clock | None = None) -> None:
    """Run a command; every error ends in one paragraph and its exit code, never in a traceback.

    Arguments and clock are the process's own unless a caller brings others.
    """
    code: int = ExitCode.FAILED
    if arguments is None:
        # What is imported stays: looking through it for garbage every 700 objects took a tenth of a short command.
        gc.set_threshold(100_000, 20, 20)
        # Nor is it looked through once more when the process ends: that took a fifth.
        atexit.register(gc.freeze)
    given = sys.argv[1:] if arguments is None else arguments
    _answer_shells()
    try:
        check_arguments(given)
        code = cli.main(config_first(given), "billing-job", standalone_mode=False, obj=clock) or 0
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        click.echo(meant_month(error), err=True, nl=False)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; what was done is kept, run again to go on", err=True)
        code = 130
    except BillingJobError as error:
        _complain(str(error))
        if "--json" in given:
            emit({"schema": "billing-job/error@1", "status": "failed", "error": str(error)})
        code = error.exit_code
    except BrokenPipeError:
        # Whoever read standard output has gone; nothing is left to tell, and the interpreter must not try at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        _complain("there is too little memory: nothing is lost; make room, or run again with `--workers 1`")
    except OSError as error:  # of the machine, wherever nothing more can be said of it: a full disk, too many files
        place = f"{error.filename}: " if error.filename else ""
        _complain(f"{place}{error.strerror or error}: nothing is lost; correct it on this machine, then run again")
    except Exception as error:  # the last line of defence: whatever it is, a user gets a sentence
        _complain(
            f"unexpected {type(error).__name__}: {error}. This is a defect of billing-job, not of your files: run again"
            " with -vv, take names and amounts out of what it says, and report it in the project's issue list"
        )
        if "-vv" in given:
            import logging

            logging.getLogger("billing_job").debug("where it happened", exc_info=error)
    sys.exit(code)


def _answer_shells() -> None:
    """Where a shell asks what completes a line, let it be asked about ours."""
    if COMPLETE in os.environ:
        import billing_job.commands.shells  # noqa: F401 - it registers them


def _is_watched() -> bool:
    """Whether a person can be asked and answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _complain(text: str) -> None:
    """Say what went wrong where the log goes; before there is a log, on standard error."""
    import logging

    from billing_job.core.redaction import Redactor

    ours = [each for handler in logging.getLogger().handlers for each in handler.filters if isinstance(each, Redactor)]
    if ours:
        logging.getLogger("billing_job").error("%s", text)
    else:
        click.echo(f"error: {text}", err=True)
