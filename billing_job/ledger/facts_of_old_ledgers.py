"""Steps of the schema that make facts of what an old ledger has; what it lacks is derived from the stored documents."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, Index, Table, bindparam, func, inspect, select, text, update
from sqlalchemy.schema import CreateColumn, CreateIndex

from billing_job.core.categories import CHARGE, DISCOUNT, MINIMUM, MONTHLY_FEE
from billing_job.core.document import Document, Line
from billing_job.core.document_json import document_from_json
from billing_job.core.period import Period
from billing_job.ledger.billing_tables import (
    client_months,
    closings,
    decisions,
    documents,
    releases,
    settlements,
    trunk_months,
)
from billing_job.ledger.tables import metadata
from billing_job.ledger.wallet_in_micros import wallet_in_micros

_DERIVED = ("net_cents", "month", "discount_millionths")


def settlements_become_facts(connection: Connection) -> None:
    """Add the new tables and columns, and fill them for what was settled before.

    A ledger as old as this has its amounts in cents; what is written here is written in the columns of today.
    """
    wallet_in_micros(connection)
    metadata.create_all(connection)
    added = [add_columns(connection, table) for table in (settlements, decisions)]
    if not any(added):
        return  # a ledger that this program has just made
    connection.execute(update(settlements).values(month=settlements.c.period, net_cents=settlements.c.charge_cents))
    bore = select(documents.c.client_id, documents.c.period).where(
        documents.c.corrects.is_(None), documents.c.period.in_(select(closings.c.period))
    )
    for client_id, month in connection.execute(bore.distinct()).all():
        # Which trunks it had then is not known; that it bore the month is.
        row = {"trunk": "", "since": client_id, "month": month, "client_id": client_id}
        connection.execute(trunk_months.insert().values(row))
    for body in connection.execute(select(documents.c.body).where(documents.c.corrects.is_(None))).scalars().all():
        _derive(connection, document_from_json(body))


def add_columns(connection: Connection, table: Table) -> bool:
    """Add what a table has gained since; tells whether there were columns to add; their indexes come along."""
    known = {column["name"] for column in inspect(connection).get_columns(table.name)}
    missing = [column for column in table.columns if column.name not in known]
    for column in missing:
        definition = CreateColumn(column).compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {definition}"))
    names = {column.name for column in missing}
    for index in table.indexes:
        if isinstance(index, Index) and names & {column.name for column in index.columns}:
            connection.execute(CreateIndex(index, if_not_exists=True))
    return bool(missing)


def terms_have_generations(connection: Connection) -> None:
    """Number the terms of a client's month: what was recorded so far is the first of them."""
    if "generation" in inspect(connection).get_pk_constraint(client_months.name)["constrained_columns"]:
        return  # a ledger that this program has just made
    add_columns(connection, client_months)
    rows = connection.execute(select(client_months).order_by(client_months.c.seq)).all()
    client_months.drop(connection)
    client_months.create(connection)
    if rows:
        connection.execute(client_months.insert(), [dict(row._mapping) for row in rows])


def acceptances_have_a_settlement(connection: Connection) -> None:
    """Note which settlement of a changed row was accepted: the one that credit notes of earlier days had left."""
    add_columns(connection, decisions)
    freed_before = (
        select(func.count())
        .join_from(releases, documents, releases.c.credit_number == documents.c.number)
        .where(
            releases.c.transaction_id == decisions.c.transaction_id,
            releases.c.part == 0,
            documents.c.issue_date <= func.substr(decisions.c.decided_at, 1, 10),
        )
        .scalar_subquery()
    )
    connection.execute(
        update(decisions).where(decisions.c.accepts, decisions.c.generation.is_(None)).values(generation=freed_before)
    )


def _derive(connection: Connection, document: Document) -> None:
    """The month, the net after discount, and fee and minimum as settlements of their own."""
    net = _net_of_rows(document)
    rows = connection.execute(
        select(settlements.c.transaction_id, settlements.c.part, settlements.c.generation, settlements.c.line)
        .where(settlements.c.document_number == document.number)
        .order_by(settlements.c.transaction_id, settlements.c.part)
    ).all()
    lines = {line.line: line for line in document.lines}
    rate = _discount_millionths(document)
    changes = []
    for row in rows:
        if row.line is None:
            continue
        shares = net.get((row.line, row.transaction_id))
        changes.append(
            {
                "id": row.transaction_id,
                "of_part": row.part,
                "of_generation": row.generation,
                "net_cents": shares.pop(0) if shares else 0,
                "month": str(Period.of(lines[row.line].period_end)),
                "discount_millionths": rate,
            }
        )
    if changes:
        connection.execute(
            update(settlements)
            .where(
                settlements.c.transaction_id == bindparam("id"),
                settlements.c.part == bindparam("of_part"),
                settlements.c.generation == bindparam("of_generation"),
            )
            .values({name: bindparam(name) for name in _DERIVED}),
            changes,
        )
    credit = connection.execute(
        select(releases.c.credit_number)
        .where(
            releases.c.transaction_id == settlements.c.transaction_id,
            releases.c.part == settlements.c.part,
            releases.c.generation == settlements.c.generation,
            settlements.c.document_number == document.number,
        )
        .limit(1)
    ).scalar_one_or_none()
    for charge in _own_charges(document, net, rate):
        key = {"transaction_id": charge["transaction_id"], "part": charge["part"]}
        earlier = connection.execute(
            select(func.max(settlements.c.generation)).where(
                settlements.c.transaction_id == key["transaction_id"], settlements.c.part == key["part"]
            )
        ).scalar_one_or_none()
        key["generation"] = (earlier or 0) + 1
        connection.execute(settlements.insert().values({**charge, **key}))
        if credit is not None:  # freed with its transactions
            connection.execute(releases.insert().values({**key, "credit_number": credit}))


def _net_of_rows(document: Document) -> dict[tuple[int, str], list[int]]:
    """(line, transaction) → its nets, in the order of the parts: the discount shared out by largest remainder."""
    shared = [
        (line, row)
        for line, row in document.detail_rows()
        if line.category not in (DISCOUNT, MINIMUM) and (row.transaction_id or line.category == MONTHLY_FEE)
    ]
    discount = -sum(line.net_cents for line in document.lines if line.category == DISCOUNT)
    base = sum(row.net_cents for _, row in shared)
    shares = [row.net_cents * discount // base if base else 0 for _, row in shared]
    remainders = [row.net_cents * discount % base if base else 0 for _, row in shared]
    order = sorted(range(len(shared)), key=lambda place: (-remainders[place], place))
    for place in order[: discount - sum(shares)]:
        shares[place] += 1
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for (line, row), share in zip(shared, shares, strict=True):
        found[line.line, row.transaction_id].append(row.net_cents - share)
    return found


def _discount_millionths(document: Document) -> int:
    """What the document's discount comes to; enough to see that it is the same or another one."""
    discount = -sum(line.net_cents for line in document.lines if line.category == DISCOUNT)
    base = sum(line.net_cents for line in document.lines if line.category not in (DISCOUNT, MINIMUM))
    return discount * 1_000_000 // base if base else 0


def _own_charges(
    document: Document, net: dict[tuple[int, str], list[int]], rate: int
) -> Iterator[dict[str, str | int | None]]:
    """Fee and minimum of a document as settlements."""
    for line in document.lines:
        if line.category in (MONTHLY_FEE, MINIMUM):
            yield _settlement(document, line, net.get((line.line, ""), [line.net_cents])[0], rate)


def _settlement(document: Document, line: Line, net_cents: int, rate: int) -> dict[str, str | int | None]:
    client_id, month = document.client.client_id, str(Period.of(line.period_end))
    return {
        "transaction_id": f"{CHARGE}{line.category}:{client_id}:{month}",
        "part": 0,
        "generation": 1,
        "client_id": client_id,
        "period": str(document.period),
        "document_number": document.number,
        "line": line.line,
        "category": line.category,
        "number": "",
        "trunk": "",
        "cost_micros": 0,
        "charge_cents": line.net_cents,
        "net_cents": net_cents,
        "month": month,
        "rule": "",
        "discount_millionths": rate if line.category == MONTHLY_FEE else 0,
        "refund_of": "",
        "refund_part": 0,
    }
