"""What was billed, read back by transaction: originals of refunds, what was given back of them, and their documents."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.settlement import Original
from billing_job.core.wallet import WalletPayment
from billing_job.ledger.billing_tables import credited_rows, settlements
from billing_job.ledger.bulk import chunks
from billing_job.ledger.database import transaction
from billing_job.ledger.decisions import accepted_in
from billing_job.ledger.tables import MOVED, transactions
from billing_job.ledger.undone_settlements import credited_net, is_released

_KEY = (settlements.c.transaction_id, settlements.c.part, settlements.c.generation)
_ORIGINAL = (
    settlements.c.transaction_id,
    settlements.c.part,
    settlements.c.client_id,
    settlements.c.category,
    settlements.c.number,
    settlements.c.trunk,
    settlements.c.month,
    settlements.c.document_number,
    settlements.c.line,
    settlements.c.cost_micros,
    settlements.c.net_cents,
)
"""What a settlement tells of an `Original`, in its order."""


@dataclass(frozen=True, slots=True)
class History:
    """What references tell of the past: payments that may be refunded, and old refunds without a recorded original."""

    payments: tuple[WalletPayment, ...]
    unlinked: tuple[WalletPayment, ...]


def refund_history(engine: Engine, references: Collection[tuple[str, str]], refund_types: Collection[str]) -> History:
    """All current transactions of these references that left the wallet, and old refunds that were billed unlinked."""
    columns = (
        transactions.c.transaction_id,
        transactions.c.reference_type,
        transactions.c.reference_id,
        transactions.c.micros,
        transactions.c.created_at,
        transactions.c.type,
    )
    current = (
        MOVED,
        transactions.c.micros.is_not(None),
        transactions.c.created_at.is_not(None),
    )
    is_refund = transactions.c.type.in_(sorted(refund_types))
    # Looked up by transaction: nearly every settlement has no original, whether as a set or by the index of originals.
    is_unlinked = (
        select(settlements.c.transaction_id)
        .where(settlements.c.transaction_id == transactions.c.transaction_id)
        .where(func.length(settlements.c.refund_of) == 0, ~is_released())
        .exists()
    )
    payments: list[WalletPayment] = []
    unlinked: list[WalletPayment] = []
    ids: dict[str, list[str]] = defaultdict(list)
    for kind, id_ in sorted(references):
        ids[kind].append(id_)
    # One type at a time: for pairs SQLite reads the whole table where an index would do.
    wanted = [(kind, lot) for kind, found in ids.items() for lot in chunks(found)]
    with transaction(engine) as connection:
        for kind, lot in wanted:
            of_these = (*current, transactions.c.reference_type == kind, transactions.c.reference_id.in_(lot))
            left = select(*columns).where(*of_these, transactions.c.micros < 0, ~is_refund)
            payments += [
                WalletPayment(row[0], row[1], row[2], -row[3], row[4], row[5]) for row in connection.execute(left)
            ]
            came = select(*columns).where(*of_these, transactions.c.micros > 0, is_unlinked)
            unlinked += [WalletPayment(*row) for row in connection.execute(came)]
    return History(tuple(payments), tuple(unlinked))


def originals(engine: Engine, ids: Sequence[str]) -> dict[str, tuple[Original, ...]]:
    """transaction → how it is billed now, a part each, and what was undone of that; nothing where it is open.

    The cost is what somebody accepted, where the supplier changed the row since.
    """
    with transaction(engine) as connection:
        found: dict[str, list[Original]] = defaultdict(list)
        accepted = accepted_in(connection)
        given = _given_back(connection, ids, accepted)
        credited = credited_of(connection, ids)
        for chunk in chunks(sorted(ids)):
            rows = select(settlements.c.generation, *_ORIGINAL)
            rows = rows.where(settlements.c.transaction_id.in_(chunk), ~is_released()).order_by(*_KEY)
            for generation, id_, part, *who, month, document, line, cost, net in connection.execute(rows):
                client_id, category, number, trunk = who
                undone = credited.get((id_, part, generation), 0)
                given_cents, refunded_micros = given.get((id_, part), (0, 0))
                cost = _cost(id_, part, cost, accepted)
                found[id_].append(
                    Original(
                        id_, part, client_id, category, number, trunk, month, document or "", line, cost, net, undone,
                        given_cents, refunded_micros,
                    )
                )  # fmt: skip
    return {id_: tuple(parts) for id_, parts in found.items()}


def _cost(transaction_id: str, part: int, micros: int, accepted: Mapping[str, int]) -> int:
    """What a settlement costs the house, micros: what somebody accepted of a row that the supplier changed since."""
    return -accepted.get(transaction_id, -micros) if part == 0 else micros


def _given_back(
    connection: Connection, ids: Sequence[str], accepted: Mapping[str, int]
) -> dict[tuple[str, int], tuple[int, int]]:
    """(transaction, part) → what settled refunds gave back of its net (cents) and of its cost (micros).

    It is less where one of them was credited.
    """
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for chunk in chunks(sorted(ids)):
        query = select(
            settlements.c.transaction_id,
            settlements.c.part,
            settlements.c.cost_micros,
            settlements.c.refund_of,
            settlements.c.refund_part,
            (settlements.c.net_cents - func.coalesce(credited_net(), 0)).label("left"),
        ).where(settlements.c.refund_of.in_(chunk), ~is_released())
        for row in connection.execute(query):
            net, cost = found.get((row.refund_of, row.refund_part), (0, 0))
            found[row.refund_of, row.refund_part] = (
                net - int(row.left),
                cost - _cost(row.transaction_id, row.part, row.cost_micros, accepted),
            )
    return found


def credited_of(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, int, int], int]:
    """(transaction, part, generation) → what credit notes undid of its net."""
    found: dict[tuple[str, int, int], int] = {}
    keys = (credited_rows.c.transaction_id, credited_rows.c.part, credited_rows.c.generation)
    for chunk in chunks(sorted(ids)):
        query = select(*keys, func.sum(credited_rows.c.net_cents)).where(credited_rows.c.transaction_id.in_(chunk))
        for id_, part, generation, net in connection.execute(query.group_by(*keys)):
            found[id_, part, generation] = int(net)
    return found


def billed_refunds(engine: Engine, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Settled refund → (its original, its client) as it was billed."""
    found: dict[str, tuple[str, str]] = {}
    with transaction(engine) as connection:
        for chunk in chunks(sorted(ids)):
            query = select(settlements.c.transaction_id, settlements.c.refund_of, settlements.c.client_id).where(
                settlements.c.transaction_id.in_(chunk), settlements.c.refund_of != "", ~is_released()
            )
            found.update({id_: (original, client_id) for id_, original, client_id in connection.execute(query)})
    return found


def documents_of(engine: Engine, ids: Iterable[str]) -> dict[str, str]:
    """transaction → in words, the documents that bill it now and the credit notes that gave it back."""
    found: dict[str, str] = {}
    with transaction(engine) as connection:
        for chunk in chunks(sorted(ids)):
            billed = select(settlements.c.transaction_id, settlements.c.document_number).where(
                settlements.c.transaction_id.in_(chunk), settlements.c.document_number.is_not(None), ~is_released()
            )
            credited = select(credited_rows.c.transaction_id, credited_rows.c.credit_number).where(
                credited_rows.c.transaction_id.in_(chunk)
            )
            for query, words in ((billed, "billed on"), (credited, "given back by")):
                numbers: dict[str, list[str]] = defaultdict(list)
                for id_, number in connection.execute(query.distinct().order_by(*query.selected_columns)):
                    numbers[id_].append(number)
                for id_, names in numbers.items():
                    found[id_] = f"{found.get(id_, '')}, {words} {' and '.join(names)}"
    return found
