"""What the wallet's movements come to by type, and at an earlier look: the figures that show why it does not add up."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from billing_job.core.wallet import Balance
from billing_job.ledger.database import transaction
from billing_job.ledger.exact_sums import halves, whole_sum
from billing_job.ledger.tables import MOVED, balances, transactions, wallet_rows


@dataclass(frozen=True, slots=True)
class TypeSum:
    """The movements of one type, in micros; `both_ways` says whether some came in and some left."""

    type: str
    micros: int
    both_ways: bool = False


@dataclass(frozen=True, slots=True)
class EarlierLook:
    """An earlier balance, and what was read of the movements by then, in micros."""

    balance: Balance
    movements_micros: int
    fetched: str


def sums_by_type(engine: Engine, gone: Collection[str]) -> tuple[TypeSum, ...]:
    """Every type that moved money, in the order of its name; `gone` are withdrawn transactions."""
    amount = transactions.c.micros
    columns = (transactions.c.type, func.min(amount), func.max(amount), *halves(amount))
    kept = transactions.c.transaction_id.not_in(sorted(gone)) if 0 < len(gone) <= 500 else None
    query = select(*columns).where(MOVED, amount.is_not(None)).group_by(transactions.c.type)
    with transaction(engine) as connection:
        rows = connection.execute((query if kept is None else query.where(kept)).order_by(transactions.c.type)).all()
    return tuple(TypeSum(name, whole_sum(*sums), low < 0 < high) for name, low, high, *sums in rows if low or high)


def earlier_look(engine: Engine, currency: str) -> EarlierLook | None:
    """The latest balance before the present one that differs from it, and the movements that were known by then."""
    with transaction(engine) as connection:
        rows = connection.execute(select(balances).order_by(balances.c.seq.desc()).limit(200)).all()
        other = [row for row in rows if row.currency == currency and row.micros and row.micros != rows[0].micros]
        if not other:
            return None
        # Rows are numbered in the order in which they came; a row that changed since counts with what came since.
        last = select(func.max(wallet_rows.c.seq)).where(wallet_rows.c.first_seen <= other[0].fetched)
        known = select(*halves(transactions.c.micros)).where(MOVED, transactions.c.seq <= last.scalar_subquery())
        movements = whole_sum(*connection.execute(known).one())
        balance = Balance(int(other[0].micros), other[0].currency, other[0].places)
        return EarlierLook(balance, movements, other[0].fetched)
