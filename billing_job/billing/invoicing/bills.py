"""From charges to documents: lines, VAT by category, totals, and which transactions a document settles.

Nothing here gives out a number: the ledger does, in the database transaction that stores the document.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from billing_job.billing.invoicing.fee_discount_minimum import PlanTerms
from billing_job.billing.invoicing.month_lines import month_lines
from billing_job.billing.invoicing.row_lines import NO_FACTS, NOTHING_FREED, Entry, Facts, FreedTerms, Row, entries_of
from billing_job.core.columns.interned import Coded, cells_of
from billing_job.core.columns.schema import PRICED, conform
from billing_job.core.countries import taxed_as
from billing_job.core.document import Document, Kind, Line, MonthTotal, Preceding, Vat, VatTotal
from billing_job.core.money import vat_cents
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period
from billing_job.core.settlement import Bill, Owner

OUTSIDE_SCOPE = "O"
ROWS_AT_ONCE = 10_000
"""Rows whose documents are held at one time: 2.4 KiB a row."""


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
    trunk_names: Mapping[str, str] = field(default_factory=dict)
    """A trunk's id in PRICED → the name that a client may read."""


class Lot(NamedTuple):
    """The bills of some clients, and the rows of PRICED that they are made of."""

    rows: pd.DataFrame
    bills: list[Bill]


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
    at_once: int = ROWS_AT_ONCE,
) -> Iterator[Lot]:
    """The bills of each client that has charges or owes something, in the order of client ids; PRICED in.

    They come in lots of about `at_once` rows, each made when it is asked for, so that a month of any size takes the
    memory of one lot; a client is in one lot, whatever it has. `vat` and `plan_terms` are by client and month. A client
    has one document, and one more where lines outside the scope of VAT may not stand beside others (EN 16931 BR-O-11 to
    BR-O-14).
    """
    priced = conform(priced, PRICED, "issue")
    places = _places(Coded.of(priced["client_id"]))
    owing: dict[str, list[str]] = {}
    for client_id, month in plan_terms:
        owing.setdefault(client_id, []).append(month)
    for lot in _lots(sorted({*places, *owing}), places, at_once):
        frame = priced.iloc[[row for client_id in lot for row in places.get(client_id, ())]]
        columns = _columns(frame, terms.zone)
        cells = zip(*(columns[name] for name in Row._fields), strict=True)
        found = []
        for client_id in lot:
            rows = [Row(*row) for row in islice(cells, len(places.get(client_id, ())))]
            client = clients[client_id]
            entries = entries_of(rows, client, vat, facts, freed)
            by_id = {id(entry.line): entry.line for entry in entries if entry.line is not None}
            ordered: list[Line] = list(by_id.values())
            for month in sorted({*(row.period for row in rows), *owing.get(client_id, ())}):
                owner = (client_id, month)
                added, entries = month_lines(entries, owner, vat, plan_terms, facts, freed)
                ordered += added
            found += _documents(client_id, client, ordered, entries, vat_id_checks, history, terms, facts)
        yield Lot(frame, found)


def _lots(client_ids: Sequence[str], places: Mapping[str, range], at_once: int) -> Iterator[list[str]]:
    """Clients in their order, as many as have so many rows together; who has none counts as one row."""
    lot: list[str] = []
    size = 0
    for client_id in client_ids:
        lot.append(client_id)
        size += max(1, len(places.get(client_id, ())))
        if size >= at_once:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def _documents(
    client_id: str,
    client: Client,
    lines: Sequence[Line],
    entries: Sequence[Entry],
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
            entry.settlement if entry.line is None else entry.settlement._replace(line=numbers[id(entry.line)])
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
            settled = tuple(settlement._replace(line=None) for settlement in settled)
        found.append(Bill(client_id, document, settled))
    return found


def _preceding(entries: Sequence[Entry], facts: Facts) -> tuple[Preceding, ...]:
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


def _places(client_ids: Coded) -> dict[str, range]:
    """Where the rows of each client stand; PRICED is sorted by client and line already."""
    codes, names = client_ids.codes, client_ids.names()
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.zeros(0, np.int64)
    ends = [*starts[1:].tolist(), len(codes)]
    return {names[codes[start]]: range(start, end) for start, end in zip(starts.tolist(), ends, strict=False)}


def _identified(client: Client, lines: Sequence[Line]) -> Client:
    """The client with the VAT id that a reverse charge must name (Directive 2006/112/EC Article 226(4)).

    One that has none any more had it in the month whose rows came late, or are given back.
    """
    if client.vat_id:
        return client
    supplies = [line.vat.supply for line in lines if line.vat.category == "AE" and line.vat.supply]
    here_first = sorted(supplies, key=lambda supply: supply.country != taxed_as(client.country))
    return replace(client, vat_id=next((supply.vat_id for supply in here_first if supply.vat_id), ""))


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
    trunks = sorted({row.trunk for line in lines for row in line.rows})
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
        client=_identified(client, lines),
        lines=tuple(lines),
        vat_totals=totals,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        client_vat_id_checked=vat_id_check,
        history=history,
        preceding=preceding if gives_back else (),
        trunk_names=tuple((trunk, terms.trunk_names[trunk]) for trunk in trunks if trunk in terms.trunk_names),
    )
