"""What the wallet's movements come to by type, and at an earlier look: the figures that show why it does not add up."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select

from billing_job.core.wallet import Balance
from billing_job.ledger.database import transaction
from billing_job.ledger.exact_sums import halves, whole_sum
from billing_job.ledger.tables import balances, moved_in, transactions, wallet_rows


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


def sums_by_type(engine: Engine, gone: Collection[str], currency: str) -> tuple[TypeSum, ...]:
    """Every type that moved money of that currency, in the order of its name; `gone` are withdrawn transactions."""
    amount = transactions.c.micros
    columns = (transactions.c.type, func.min(amount), func.max(amount), *halves(amount))
    kept = transactions.c.transaction_id.not_in(sorted(gone)) if 0 < len(gone) <= 500 else None
    query = select(*columns).where(moved_in(currency), amount.is_not(None)).group_by(transactions.c.type)
    with transaction(engine) as connection:
        rows = connection.execute((query if kept is None else query.where(kept)).order_by(transactions.c.type)).all()
    return tuple(TypeSum(name, whole_sum(*sums), low < 0 < high) for name, low, high, *sums in rows if low or high)


def amounts_not_read(engine: Engine, currency: str) -> int:
    """How many movements of that currency have no amount that could be read."""
    unread = (moved_in(currency), transactions.c.micros.is_(None), transactions.c.large_micros.is_(None))
    with transaction(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(transactions).where(*unread)).scalar_one())


def earlier_look(engine: Engine, currency: str) -> EarlierLook | None:
    """The latest balance before the present one that differs from it, and the movements that were known by then."""
    with transaction(engine) as connection:
        rows = connection.execute(select(balances).order_by(balances.c.seq.desc()).limit(200)).all()
        other = [row for row in rows if row.currency == currency and row.micros and row.micros != rows[0].micros]
        if not other:
            return None
        # Rows are numbered in the order in which they came; a row that changed since counts with what came since.
        last = select(func.max(wallet_rows.c.seq)).where(wallet_rows.c.first_seen <= other[0].fetched)
        known = select(*halves(transactions.c.micros)).where(
            moved_in(currency), transactions.c.seq <= last.scalar_subquery()
        )
        movements = whole_sum(*connection.execute(known).one())
        balance = Balance(int(other[0].micros), other[0].currency, other[0].places)
        return EarlierLook(balance, movements, other[0].fetched)


@dataclass(frozen=True, slots=True)
class TypeRange:
    """The smallest and the largest amount of one type, in micros without sign, and how many of a type are not round."""

    type: str
    smallest: int
    largest: int
    count: int
    not_round: int


def ranges_by_type(engine: Engine, currency: str, round_micros: int) -> list[TypeRange]:
    """Of each type that moved money, the most frequent first; `round_micros` is what round amounts are multiples of."""
    amount = transactions.c.micros
    rest = func.sum(case((amount % round_micros != 0, 1), else_=0))
    count = func.count()
    query = (
        select(transactions.c.type, func.min(func.abs(amount)), func.max(func.abs(amount)), count, rest)
        .where(moved_in(currency), amount != 0)
        .group_by(transactions.c.type)
        .order_by(count.desc(), transactions.c.type)
    )
    with transaction(engine) as connection:
        return [TypeRange(row[0], *map(int, row[1:])) for row in connection.execute(query)]
