"""Storing what the supplier reports: pages of transactions, trunks, balances, and which passes were whole."""

from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import Connection, Engine, and_, func, insert, select

from billing_job.core.clock import Clock
from billing_job.core.moments import moment_text
from billing_job.core.money import MAX_MICROS
from billing_job.core.wallet import Balance, CompletedWalk, ListShape, Order, Saved, Transaction, Trunk
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.derived_tables import follow
from billing_job.ledger.tables import absences, balances, revisions, transactions, trunks, walks, wallet_rows

ABSENCE_COLUMNS = ("transaction_id", "absent", "noticed")


class LedgerMirror:
    """The fetch stage's side of the ledger; each call is one database transaction."""

    def __init__(self, engine: Engine, clock: Clock):
        self._engine = engine
        self._clock = clock

    def save(self, rows: Sequence[Transaction]) -> Saved:
        """Store a page: new rows, new versions of changed rows; a row stored as it is costs nothing."""
        with transaction(self._engine) as connection:
            ids = [row.transaction_id for row in rows]
            known = _current_versions(connection, ids)
            now = moment_text(self._clock.now())
            _note_returns(connection, ids, now)
            fresh = [row for row in rows if known.get(row.transaction_id, (0, ""))[1] != row.sha256]
            if not fresh:
                return Saved(0, ())
            values = [(row.transaction_id, row.sha256, row.raw, now) for row in fresh]
            numbers = add(connection, wallet_rows, ("transaction_id", "sha256", "raw", "first_seen"), values)
            stored = list(zip(numbers, fresh, strict=True))
            connection.execute(insert(transactions), [{"seq": seq, **typed_columns(row)} for seq, row in stored])
            edited = [(known[row.transaction_id][0], seq) for seq, row in stored if row.transaction_id in known]
            add(connection, revisions, ("old_seq", "new_seq"), edited)
            # Only now is it known which version of a row is the current one.
            follow(connection, transactions, ("seq",), [(seq,) for seq in numbers])
            changed = tuple(row.transaction_id for row in fresh if row.transaction_id in known)
            return Saved(len(fresh) - len(changed), changed)

    def sealed(self, ids: Iterable[str]) -> set[str]:
        """Those of the ids that a whole pass has seen."""
        with transaction(self._engine) as connection:
            sealed_seq = connection.execute(select(func.max(walks.c.sealed_seq))).scalar_one() or 0
            return {
                found
                for chunk in chunks(list(ids))
                for found in connection.execute(
                    select(wallet_rows.c.transaction_id).where(
                        wallet_rows.c.transaction_id.in_(chunk), wallet_rows.c.seq <= sealed_seq
                    )
                ).scalars()
            }

    def present(self) -> int:
        """Transactions stored and not known to have vanished at the supplier."""
        with transaction(self._engine) as connection:
            stored = connection.execute(select(func.count()).select_from(wallet_rows)).scalar_one()
            versions = connection.execute(select(func.count()).select_from(revisions)).scalar_one()
            return stored - versions - len(absent_ids(connection))

    def present_ids(self) -> set[str]:
        """Their ids."""
        with transaction(self._engine) as connection:
            ids = set(connection.execute(select(wallet_rows.c.transaction_id).distinct()).scalars())
            return ids - absent_ids(connection)

    def listed(self) -> list[str]:
        """Each of them as it last came, as canonical JSON, in the order in which they were first seen."""
        with transaction(self._engine) as connection:
            gone = absent_ids(connection)
            rows = connection.execute(
                select(wallet_rows.c.transaction_id, wallet_rows.c.raw).order_by(wallet_rows.c.seq)
            )
            newest = {row.transaction_id: row.raw for row in rows}
            return [raw for id_, raw in newest.items() if id_ not in gone]

    def learned(self) -> ListShape | None:
        """What the latest whole pass found out about the list; None before the first."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(walks).order_by(walks.c.walk_id.desc()).limit(1)).one_or_none()
            return None if row is None else ListShape(cast(Order, row.sort_order), row.page_size)

    def seal(self, sealed: CompletedWalk) -> None:
        """Record a whole pass, and which rows it did not find any more."""
        with transaction(self._engine) as connection:
            now = moment_text(self._clock.now())
            newest = connection.execute(select(func.max(wallet_rows.c.seq))).scalar_one() or 0
            learned = sealed.learned
            add(
                connection,
                walks,
                ("finished", "full", "total", "sort_order", "page_size", "sealed_seq"),
                [(now, sealed.full, sealed.total, learned.order, learned.page_size, newest)],
            )
            add(connection, absences, ABSENCE_COLUMNS, [(id_, True, now) for id_ in sealed.absent])

    def save_trunks(self, found: Sequence[Trunk]) -> None:
        """Store trunks that are new or changed."""
        with transaction(self._engine) as connection:
            known = {trunk.uuid: trunk for trunk in current_trunks(connection)}
            now = moment_text(self._clock.now())
            fresh = [(each.uuid, each.trunk_id, each.name, now) for each in found if known.get(each.uuid) != each]
            add(connection, trunks, ("uuid", "trunk_id", "name", "first_seen"), fresh)

    def save_balance(self, balance: Balance | None) -> None:
        """Store the wallet's balance of this moment; None: it could not be read, and no older one stands for it."""
        with transaction(self._engine) as connection:
            fetched = moment_text(self._clock.now())
            known = Balance(0, "") if balance is None else balance
            values = ("" if balance is None else str(known.micros), known.currency, fetched, known.places)
            add(connection, balances, ("micros", "currency", "fetched", "places"), [values])


def current_trunks(connection: Connection) -> list[Trunk]:
    """The supplier's trunks as last seen."""
    latest = select(func.max(trunks.c.seq)).group_by(trunks.c.uuid)
    columns = select(trunks.c.trunk_id, trunks.c.uuid, trunks.c.name)
    return [
        Trunk(*row) for row in connection.execute(columns.where(trunks.c.seq.in_(latest)).order_by(trunks.c.uuid)).all()
    ]


def typed_columns(row: Transaction) -> dict[str, object]:
    """A transaction as `transactions` holds it, without its row number; an amount too large for sums goes apart."""
    too_large = row.micros is not None and abs(row.micros) > MAX_MICROS
    return {
        "transaction_id": row.transaction_id,
        "type": row.type,
        "micros": None if too_large else row.micros,
        "large_micros": str(row.micros) if too_large else None,
        "currency": row.currency,
        "description": row.description,
        "reference_type": row.reference_type,
        "reference_id": row.reference_id,
        "created_at": row.created_at,
        "problem": row.problem,
        "standing": row.standing,
        "quantity": row.quantity,
        "amount_form": row.amount_form,
        "is_day": row.is_day,
    }


def _current_versions(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """transaction_id → (seq, sha256) of the latest version."""
    found = {}
    for chunk in chunks(ids):
        rows = connection.execute(
            select(wallet_rows.c.transaction_id, wallet_rows.c.seq, wallet_rows.c.sha256)
            .where(wallet_rows.c.transaction_id.in_(chunk))
            .order_by(wallet_rows.c.seq)
        )
        found.update({row.transaction_id: (row.seq, row.sha256) for row in rows})
    return found


def absent_ids(connection: Connection) -> set[str]:
    """Transactions that the supplier no longer lists; the latest entry of each holds."""
    return set(connection.execute(_ABSENT).scalars())


_LATEST = select(func.max(absences.c.seq)).group_by(absences.c.transaction_id)
_ABSENT = select(absences.c.transaction_id).where(and_(absences.c.seq.in_(_LATEST), absences.c.absent))


def _note_returns(connection: Connection, ids: Sequence[str], now: str) -> None:
    back = sorted(absent_ids(connection) & set(ids))
    add(connection, absences, ABSENCE_COLUMNS, [(id_, False, now) for id_ in back])
