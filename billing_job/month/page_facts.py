"""Asks the ledger for what the month's page says."""

from collections.abc import Callable, Mapping, Sequence

from billing_job.core.document import Document, Heading
from billing_job.core.period import Period
from billing_job.core.sums import Movement, Sum
from billing_job.documents.translations import labels_for
from billing_job.ledger.payments import newest_statement_day, recorded_payments
from billing_job.ledger.sums import document_costs, flows, movements
from billing_job.ledger.transactions import changed
from billing_job.month.gate import Gate, gate_of
from billing_job.month.job import Job
from billing_job.month.placed import Placed, PlaceSums
from billing_job.month.receivables import load_receivables
from billing_job.month.wallet_proof import WalletProof
from billing_job.receivables.open_items import Receivables
from billing_job.reporting.anomalies import why
from billing_job.reporting.event_notes import event_notes
from billing_job.reporting.exceptions_csv import Waiting
from billing_job.reporting.page_data import (
    DocumentRow,
    Notice,
    Place,
    Report,
    Wallet,
    month_sums,
    months_back,
    movers,
    shares,
    told_apart,
)


def month_report(
    job: Job,
    month: Period,
    placed: Placed,
    documents: Sequence[Document | Heading],
    *,
    waiting: Sequence[Waiting],
    anomalies: Sequence[Notice],
    document_files: Mapping[str, Mapping[str, str]],
    files: Sequence[str],
) -> Report:
    """The month as the ledger holds it now; the page also tells what the supplier did to history.

    `document_files` gives each number its files by kind, `files` are the others; all are relative to the page.
    """
    category = labels_for(job.templates, "en").category
    found = flows(job.engine, str(months_back(month)), str(month))
    months = month_sums(month, found)
    clients = job.clients
    gate = gate_of(job)
    client_names = told_apart(
        {
            flow.client_id: clients[flow.client_id].name if flow.client_id in clients else flow.client_id
            for flow in found
        }
    )
    category_names = {flow.category: category(flow.category) for flow in found}
    return Report(
        month=month,
        seller=job.seller.name,
        currency=job.settings.billing.currency,
        months=months,
        by_client=shares(found, months, lambda flow: flow.client_id, client_names),
        by_category=shares(found, months, lambda flow: flow.category, category_names),
        movers=movers(found, months, client_names),
        wallet=_wallet(job, month, gate.proof),
        places=_places(placed.sums_of_month, category),
        transactions=placed.sums_of_month.whole,
        waiting=tuple(sorted(waiting, key=lambda each: (-each.age_days, each.created_at, each.transaction_id))),
        anomalies=(
            *anomalies,
            *_history(job, placed),
            *_gate_notes(gate),
            *map(Notice, event_notes(job.events(), month, job.settings.billing.zone)),
        ),
        documents=_documents(job, month, documents, document_files),
        files=tuple(files),
        owed=_owed(job, documents),
        received_cents=sum(
            payment.cents - payment.charges_cents
            for payment in recorded_payments(job.engine, first=month.first_day, last=month.last_day)
            if job.first_day.is_own(payment)
        ),
    )


def _owed(job: Job, documents: Sequence[Document | Heading]) -> Receivables | None:
    """What is open as of the newest day that the ledger knows of, so that the same ledger gives the same page."""
    newest = newest_statement_day(job.engine)
    if newest is None:
        return None
    return load_receivables(job, max(newest, *(document.issue_date for document in documents), newest))


def _gate_notes(gate: Gate) -> tuple[Notice, ...]:
    """What a difference of the wallet may come from, and what was decided about it."""
    notes = [f"The wallet is not explained; likely cause: {cause}" for cause in gate.causes]
    if gate.is_shut:
        notes.append("The wallet has not proven yet how amounts are read: until then nothing is issued")
    if gate.accepted is not None:
        notes.append(f"The wallet's difference was accepted at {gate.accepted.accepted}: {gate.accepted.reason}")
    return tuple(Notice(note, "billing-job reconcile") for note in notes)


def _wallet(job: Job, month: Period, proof: WalletProof) -> Wallet:
    billing = job.settings.billing
    found = movements(job.engine, *month.span(billing.zone), job.withdrawn(), billing.currency)
    return Wallet(
        opening_micros=proof.opening_micros,
        before=_sum(found, "before"),
        within=_by_category(job, found),
        after=_sum(found, "after"),
        undated=_sum(found, "undated"),
        balance=proof.balance,
    )


def _sum(found: Sequence[Movement], when: str) -> Sum:
    return sum((Sum(each.count, each.micros) for each in found if each.when == when), Sum())


def _by_category(job: Job, found: Sequence[Movement]) -> dict[str, Sum]:
    """What moved within the month by the name of its category, what came in first; an unknown type has its own name."""
    categories = job.settings.categories
    name = labels_for(job.templates, "en").category
    sums: dict[str, Sum] = {}
    for each in found:
        if each.when == "within":
            key = name(categories.get(each.type, each.type or "without a type"))
            sums[key] = sums.get(key, Sum()) + Sum(each.count, each.micros)
    return dict(sorted(sums.items(), key=lambda item: (-item[1].micros, item[0])))


def _places(sums: PlaceSums, name: Callable[[str], str]) -> tuple[Place, ...]:
    """Invariant 1 for the month's own transactions; what a document settles counts as its client's."""
    return (
        Place("Attributed to a client", sums.attributed + sums.billed),
        *(Place(f"Left out: {name(reason)}", each) for reason, each in sums.excluded.items()),
        Place("Exceptions, waiting", sums.waiting),
    )


def _history(job: Job, placed: Placed) -> tuple[Notice, ...]:
    """What the supplier did to history, and older months that nobody billed."""
    found = []
    for ids, what in (
        (changed(job.engine), "changed after they were first read; both versions are kept"),
        (sorted(job.withdrawn()), "are no longer listed by DIDfarm; they are kept"),
    ):
        if ids:
            more = f" and {len(ids) - 5:,} more" if len(ids) > 5 else ""
            found.append(Notice(f"{len(ids):,} transactions {what}: {', '.join(ids[:5])}{more}", why(ids[0])))
    if placed.never_run.count:
        text = f"{placed.never_run.count:,} older transactions belong to months that were never run"
        found.append(Notice(text, "billing-job reconcile"))
    return tuple(found)


def _documents(
    job: Job, month: Period, documents: Sequence[Document | Heading], files: Mapping[str, Mapping[str, str]]
) -> tuple[DocumentRow, ...]:
    costs = document_costs(job.engine, str(month))
    return tuple(
        DocumentRow(
            number=document.number,
            kind=document.kind,
            client_id=document.client.client_id,
            client_name=document.client.name,
            issue_date=document.issue_date,
            due_date=document.due_date,
            net_cents=document.net_cents,
            vat_cents=document.vat_cents,
            gross_cents=document.gross_cents,
            cost_micros=costs.get(document.number, 0),
            files=files[document.number],
        )
        for document in documents
    )
