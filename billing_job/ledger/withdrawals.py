"""Rows that the supplier changed or no longer lists, and what the wallet's movements come to without them.

A supplier that trims its history withdraws nothing: rows older than the oldest one that it still lists are out of
reach. They stay settled and in the proof, unless the balance says that the money came back.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, case, func, or_, select

from billing_job.core.wallet import SETTLED
from billing_job.ledger.billing_tables import decisions, settlements
from billing_job.ledger.bulk import chunks
from billing_job.ledger.database import transaction
from billing_job.ledger.decisions import accepted_in
from billing_job.ledger.derived_tables import unsettled, wallet_sums
from billing_job.ledger.exact_sums import whole_sum
from billing_job.ledger.last_look import newest_balance
from billing_job.ledger.mirror import absent_ids
from billing_job.ledger.tables import CURRENT, moved_in, revisions, transactions, wallet_rows
from billing_job.ledger.undone_settlements import credited_net, is_released


def withdrawn(engine: Engine, opening_micros: int, currency: str) -> set[str]:
    """Transactions that the supplier no longer lists, those out of its reach apart."""
    with transaction(engine) as connection:
        absent = absent_ids(connection)
        if not absent:
            return set()
        out_of_reach = _older_than_the_list(connection, absent)
        balance = newest_balance(connection)
        if not out_of_reach or balance is None:
            return absent - out_of_reach
        proofs = [opening_micros + _movements(connection, gone, currency) for gone in (absent, absent - out_of_reach)]
        # The balance of a supplier that gave the money back does without them, and not with them.
        return absent if [balance.shows(proof) for proof in proofs] == [True, False] else absent - out_of_reach


def wallet_movements(engine: Engine, gone: set[str], currency: str) -> int:
    """The sum of all movements in the wallet's currency but the withdrawn ones, in micros; exact whatever its size."""
    with transaction(engine) as connection:
        return _movements(connection, gone, currency)


def changed_bills(engine: Engine, gone: set[str], only: str = "") -> dict[str, tuple[int, int | None]]:
    """Settled transactions that no longer have the cost they are settled at: id → (wallet micros of that, micros now).

    They are settled at what they were billed at, or at what somebody accepted since. None stands for one that was
    withdrawn, is unreadable, or has not moved money after all. What a credit note undid whole is not among them.
    `only` asks for one transaction.
    """
    undone = credited_net()
    now = case((transactions.c.standing == SETTLED, transactions.c.micros))
    query = (
        select(settlements.c.transaction_id, -settlements.c.cost_micros, now)
        .join_from(
            settlements, transactions, and_(transactions.c.transaction_id == settlements.c.transaction_id, CURRENT)
        )
        .where(~is_released())
        .where(or_(undone.is_(None), settlements.c.net_cents == 0, undone != settlements.c.net_cents))
    )
    # A part of a shared order never costs what the order does: of these only withdrawn ones are found here.
    whole = query.where(settlements.c.part == 0)
    changed = whole.where(
        settlements.c.transaction_id.in_(select(unsettled.c.transaction_id).where(unsettled.c.changed))
    )
    if only:
        changed = changed.where(settlements.c.transaction_id == only)
    found: dict[str, tuple[int, int | None]] = {}
    with transaction(engine) as connection:
        accepted = accepted_in(connection)
        for id_, billed, micros in connection.execute(changed):
            found[id_] = (int(billed), micros)
        # What was accepted may cost by now what it was billed at.
        for chunk in chunks(sorted(accepted.keys() & {only} if only else accepted)):
            for id_, billed, micros in connection.execute(whole.where(settlements.c.transaction_id.in_(chunk))):
                found[id_] = (int(billed), micros)
        found = {id_: costs for id_, costs in found.items() if id_ not in gone}
        for chunk in chunks(sorted(gone & {only} if only else gone)):
            for id_, billed, _ in connection.execute(query.where(settlements.c.transaction_id.in_(chunk))):
                found[id_] = (found.get(id_, (0, None))[0] + int(billed), None)
    return {
        id_: (accepted.get(id_, billed), now) for id_, (billed, now) in found.items() if accepted.get(id_) != (now or 0)
    }


class EditedBill(NamedTuple):
    """A settlement of a transaction that the supplier told otherwise, before it was billed or since."""

    transaction_id: str
    part: int
    refund_of: str
    client_id: str
    category: str
    month: str
    type: str
    """This and the next three as an earlier version had them."""
    reference_type: str
    reference_id: str
    created_at: int | None


_A_SECOND = 1_000_000
_TOLD = ("type", "reference_type", "reference_id")


def edited_bills(engine: Engine, only: str = "") -> list[EditedBill]:
    """Settlements of transactions whose type, reference or moment was another one in an earlier version.

    Not those of which a credit note undid all, or that somebody accepted since the present version came; a moment that
    differs by less than a second is the same. `only` asks for one transaction.
    """
    before = transactions.alias("before")
    told = [before.c[name] for name in (*_TOLD, "created_at")]
    is_told_otherwise = or_(
        *(before.c[name] != transactions.c[name] for name in _TOLD),
        func.abs(before.c.created_at - transactions.c.created_at) >= _A_SECOND,
    )
    versions = (
        select(before.c.transaction_id, wallet_rows.c.first_seen, *told)
        .select_from(before)
        .join(transactions, and_(transactions.c.transaction_id == before.c.transaction_id, CURRENT))
        .join(wallet_rows, wallet_rows.c.seq == transactions.c.seq)
        .where(is_told_otherwise)
        .distinct()
    )
    undone = credited_net()
    accepted = (
        select(func.max(decisions.c.decided_at))
        .where(
            decisions.c.transaction_id == settlements.c.transaction_id,
            decisions.c.generation == settlements.c.generation,
            decisions.c.accepts,
        )
        .scalar_subquery()
    )
    facts = [settlements.c[name] for name in ("transaction_id", "part", "refund_of", "client_id", "category", "month")]
    billed = (
        select(func.coalesce(accepted, ""), *facts)
        .where(~is_released())
        .where(or_(undone.is_(None), settlements.c.net_cents == 0, undone != settlements.c.net_cents))
    )
    found = []
    with transaction(engine) as connection:
        earlier: dict[str, list[tuple[str, tuple[Any, ...]]]] = {}
        # Versions first: they are few, and settlements are looked up for what they name.
        replaced = select(revisions.c.old_seq)
        if only:
            replaced = replaced.join(wallet_rows, wallet_rows.c.seq == revisions.c.old_seq).where(
                wallet_rows.c.transaction_id == only
            )
        for numbers in chunks(connection.execute(replaced).scalars().all()):
            for id_, came, *was in connection.execute(versions.where(before.c.seq.in_(numbers))):
                earlier.setdefault(id_, []).append((came, tuple(was)))
        for chunk in chunks(sorted(earlier)):
            for decided, id_, *of_bill in connection.execute(billed.where(settlements.c.transaction_id.in_(chunk))):
                found += [EditedBill(id_, *of_bill, *was) for came, was in earlier[id_] if decided < came]
    return found


def _older_than_the_list(connection: Connection, absent: set[str]) -> set[str]:
    """Absent rows before the oldest listed one; none where nothing is listed any more."""
    oldest = None
    for id_, moment in connection.execute(
        select(transactions.c.transaction_id, transactions.c.created_at)
        .where(CURRENT, transactions.c.created_at.is_not(None))
        .order_by(transactions.c.created_at)
    ):
        if id_ not in absent:
            oldest = moment
            break
    if oldest is None:
        return set()
    older = select(transactions.c.transaction_id).where(CURRENT, transactions.c.created_at < oldest)
    return set(connection.execute(older).scalars()) & absent


def _movements(connection: Connection, gone: set[str], currency: str) -> int:
    moved = moved_in(currency)
    sums = wallet_sums.c
    kept = select(func.sum(sums.high), func.sum(sums.low)).where(
        sums.currency.in_((currency, "")), sums.standing == SETTLED
    )
    large = connection.execute(
        select(transactions.c.large_micros).where(moved, transactions.c.large_micros.is_not(None))
    ).scalars()
    total = whole_sum(*connection.execute(kept).one()) + sum(int(text) for text in large if text is not None)
    query = select(transactions.c.micros, transactions.c.large_micros).where(moved)
    for chunk in chunks(sorted(gone)):
        for micros, large in connection.execute(query.where(transactions.c.transaction_id.in_(chunk))):
            total -= int(micros or large or 0)
    return total
