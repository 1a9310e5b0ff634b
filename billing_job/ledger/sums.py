"""Sums for the month's page: what each month cost and brought, and where the wallet's money went."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import ColumnElement, Connection, Engine, case, func, select

from billing_job.core.period import Span
from billing_job.core.sums import Flow, Movement, When
from billing_job.ledger.billing_tables import document_lines, documents, releases, settlements
from billing_job.ledger.database import transaction
from billing_job.ledger.derived_tables import wallet_sums
from billing_job.ledger.exact_sums import halves, whole_sum
from billing_job.ledger.tables import MOVED, moved_in, transactions


def flows(engine: Engine, first: str, last: str) -> list[Flow]:
    """Cost and charge by month, client and category, from month `first` to month `last`, both included.

    A charge is the net of the lines in the month whose folder holds the document: fees are in it, and credit notes with
    their minus. A cost belongs to the month that settled it, what the house pays included; a credit note that frees
    transactions takes their cost back in its own month, so that earlier months stay what they were.
    """
    sums: dict[tuple[str, str, str], list[int]] = {}
    line_keys = (documents.c.folder, documents.c.client_id, document_lines.c.category)
    lines = (
        select(*line_keys, func.sum(document_lines.c.net_cents))
        .join_from(document_lines, documents)
        .where(documents.c.folder.between(first, last))
        .group_by(*line_keys)
    )
    cost_keys = (settlements.c.period, settlements.c.client_id, settlements.c.category)
    costs = (
        select(*cost_keys, func.sum(settlements.c.cost_micros))
        .where(settlements.c.period.between(first, last))
        .group_by(*cost_keys)
    )
    freed_keys = (documents.c.folder, settlements.c.client_id, settlements.c.category)
    freed = (
        select(*freed_keys, -func.sum(settlements.c.cost_micros))
        .select_from(releases.join(settlements).join(documents, documents.c.number == releases.c.credit_number))
        .where(documents.c.folder.between(first, last))
        .group_by(*freed_keys)
    )
    with transaction(engine) as connection:
        for place, query in ((0, costs), (0, freed), (1, lines)):
            for month, client_id, category, amount in connection.execute(query):
                sums.setdefault((month, client_id, category), [0, 0])[place] += int(amount)
    return [Flow(*key, cost, charge) for key, (cost, charge) in sorted(sums.items())]


def document_costs(engine: Engine, folder: str) -> dict[str, int]:
    """Document number → what its transactions cost, in micros; negative for what a credit note took back."""
    billed = (
        select(settlements.c.document_number, func.sum(settlements.c.cost_micros))
        .join_from(settlements, documents, documents.c.number == settlements.c.document_number)
        .where(documents.c.folder == folder)
        .group_by(settlements.c.document_number)
    )
    freed = (
        select(releases.c.credit_number, -func.sum(settlements.c.cost_micros))
        .select_from(releases.join(settlements).join(documents, documents.c.number == releases.c.credit_number))
        .where(documents.c.folder == folder)
        .group_by(releases.c.credit_number)
    )
    costs: dict[str, int] = {}
    with transaction(engine) as connection:
        for query in (billed, freed):
            for number, micros in connection.execute(query):
                costs[number] = costs.get(number, 0) + int(micros)
    return costs


def movements(engine: Engine, starts: int, ends: int, gone: Collection[str], currency: str) -> list[Movement]:
    """Movements of that currency but the withdrawn ones (`gone`), by type before, within, after [starts, ends).

    `starts` and `ends` are microseconds since 1970 UTC. Together they are what `withdrawals.wallet_movements` adds up.
    """
    listed = (
        moved_in(currency),
        transactions.c.transaction_id.not_in(sorted(gone)),
    )
    when = case(
        (transactions.c.created_at.is_(None), "undated"),
        (transactions.c.created_at < starts, "before"),
        (transactions.c.created_at < ends, "within"),
        else_="after",
    ).label("time")
    sums: dict[tuple[When, str], list[int]] = {}
    with transaction(engine) as connection:
        for when_, type_, count, micros in _movement_rows(connection, when, listed):
            entry = sums.setdefault((when_, type_), [0, 0])
            entry[0] += count
            entry[1] += micros
    return [Movement(when_, type_, count, micros) for (when_, type_), (count, micros) in sorted(sums.items())]


def moved_before(engine: Engine, starts: int, currency: str, gone: Collection[str]) -> int:
    """What every dated movement of that currency before `starts` came to, in micros, `gone` ones apart."""
    query = select(*halves(transactions.c.micros)).where(
        MOVED,
        transactions.c.transaction_id.not_in(sorted(gone)),
        transactions.c.created_at < starts,
        transactions.c.currency == currency,
    )
    with transaction(engine) as connection:
        return whole_sum(*connection.execute(query).one())


def newest_row(engine: Engine) -> int:
    """The number of the row that came last; 0 before the first."""
    with transaction(engine) as connection:
        return connection.execute(select(func.max(transactions.c.seq))).scalar_one() or 0


def moved_since(engine: Engine, row: int, spans: Mapping[str, Span]) -> list[str]:
    """The months, by their spans, of which movements came after that row."""
    came = (MOVED, transactions.c.seq > row)
    with transaction(engine) as connection:
        first = connection.execute(select(func.min(transactions.c.created_at)).where(*came)).scalar_one()
        return [
            month
            for month, (starts, ends) in sorted(spans.items())
            if first is not None
            and first < ends
            and connection.execute(
                select(transactions.c.seq)
                .where(*came, transactions.c.created_at >= starts, transactions.c.created_at < ends)
                .limit(1)
            ).first()
        ]


def _movement_rows(
    connection: Connection, when: ColumnElement[str], listed: Iterable[ColumnElement[bool]]
) -> Iterator[tuple[When, str, int, int]]:
    """Sums of the ordinary amounts, then each amount that is too large for sums of the database."""
    type_ = transactions.c.type
    sums = select(when, type_, func.count(), *halves(transactions.c.micros)).where(*listed).group_by(when, type_)
    for row in connection.execute(sums):
        yield row[0], row[1], int(row[2]), whole_sum(row[3], row[4])
    large = select(when, type_, transactions.c.large_micros).where(*listed, transactions.c.large_micros.is_not(None))
    for row in connection.execute(large):
        yield row[0], row[1], 0, int(row[2])


def ledger_size(engine: Engine) -> tuple[int, int]:
    """How many transactions are mirrored, and how many documents were issued."""
    with transaction(engine) as connection:
        mirrored = connection.execute(select(func.sum(wallet_sums.c.rows))).scalar_one() or 0
        return int(mirrored), connection.execute(select(func.count()).select_from(documents)).scalar_one()
