"""The commands; the only home of the clock, the environment, the terminal and exit codes.

Everything heavy is imported by the command that needs it, so that --help answers at once.
"""

from __future__ import annotations

import getpass
import os
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job import __version__
from billing_job.commands import (
    accounting,
    api,
    billing,
    correcting,
    keeping,
    looking_back,
    onboarding,
    queue,
    sending,
    starting,
    trying_out,
    webhook,
)
from billing_job.commands.options import KEY_VARIABLE, emit
from billing_job.core.errors import BillingJobError, ConfigError, ExitCode
from billing_job.core.files.secret_file import read_secret

if TYPE_CHECKING:
    from billing_job.config.settings import Settings
    from billing_job.core.clock import Clock
    from billing_job.core.console import Console
    from billing_job.month.session import Session


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
    clock: Clock

    def settings(self, output: Path | None = None) -> Settings:
        """billing.toml, with --output in place of output.directory."""
        from billing_job.config.settings import Output, load_settings

        settings = load_settings(self.config)
        if output is None:
            return settings
        return settings.model_copy(update={"output": Output(directory=output.absolute())})

    def session(self, output: Path | None = None) -> Session:
        from billing_job.month.session import Session

        settings = self.settings(output)
        folder = self.config.absolute().parent
        return Session(settings, folder, lambda: self.key(settings.api.key_file), self.clock, self.console)

    def key(self, key_file: Path | None) -> str:
        """The API key from the environment or from the file of api.key_file; ConfigError when there is none."""
        return api_key(key_file, self.console)

    def variable(self, name: str) -> str:
        """What an environment variable holds that is no secret; empty when it is not set."""
        return os.environ.get(name, "").strip()

    def secret(self, variable: str) -> str:
        """What an environment variable holds, kept out of everything that is printed; empty when it is not set."""
        value = os.environ.get(variable, "").strip()
        if value:
            self.console.redactor.add(value)
        return value

    def user(self) -> str:
        """Who gives the command, for the record of decisions."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return f"uid {os.getuid()}"


def api_key(key_file: Path | None, console: Console) -> str:
    """The key from the environment, or from the file that api.key_file names; never from the TOML."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    source = KEY_VARIABLE
    if not key and key_file is not None:
        source = f"api.key_file {key_file}"
        key = read_secret(key_file, "api.key_file", console.warn)
    if not key:
        raise ConfigError(
            f"there is no API key: set {KEY_VARIABLE}, or api.key_file in billing.toml to a file that holds it"
            " (DIDfarm: Account, API Keys)"
        )
    console.redactor.add(key)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"{source}: holds something that is not a key; it is one word of letters, digits and _")
    return key


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
    from billing_job.core.console import Console

    run_id = secrets.token_hex(6)
    console = Console(run_id, log_format=log_format, verbosity=-1 if quiet else verbose)
    context.obj = Invocation(config, console, context.obj or SystemClock())
    context.call_on_close(console.close)


for command in (
    billing.run,
    billing.sync,
    billing.preview,
    correcting.credit,
    queue.exceptions,
    looking_back.reconcile,
    looking_back.render,
    looking_back.verify,
    sending.send,
    keeping.backup,
    keeping.restore,
    accounting.export,
    accounting.report,
    starting.init,
    trying_out.doctor,
    trying_out.demo,
    trying_out.sandbox,
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
    try:
        code = cli.main(arguments, standalone_mode=False, obj=clock) or 0
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
        if "--json" in (sys.argv if arguments is None else arguments):
            emit({"schema": "billing-job/error@1", "status": "failed", "error": str(error)})
        code = error.exit_code
    except BrokenPipeError:
        # Whoever read standard output has gone; nothing is left to tell, and the interpreter must not try at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # the last line of defence: whatever it is, a user gets a sentence
        _complain(f"unexpected {type(error).__name__}: {error}. This is a defect; run again with -vv and report it")
        if "-vv" in (sys.argv if arguments is None else arguments):
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
