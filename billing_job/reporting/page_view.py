"""The month's page as texts and tables, so that its template has nothing to calculate."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from billing_job.core.document import Kind
from billing_job.core.sentences import counted
from billing_job.reporting.page_course import Moved, Ranking, Trend, moved, rankings, trend
from billing_job.reporting.page_data import DocumentRow, Notice, Report
from billing_job.reporting.page_figures import (
    Cell,
    Row,
    amount,
    change,
    micros_of,
    month_name,
    percent,
    place_rows,
    wallet_rows,
)
from billing_job.reporting.page_tasks import (
    Task,
    Verdict,
    WaitingSection,
    anomaly_verdict,
    tasks_of,
    waiting_sections,
    waiting_verdict,
    wallet_verdict,
)
from billing_job.reporting.waiting_groups import groups_of

KIND_NAMES = {Kind.INVOICE: "Invoice", Kind.CREDIT_NOTE: "Credit note"}
AGE_NAMES = {"not_due": "Expected, not due yet", "over_90": "More than 90 days overdue"}
FILE_NAMES = {"pdf": "PDF", "csv": "CSV", "ubl": "XML"}


@dataclass(frozen=True, slots=True)
class Tile:
    """A total of the month; `note` compares or explains it."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Link:
    """A file: what it is called and where it is, relative to the page."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A document, in texts; `amounts` are net, VAT, gross, cost and margin."""

    number: str
    kind: str
    kind_name: str
    client_name: str
    client_id: str
    issued: str
    due: str
    amounts: tuple[Cell, ...]
    margin_percent: str
    files: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that `report.html` prints."""

    title: str
    month: str
    seller: str
    currency: str
    verdicts: tuple[Verdict, ...]
    tiles: tuple[Tile, ...]
    tasks: tuple[Task, ...]
    months: tuple[str, ...]
    """The columns of the tables behind the charts."""
    trend: Trend | None
    movers: tuple[Moved, ...]
    mover_heads: tuple[str, ...]
    rankings: tuple[Ranking, ...]
    wallet: tuple[Row, ...]
    wallet_verdict: Verdict
    places: tuple[Row, ...]
    waiting: tuple[WaitingSection, ...]
    waiting_count: str
    waiting_sum: Cell
    anomalies: tuple[Notice, ...]
    documents: tuple[ReportDocument, ...]
    document_sums: tuple[Cell, ...]
    document_count: str
    files: tuple[Link, ...]
    owed: tuple[Row, ...]
    """What clients owe by age; empty while no statement of the bank was read."""
    owed_as_of: str


def report_view(report: Report) -> ReportView:
    """The texts of the page, in English."""
    month = month_name(str(report.month))
    groups = groups_of(report.waiting)
    return ReportView(
        title=f"{month} · {report.seller}",
        month=month,
        seller=report.seller,
        currency=report.currency,
        verdicts=(wallet_verdict(report), waiting_verdict(report), *anomaly_verdict(report)),
        tiles=_tiles(report),
        months=tuple(month_name(each.month, "%b %Y") for each in report.months),
        tasks=tasks_of(report, groups),
        trend=trend(report),
        movers=moved(report),
        mover_heads=tuple(month_name(each.month, "%b %Y") for each in report.months[-2:]),
        rankings=rankings(report),
        wallet=wallet_rows(report.wallet, month),
        wallet_verdict=wallet_verdict(report),
        places=place_rows(report.places, report.transactions),
        waiting=waiting_sections(groups, str(report.month)),
        waiting_count=counted(len(report.waiting), "transaction"),
        waiting_sum=amount(sum(each.micros or 0 for each in report.waiting)),
        anomalies=report.anomalies,
        documents=tuple(_document_view(each) for each in report.documents),
        document_sums=_document_amounts(report.documents),
        document_count=counted(len(report.documents), "document"),
        files=tuple(Link(name, quote(name)) for name in report.files),
        owed=_owed_rows(report),
        owed_as_of="" if report.owed is None else report.owed.as_of.isoformat(),
    )


def _owed_rows(report: Report) -> tuple[Row, ...]:
    """What came in within the month, what is open by how long it is overdue, and what clients have with the house."""
    owed = report.owed
    if owed is None:
        return ()
    ages = [
        (AGE_NAMES.get(name, f"{name.replace('-', ' to ')} days overdue"), cents)
        for name, cents in owed.ageing().items()
        if cents or name == "not_due"
    ]
    balances = sum(owed.credit_balances.values())
    if balances:
        ages.append(("Credit balances of clients", -balances))
    rows = [("Received in the month", report.received_cents), *ages]
    found = [Row(name, (amount(micros_of(cents)),)) for name, cents in rows]
    return (*found, Row("Open in all", (amount(micros_of(owed.total_open_cents)),), strong=True))


def _tiles(report: Report) -> tuple[Tile, ...]:
    """The totals; charge, cost and margin come with what they were in the month before."""
    now, before = report.months[-1], report.months[-2] if len(report.months) > 1 else None
    charge = micros_of(now.charge_cents)
    margin = charge - now.cost_micros
    vat, gross = (sum(getattr(each, name) for each in report.documents) for name in ("vat_cents", "gross_cents"))
    invoices = sum(each.kind is Kind.INVOICE for each in report.documents)
    return (
        Tile("Charge, net", amount(charge).text, change(now.charge_cents, before, lambda m: m.charge_cents)),
        Tile("Cost", amount(now.cost_micros).text, change(now.cost_micros, before, lambda m: m.cost_micros)),
        Tile("Margin", amount(margin).text, f"{percent(margin, charge)} of the charge"),
        Tile("VAT", amount(micros_of(vat)).text, ""),
        Tile("Gross", amount(micros_of(gross)).text, "what clients owe"),
        Tile("Documents", f"{len(report.documents):,}", _kinds(invoices, len(report.documents) - invoices)),
    )


def _kinds(invoices: int, credit_notes: int) -> str:
    return f"{counted(invoices, 'invoice')}, {counted(credit_notes, 'credit note')}"


def _document_amounts(documents: Sequence[DocumentRow]) -> tuple[Cell, ...]:
    """Net, VAT, gross, cost and margin of some documents together."""
    net, vat, gross = (
        micros_of(sum(getattr(each, name) for each in documents)) for name in ("net_cents", "vat_cents", "gross_cents")
    )
    cost = sum(each.cost_micros for each in documents)
    return tuple(amount(micros) for micros in (net, vat, gross, cost, net - cost))


def _document_view(document: DocumentRow) -> ReportDocument:
    net = micros_of(document.net_cents)
    return ReportDocument(
        number=document.number,
        kind=document.kind.value,
        kind_name=KIND_NAMES[document.kind],
        client_name=document.client_name,
        client_id=document.client_id,
        issued=document.issue_date.isoformat(),
        due=document.due_date.isoformat(),
        amounts=_document_amounts((document,)),
        margin_percent=percent(net - document.cost_micros, net),
        files=tuple(Link(FILE_NAMES[kind], quote(path)) for kind, path in document.files.items()),
    )
