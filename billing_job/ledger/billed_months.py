"""What was billed of clients' months, for what comes after: counted units, nets, trunks, fees and minimums."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Engine, and_, case, func, or_, select

from billing_job.core.categories import CHARGE, MINIMUM, MONTHLY_FEE, plan_charge_of
from billing_job.ledger.billing_tables import settlements
from billing_job.ledger.bulk import chunks
from billing_job.ledger.database import transaction
from billing_job.ledger.undone_settlements import is_released

OWN_CHARGES = and_(settlements.c.transaction_id >= CHARGE, settlements.c.transaction_id < f"{CHARGE[:-1]};")
"""Fees, minimums and charges of one's own; a range, so that the primary key finds them."""


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


def billed_fees_and_minimums(engine: Engine) -> tuple[set[str], dict[str, int]]:
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
