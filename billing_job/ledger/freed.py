"""What credit notes freed and no document holds now: rows, fees and minimums, whole months."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, select

from billing_job.core.categories import CHARGE, MINIMUM, MONTHLY_FEE, plan_charge_of
from billing_job.core.settlement import Kept
from billing_job.ledger.billed_months import OWN_CHARGES
from billing_job.ledger.billing_tables import documents, releases, settlements
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import chain
from billing_job.ledger.undone_settlements import is_released, of_settlement


def freed(engine: Engine) -> dict[tuple[str, int], Kept]:
    """(transaction, part) → how it was billed before a credit note freed it, for those that no document settles now."""
    latest = (
        select(settlements.c.transaction_id, settlements.c.part, func.max(settlements.c.generation).label("generation"))
        .where(is_released())
        .group_by(settlements.c.transaction_id, settlements.c.part)
        .subquery()
    )
    query = select(settlements).join(latest, of_settlement(latest)).where(~_has_later_generation())
    with transaction(engine) as connection:
        return {
            (row.transaction_id, row.part): Kept(
                row.client_id,
                row.month,
                row.document_number or "",
                row.line,
                row.charge_cents,
                row.net_cents,
                row.discount_millionths,
                row.unit_place,
                row.units,
            )
            for row in connection.execute(query)
        }


def _has_later_generation() -> ColumnElement[bool]:
    later = settlements.alias("later")
    return (
        select(later.c.transaction_id)
        .where(
            later.c.transaction_id == settlements.c.transaction_id,
            later.c.part == settlements.c.part,
            later.c.generation > settlements.c.generation,
        )
        .exists()
    )


@dataclass(frozen=True, slots=True)
class FreedMonths:
    """What credit notes freed of clients' months and no document holds now; by account and month."""

    fees: Collection[tuple[str, str]] = frozenset()
    minimums: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)
    """The categories whose minimum it is; the empty one is that of the month."""
    whole: Collection[tuple[str, str]] = frozenset()
    """Months of which no document holds anything any more: they count as never billed."""

    @property
    def owners(self) -> set[tuple[str, str]]:
        """All of them."""
        return {*self.fees, *self.minimums, *self.whole}


def _freed_plan_charges(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """(id, category, month) of fees and minimums that a credit note freed after they were last asked.

    A minimum is asked in parts, of which others may stand: what was asked before does not answer a later credit note.
    """
    freed_last = (
        select(releases.c.transaction_id, func.max(releases.c.seq).label("seq"))
        .where(releases.c.transaction_id >= CHARGE, releases.c.transaction_id < f"{CHARGE[:-1]};")
        .group_by(releases.c.transaction_id)
        .subquery()
    )
    of_charge = (settlements.c.transaction_id, settlements.c.category, settlements.c.month)
    asked = (
        select(*of_charge, freed_last.c.seq, func.max(case((~is_released(), settlements.c.seq))))
        .join(freed_last, freed_last.c.transaction_id == settlements.c.transaction_id)
        .where(settlements.c.category.in_((MONTHLY_FEE, MINIMUM)))
        .group_by(*of_charge, freed_last.c.seq)
    )
    found = connection.execute(asked).all()
    links: dict[str, list[tuple[int, int]]] = defaultdict(list)
    if any(standing is not None for *_, standing in found):
        wanted = [table.name for table in (settlements, releases, documents)]
        rows = select(chain.c.table_name, chain.c.rows, chain.c.seq).where(chain.c.table_name.in_(wanted))
        for name, until, seq in connection.execute(rows.order_by(chain.c.seq)):
            links[name].append((int(until), int(seq)))
    for id_, category, month, freed_seq, standing in found:
        if standing is None or _comes_after(links, int(freed_seq), int(standing)):
            yield id_, category, month


def _comes_after(links: Mapping[str, Sequence[tuple[int, int]]], freed_seq: int, standing: int) -> bool:
    """Whether a release was recorded after a settlement: rows are counted, and each link says where an addition ends.

    A ledger that an older program began has one link for all of each table: there nothing tells, and it was not.
    """
    at_release, at_settlement = (
        next((seq for until, seq in links[name] if until >= count), 0)
        for name, count in ((releases.name, freed_seq), (settlements.name, standing))
    )
    is_told = sum(seq < at_release for _, seq in links[documents.name]) > 1
    return is_told and at_release > at_settlement


def freed_months(engine: Engine) -> FreedMonths:
    """Fees, minimums and whole months that credit notes freed."""
    owner = (settlements.c.client_id, settlements.c.month)
    own = case((and_(OWN_CHARGES, settlements.c.category.not_in((MONTHLY_FEE, MINIMUM))), 1), else_=0)
    stands = case((is_released(), 0), else_=1)
    fees: set[tuple[str, str]] = set()
    minimums: dict[tuple[str, str], set[str]] = defaultdict(set)
    whole: set[tuple[str, str]] = set()
    with transaction(engine) as connection:
        # By the few that were freed: a database may begin a join at either side, and one is all that was ever billed.
        few = settlements.c.transaction_id.in_(select(releases.c.transaction_id))
        touched = select(*owner).join(releases, of_settlement(releases)).where(few).distinct()
        owners = connection.execute(touched).all()
        months, clients = sorted({month for _, month in owners}), sorted({client_id for client_id, _ in owners})
        if not months:
            return FreedMonths()
        for id_, category, month in _freed_plan_charges(connection):
            account, of_category = plan_charge_of(id_, month)
            if category == MONTHLY_FEE:
                fees.add((account, month))
            else:
                minimums[account, month].add(of_category)
        # A charge of one's own may be billed a year before its month: where there is use, it does not hold the month.
        on_lines = (
            select(*owner, own, func.sum(stands))
            .where(settlements.c.month.in_(months), settlements.c.line.is_not(None))
            .where(
                settlements.c.document_number.in_(select(documents.c.number).where(documents.c.client_id.in_(clients)))
            )
            .group_by(*owner, own)
            .order_by(*owner, own)
        )
        standing: dict[tuple[str, str], int] = {}
        for client_id, month, _, count in connection.execute(on_lines):
            standing.setdefault((client_id, month), int(count))
        whole = {key for key, count in standing.items() if not count}
    return FreedMonths(fees, dict(minimums), whole)
