"""`why`: one transaction as the supplier sent it, whose it is and by which words, at what price, on which document."""

from typing import Any

import pandas as pd

from billing_job.billing.rating.plans import Rule
from billing_job.billing.rating.tariff import Tariff, rules_of
from billing_job.core.categories import CHARGE
from billing_job.core.columns.interned import Coded
from billing_job.core.columns.row_values import records, row_micros, row_moment
from billing_job.core.errors import ConfigError
from billing_job.ledger.decisions import decisions
from billing_job.ledger.document_list import listed_documents
from billing_job.ledger.transaction_history import (
    credits_of,
    decisions_of,
    refunds_of,
    settlements_of,
    versions,
)
from billing_job.ledger.transactions import transactions_of
from billing_job.month.attributing import attributed, billed_and_changed
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
    frame = attributed(job, [transactions_of(job.engine, [transaction_id])], facts).whole()
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
    """The rule of the plan or price list that holds for each row with an owner, by its month's terms."""
    owned = frame[(frame["client_id"] != "") & frame["client_id"].isin(sorted(job.clients))]
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
