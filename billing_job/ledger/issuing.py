"""Storing documents: the number, the document, its lines and what it settles, in one database transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError

from billing_job.core.document import (
    Document,
    Kind,
)
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
        for lot in lots:
            issued = numbers.give([bill.document for bill in lot if bill.document is not None])
            store_documents(connection, issued, period)
            record_evidence(connection, issued, evidence)
            given = [document.number for document in issued]
            coming = iter(given)
            settled = [(bill, next(coming) if bill.document else None) for bill in lot]
            _settle(connection, settled, period, generations)
            found += given
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


def _settle(
    connection: Connection,
    settled: Sequence[tuple[Bill, str | None]],
    period: str,
    freed: Mapping[tuple[str, int], int],
) -> None:
    """Record what each bill settles by the document of that number, if it has one; `freed` as `_generations` has it.

    The primary key refuses a transaction that a document settles already.
    """
    rows = [
        (*each, freed.get(each[:2], 0) + 1, bill.client_id, period, None if each.line is None else number)
        for bill, number in settled
        for each in bill.settlements
    ]
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
