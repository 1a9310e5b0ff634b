"""Options that several commands share, and how they print."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import click

from billing_job.commands.completing import months
from billing_job.core.errors import ConfigError
from billing_job.core.text import storable

if TYPE_CHECKING:
    from billing_job.core.period import Period
    from billing_job.month.session import CommandResult

KEY_VARIABLE = "DIDFARM_API_KEY"
WEBHOOK_SECRET_VARIABLE = "DIDFARM_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable

F = TypeVar("F", bound=Callable[..., Any])


def emit(value: object) -> None:
    """One JSON value on standard output."""
    click.echo(storable(json.dumps(value, indent=2, ensure_ascii=False)))


def say(text: str) -> None:
    """A text for people on standard output, fitted to a terminal."""
    from rich.console import Console

    from billing_job.core.screen import Screen

    click.echo(Screen.of(Console()).fitted(text))


def told(outcome: CommandResult, *, as_json: bool) -> int:
    """The command's exit code, once programs have its JSON object."""
    if as_json:
        emit(outcome.json)
    return outcome.exit_code


def month_option(*, required: bool = False, otherwise: str = "the previous one") -> Callable[[F], F]:
    """--month, handed over as the text that was typed; None, which stands for `otherwise`, when it was left out."""
    text = "The month to work on." if required else f"The month to work on; by default {otherwise}."
    return click.option("--month", metavar="YYYY-MM", required=required, help=text, shell_complete=months)


def json_option(function: F) -> F:
    """--json, as `as_json`."""
    text = "Print one JSON object on standard output; people's text goes to standard error."
    return click.option("--json", "as_json", is_flag=True, help=text)(function)


def output_option(function: F) -> F:
    """--output, a folder that need not be there yet; None for the configured place."""
    return click.option(
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Write here instead of output.directory.",
    )(function)


def workers_option(function: F) -> F:
    """--workers, 1 to 256; None for one process a core."""
    return click.option(
        "--workers", type=click.IntRange(1, 256), metavar="N", help="Processes that render; by default one a core."
    )(function)


def offline_option(function: F) -> F:
    """--offline, for those who have no network or want the same answer twice."""
    return click.option("--offline", is_flag=True, help="Work from the ledger alone; ask DIDfarm nothing.")(function)


def anyway_option(function: F) -> F:
    """--anyway, for who knows that nobody has paid since the last statement."""
    text = "Go on without receivables.since, or on statements that are over 5 days old."
    return click.option("--anyway", is_flag=True, help=text)(function)


def xlsx_option(function: F) -> F:
    """--xlsx, a workbook to write; None when it was left out."""
    return click.option(
        "--xlsx",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write the table as a workbook for a spreadsheet.",
    )(function)


def check_arguments(arguments: Sequence[str]) -> None:
    """ConfigError for a blank argument, as `--client "$ID"` leaves when the variable is empty, and one that is no text.

    What is left out has a meaning (the month before, every client), and nobody who writes an option means that. A blank
    --month is told by the command how a month is written.
    """
    for before, argument in pairwise(("", *arguments)):
        option, equals, value = argument.partition("=") if argument.startswith("--") else (before, "=", argument)
        if storable(argument) != argument:
            raise ConfigError(f"{storable(argument)!r}: is not UTF-8; write it in the encoding of this terminal, UTF-8")
        if equals and not value.strip() and option != "--month":
            name = option if option.startswith("-") else "an argument"
            raise ConfigError(f"{name} is blank: give it a value, or leave the option out")


def pair(text: str, option: str, example: str) -> tuple[str, str]:
    """What stands before and after the = of an option's NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ConfigError(f"{option} {text}: write it as {example}")
    return name, value


@overload
def period(month: str) -> Period: ...
@overload
def period(month: None) -> None: ...
def period(month: str | None) -> Period | None:
    """The month of --month, None when it was not given; ConfigError for what is no month."""
    from billing_job.core.period import Period

    try:
        return None if month is None else Period.parse(month)
    except ValueError as error:
        raise ConfigError(str(error)) from None


@overload
def day(text: str, option: str) -> date: ...
@overload
def day(text: None, option: str) -> None: ...
def day(text: str | None, option: str) -> date | None:
    """The day that an option names, None when it was not given; ConfigError for what is no day."""
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f"{option} {text}: is not a day; write it as 2026-11-20") from None


def cents(text: str | None, option: str) -> int | None:
    """The exact cents of an amount that an option names, None when it was not given; ConfigError for what is none."""
    from billing_job.core.money import cents_from_decimal

    try:
        return None if text is None else cents_from_decimal(text)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
