"""`why`: one transaction as the supplier sent it, whose it is and by which words, at what price, on which document."""

from typing import Any

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.refund_originals import Reference, related_references
from billing_job.billing.rating.plans import Rule
from billing_job.billing.rating.tariff import Tariff, rules_of
from billing_job.core.categories import CHARGE
from billing_job.core.columns.interned import Coded, cells_of
from billing_job.core.columns.row_values import records, row_micros, row_moment
from billing_job.core.errors import ConfigError
from billing_job.core.moments import local_moment
from billing_job.core.period import Period
from billing_job.ledger.decisions import decisions
from billing_job.ledger.document_list import listed_documents
from billing_job.ledger.transaction_history import (
    credits_of,
    decisions_of,
    refunds_of,
    settlements_of,
    versions,
)
from billing_job.ledger.transactions import open_transactions, transactions_of
from billing_job.month.attributing import NO_CHANGES, attributed, billed_and_changed
from billing_job.month.client_months import client_months_of
from billing_job.month.job import Job
from billing_job.operations.why_charge import told_of_charge
from billing_job.reporting.attribution_csv import reasons_of

WHY_SCHEMA = "billing-job/why@1"


def why(job: Job, transaction_id: str) -> dict[str, Any]:
    """The JSON object of `why`; ConfigError for an id that the ledger does not know.

    `parts` has one entry, or one for each client that an order is shared out to: the owner and the words for it, the
    rule that prices it, and every settlement with its document. `billed_at_micros` is set while the row waits as
    billed_row_changed. A charge that no wallet holds has `charge` in place of
    `transaction` and `parts`. Amounts: micros of the wallet, cents of documents.
    """
    if transaction_id.startswith(CHARGE):
        return {
            "schema": WHY_SCHEMA,
            "charge": told_of_charge(job, transaction_id),
            "settlements": [_settlement(each) for each in settlements_of(job.engine, transaction_id)],
            "credited": credits_of(job.engine, transaction_id),
        }
    came = versions(job.engine, transaction_id)
    if not came:
        if listed_documents(job.engine, number=transaction_id):
            raise ConfigError(
                f"{transaction_id}: is a document and no transaction: `billing-job show {transaction_id}`"
            )
        raise ConfigError(f"{transaction_id}: the ledger knows no such transaction; `billing-job sync` reads new ones")
    facts = job.assignments()
    frame = _attributed(job, transaction_id, facts)
    reasons = reasons_of(frame, facts, decisions(job.engine))
    rules = _rules(job, frame, facts.trunk_names)
    rows = records(frame)
    first = rows[0]
    billed_at = billed_and_changed(job, transaction_id, facts).get(transaction_id, (None, None))[0]
    return {
        "schema": WHY_SCHEMA,
        "transaction": {
            "transaction_id": transaction_id,
            "type": first["type"],
            "micros": _whole(rows),
            "currency": first["currency"],
            "description": first["description"],
            "reference_type": first["reference_type"],
            "reference_id": first["reference_id"],
            "created_at": row_moment(first),
            "month": first["month"],
            "problem": first["problem"],
            "withdrawn": transaction_id in job.withdrawn(),
            "billed_at_micros": billed_at,
            "versions": [{"first_seen": seen, "raw": raw} for seen, raw in came],
        },
        "parts": [
            {
                "part": row["part"],
                "outcome": "billed" if row["settled"] else row["outcome"],
                "reason": row["reason"],
                "client_id": row["client_id"],
                "category": row["category"],
                "number": row["number"],
                "trunk": row["trunk"],
                "micros": row_micros(row),
                "why": reason,
                "rule": rule,
            }
            for row, reason, rule in zip(rows, reasons, rules, strict=True)
        ],
        "settlements": [_settlement(each) for each in settlements_of(job.engine, transaction_id)],
        "credited": credits_of(job.engine, transaction_id),
        "refunds": refunds_of(job.engine, transaction_id),
        "decisions": decisions_of(job.engine, transaction_id),
    }


def _attributed(job: Job, transaction_id: str, facts: Assignments) -> pd.DataFrame:
    """The transaction, or its parts, as PLACED; one that came back and is open beside what it may give back."""
    row = transactions_of(job.engine, [transaction_id])
    rows, changed = [row], NO_CHANGES
    if (row["micros"] > 0).fillna(False).all() and row["created_at"].notna().all() and not row["settled"].any():
        told = records(row)[0]
        references = _all_related((str(told["reference_type"]), str(told["reference_id"])), facts)
        zone = job.settings.billing.zone
        ends = Period.of(local_moment(int(str(told["created_at"])), zone).date()).span(zone)[1]
        rows = [
            piece[[pair in references for pair in zip(*map(cells_of, _references(piece)), strict=True)]]
            for piece in open_transactions(job.engine, ends)
        ]
        changed = billed_and_changed(job, facts=facts)
    frame = attributed(job, rows, facts, changed).whole()
    return frame[frame["transaction_id"] == transaction_id]


def _references(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return rows["reference_type"], rows["reference_id"]


def _all_related(reference: Reference, facts: Assignments) -> set[Reference]:
    """All references of which refunds and what they give back may have to do with each other."""
    found, more = set[Reference](), {reference}
    while more:
        found |= more
        more = related_references(more, facts) - found
    return found


def _whole(rows: list[dict[str, Any]]) -> int | None:
    amounts = [row_micros(row) for row in rows]
    known = [micros for micros in amounts if micros is not None]
    return sum(known) if known else None


def _settlement(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "document": row["document_number"] or "",
        "line": row["line"],
        "issue_date": row["issue_date"] or "",
        "part": row["part"],
        "client_id": row["client_id"],
        "month": row["month"],
        "category": row["category"],
        "cost_micros": row["cost_micros"],
        "charge_cents": row["charge_cents"],
        "net_cents": row["net_cents"],
        "refund_of": row["refund_of"],
        "freed_by": row["credit_number"] or "",
    }


def _rules(job: Job, frame: pd.DataFrame, trunk_names: dict[str, str]) -> list[dict[str, Any] | None]:
    """The rule of the plan or price list that holds for each row with an owner, by its month's terms.

    What gives something back has none: it gives back of what was charged.
    """
    owned = frame[frame["client_id"].isin(sorted(job.clients)) & (frame["refund_of"] == "")]
    if owned.empty:
        return [None] * len(frame)
    owners = set(zip(owned["client_id"], owned["month"], strict=True))
    client_months = client_months_of(job, {month for _, month in owners}, {client_id for client_id, _ in owners})
    tariff = Tariff(
        clients=job.clients,
        plans=job.settings.plans,
        prices=job.prices,
        category_order=tuple(dict.fromkeys(job.settings.categories.values())),
        trunk_names=trunk_names,
        zone=job.settings.billing.zone,
        of_months=client_months.tariffs(owners, now=False),
    )
    places, rules = rules_of(owned, Coded.of(owned["month"]), tariff)
    found = {index: _rule(rules[place]) for index, place in zip(owned.index, places, strict=True)}
    return [found.get(index) for index in frame.index]


def _rule(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json", exclude_defaults=True)
