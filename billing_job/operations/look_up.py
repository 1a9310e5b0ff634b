"""`list` and `show`: issued documents as programs and people ask for them."""

from collections.abc import Mapping
from typing import Any

from billing_job.core.errors import ConfigError
from billing_job.core.money import decimal_text
from billing_job.core.vat_evidence import answer_json
from billing_job.documents.document_files import SUFFIXES, document_file
from billing_job.ledger.document_list import (
    HistoryStep,
    ListedDocument,
    document_history,
    listed_documents,
    written_files,
)
from billing_job.ledger.documents import document_of_number
from billing_job.ledger.payments import recorded_payments
from billing_job.ledger.transaction_history import versions
from billing_job.ledger.vies_answers import answers_about
from billing_job.month.receivables import load_receivables
from billing_job.month.session import OpenLedger
from billing_job.receivables.open_items import OpenItem


def document_entries(
    ledger: OpenLedger, *, month: str | None = None, client_id: str | None = None, state: str | None = None
) -> list[dict[str, Any]]:
    """The documents of a month, client and state; amounts in cents, those of credit notes negative."""
    found = listed_documents(ledger.engine, month=month, client_id=client_id)
    items = _items(ledger) if found else {}
    return [_entry(each, items) for each in found if state is None or each.state == state]


def document_entry(ledger: OpenLedger, number: str) -> dict[str, Any]:
    """A document with its lines, its history and its files; ConfigError for a number that was never given."""
    listed = listed_documents(ledger.engine, number=number)
    issued = document_of_number(ledger.engine, number)
    if not listed or issued is None:
        raise ConfigError(f"{number}: {_meant(ledger, number)}")
    digests = written_files(ledger.engine, number)
    return {
        "document": _entry(listed[0], _items(ledger)),
        "lines": [
            {
                "line": line.line,
                "category": line.category,
                "description": line.description,
                "number": line.number,
                "trunk": line.trunk,
                "quantity": line.quantity if isinstance(line.quantity, int) else str(line.quantity),
                "net_cents": line.net_cents,
                "vat_category": line.vat.category,
                "vat_rate": str(line.vat.rate),
                "period_start": line.period_start.isoformat(),
                "period_end": line.period_end.isoformat(),
            }
            for line in issued.document.lines
        ],
        "history": [
            {"moment": step.moment, "what": step.what, "detail": step.detail} for step in _history(ledger, number)
        ],
        "vies": [
            {
                "vat_id": each.answer.vat_id,
                "valid": each.answer.valid,
                **answer_json(each.answer),
                "relied_on": each.relied_on,
            }
            for each in answers_about(ledger.engine, issued.document)
        ],
        "files": [
            {"kind": kind, "file": f"{issued.folder}/{document_file(issued.document, kind)}", "sha256": digests[kind]}
            for kind in SUFFIXES
            if kind in digests
        ],
    }


def _meant(ledger: OpenLedger, number: str) -> str:
    """What is said of a number that no document has: it may be written otherwise, or be a transaction's id."""
    written = number.strip().upper()
    if written != number and listed_documents(ledger.engine, number=written):
        return f"no such document was issued; there is {written}: `billing-job show {written}`"
    if versions(ledger.engine, number):
        return f"is a transaction and no document: `billing-job why {number}`"
    return "no such document was issued; `billing-job list` shows those that were"


def _items(ledger: OpenLedger) -> dict[str, OpenItem]:
    return {item.number: item for item in load_receivables(ledger).items}


def _history(ledger: OpenLedger, number: str) -> list[HistoryStep]:
    """What happened to the document, what the bank told of it included, oldest first."""
    paid = [
        HistoryStep(
            one.day.isoformat(),
            one.kind.value.replace("_", " "),
            f"{decimal_text(one.cents)} by {one.entry}: {one.bank_reason or one.why}",
        )
        for one in recorded_payments(ledger.engine, document=number)
    ]
    return sorted([*document_history(ledger.engine, number), *paid], key=lambda step: step.moment[:10])


def _entry(listed: ListedDocument, items: Mapping[str, OpenItem]) -> dict[str, Any]:
    """A document; of one that is settled elsewhere, before receivables.since, nothing is known of what was paid."""
    item = items.get(listed.number)
    return {
        "number": listed.number,
        "kind": listed.kind.value,
        "client_id": listed.client_id,
        "client_name": listed.client_name,
        "month": listed.period,
        "folder": listed.folder,
        "issue_date": listed.issue_date,
        "due_date": listed.due_date,
        "currency": listed.currency,
        "net_cents": listed.net_cents,
        "vat_cents": listed.vat_cents,
        "gross_cents": listed.gross_cents,
        "credited_cents": listed.credited_cents,
        "paid_cents": None if item is None else item.paid_cents,
        "open_cents": None if item is None else item.open_cents,
        "corrects": listed.corrects,
        "state": listed.state,
    }
