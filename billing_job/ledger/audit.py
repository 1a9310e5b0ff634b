"""Does the ledger still say what it said? Each check reads all of history and gives one sentence for what is wrong."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Column, ColumnElement, Connection, Engine, LargeBinary, cast, func, select

from billing_job.core.categories import CHARGE, MINIMUM, MONTHLY_FEE, is_of_plan
from billing_job.core.checks import document_adds_up
from billing_job.core.document import Document
from billing_job.core.document_json import document_from_json
from billing_job.core.wallet import Transaction
from billing_job.ledger.billing_tables import deliveries, document_lines, documents, series, settlements, terms
from billing_job.ledger.chain import broken_links, changed_facts, miscounted_facts
from billing_job.ledger.database import transaction
from billing_job.ledger.deliveries import DeliveryEvent
from billing_job.ledger.derived_tables import not_as_derived
from billing_job.ledger.mirror import typed_columns
from billing_job.ledger.tables import events, transactions, wallet_rows
from billing_job.ledger.undone_settlements import is_released

SHOWN = 20
"""Sentences of one check: a thousand say no more than twenty."""
LINKS_AT_A_GLANCE = 10_000
UNREADABLE = (ValueError, TypeError, LookupError)
"""What comes of cells that were changed into something else than they may hold."""


def audit(engine: Engine, read: Callable[[str], Transaction], changed: Sequence[str] = ()) -> list[str]:
    """Every check of the ledger against itself; `read` turns a raw row into a transaction under present settings.

    `changed` is what the chain shows: a check that cannot read what was changed adds nothing to it.
    """
    problems = []
    with transaction(engine) as connection:
        for check in (
            database_is_sound,
            lambda connection: rows_are_as_they_came(connection, read),
            bodies_have_their_hashes,
            documents_are_as_issued,
            counters_agree,
            settlements_agree,
            deliveries_agree,
            not_as_derived,
        ):
            try:
                found = list(check(connection))
            except UNREADABLE:
                if not changed:
                    raise
                continue
            problems += found[:SHOWN]
            if len(found) > SHOWN:
                problems.append(f"… and {len(found) - SHOWN} more of this kind")
    return problems


def audit_chain(engine: Engine) -> list[str]:
    """What the chain shows that was not recorded as it stands."""
    with transaction(engine) as connection:
        return list(changed_facts(connection))


def glance(engine: Engine) -> list[str]:
    """What shows at once that facts were taken out or put in: counts, the newest links, and the counters of numbers."""
    with transaction(engine) as connection:
        facts = [*broken_links(connection, LINKS_AT_A_GLANCE), *miscounted_facts(connection)]
        return [*facts, *counters_agree(connection)]


def database_is_sound(connection: Connection) -> Iterator[str]:
    """SQLite's own checks: pages, indexes, constraints, references; a server makes its own."""
    if connection.dialect.name != "sqlite":
        return
    for (text,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if text != "ok":
            yield f"the database is damaged: {text}; restore a backup"
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"table {row[0]}, row {row[1]} refers to a row of {row[2]} that is not there; restore a backup"


def rows_are_as_they_came(connection: Connection, read: Callable[[str], Transaction]) -> Iterator[str]:
    """Each raw row has its hash, and each transaction is what its raw row reads as."""
    columns = [column for column in transactions.c if column.name != "seq"]
    query = (
        select(wallet_rows.c.seq, wallet_rows.c.transaction_id.label("id"), wallet_rows.c.sha256)
        .add_columns(_as_bytes(connection, wallet_rows.c.raw).label("raw"), *columns)
        .join_from(wallet_rows, transactions, wallet_rows.c.seq == transactions.c.seq, isouter=True)
        .order_by(wallet_rows.c.seq)
    )
    for row in connection.execute(query).mappings():
        if hashlib.sha256(row["raw"]).hexdigest() != row["sha256"]:
            yield f"wallet row {row['seq']} (transaction {row['id']}) was changed after it was stored; restore a backup"
            continue
        expected = typed_columns(read(row["raw"].decode()))
        different = [name for name, value in expected.items() if row[name] != value]
        if different:
            yield f"transaction {row['id']} does not say what its raw row says ({', '.join(different)})"


def _as_bytes(connection: Connection, column: Column[str]) -> ColumnElement[bytes]:
    """A text as bytes: what was changed need not be text any more."""
    return cast(column, LargeBinary) if connection.dialect.name == "sqlite" else func.convert_to(column, "UTF8")


def bodies_have_their_hashes(connection: Connection) -> Iterator[str]:
    """Events and terms are named by the SHA-256 of their body."""
    for what, id_, body in (
        ("webhook event", events.c.event_id, events.c.body),
        ("terms", terms.c.sha256, terms.c.body),
    ):
        for sha256, content in connection.execute(select(id_, _as_bytes(connection, body))):
            if hashlib.sha256(content).hexdigest() != sha256:
                yield f"{what} {sha256}: the body was changed after it was stored; restore a backup"


def documents_are_as_issued(connection: Connection) -> Iterator[str]:
    """Each document has its hash, adds up, and its columns and lines say what its body says."""
    lines = defaultdict(list)
    for line in connection.execute(select(document_lines).order_by(document_lines.c.line)):
        lines[line.document_number].append((line.line, line.category, line.quantity, line.net_cents, line.vat_rate))
    for row in connection.execute(select(documents)):
        if hashlib.sha256(row.body.encode()).hexdigest() != row.sha256:
            yield f"document {row.number} was changed after it was issued; restore a backup"
            continue
        document = document_from_json(row.body)
        yield from document_adds_up(document)
        stored = (row.number, row.kind, row.client_id, row.period, row.issue_date, row.net_cents, row.vat_cents)
        said = (
            document.number,
            document.kind.value,
            document.client.client_id,
            str(document.period),
            document.issue_date.isoformat(),
            document.net_cents,
            document.vat_cents,
        )
        said_lines = [
            (line.line, line.category, int(line.quantity), line.net_cents, str(line.vat.rate))
            for line in document.lines
        ]
        if stored != said or row.gross_cents != document.gross_cents or (row.corrects or "") != document.corrects:
            yield f"document {row.number}: its columns do not say what the document says"
        if lines[row.number] != said_lines:
            yield f"document {row.number}: its lines do not say what the document says"


def counters_agree(connection: Connection) -> Iterator[str]:
    """Invariant 4: each series runs 1, 2, 3 … up to its counter."""
    found = defaultdict(list)
    for row in connection.execute(select(documents.c.kind, documents.c.series_year, documents.c.series_number)):
        found[row.kind, row.series_year].append(row.series_number)
    counters = {(row.kind, row.year): row.last_number for row in connection.execute(select(series))}
    for key in sorted(found.keys() | counters.keys()):
        last = counters.get(key, 0)
        if sorted(found[key]) != list(range(1, last + 1)):
            kind, year = key
            yield f"invariant 4: series {kind} {year} counts to {last}, but has other numbers"


def settlements_agree(connection: Connection) -> Iterator[str]:
    """Invariants 2 and 3: settlements and the documents' detail rows say the same, and none holds twice."""
    settled: Counter[tuple[str, int, str]] = Counter()
    query = select(
        settlements.c.document_number,
        settlements.c.line,
        settlements.c.transaction_id,
        func.sum(settlements.c.charge_cents).label("cents"),
    ).where(settlements.c.line.is_not(None))
    grouped = query.group_by(settlements.c.document_number, settlements.c.line, settlements.c.transaction_id)
    for row in connection.execute(grouped):
        settled[row.document_number, row.line, _printed_as(row.transaction_id)] += int(row.cents)
    printed: Counter[tuple[str, int, str]] = Counter()
    for document in _plain_documents(connection):
        for line, detail in document.detail_rows():
            if detail.transaction_id or line.category in (MONTHLY_FEE, MINIMUM):
                id_ = detail.transaction_id or f"{CHARGE}{line.category}"
                printed[document.number, line.line, id_] += detail.net_cents
    for number, line_number, id_ in sorted(settled.keys() ^ printed.keys()):
        where = "is settled on" if (number, line_number, id_) in settled else "stands on"
        yield f"invariant 2: transaction {id_} {where} {number}, line {line_number}, and only there"
    for key in sorted(settled.keys() & printed.keys()):
        if settled[key] != printed[key]:
            number, line_number, id_ = key
            yield f"invariant 3: transaction {id_} is settled for {settled[key]} cents, {number} prints {printed[key]}"
    active = (
        select(settlements.c.transaction_id, settlements.c.part)
        .where(~is_released())
        .group_by(settlements.c.transaction_id, settlements.c.part)
        .having(func.count() > 1)
    )
    for id_ in connection.execute(active).scalars():
        yield f"invariant 2: transaction {id_} is billed more than once"


def _printed_as(transaction_id: str) -> str:
    """The id of a settlement as documents tell it: fee and minimum are told by their category alone."""
    return ":".join(transaction_id.split(":")[:2]) if is_of_plan(transaction_id) else transaction_id


def deliveries_agree(connection: Connection) -> Iterator[str]:
    """Attempts run 1, 2, 3 …; a known end has its beginning; no Message-ID was used for two attempts."""
    attempts: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    ids: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for row in connection.execute(select(deliveries).order_by(deliveries.c.seq)):
        attempts[row.document_number][row.attempt].add(row.event)
        if row.message_id:
            ids[row.message_id].add((row.document_number, row.attempt))
    for number, found in attempts.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"e-mail log of {number}: its attempts are not 1 to {len(found)}"
        for attempt, known in found.items():
            if DeliveryEvent.SENDING not in known and DeliveryEvent.UNCERTAIN not in known:
                yield f"e-mail log of {number}: attempt {attempt} ended without a beginning"
    for message_id, users in ids.items():
        if len(users) > 1:
            yield f"e-mail log: {message_id} stands for {len(users)} attempts"


def _plain_documents(connection: Connection) -> Iterator[Document]:
    """Documents that settle transactions: all but those that correct another one."""
    for body in connection.execute(select(documents.c.body).where(documents.c.corrects.is_(None))).scalars():
        yield document_from_json(body)
