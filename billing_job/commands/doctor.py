"""The command that examines machine, configuration and a live answer: doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from billing_job.core.errors import BillingJobError, ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Check machine, configuration and a live answer.")
@click.option("--offline", is_flag=True, help="Leave the live API out.")
@click.pass_obj
def doctor(invocation: Invocation, offline: bool) -> int:
    """Check machine and configuration, and show how a live answer of DIDfarm is read."""
    from billing_job.month.session import locked_job
    from billing_job.operations import doctor as examine

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
    for finding in findings:
        click.echo(f"{finding.verdict:8}{invocation.console.redactor.clean(finding.text)}")
    if problem is not None:
        return problem.exit_code
    return ExitCode.FAILED if any(finding.verdict == "wrong" for finding in findings) else ExitCode.DONE
