"""What the root command made of its options, for the command that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from billing_job.commands.options import KEY_VARIABLE
from billing_job.core.errors import ConfigError, ExitCode, OutputError

if TYPE_CHECKING:
    from billing_job.config.settings import Settings
    from billing_job.core.clock import Clock
    from billing_job.core.console import Console
    from billing_job.core.files.spreadsheet_writer import Table
    from billing_job.month.session import Session


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options that come before the command, and what cli.py knows of the world around it."""

    config: Path
    console: Console
    clock: Clock
    environment: Mapping[str, str]
    user: Callable[[], str]
    """Who gives the command, for the record of decisions."""
    workers: int
    """Processes that render, where --workers says nothing: one a core."""
    on_terminal: bool = False
    """Whether a person sits there and can be asked."""

    def settings(self, output: Path | None = None) -> Settings:
        """billing.toml, with --output in place of output.directory."""
        from billing_job.config.settings import Output
        from billing_job.config.settings_file import load_settings

        settings = load_settings(self.config)
        if output is None:
            return settings
        return settings.model_copy(update={"output": Output(directory=output.absolute())})

    def session(self, output: Path | None = None) -> Session:
        """What the month's commands work with; ConfigError when billing.toml is wrong."""
        from billing_job.month.session import Session

        settings = self.settings(output)
        folder = self.config.absolute().parent
        return Session(settings, folder, lambda: self.key(settings.api.key_file), self.clock, self.console)

    def key(self, key_file: Path | None) -> str:
        """The API key from the environment or from the file of api.key_file, never from the TOML; ConfigError if none.

        It is kept out of everything that is printed from here on.
        """
        from billing_job.core.files.secret_file import read_secret

        key, source = self.secret(KEY_VARIABLE), KEY_VARIABLE
        if not key and key_file is not None:
            source = f"api.key_file {key_file}"
            key = read_secret(key_file, "api.key_file", self.console)
        if not key:
            raise ConfigError(
                f"there is no API key: set {KEY_VARIABLE}, or api.key_file in billing.toml to a file that holds it"
                " (DIDfarm: Account, API Keys)"
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigError(f"{source}: holds something that is not a key; it is one word of letters, digits and _")
        return key

    def ask(self, question: str, *, yes: bool) -> None:
        """Ask a person before what cannot be undone; where nobody sits at a terminal, the command is the answer."""
        if not yes and self.on_terminal:
            import click

            if not click.confirm(question, err=True):
                self.console.warn("nothing was done")
                raise click.exceptions.Exit(ExitCode.FAILED)

    def write_spreadsheet(self, path: Path, sheets: Mapping[str, Table]) -> None:
        """Write tables for a spreadsheet, whole or not at all; OutputError when it cannot be."""
        from billing_job.core.files.local import write_whole
        from billing_job.core.files.spreadsheet_writer import spreadsheet

        if path.suffix.lower() != ".xlsx":
            raise ConfigError(f"--xlsx {path}: a workbook ends in .xlsx")
        try:
            write_whole(path.absolute(), spreadsheet(sheets), 0o600)
        except (OSError, ValueError) as error:
            raise OutputError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None
        self.console.info(f"{path}: written")

    def variable(self, name: str) -> str:
        """What an environment variable holds that is no secret; empty when it is not set."""
        return self.environment.get(name, "").strip()

    def secret(self, variable: str) -> str:
        """What an environment variable holds, kept out of everything that is printed; empty when it is not set."""
        value = self.variable(variable)
        if value:
            self.console.redactor.add(value)
        return value
