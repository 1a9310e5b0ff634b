"""What would help an exception: a number in its description, a trunk that bears a client's name, a setting.

A suggestion bills nobody; it saves the user the search.
"""

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.columns.row_values import records
from billing_job.core.parties import Client
from billing_job.core.phone import e164
from billing_job.core.wallet import Trunk

_PHONE = re.compile(r"\+[1-9][\d ().-]{5,20}\d")

OWNER_LACKS = ("unknown_reference", "unassigned_number", "unassigned_trunk", "ambiguous_order")

BY_REASON = {
    "unreadable_row": "{problem}",
    "not_settled": "its status does not say that it moved money: wait, or see settled_words and void_words",
    "vanished_row": "DIDfarm no longer lists it: ask why; `exceptions resolve ID` with --client or --house settles it",
    "amount_too_large": "check the amount with DIDfarm; `exceptions resolve ID --house` settles it",
    "foreign_currency": "not in the currency of billing.currency; `exceptions resolve ID --house` settles it",
    "unknown_type": "give type {type!r} a category in [categories] of billing.toml",
    "unassigned_number": "number {reference_id} is on no trunk at that moment: extend its dates in numbers.csv",
    "unassigned_trunk": "its trunk is no client's at that moment: add or extend a row in trunks.csv",
    "unknown_reference": "add {reference_type} {reference_id} to {file}",
    "refund_without_original": "no charge is known that it gives back: `exceptions resolve {transaction_id}` with"
    " --client ID --amount NET, or with --house",
    "refund_taken_back": "a refund that took money, as if it undid another one: `exceptions resolve {transaction_id}`"
    " with --client ID, at what the plan asks for it, or with --house",
    "original_waits": "it waits with {refund_of}, which it gives back; or decide as of one without an original",
    "ambiguous_order": "its numbers belong to several clients or to none: fill in their price in numbers.csv",
}


def suggestions(
    rows: pd.DataFrame, facts: Assignments, clients: Iterable[Client], trunks: Iterable[Trunk]
) -> list[str]:
    """One sentence for each exception of ATTRIBUTED with `detail`, in its order; a detail that is there stays."""
    by_name = {client.name.casefold(): client.client_id for client in clients}
    names = {name: trunk.name for trunk in trunks for name in (trunk.uuid, trunk.trunk_id) if name and trunk.name}
    return [row["detail"] or _of_owner(row, facts, names, by_name) or _by_reason(row) for row in records(rows)]


def _of_owner(
    row: Mapping[str, object], facts: Assignments, names: Mapping[str, str], by_name: Mapping[str, str]
) -> str:
    """Who the owner may be, where the owner is what lacks."""
    if row["reason"] not in OWNER_LACKS:
        return ""
    return _by_description(row, facts) or _by_trunk_name(row, names, by_name)


def _by_description(row: Mapping[str, object], facts: Assignments) -> str:
    """The client that a number in the description belonged to at that moment."""
    number = number_in(str(row["description"]))
    key = facts.key_of.get(number) if number else None
    if key is None or pd.isna(row["created_at"]):  # type: ignore[call-overload]
        return ""
    moment = np.array([row["created_at"]], np.int64)
    fact = int(facts.numbers.at(pa.array([key], pa.string()), moment)[0])
    if fact < 0:
        return ""
    trunk = facts.number_facts[fact].trunk
    owner = int(facts.trunks.at(pa.array([facts.trunk_names.get(trunk, trunk)], pa.string()), moment)[0])
    if owner < 0:
        return ""
    client_id = facts.trunk_facts[owner].client_id
    return f"{number} in its description is {client_id}'s: {_resolve(row, client_id)}"


def number_in(description: str) -> str:
    """The first phone number that a description names, as +digits; empty when it names none."""
    match = _PHONE.search(description)
    return (e164(match[0]) if match else None) or ""


def _by_trunk_name(row: Mapping[str, object], names: Mapping[str, str], by_name: Mapping[str, str]) -> str:
    """The client whose name the trunk bears: one trunk a client is the supplier's advice."""
    name = names.get(str(row["reference_id"])) if row["reference_type"] == "trunk" else None
    if name is None:
        return ""
    client_id = by_name.get(name.casefold())
    owner = f"like client {client_id}" if client_id else "and no client is called so"
    return f"trunk {row['reference_id']} is called {name!r}, {owner}: add it to trunks.csv"


def _by_reason(row: Mapping[str, object]) -> str:
    file = "trunks.csv" if row["reference_type"] == "trunk" else "numbers.csv"
    if row["reason"] == "unknown_reference" and row["reference_type"] not in ("order", "number", "trunk"):
        return f"it refers to {row['reference_type'] or 'nothing'}: {_resolve(row, 'ID')}"
    return BY_REASON.get(str(row["reason"]), "").format(file=file, **row)


def _resolve(row: Mapping[str, object], client_id: str) -> str:
    return f"`exceptions resolve {row['transaction_id']} --client {client_id} --reason …`"
