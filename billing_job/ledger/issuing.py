"""Storing documents: the number, the document, its lines and what it settles, in one database transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError

from billing_job.core.document import Document, Kind
from billing_job.core.errors import LedgerError
from billing_job.core.settlement import Bill, MonthTerms, Settlement, TrunkMonth
from billing_job.ledger.billing_tables import closings, releases, settlements
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.month_terms import record_terms
from billing_job.ledger.numbering import Numbers, store_documents
from billing_job.ledger.vies_answers import record_evidence

NO_EVIDENCE: Mapping[str, int] = {}
_SETTLED_AT_ONCE = 50_000
"""Rows of several lots: the more, the more of them are neighbours in the ledger; 30 MiB."""
SETTLEMENT_COLUMNS = (*Settlement._fields, "generation", "client_id", "period", "document_number")


def issue(
    engine: Engine,
    lots: Iterable[Sequence[Bill]],
    period: str,
    formats: Mapping[Kind, str],
    *,
    closes: bool,
    now: str,
    today: date,
    terms: Callable[[], Sequence[MonthTerms]] = tuple,
    borne: Sequence[TrunkMonth] = (),
    together_with: Callable[[Connection], None] = lambda _: None,
    evidence: Mapping[str, int] = NO_EVIDENCE,
) -> list[str]:
    """Number and store the bills' documents and settlements, one lot after the other; all of them, or none.

    Returns the numbers. `lots` may make each lot when it is asked for, without asking this ledger: what is stored is
    held no longer, and an error on the way leaves nothing behind. `formats` gives each kind's numbering. With `closes`
    the period counts as billed whole from now on. `terms`, asked for after the lots, and `borne` are recorded for what
    comes later, where nothing is recorded yet; `together_with` records what else holds if and only if the documents are
    issued. `evidence` has VIES' answers by VAT id: reverse charges keep theirs.
    """
    with transaction(engine) as connection:
        together_with(connection)
        numbers, generations = Numbers(connection, formats, today), _generations(connection)
        found: list[str] = []
        rows: list[tuple[Any, ...]] = []
        for lot in lots:
            issued = numbers.give([bill.document for bill in lot if bill.document is not None])
            store_documents(connection, issued, period)
            record_evidence(connection, issued, evidence)
            given = [document.number for document in issued]
            rows += _settlement_rows(lot, given, period, generations)
            if len(rows) >= _SETTLED_AT_ONCE:
                _settle(connection, rows)
                rows = []
            found += given
        _settle(connection, rows)
        record_terms(connection, terms(), borne)
        if closes:
            known = connection.execute(select(closings.c.period).where(closings.c.period == period)).one_or_none()
            if known is None:
                add(connection, closings, ("period", "closed"), [(period, now)])
        return found


def numbered(connection: Connection, document: Document, formats: Mapping[Kind, str], today: date) -> Document:
    """Give the document the next number of its series."""
    return Numbers(connection, formats, today).give([document])[0]


def _generations(connection: Connection) -> dict[tuple[str, int], int]:
    """(transaction, part) → its latest settlement that a credit note undid."""
    latest = select(releases.c.transaction_id, releases.c.part, func.max(releases.c.generation).label("generation"))
    return {
        (row.transaction_id, row.part): row.generation
        for row in connection.execute(latest.group_by(releases.c.transaction_id, releases.c.part))
    }


def _settlement_rows(
    lot: Sequence[Bill], numbers: Sequence[str], period: str, freed: Mapping[tuple[str, int], int]
) -> Iterator[tuple[Any, ...]]:
    """What each bill settles, by its document if it has one; `freed` as `_generations` has it."""
    coming = iter(numbers)
    for bill in lot:
        number = next(coming) if bill.document else None
        for each in bill.settlements:
            generation = freed.get(each[:2], 0) + 1
            yield (*each, generation, bill.client_id, period, None if each.line is None else number)


def _settle(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Record settlements; the primary key refuses a transaction that a document settles already."""
    try:
        with connection.begin_nested():
            add(connection, settlements, SETTLEMENT_COLUMNS, rows)
    except IntegrityError:
        raise LedgerError(
            f"invariant 2: a transaction of client {_settled_before(connection, rows)} is on a document already;"
            " nothing was issued"
        ) from None


def _settled_before(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> str:
    """The client of the first of these settlements that the ledger has, or that is among them twice."""
    names = ("transaction_id", "part", "generation")
    key, client_id = itemgetter(*map(SETTLEMENT_COLUMNS.index, names)), SETTLEMENT_COLUMNS.index("client_id")
    known: set[tuple[Any, ...]] = set()
    for chunk in chunks([key(row)[0] for row in rows]):
        query = select(*(settlements.c[name] for name in names)).where(settlements.c.transaction_id.in_(chunk))
        known |= {tuple(row) for row in connection.execute(query)}
    for row in rows:
        if key(row) in known:
            return str(row[client_id])
        known.add(key(row))
    return ""
