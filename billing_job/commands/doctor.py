"""The command that examines machine, configuration and a live answer, and proposes how to read it: doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option
from billing_job.core.errors import BillingJobError, ConfigError, ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


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
    """Check machine and configuration, and show how a live answer of DIDfarm is read."""
    from billing_job.month.session import locked_job
    from billing_job.operations import doctor as examine

    if propose:
        if offline:
            raise ConfigError("--propose looks at live answers: leave --offline out")
        return _proposed(invocation, as_json=as_json)
    findings = list(examine.machine())
    problem: BillingJobError | None = None
    try:
        session = invocation.session()
        with locked_job(session) as job:
            findings += examine.configuration(job)
            if not offline:
                findings += examine.supplier(job, session)
    except BillingJobError as error:
        problem = error
        findings.append(examine.Finding("wrong", str(error)))
    clean = [(finding.verdict, invocation.console.redactor.clean(finding.text)) for finding in findings]
    if as_json:
        emit(
            {
                "schema": "billing-job/doctor@1",
                "findings": [{"verdict": verdict, "text": text} for verdict, text in clean],
            }
        )
    else:
        for verdict, text in clean:
            click.echo(f"{verdict:8}{text}")
    if problem is not None:
        return problem.exit_code
    return ExitCode.FAILED if any(finding.verdict == "wrong" for finding in findings) else ExitCode.DONE


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
