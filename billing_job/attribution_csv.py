"""attribution.csv: whose each transaction of a month is, and why, in words; for the house, never for a client."""

from collections.abc import Mapping
from pathlib import PurePath

import pandas as pd

from billing_job.assignments import Assignments
from billing_job.csvfile import csv_text
from billing_job.decision import Decision
from billing_job.money import decimal_text
from billing_job.row_texts import row_cents, row_moment

COLUMNS = (
    "transaction_id", "part", "created_at", "type", "category", "amount", "outcome", "client_id", "number", "trunk",
    "why",
)  # fmt: skip


def attribution_csv(rows: pd.DataFrame, facts: Assignments, decisions: Mapping[str, Decision]) -> bytes:
    """One row for each transaction of ATTRIBUTED, or for each part of a shared order, in the order of time."""
    ordered = rows.sort_values(["created_at", "transaction_id", "part"], kind="stable", na_position="first")
    columns = {name: ordered[name].to_list() for name in ordered.columns}
    known: dict[tuple[object, ...], str] = {}
    lines = []
    for place in range(len(ordered)):
        row = {name: values[place] for name, values in columns.items()}
        key = (row["reference_type"], row["reference_id"], row["number_fact"], row["trunk_fact"])
        if key not in known:
            known[key] = path(row, facts)
        lines.append(
            (
                str(row["transaction_id"]),
                int(row["part"]),
                row_moment(row),
                str(row["type"]),
                str(row["category"]),
                "" if (cents := row_cents(row)) is None else decimal_text(cents),
                "attributed" if row["settled"] else str(row["outcome"]),
                str(row["client_id"]),
                str(row["number"]),
                str(row["trunk"]),
                _why(row, known[key], decisions),
            )
        )
    return csv_text(COLUMNS, lines)


def path(row: Mapping[str, object], facts: Assignments) -> str:
    """How a reference leads to a client, since when, and which rows say so.

    "order 1042 → +31201234567 → trk_a1b2c3d4 → acme, since 2026-03-01, config/numbers.csv row 17"
    """
    steps = [f"{row['reference_type'] or 'no reference'} {row['reference_id']}".strip()]
    sources = []
    since = []
    if (number_row := int(str(row["number_fact"]))) >= 0:
        number = facts.number_facts[number_row]
        steps.append(number.number or f"did {number.did_number_id}")
        sources.append(_short(number.source))
        since.append(number.valid_from)
    if (trunk_row := int(str(row["trunk_fact"]))) >= 0:
        trunk = facts.trunk_facts[trunk_row]
        steps += [facts.trunk_names.get(trunk.trunk, trunk.trunk), trunk.client_id]
        sources.append(_short(trunk.source))
        since.append(trunk.valid_from)
    latest = max((day for day in since if day is not None), default=None)
    return ", ".join([" → ".join(steps), *([f"since {latest}"] if latest else []), *sources])


def _why(row: Mapping[str, object], way: str, decisions: Mapping[str, Decision]) -> str:
    decision = decisions.get(str(row["transaction_id"]))
    if decision is not None and int(str(row["trunk_fact"])) < 0:
        return f"{way}; decided by {decision.decided_by} on {decision.decided_at[:10]}: {decision.reason}"
    reason = str(row["reason"])
    part = f", part {row['part']} of the order by the known prices of its numbers" if row["part"] else ""
    return f"{reason}: {way}" if reason else way + part


def _short(source: str) -> str:
    """ "…/config/numbers.csv, row 17" as "config/numbers.csv row 17": the same wherever the folder stands."""
    file, separator, row = source.rpartition(", row ")
    return f"{'/'.join(PurePath(file).parts[-2:])} row {row}" if separator else source
