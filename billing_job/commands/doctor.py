"""The command that examines machine, configuration and a live answer, and proposes how to read it: doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option
from billing_job.core.errors import BillingJobError, ConfigError, ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.core.wallet import Trunk
    from billing_job.operations.doctor import Finding, Group


INDENT = 9
"""Columns before a finding: two blanks, its colour, a blank."""


@click.command(short_help="Check machine, configuration and a live answer.")
@click.option("--offline", is_flag=True, help="Leave the live API out.")
@click.option(
    "--propose",
    is_flag=True,
    help="Find out how DIDfarm's answers are to be read, and print the tables of billing.toml that do.",
)
@json_option
@click.pass_obj
def doctor(invocation: Invocation, offline: bool, propose: bool, as_json: bool) -> int:
    """Check machine and configuration, and show how a live answer of DIDfarm is read.

    In four groups: green is well, amber wants a look, red must be corrected. Exit code 1 when something is red.
    Example: billing-job doctor --offline
    """
    from billing_job.month.session import locked_job
    from billing_job.operations import doctor as examine
    from billing_job.operations.doctor_files import settings, unread_tables, who_is_who

    if propose:
        if offline:
            raise ConfigError("--propose looks at live answers: leave --offline out")
        return _proposed(invocation, as_json=as_json)
    findings = list(examine.machine())
    problem: BillingJobError | None = None
    try:
        session = invocation.session()
        with locked_job(session) as job:
            live: list[Trunk] = []
            answers = [] if offline else list(examine.supplier(job, session, live))
            findings += [*settings(job), *unread_tables(session.config_folder), *who_is_who(job, live), *answers]
    except ConfigError as error:
        problem = error
        findings += [examine.Finding("wrong", text, _group_of(text)) for text in error.problems]
    except BillingJobError as error:
        problem = error
        findings.append(examine.Finding("wrong", str(error), "settings"))
    cleaned = [replace(each, text=invocation.console.redactor.clean(each.text)) for each in findings]
    if as_json:
        emit(
            {
                "schema": "billing-job/doctor@1",
                "findings": [
                    {"group": each.group, "verdict": each.verdict, "colour": examine.COLOURS[each.verdict],
                     "text": each.text}
                    for each in cleaned
                ],
                "counts": examine.counts(cleaned),
            }
        )  # fmt: skip
    else:
        _print(cleaned)
    if problem is not None:
        return problem.exit_code
    return ExitCode.FAILED if any(finding.verdict == "wrong" for finding in findings) else ExitCode.DONE


def _group_of(problem: str) -> Group:
    """The group of the file that a problem begins with."""
    tables = (".csv, row", ".xlsx", "clients.csv", "trunks.csv", "numbers.csv")
    return "clients, trunks and numbers" if any(name in problem for name in tables) else "settings"


def _print(findings: Sequence[Finding]) -> None:
    """Group by group, and how many there are of each colour; colours where the terminal has them."""
    from rich.console import Console

    from billing_job.core.screen import Screen, Tone, broken
    from billing_job.operations.doctor import COLOURS, GROUPS, counts

    screen = Screen.of(Console())
    tones: dict[str, Tone] = {"green": "good", "amber": "waits", "red": "bad"}
    for group in GROUPS:
        found = [each for each in findings if each.group == group]
        if found:
            click.echo(screen.painted(f"{group[:1].upper()}{group[1:]}", "head"))
        for each in found:
            colour = COLOURS[each.verdict]
            first, *more = [each.text] if screen.width is None else broken(each.text, screen.width - INDENT)
            click.echo(f"  {screen.painted(f'{colour:6}', tones[colour])} {first}")
            for line in more:
                click.echo(" " * INDENT + line)
    click.echo(
        ", ".join(screen.painted(f"{count} {colour}", tones[colour]) for colour, count in counts(findings).items())
    )


def _proposed(invocation: Invocation, *, as_json: bool) -> int:
    """Tables on standard output, and nothing else there; what was seen and what proves it on standard error."""
    from billing_job.operations.proposal import EXIT_CODES, proposed

    found = proposed(invocation.session())
    console = invocation.console
    console.info(*found.seen, *found.proof)
    if as_json:
        emit(
            {
                "schema": "billing-job/proposal@1",
                "verdict": found.verdict,
                "toml": found.toml,
                "seen": [console.redactor.clean(line) for line in found.seen],
                "proof": [console.redactor.clean(line) for line in found.proof],
            }
        )
    elif found.toml:
        click.echo(found.toml, nl=False)
    return EXIT_CODES[found.verdict]
