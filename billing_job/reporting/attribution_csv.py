"""attribution.csv: whose each transaction of a month is, and why, in words; for the house, never for a client."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import PurePath
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.columns.interned import arrow, cells_of
from billing_job.core.columns.row_values import amount_texts, moment_texts
from billing_job.core.decision import Decision
from billing_job.core.files.csv_writer import csv_pieces

COLUMNS = (
    "transaction_id", "part", "created_at", "type", "category", "amount", "outcome", "client_id", "number", "trunk",
    "why",
)  # fmt: skip
_DECIDE = ("reference_type", "reference_id", "number_fact", "trunk_fact", "reason", "part")
"""What a transaction's reason is made of."""
_NEEDED = {"settled", "micros", "large_micros", "refund_of", *_DECIDE, *COLUMNS} - {"amount", "why"}
ROWS_AT_ONCE = 10_000
WORDS_AT_ONCE = 20_000
"""Reasons that are kept for rows that have them as well: of a hundred thousand clients they would fill the memory."""
_TRUNK, _REASON = _DECIDE.index("trunk_fact"), _DECIDE.index("reason")


def attribution_csv(
    shares: Iterable[pd.DataFrame],
    facts: Assignments,
    decisions: Mapping[str, Decision],
    billed_on: Mapping[str, str],
) -> Iterator[bytes]:
    """One row for each transaction of ATTRIBUTED, or for each part of a shared order, in the order of time; in pieces.

    The rows come in shares, each of which is later than the one before it. `billed_on` tells of what refunds give back
    the documents that billed it, and those that gave it back already.
    """
    known: dict[tuple[Any, ...], str] = {}
    lots = (lot for rows in shares for lot in _lots(rows))
    return csv_pieces(COLUMNS, (_columns(lot, facts, decisions, billed_on, known) for lot in lots))


def _lots(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows by their moments, ids and parts, a few at a time."""
    undated_first = arrow(rows["created_at"]).fill_null(-(2**63))
    keys = {"created_at": undated_first, **{name: arrow(rows[name]) for name in ("transaction_id", "part")}}
    order = pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending") for name in keys]).to_numpy()
    return (rows.iloc[order[start : start + ROWS_AT_ONCE]] for start in range(0, len(order), ROWS_AT_ONCE))


def _columns(
    rows: pd.DataFrame,
    facts: Assignments,
    decisions: Mapping[str, Decision],
    billed_on: Mapping[str, str],
    known: dict[tuple[Any, ...], str],
) -> list[list[Any]]:
    """COLUMNS of these rows; `known` are words that were found before, and those that are found now."""
    cells = {name: cells_of(rows[name]) for name in _NEEDED}
    outcomes = [
        "attributed" if settled else outcome
        for settled, outcome in zip(cells["settled"], cells["outcome"], strict=True)
    ]
    written = cells | {
        "created_at": moment_texts(cells["created_at"]),
        "amount": amount_texts(cells["micros"], cells["large_micros"]),
        "outcome": outcomes,
        "why": _reasons(cells, facts, decisions, billed_on, known),
    }
    return [written[name] for name in COLUMNS]


def reasons_of(rows: pd.DataFrame, facts: Assignments, decisions: Mapping[str, Decision]) -> list[str]:
    """The words for each row of ATTRIBUTED: how its reference leads to whom."""
    cells = {str(name): cells_of(rows[name]) for name in rows.columns}
    return _reasons(cells, facts, decisions, {}, {})


def path(row: Mapping[str, Any], facts: Assignments) -> str:
    """How a reference leads to a client, since when, and which rows say so.

    "order 1042 → +31201234567 → trk_a1b2c3d4 → acme, since 2026-03-01, config/numbers.csv row 17"
    """
    steps = [f"{row['reference_type'] or 'no reference'} {row['reference_id']}".strip()]
    sources = []
    since = []
    if row["number_fact"] >= 0:
        number = facts.number_facts[row["number_fact"]]
        steps.append(number.number or f"did {number.did_number_id}")
        sources.append(short_source(number.source))
        since.append(number.valid_from)
    if row["trunk_fact"] >= 0:
        trunk = facts.trunk_facts[row["trunk_fact"]]
        steps += [facts.trunk_names.get(trunk.trunk, trunk.trunk), trunk.client_id]
        sources.append(short_source(trunk.source))
        since.append(trunk.valid_from)
    latest = max((day for day in since if day is not None), default=None)
    return ", ".join([" → ".join(steps), *([f"since {latest}"] if latest else []), *sources])


def _reasons(
    cells: Mapping[str, list[Any]],
    facts: Assignments,
    decisions: Mapping[str, Decision],
    billed_on: Mapping[str, str],
    known: dict[tuple[Any, ...], str],
) -> list[str]:
    """The last column; what many transactions have in common is put into words once, and `known` from then on."""
    reasons = []
    keys = zip(*(cells[name] for name in _DECIDE), strict=True)
    for id_, original, key in zip(cells["transaction_id"], cells["refund_of"], keys, strict=True):
        if original:
            reason = f"{key[_REASON]}: " if key[_REASON] else ""
            reasons.append(f"{reason}refund of {original}{billed_on.get(original, '')}")
            continue
        if id_ in decisions and key[_TRUNK] < 0:
            decision = decisions[id_]
            way = path(dict(zip(_DECIDE, key, strict=True)), facts)
            reasons.append(f"{way}; decided by {decision.decided_by} on {decision.decided_at[:10]}: {decision.reason}")
            continue
        if key not in known:
            if len(known) >= WORDS_AT_ONCE:
                known.clear()
            known[key] = _why(dict(zip(_DECIDE, key, strict=True)), facts)
        reasons.append(known[key])
    return reasons


def _why(row: Mapping[str, Any], facts: Assignments) -> str:
    way = path(row, facts)
    if row["reason"]:
        return f"{row['reason']}: {way}"
    return f"{way}, part {row['part']} of the order by the known prices of its numbers" if row["part"] else way


def short_source(source: str) -> str:
    """A source, "…/config/numbers.csv, row 17", as "config/numbers.csv row 17": the same wherever the folder is."""
    file, separator, row = source.rpartition(", row ")
    return f"{_below_its_folder(file)} row {row}" if separator else source


@lru_cache(maxsize=64)
def _below_its_folder(file: str) -> str:
    return "/".join(PurePath(file).parts[-2:])
