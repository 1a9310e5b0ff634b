"""What months were billed by, and who bore the months of which trunk: added, never changed."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, select

from billing_job.core.document import Supply, Vat
from billing_job.core.settlement import MonthTerms, TrunkMonth
from billing_job.ledger.billing_tables import client_months, closings, terms, trunk_months
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction


def recorded_terms(
    engine: Engine, months: Collection[str], clients: Collection[str] | None = None
) -> dict[tuple[str, str], MonthTerms]:
    """(client, month) → the terms that hold, the last that were recorded; of these clients, or of all."""
    return {owner: found[-1] for owner, found in all_terms(engine, months, clients).items()}


def all_terms(
    engine: Engine, months: Collection[str], clients: Collection[str] | None = None
) -> dict[tuple[str, str], list[MonthTerms]]:
    """(client, month) → its terms by generation; of these clients, or of all."""
    query = select(client_months.c.client_id, client_months.c.month, client_months.c.vat, terms.c.body).join_from(
        client_months, terms
    )
    chosen = query.where(client_months.c.month.in_(sorted(months))).order_by(client_months.c.generation)
    found: dict[tuple[str, str], list[MonthTerms]] = defaultdict(list)
    with transaction(engine) as connection:
        for some in _of_each(chosen, client_months.c.client_id, clients):
            for row in connection.execute(some):
                found[row.client_id, row.month].append(MonthTerms(row.client_id, row.month, row.body, _vat(row.vat)))
    return dict(found)


def borne_months(
    engine: Engine, months: Collection[str], trunks: Collection[str] | None = None
) -> dict[tuple[str, str, str], str]:
    """(trunk, since, month) → the client that bore or owes it; of these trunks, or of all."""
    query = select(trunk_months).where(trunk_months.c.month.in_(sorted(months)))
    with transaction(engine) as connection:
        return {
            (row.trunk, row.since, row.month): row.client_id
            for some in _of_each(query, trunk_months.c.trunk, trunks)
            for row in connection.execute(some)
        }


def _of_each(query: Select[Any], column: ColumnElement[str], values: Collection[str] | None) -> Iterator[Select[Any]]:
    """The query for lots of these values, or the query itself."""
    if values is None:
        yield query
        return
    for lot in chunks(sorted(values)):
        yield query.where(column.in_(lot))


def months_without_terms(engine: Engine) -> set[str]:
    """Months closed while somebody who bore them could not be billed: no terms of that client are recorded."""
    has_terms = and_(
        client_months.c.client_id == trunk_months.c.client_id, client_months.c.month == trunk_months.c.month
    )
    query = (
        select(trunk_months.c.month)
        .join(closings, closings.c.period == trunk_months.c.month)
        .outerjoin(client_months, has_terms)
        .where(client_months.c.client_id.is_(None), trunk_months.c.trunk != "")
        .distinct()
    )
    with transaction(engine) as connection:
        return set(connection.execute(query).scalars())


def record_terms(connection: Connection, found: Sequence[MonthTerms], borne: Sequence[TrunkMonth]) -> None:
    """Add what is not recorded yet, or was recorded otherwise before, in the caller's database transaction."""
    months = sorted({each.month for each in found} | {each.month for each in borne})
    columns = ("client_id", "month", "generation", "terms_sha256", "vat")
    stored_terms = (
        select(*(client_months.c[name] for name in columns))
        .where(client_months.c.month.in_(months))
        .order_by(client_months.c.generation)
    )
    known = {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(stored_terms)}
    bodies = {hashlib.sha256(body.encode()).hexdigest(): body for body in {each.terms for each in found}}
    digest_of = {body: digest for digest, body in bodies.items()}
    fresh = []
    for each in found:
        last, *said = known.get((each.client_id, each.month), (-1,))
        now = (digest_of[each.terms], _text(each.vat))
        if tuple(said) != now:
            fresh.append((each.client_id, each.month, last + 1, *now))
    stored = set(connection.execute(select(terms.c.sha256)).scalars()) if bodies else set()
    add(connection, terms, ("sha256", "body"), [(d, b) for d, b in sorted(bodies.items()) if d not in stored])
    add(connection, client_months, columns, fresh)
    keys = (trunk_months.c.trunk, trunk_months.c.since, trunk_months.c.month)
    stored_trunks = select(*keys).where(trunk_months.c.month.in_(months))
    borne_now = {tuple(row) for row in connection.execute(stored_trunks)}
    new = {(each.trunk, each.since, each.month): each.client_id for each in borne}
    rows = [(*key, client_id) for key, client_id in new.items() if key not in borne_now]
    add(connection, trunk_months, ("trunk", "since", "month", "client_id"), rows)


def _text(vat: Vat) -> str:
    supply = [] if vat.supply is None else [vat.supply.case, vat.supply.country, vat.supply.vat_id]
    cells = [vat.category, str(vat.rate), vat.exemption_code, vat.exemption_reason, *supply]
    return json.dumps(cells, ensure_ascii=False)


def _vat(text: str) -> Vat:
    """What `_text` wrote; months from before the supply was kept have four cells."""
    category, rate, code, reason, *supply = json.loads(text)
    return Vat(category, Decimal(rate), code, reason, Supply(*supply) if supply else None)
