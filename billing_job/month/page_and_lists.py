"""The lists and the page of a month's folder: asked of the ledger first, then written beside the documents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.columns.interned import Coded
from billing_job.core.decision import Decision
from billing_job.core.files.manifest import Folder
from billing_job.core.files.pieces import Pieces
from billing_job.core.period import Period
from billing_job.documents.document_files import document_file, kinds_of
from billing_job.documents.einvoice.national_rules import Issued
from billing_job.documents.einvoice.profiles import profile_notes
from billing_job.documents.templates import Templates
from billing_job.ledger.billed_facts import documents_of
from billing_job.ledger.decisions import decisions
from billing_job.month.exceptions import waiting_rows
from billing_job.month.job import Job
from billing_job.month.page_facts import month_report
from billing_job.month.placed import Placed, give_back
from billing_job.month.review import month_anomalies, month_margins
from billing_job.reporting.anomalies import told
from billing_job.reporting.attribution_csv import attribution_csv
from billing_job.reporting.exceptions_csv import Waiting, exceptions_csv
from billing_job.reporting.margins import margin_csv
from billing_job.reporting.page import report_html
from billing_job.reporting.page_data import Notice, Report

LISTS = ("exceptions.csv", "margin.csv", "attribution.csv")


@dataclass(frozen=True, slots=True)
class PageAndLists:
    """What the lists and the page of a month are made of, read from the ledger."""

    waiting: Sequence[Waiting]
    earned: pd.DataFrame
    rows: Sequence[Pieces]
    """The month's own, PLACED, in shares of its time."""
    facts: Assignments
    decisions: Mapping[str, Decision]
    billed_on: Mapping[str, str]
    """Of what refunds give back: the documents that billed it, and those that gave it back."""
    report: Report


def page_and_lists(
    job: Job, month: Period, placed: Placed, documents: Sequence[Issued], books: Sequence[str]
) -> PageAndLists:
    """Ask the ledger for all that the lists and the page tell."""
    waiting = waiting_rows(job, placed.exceptions)
    earned = month_margins(job, month, placed)
    give_back(placed, job.engine)
    anomalies = month_anomalies(job, month, placed, earned)
    give_back(placed, job.engine)
    links = {
        document.number: {kind: document_file(document, kind) for kind in kinds_of(document)} for document in documents
    }
    report = month_report(
        job,
        month,
        placed,
        documents,
        waiting=waiting,
        anomalies=[*told(anomalies), *map(Notice, profile_notes(documents))],
        document_files=links,
        files=[*books, *LISTS],
    )
    give_back(placed, job.engine)
    refunded = {name for rows in placed.of_month("refund_of") for name in Coded.of(rows["refund_of"]).used()} - {""}
    billed_on = documents_of(job.engine, refunded)
    return PageAndLists(waiting, earned, placed.in_time.shares, placed.facts, decisions(job.engine), billed_on, report)


def write_page_and_lists(folder: Folder, looked: PageAndLists, templates: Templates) -> dict[str, tuple[str, int]]:
    """What waits, what was earned, and the page that shows the month and links to every other file."""
    shares = (share.whole() for share in looked.rows)
    attribution = attribution_csv(shares, looked.facts, looked.decisions, looked.billed_on)
    contents: tuple[Iterable[bytes], ...] = ([exceptions_csv(looked.waiting)], margin_csv(looked.earned), attribution)
    found = {name: folder.write_pieces(name, pieces) for name, pieces in zip(LISTS, contents, strict=True)}
    return {**found, "report.html": folder.write_pieces("report.html", [report_html(looked.report, templates)])}
