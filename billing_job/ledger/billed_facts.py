"""What was billed, read back for what comes after: originals of refunds, counted units, nets of months."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, and_, case, func, or_, select

from billing_job.core.categories import CHARGE, MINIMUM, MONTHLY_FEE, plan_charge_of
from billing_job.core.settlement import Original
from billing_job.core.wallet import WalletPayment
from billing_job.ledger.billing_tables import credited_rows, settlements
from billing_job.ledger.bulk import chunks
from billing_job.ledger.database import transaction
from billing_job.ledger.decisions import accepted_in
from billing_job.ledger.releases import credited_net, is_released
from billing_job.ledger.tables import MOVED, transactions

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
OWN_CHARGES = and_(settlements.c.transaction_id >= CHARGE, settlements.c.transaction_id < f"{CHARGE[:-1]};")
"""Fees, minimums and charges of one's own; a range, so that the primary key finds them."""


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
        transactions.c.problem == "",
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


@dataclass(frozen=True, slots=True)
class Units:
    """Units that have a place already: by the rule that counted them, or by category where that is not recorded."""

    before: dict[tuple[str, str, str], int]
    unnamed: dict[tuple[str, str, str], int]


def billed_units(engine: Engine, months: Collection[str]) -> Units:
    """(client, month, rule) → how many places were given out in these months, freed ones included."""
    owner = (settlements.c.client_id, settlements.c.month)
    with transaction(engine) as connection:
        named = (
            select(*owner, settlements.c.rule, func.max(settlements.c.unit_place) + 1)
            .where(settlements.c.month.in_(sorted(months)), settlements.c.rule != "", settlements.c.unit_place >= 0)
            .group_by(*owner, settlements.c.rule)
        )
        unnamed = (
            select(*owner, settlements.c.category, func.count())
            .where(settlements.c.month.in_(sorted(months)), settlements.c.rule.is_(None), settlements.c.cost_micros > 0)
            .where(~is_released())
            .group_by(*owner, settlements.c.category)
        )
        return Units(
            {(client, month, rule): int(count) for client, month, rule, count in connection.execute(named)},
            {(client, month, kind): int(count) for client, month, kind, count in connection.execute(unnamed)},
        )


@dataclass(frozen=True, slots=True)
class MonthNet:
    """What a client's month came to so far, by category, net cents after refunds: use and fee, and minimums apart.

    The minimum of all of the month has the empty category.
    """

    nets: dict[str, int] = field(default_factory=dict)
    minimums: dict[str, int] = field(default_factory=dict)


def month_nets(engine: Engine, months: Collection[str]) -> dict[tuple[str, str], MonthNet]:
    """(client, month) → its net, whatever was credited by hand: that counts as use."""
    is_minimum = and_(OWN_CHARGES, settlements.c.category == MINIMUM)
    # Charges of one's own count for no minimum.
    counts = or_(~OWN_CHARGES, settlements.c.category == MONTHLY_FEE)
    owner = (settlements.c.client_id, settlements.c.month)
    found: dict[tuple[str, str], MonthNet] = defaultdict(MonthNet)
    with transaction(engine) as connection:
        for what, which in ((settlements.c.category, counts), (settlements.c.transaction_id, is_minimum)):
            query = select(*owner, what, func.sum(settlements.c.net_cents)).where(
                settlements.c.month.in_(sorted(months)), ~is_released(), which
            )
            for client_id, month, name, net in connection.execute(query.group_by(*owner, what)):
                month_net = found[client_id, month]
                if what is settlements.c.category:
                    month_net.nets[name] = int(net)
                else:
                    category = plan_charge_of(name, month)[1]
                    month_net.minimums[category] = month_net.minimums.get(category, 0) + int(net)
    return dict(found)


def billed_trunks(
    engine: Engine, owners: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[set[str], set[str]]]:
    """(client, month) → the trunks of what was billed to it of the month, and the accounts of its fee and minimums."""
    owner = (settlements.c.client_id, settlements.c.month)
    of_plan = case((settlements.c.category.in_((MONTHLY_FEE, MINIMUM)), settlements.c.transaction_id), else_="")
    found: dict[tuple[str, str], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    with transaction(engine) as connection:
        for chunk in chunks(sorted({client_id for client_id, _ in owners})):
            query = select(*owner, settlements.c.trunk, of_plan).where(
                settlements.c.month.in_(sorted({month for _, month in owners})), settlements.c.client_id.in_(chunk)
            )
            for client_id, month, trunk, charge_id in connection.execute(query.distinct()):
                trunks, accounts = found[client_id, month]
                trunks.add(trunk)
                if charge_id:
                    accounts.add(plan_charge_of(charge_id, month)[0])
    return {key: each for key, each in found.items() if key in owners}


def own_charges(engine: Engine) -> tuple[set[str], dict[str, int]]:
    """Ids of the fees that are billed now, and id → the next part of each minimum."""
    with transaction(engine) as connection:
        fees = select(settlements.c.transaction_id).where(
            OWN_CHARGES, settlements.c.category == MONTHLY_FEE, ~is_released()
        )
        parts = (
            select(settlements.c.transaction_id, func.max(settlements.c.part) + 1)
            .where(OWN_CHARGES, settlements.c.category == MINIMUM)
            .group_by(settlements.c.transaction_id)
        )
        return set(connection.execute(fees).scalars()), {id_: int(part) for id_, part in connection.execute(parts)}


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
