"""What looks wrong before a month is issued, though nothing forbids it: told, never acted upon."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.categories import RENTAL
from billing_job.core.columns.schema import ATTRIBUTED, Schema
from billing_job.core.document import Document
from billing_job.core.files.pieces import joined
from billing_job.core.money import MICROS_PER_CENT, decimal_text, micros_text
from billing_job.core.period import Period
from billing_job.reporting.page_data import Notice

AnomalyKind = Literal["no_rental", "two_rentals", "rental_without_owner", "client_moved", "below_cost"]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing to look at, and the command that shows it, where there is one."""

    kind: AnomalyKind
    text: str
    command: str = ""

    @property
    def notice(self) -> Notice:
        """As the month's page and a preview tell it."""
        return Notice(self.text, self.command)


_LOOKED_AT = ("category", "outcome", "number", "micros", "transaction_id", "reason", "reference_id")
RENTALS: Schema = {name: ATTRIBUTED[name] for name in _LOOKED_AT}
"""What of ATTRIBUTED is looked at of a month's rentals."""


def rentals(month_rows: pd.DataFrame) -> pd.DataFrame:
    """The rentals that somebody may be billed for."""
    return month_rows[(month_rows["category"] == RENTAL) & (month_rows["outcome"] != "excluded")]


def anomalies(
    month_rentals: Iterable[pd.DataFrame],
    facts: Assignments,
    month: Period,
    net_now: Mapping[str, int],
    net_before: Mapping[str, int],
    margins: pd.DataFrame,
    alert_percent: int,
    *,
    is_over: bool = True,
) -> list[Anomaly]:
    """Look over a month: its rentals in pieces, net cents by client now and before, margins (see margin.margins).

    Of one that is not over, what may still come does not lack.
    """
    found = joined(month_rentals, RENTALS)
    return [
        *(_rentals_missing(found, facts, month) if is_over else ()),
        *_rentals_twice(found),
        *_rentals_without_owner(found),
        *_clients_moved(net_now, net_before, alert_percent, month, is_over=is_over),
        *_below_cost(margins, month),
    ]


def net_by_client(documents: Iterable[Document]) -> dict[str, int]:
    """Net cents of documents by client."""
    nets: dict[str, int] = {}
    for document in documents:
        nets[document.client.client_id] = nets.get(document.client.client_id, 0) + document.net_cents
    return nets


def _rentals_missing(rentals: pd.DataFrame, facts: Assignments, month: Period) -> Iterable[Anomaly]:
    """Numbers on a trunk all month long that nobody paid rent for; silent while a wallet has no rentals at all."""
    if rentals.empty:
        return
    paid = set(rentals["number"])
    for fact in facts.number_facts:
        all_month = fact.covers(month.first_day, month.last_day)
        if fact.number and all_month and fact.number not in paid:
            yield Anomaly("no_rental", f"{fact.number} is on trunk {fact.trunk} ({fact.source}), but had no rental")


def _rentals_twice(rentals: pd.DataFrame) -> Iterable[Anomaly]:
    owned = rentals[(rentals["outcome"] == "attributed") & (rentals["number"] != "")]
    # A rental and its refund are one movement each way, so only rows that left the wallet count.
    paid = owned[owned["micros"] < 0]
    counts = paid["number"].value_counts()
    last = dict(zip(paid["number"], paid["transaction_id"], strict=True))
    for number, count in sorted(counts[counts > 1].items()):
        yield Anomaly("two_rentals", f"{number} had {count} rentals", why(last[number]))


def _rentals_without_owner(rentals: pd.DataFrame) -> Iterable[Anomaly]:
    lost = rentals[rentals["reason"].isin(["unassigned_number", "unassigned_trunk"])]
    for reference, id_ in zip(lost["reference_id"], lost["transaction_id"], strict=True):
        text = f"number {reference} is paid for (transaction {id_}), but nobody's"
        yield Anomaly("rental_without_owner", text, why(id_))


def _clients_moved(
    now: Mapping[str, int], before: Mapping[str, int], alert_percent: int, month: Period, *, is_over: bool
) -> Iterable[Anomaly]:
    """Clients whose net moved by more than so many percent; only those that were billed before.

    Before its end a month is expected to hold less.
    """
    for client_id, cents in sorted(before.items()):
        moved = now.get(client_id, 0) - cents
        if abs(moved) * 100 > abs(cents) * alert_percent and (is_over or moved > 0):
            yield Anomaly(
                "client_moved",
                f"{client_id}: {decimal_text(now.get(client_id, 0))} net after {decimal_text(cents)} the month before",
                _documents_of(client_id, month),
            )


def _below_cost(margins: pd.DataFrame, month: Period) -> Iterable[Anomaly]:
    """Charges below what they cost, by client and category; what the house pays on purpose has no charge."""
    sums = (
        margins[margins["document_number"] != ""]
        .groupby(["client_id", "category"])[["cost_micros", "charge_cents"]]
        .sum()
    )
    for (client_id, category), cost, charge in zip(sums.index, sums["cost_micros"], sums["charge_cents"], strict=True):
        if 0 < charge * MICROS_PER_CENT < cost:
            text = f"{client_id}, {category}: charged {decimal_text(charge)}, paid {micros_text(cost)}"
            yield Anomaly("below_cost", text, _documents_of(client_id, month))


def why(transaction_id: str) -> str:
    """The command that tells whose a transaction is, and at what price."""
    return f"billing-job why {shlex.quote(transaction_id)}"


def _documents_of(client_id: str, month: Period) -> str:
    return f"billing-job list --month {month} --client {shlex.quote(client_id)}"


def told(found: Sequence[Anomaly], most: int = 10) -> list[Notice]:
    """What people are told, a few of each kind."""
    notices = []
    for kind in dict.fromkeys(anomaly.kind for anomaly in found):
        of_kind = [anomaly.notice for anomaly in found if anomaly.kind == kind]
        notices += of_kind[:most]
        if len(of_kind) > most:
            notices.append(Notice(f"… and {len(of_kind) - most} more of the kind {kind}"))
    return notices
