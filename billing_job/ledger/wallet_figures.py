"""What the wallet's movements come to by type, and at an earlier look: the figures that show why it does not add up."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from billing_job.core.wallet import Balance
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import balances, revisions, transactions, wallet_rows

_CURRENT = transactions.c.seq.not_in(select(revisions.c.old_seq))


@dataclass(frozen=True, slots=True)
class TypeSum:
    """The movements of one type, in wallet cents; `both_ways` says whether some came in and some left."""

    type: str
    cents: int
    both_ways: bool = False


@dataclass(frozen=True, slots=True)
class EarlierLook:
    """An earlier balance, and what was read of the movements by then, in wallet cents."""

    balance: Balance
    movements_cents: int
    fetched: str


def sums_by_type(engine: Engine, gone: Collection[str]) -> tuple[TypeSum, ...]:
    """Every type that moved money, in the order of its name; `gone` are withdrawn transactions."""
    amount = transactions.c.cents
    columns = (transactions.c.type, func.sum(amount), func.min(amount), func.max(amount))
    kept = transactions.c.transaction_id.not_in(sorted(gone)) if 0 < len(gone) <= 500 else None
    query = select(*columns).where(_CURRENT, amount.is_not(None)).group_by(transactions.c.type)
    with transaction(engine) as connection:
        rows = connection.execute((query if kept is None else query.where(kept)).order_by(transactions.c.type)).all()
    return tuple(TypeSum(name, int(total), low < 0 < high) for name, total, low, high in rows if low or high)


def earlier_look(engine: Engine, currency: str) -> EarlierLook | None:
    """The latest balance before the present one that differs from it, and the movements that were known by then."""
    with transaction(engine) as connection:
        rows = connection.execute(select(balances).order_by(balances.c.seq.desc()).limit(200)).all()
        other = [row for row in rows if row.currency == currency and row.cents != rows[0].cents]
        if not other:
            return None
        # Rows are numbered in the order in which they came; a row that changed since counts with what came since.
        last = select(func.max(wallet_rows.c.seq)).where(wallet_rows.c.first_seen <= other[0].fetched)
        known = select(func.sum(transactions.c.cents)).where(_CURRENT, transactions.c.seq <= last.scalar_subquery())
        movements = connection.execute(known).scalar_one() or 0
        return EarlierLook(Balance(int(other[0].cents), other[0].currency), int(movements), other[0].fetched)


def one_raw_row(engine: Engine) -> str | None:
    """The newest row as it came; None of an empty ledger."""
    with transaction(engine) as connection:
        return connection.execute(
            select(wallet_rows.c.raw).order_by(wallet_rows.c.seq.desc()).limit(1)
        ).scalar_one_or_none()
