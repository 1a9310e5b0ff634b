"""From charges to documents: lines, VAT by category, totals, and which transactions a document settles.

Nothing here gives out a number: the ledger does, in the database transaction that stores the document.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from billing_job.billing.invoicing.client_description import client_description
from billing_job.billing.invoicing.fee_discount_minimum import PlanTerms, discount_shares, minimum_difference, plan_line
from billing_job.core.categories import DISCOUNT, MINIMUM, MONTHLY_FEE
from billing_job.core.columns.python_values import cells_of
from billing_job.core.columns.schema import PRICED, conform
from billing_job.core.document import (
    Client,
    DetailRow,
    Document,
    Kind,
    Line,
    MonthTotal,
    Preceding,
    Seller,
    Vat,
    VatTotal,
)
from billing_job.core.money import vat_cents
from billing_job.core.period import Period
from billing_job.core.settlement import CHARGE, Bill, Kept, RefundFact, Settlement

Owner = tuple[str, str]
"""A client and a month."""
Key = tuple[str, int]
"""A transaction and its part."""
OUTSIDE_SCOPE = "O"


@dataclass(frozen=True, slots=True)
class Terms:
    """What all documents of a run have in common."""

    seller: Seller
    currency: str
    period: Period
    issue_date: date
    today: date
    """Due dates count from the later of it and the issue date."""
    payment_terms_days: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Facts:
    """What earlier documents decided about the rows of this run, by (transaction, part)."""

    refunds: Mapping[Key, RefundFact] = field(default_factory=dict)
    """Refunds of what is settled already: the net that they give back is after discount."""
    undiscounted: Collection[Key] = ()
    """Refunds whose amount a user decided: it is given back as it is."""
    kept: Mapping[Key, Kept] = field(default_factory=dict)
    """Transactions that a credit note freed."""
    refund_of: Mapping[Key, Key] = field(default_factory=dict)
    """Each refund → what it gives back."""


@dataclass(frozen=True, slots=True)
class FreedTerms:
    """What the files now say of months with freed transactions: they are billed by it, whatever was recorded."""

    vat: Mapping[Owner, Vat] = field(default_factory=dict)
    discounts: Mapping[Owner, int] = field(default_factory=dict)
    """In millionths."""


NO_FACTS = Facts()
NOTHING_FREED = FreedTerms()


class _Row(NamedTuple):
    """What a row of PRICED says, and the day it happened."""

    transaction_id: str
    part: int
    period: str
    category: str
    description: str
    number: str
    trunk: str
    date: date
    quantity: int
    cost_cents: int
    charge_cents: int
    line_key: int
    visible: bool
    rule: str
    unit_place: int
    units: int


@dataclass(slots=True)
class _Entry:
    """A settlement in the making: of a row, a fee or a minimum."""

    settlement: Settlement
    line: Line | None
    """The line that it stands on; None where it shows on none."""


def bills(
    priced: pd.DataFrame,
    clients: Mapping[str, Client],
    vat: Mapping[Owner, Vat],
    vat_id_checks: Mapping[str, str],
    history: Mapping[str, Sequence[MonthTotal]],
    plan_terms: Mapping[Owner, PlanTerms],
    terms: Terms,
    facts: Facts = NO_FACTS,
    freed: FreedTerms = NOTHING_FREED,
) -> list[Bill]:
    """The bills of each client that has charges or owes something, in the order of client ids; PRICED in.

    `vat` and `plan_terms` are by client and month. A client has one document, and one more where lines outside the
    scope of VAT may not stand beside others (EN 16931 BR-O-11 to BR-O-14).
    """
    columns = _columns(conform(priced, PRICED, "issue"), terms.zone)
    places = _places(columns["client_id"])
    owing: dict[str, list[str]] = {}
    for client_id, month in plan_terms:
        owing.setdefault(client_id, []).append(month)
    found = []
    for client_id in sorted({*places, *owing}):
        place = places.get(client_id, slice(0))
        rows = [_Row(*cells) for cells in zip(*(columns[name][place] for name in _Row._fields), strict=True)]
        client = clients[client_id]
        entries = _entries(rows, client, vat, facts, freed)
        lines = list(dict.fromkeys(id(entry.line) for entry in entries if entry.line is not None))
        by_id = {id(entry.line): entry.line for entry in entries if entry.line is not None}
        ordered: list[Line] = [line for key in lines if (line := by_id[key]) is not None]
        for month in sorted({*(row.period for row in rows), *owing.get(client_id, ())}):
            owner = (client_id, month)
            added, entries = _month(entries, owner, vat, plan_terms, facts, freed)
            ordered += added
        found += _documents(client_id, client, ordered, entries, vat_id_checks, history, terms, facts)
    return found


def _entries(
    rows: Sequence[_Row], client: Client, vat: Mapping[Owner, Vat], facts: Facts, freed: FreedTerms
) -> list[_Entry]:
    """Every row on its line; the net is what is charged until a discount takes its share."""
    entries: list[_Entry] = []
    for _, of_line in groupby(rows, key=attrgetter("line_key")):
        group = list(of_line)
        first = group[0]
        key = (first.transaction_id, first.part)
        line = None
        if first.visible:
            fact = facts.refunds.get(key)
            owner = (client.client_id, first.period)
            taxed = fact.vat if fact is not None else (freed.vat if key in facts.kept else vat)[owner]
            line = _line(group, client, taxed, is_refund=key in facts.refund_of or key in facts.undiscounted)
        entries += [_Entry(_settlement(row, facts), line) for row in group]
    return entries


def _line(group: Sequence[_Row], client: Client, vat: Vat, *, is_refund: bool) -> Line:
    first = group[0]
    period = Period.parse(first.period)
    return Line(
        line=0,
        category=first.category,
        description=_description(first) if client.detail == "transaction" else "",
        number=_one({row.number for row in group}),
        trunk=_one({row.trunk for row in group}),
        quantity=sum(row.quantity for row in group),
        net_cents=sum(row.charge_cents for row in group),
        vat=vat,
        period_start=period.first_day,
        period_end=period.last_day,
        rows=tuple(_detail(row) for row in group),
        is_refund=is_refund,
    )


def _settlement(row: _Row, facts: Facts) -> Settlement:
    refund_of, refund_part = facts.refund_of.get((row.transaction_id, row.part), ("", 0))
    return Settlement(
        row.transaction_id,
        row.part,
        None,
        row.category,
        row.number,
        row.trunk,
        row.cost_cents,
        row.charge_cents,
        row.charge_cents,
        row.period,
        row.rule,
        None if row.unit_place < 0 else row.unit_place,
        None if row.units < 0 else row.units,
        0,
        refund_of,
        refund_part,
    )


def _month(
    entries: list[_Entry],
    owner: Owner,
    vat: Mapping[Owner, Vat],
    plan_terms: Mapping[Owner, PlanTerms],
    facts: Facts,
    freed: FreedTerms,
) -> tuple[list[Line], list[_Entry]]:
    """The lines that the plan adds to a client's month: fee, discount, minimum; and all entries with their nets."""
    month = Period.parse(owner[1])
    terms = plan_terms.get(owner, PlanTerms())
    lines: list[Line] = []
    if terms.fee_cents:
        fee = plan_line(MONTHLY_FEE, terms.fee_cents, vat[owner], month)
        lines.append(fee)
        entries = [*entries, _Entry(_own_charge(MONTHLY_FEE, terms, owner[1], 0, terms.fee_cents), fee)]
    discounts: dict[Vat, int] = {}
    for is_freed, millionths in ((False, terms.discount_millionths), (True, freed.discounts.get(owner, 0))):
        chosen = [
            place
            for place, entry in enumerate(entries)
            if entry.line is not None and _is_discounted(entry, owner[1], facts, is_freed=is_freed)
        ]
        shares = _shares([entries[place].settlement for place in chosen], millionths, facts)
        for place, share in zip(chosen, shares, strict=True):
            entry = entries[place]
            settled = replace(
                entry.settlement,
                net_cents=entry.settlement.charge_cents - share,
                discount_millionths=millionths,
            )
            entries[place] = _Entry(settled, entry.line)
            if share and entry.line is not None:
                discounts[entry.line.vat] = discounts.get(entry.line.vat, 0) + share
    lines += [plan_line(DISCOUNT, -cents, taxed, month) for taxed, cents in discounts.items() if cents]
    missing = minimum_difference(terms, sum(_net(entry, owner[1]) for entry in entries))
    if missing:
        minimum = plan_line(MINIMUM, missing, vat[owner], month)
        lines.append(minimum)
        entries = [*entries, _Entry(_own_charge(MINIMUM, terms, owner[1], terms.minimum_part, missing), minimum)]
    return lines, entries


def _net(entry: _Entry, month: str) -> int:
    return entry.settlement.net_cents if entry.settlement.month == month else 0


def _is_discounted(entry: _Entry, month: str, facts: Facts, *, is_freed: bool) -> bool:
    """Rows of the month and its fee; a refund of what is settled is after discount already."""
    settlement = entry.settlement
    key = (settlement.transaction_id, settlement.part)
    if settlement.month != month or key in facts.refunds or key in facts.undiscounted:
        return False
    return (key in facts.kept) == is_freed


def _shares(settlements: Sequence[Settlement], millionths: int, facts: Facts) -> list[int]:
    """The discount's shares; a freed row that is charged as before has the share that it had."""
    shares: list[int | None] = []
    for settlement in settlements:
        kept = facts.kept.get((settlement.transaction_id, settlement.part))
        same = kept is not None and (kept.charge_cents, kept.discount_millionths) == (
            settlement.charge_cents,
            millionths,
        )
        shares.append(kept.charge_cents - kept.net_cents if kept is not None and same else None)
    others = [settlement.charge_cents for settlement, share in zip(settlements, shares, strict=True) if share is None]
    coming = iter(discount_shares(others, millionths))
    return [next(coming) if share is None else share for share in shares]


def _own_charge(category: str, terms: PlanTerms, month: str, part: int, cents: int) -> Settlement:
    id_ = f"{CHARGE}{category}:{terms.account}:{month}"
    return Settlement(id_, part, None, category, "", "", 0, cents, cents, month)


def _documents(
    client_id: str,
    client: Client,
    lines: Sequence[Line],
    entries: Sequence[_Entry],
    vat_id_checks: Mapping[str, str],
    history: Mapping[str, Sequence[MonthTotal]],
    terms: Terms,
    facts: Facts,
) -> list[Bill]:
    """One document, or two where category O stands beside others; what shows on none is settled with the first."""
    if not any(line.net_cents for line in lines):
        # A client with nothing to pay gets no document; the transactions are settled all the same.
        settled = tuple(entry.settlement for entry in entries)
        return [Bill(client_id, None, settled)] if settled else []
    outside = [line for line in lines if line.vat.category == OUTSIDE_SCOPE]
    inside = [line for line in lines if line.vat.category != OUTSIDE_SCOPE]
    found: list[Bill] = []
    left = list(entries)
    for part in (inside, outside):
        if not part:
            continue
        numbers = {id(line): number for number, line in enumerate(part, 1)}
        mine = [entry for entry in left if entry.line is not None and id(entry.line) in numbers]
        mine += [entry for entry in left if entry.line is None] if not found else []
        settled = tuple(
            entry.settlement if entry.line is None else replace(entry.settlement, line=numbers[id(entry.line)])
            for entry in mine
        )
        document = None
        if any(line.net_cents for line in part):
            document = _document(
                client,
                [replace(line, line=numbers[id(line)]) for line in part],
                vat_id_checks.get(client_id, ""),
                tuple(history.get(client_id, ())),
                _preceding(mine, facts),
                terms,
            )
        else:
            settled = tuple(replace(settlement, line=None) for settlement in settled)
        found.append(Bill(client_id, document, settled))
    return found


def _preceding(entries: Sequence[_Entry], facts: Facts) -> tuple[Preceding, ...]:
    """The invoices that refunds give something of back, in the order of their dates and numbers."""
    found = {
        Preceding(fact.document_number, fact.issue_date)
        for entry in entries
        if entry.line is not None
        and (fact := facts.refunds.get((entry.settlement.transaction_id, entry.settlement.part))) is not None
        and fact.document_number
    }
    return tuple(sorted(found, key=lambda each: (each.issue_date, each.number)))


def vat_totals(lines: Sequence[Line]) -> tuple[VatTotal, ...]:
    """Sum the rounded lines of each VAT category and rate, and tax each sum once (EN 16931 BG-23, BR-CO-17)."""
    nets: dict[Vat, int] = {}
    for line in lines:
        nets[line.vat] = nets.get(line.vat, 0) + line.net_cents
    return tuple(VatTotal(vat, net, vat_cents(net, vat.rate)) for vat, net in nets.items())


def _columns(frame: pd.DataFrame, zone: ZoneInfo) -> dict[str, list[Any]]:
    """The columns of PRICED as lists, and `date`: the day of each row in the seller's zone."""
    local = pd.DatetimeIndex(frame["created_at"].to_numpy(np.int64).astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    days, place = np.unique(local.tz_localize(None).to_numpy().astype("datetime64[D]"), return_inverse=True)
    dates = days.tolist()
    columns = {str(name): cells_of(frame[name]) for name in PRICED}
    return columns | {"date": [dates[day] for day in place.tolist()]}


def _places(client_ids: Sequence[str]) -> dict[str, slice]:
    """Where the rows of each client stand; PRICED is sorted by client and line already."""
    sizes = [(client_id, sum(1 for _ in group)) for client_id, group in groupby(client_ids)]
    ends = list(accumulate(size for _, size in sizes))
    return {client_id: slice(end - size, end) for (client_id, size), end in zip(sizes, ends, strict=True)}


def _one(values: set[str]) -> str:
    """The value that all rows share; empty when they differ."""
    return next(iter(values)) if len(values) == 1 else ""


def _description(row: _Row) -> str:
    return client_description(row.description, row.cost_cents, row.part)


def _detail(row: _Row) -> DetailRow:
    return DetailRow(
        row.transaction_id,
        row.date,
        _description(row),
        row.number,
        row.trunk,
        row.quantity,
        row.charge_cents,
    )


def _document(
    client: Client,
    lines: Sequence[Line],
    vat_id_check: str,
    history: tuple[MonthTotal, ...],
    preceding: tuple[Preceding, ...],
    terms: Terms,
) -> Document:
    totals = vat_totals(lines)
    net = sum(total.net_cents for total in totals)
    vat = sum(total.vat_cents for total in totals)
    gives_back = (net + vat, net) < (0, 0)
    days = terms.payment_terms_days if client.payment_terms_days is None else client.payment_terms_days
    return Document(
        number="",
        kind=Kind.CREDIT_NOTE if gives_back else Kind.INVOICE,
        period_start=terms.period.first_day,
        period_end=terms.period.last_day,
        issue_date=terms.issue_date,
        due_date=max(terms.issue_date, terms.today) + timedelta(days=days),
        currency=terms.currency,
        seller=terms.seller,
        client=client,
        lines=tuple(lines),
        vat_totals=totals,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        client_vat_id_checked=vat_id_check,
        history=history,
        preceding=preceding if gives_back else (),
    )
