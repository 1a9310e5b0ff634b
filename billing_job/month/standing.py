"""What waits, and what charges of one's own ask for: figures that follow from ledger and files until either changes.

To work them out all files are read and every open row is attributed. A run does that, and so does the first look after
a change; other looks find the figures where they were left.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_job import __version__
from billing_job.config.fingerprint import configuration_sha256
from billing_job.core.period import Period
from billing_job.ledger.folder_state import remember, remembered
from billing_job.ledger.sums import ledger_size
from billing_job.month.session import OpenLedger

if TYPE_CHECKING:
    from billing_job.month.job import Job

_NAME = "standing"
_MANY = 100_000
"""Transactions of a ledger that is not looked through in no time."""


def standing(ledger: OpenLedger, config_folder: Path) -> dict[str, Any]:
    """`waiting` and `charges` as `status` tells them: micros of the wallet, cents of documents, counts."""
    told_by = _told_by(configuration_sha256(config_folder), Period.of(ledger.today).previous)
    if found := remembered(ledger.engine, _NAME, told_by):
        figures: dict[str, Any] = json.loads(found)
        return figures
    from billing_job.month.job import open_job  # who finds the figures does not wait for pandas to load

    job = open_job(ledger.settings, config_folder, ledger.clock)
    try:
        return work_out(job)
    finally:
        job.close()


def leave_figures(job: Job) -> None:
    """Work them out at the end of a run, where the next look would take longer than this takes of the run."""
    if ledger_size(job.engine)[0] > _MANY:
        work_out(job)


def work_out(job: Job) -> dict[str, Any]:
    """The same from the rows themselves; the figures stay where `standing` finds them."""
    from billing_job.core.columns.row_values import sum_of
    from billing_job.month.exceptions import waiting

    figures = {"waiting": sum_of(waiting(job, None)).figures(), "charges": _charges(job)}
    remember(job.engine, _NAME, _told_by(job.configuration_sha256, job.last_month()), json.dumps(figures))
    return figures


def _charges(job: Job) -> dict[str, Any]:
    """Of charges of one's own: what would be billed otherwise now, and what the run of its month left open."""
    from billing_job.month.own_charges import own_charges

    found = own_charges(job, job.last_month())
    late = [row.charge_cents for row in found.open_rows if row.due < found.next_run]
    return {
        "contradictions": [*found.problems, *found.contradictions],
        "late": {"count": len(late), "cents": sum(late)},
    }


def _told_by(configuration: str, last_month: Period) -> str:
    """Of what the figures are told beside the ledger: the files, the calendar, and how this version reads them."""
    return f"{__version__} {configuration} {last_month}"
