"""A second billing in whole numbers and fractions, written from the design alone, to hold the program against.

It knows a few clients, whole months, and one VAT category a client and month. What was billed is kept row by row as the
net after discount; everything later is worked out from that. Documents are in cents, the wallet is in micros.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

Bucket = tuple[str, int, str, str]
"""Client, month, VAT category, VAT rate."""
Taxed = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A price of a category, or of all others where that is empty; in euros, as a file has it."""

    category: str
    model: str
    percent: str = "0"
    price: str = "0"
    included: int = 0
    tiers: tuple[tuple[int | None, str], ...] = ()

    @property
    def counted(self) -> bool:
        return self.model in ("package", "graduated", "volume")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a client pays: the first rule of a category, the last one for all."""

    rules: tuple[Rule, ...]
    fee: int = 0
    minimum: int = 0
    call_minimum: int = 0
    discount: str = "0"

    @property
    def any_minimum(self) -> bool:
        return bool(self.minimum or self.call_minimum)

    def rule(self, category: str) -> Rule:
        return next(rule for rule in self.rules if rule.category in (category, ""))


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a client's month, and is recorded when that month is first issued."""

    plan: Plan
    vat: Taxed


@dataclass(frozen=True, slots=True)
class Row:
    """A movement of the wallet: use that costs `micros`, or a refund of `micros` of the row `of`."""

    row_id: int
    category: str
    micros: int
    month: int
    day: int
    reference: tuple[str, str]
    of: int | None = None

    @property
    def moment(self) -> tuple[int, int, int, int]:
        """Originals come before refunds of the same second, then the lower id."""
        return self.month, self.day, int(self.of is not None), self.row_id


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a use is, and how its line is named."""

    client: str
    number: str
    trunk: str


@dataclass(slots=True)
class Settled:
    """A row that was billed, and what became of it since."""

    client: str
    month: int
    vat: Taxed
    net: int
    refunded_cost: int = 0
    given: int = 0
    credited: int = 0
    freed: bool = False

    @property
    def left(self) -> int:
        return self.net - self.given - self.credited


@dataclass(slots=True)
class Billed:
    """What one client's document of a run comes to."""

    nets: dict[Bucket, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, client: str, month: int, vat: Taxed, cents: int) -> None:
        self.nets[client, month, *vat] += cents


class Oracle:
    """The books of all clients. `terms` of a client are the files as they are now; owners never change."""

    def __init__(self, owners: Mapping[int, Owner], detail: Mapping[str, str]):
        self.owners = owners
        self.detail = detail
        self.terms: dict[tuple[str, int], Terms] = {}
        self.recorded: dict[tuple[str, int], Terms] = {}
        self.rows: dict[int, Row] = {}
        self.settled: dict[int, Settled] = {}
        self.fees: dict[tuple[str, int], int] = {}
        self.top_ups: dict[tuple[str, int, str], int] = defaultdict(int)
        self.units: dict[tuple[str, int, str], int] = defaultdict(int)
        self.nets: dict[Bucket, int] = defaultdict(int)
        self.vat: dict[tuple[str, str, str], int] = defaultdict(int)
        self.roundings: dict[str, int] = defaultdict(int)
        """For each client how often parts of cents leave open where a cent goes: refunds, credits of lines."""
        self.part_credits: dict[str, int] = defaultdict(int)
        """For each client the lines that were credited, whose VAT may be rounded in two ways."""

    def add(self, rows: Iterable[Row]) -> None:
        self.rows |= {row.row_id: row for row in rows}

    def run(self, month: int, clients: Sequence[str], *, supplementary: bool = False) -> None:
        """Bill a month: each client's first document of it, or what came after that with `supplementary`."""
        for client in clients:
            first = (client, month) not in self.recorded
            if first or supplementary:
                self._bill(client, month, first=first)

    def pending(self, client: str) -> list[Row]:
        """Rows that no document holds yet."""
        return [row for row in self.rows.values() if self._open(row) and self._payer(row) == client]

    def refunds(self, row_id: int) -> list[Row]:
        return [row for row in self.rows.values() if row.of == row_id]

    def credit(self, row_ids: Sequence[int], *, rebill: bool) -> None:
        """Undo a line of uses: each row's net after discount, its share of the discount taken along."""
        nets: dict[Bucket, int] = defaultdict(int)
        self.part_credits[next(self.settled[row_id].client for row_id in row_ids)] += 1
        for row_id in row_ids:
            settled = self.settled[row_id]
            nets[settled.client, settled.month, *settled.vat] -= settled.left
            self.roundings[settled.client] += 1
            settled.freed = rebill
            # reading: what is credited by hand and not billed again stays use in minimum and tiers.
            if not rebill:
                settled.credited = settled.net - settled.given
        self.book(nets)

    def credit_all(self, row_ids: Iterable[int], nets: Mapping[Bucket, int]) -> None:
        """Undo a whole document, rows and fee, that is not billed again."""
        for row_id in row_ids:
            settled = self.settled[row_id]
            settled.credited = settled.net - settled.given
        self.book({bucket: -cents for bucket, cents in nets.items()})

    def _open(self, row: Row) -> bool:
        settled = self.settled.get(row.row_id)
        return settled is None or settled.freed

    def _payer(self, row: Row) -> str:
        """A refund belongs to the client of its original: to whom it was billed, or will be."""
        if row.of is None:
            settled = self.settled.get(row.row_id)
            return settled.client if settled else self.owners[row.row_id].client
        return self._payer(self.rows[row.of])

    def _month(self, row: Row) -> int:
        """reading: a refund is counted, taxed and shown in the month of what it refunds, whenever it came."""
        return row.month if row.of is None else self.rows[row.of].month

    def _bill(self, client: str, month: int, *, first: bool) -> None:
        # reading: a run takes rows dated until its own month's end, so a refund of a later month waits for that month.
        mine = sorted((row for row in self.pending(client) if row.month <= month), key=lambda row: row.moment)
        uses = [row for row in mine if row.of is None]
        refunds = [row for row in mine if row.of is not None]
        months = {self._month(row) for row in mine} | ({month} if first else set())
        billed = Billed()
        for each in sorted(months):
            terms = self.recorded.setdefault((client, each), self.terms[client, each])
            own = [row for row in uses if row.month == each]
            gone = {row.row_id for row in own if self._refunded_with_it(row, refunds)}
            self._use(client, each, terms, own, gone, with_fee=first and each == month, billed=billed)
        for row in refunds:
            self._refund(client, row, billed)
        for each in sorted(months):
            self._top_up(client, each, billed)
        self.book(billed.nets)

    def _refunded_with_it(self, row: Row, refunds: Sequence[Row]) -> bool:
        """reading: only a use refunded whole by refunds of the same document frees its place and was never charged."""
        together = sum(refund.micros for refund in refunds if refund.of == row.row_id)
        return row.row_id not in self.settled and together >= row.micros

    def _use(
        self,
        client: str,
        month: int,
        terms: Terms,
        uses: Sequence[Row],
        gone: set[int],
        *,
        with_fee: bool,
        billed: Billed,
    ) -> None:
        again = [row for row in uses if row.row_id in self.settled]
        for row in again:
            # Generated lives bill again only what has not changed: the same net, in the same places.
            settled = self.settled[row.row_id]
            settled.freed = False
            billed.add(client, month, settled.vat, settled.left)
        fresh = [row for row in uses if row.row_id not in self.settled and row.row_id not in gone]
        exact = self._prices(client, month, terms.plan, fresh)
        charges: dict[int, int] = {}
        for line in self._lines(client, terms.plan, fresh):
            charges |= shared(
                {row.row_id: exact[row.row_id] for row in line}, rounded(sum(exact[r.row_id] for r in line))
            )
        # reading: the discount's cents are shared over rows and fee by what each was charged, the fee last in a tie.
        fee_id = max(charges, default=0) + 1
        weights = charges | ({fee_id: terms.plan.fee} if with_fee else {})
        discount = rounded(sum(weights.values()) * Fraction(terms.plan.discount) / 100)
        shares = shared({key: cents * Fraction(terms.plan.discount) / 100 for key, cents in weights.items()}, discount)
        for row in fresh:
            net = charges[row.row_id] - shares[row.row_id]
            self.settled[row.row_id] = Settled(client, month, terms.vat, net)
            billed.add(client, month, terms.vat, net)
        for row_id in gone:
            self.settled[row_id] = Settled(client, month, terms.vat, 0)
        if with_fee:
            self.fees[client, month] = terms.plan.fee - shares[fee_id]
            billed.add(client, month, terms.vat, self.fees[client, month])

    def _prices(self, client: str, month: int, plan: Plan, fresh: Sequence[Row]) -> dict[int, Fraction]:
        """Exact cents of each row; counted rules go on at the place where the month's settled units stopped."""
        arriving: dict[str, int] = defaultdict(int)
        for row in fresh:
            arriving[row.category] += 1
        prices = {}
        for row in fresh:
            rule = plan.rule(row.category)
            # Every counted rule of the generated plans has a category of its own.
            before = self.units[client, month, row.category]
            prices[row.row_id] = charge(rule, Fraction(row.micros, 10_000), before + 1, before + arriving[row.category])
            if rule.counted:
                self.units[client, month, row.category] += 1
                arriving[row.category] -= 1
        return prices

    def _lines(self, client: str, plan: Plan, fresh: Sequence[Row]) -> list[list[Row]]:
        lines: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in fresh:
            owner, detail = self.owners[row.row_id], self.detail[client]
            by = {"category": (), "number": (owner.number, owner.trunk), "transaction": (row.row_id,)}[detail]
            lines[row.category, *by].append(row)
        return list(lines.values())

    def _refund(self, client: str, row: Row, billed: Billed) -> None:
        """What was charged for the part of the cost that is refunded by now, less what was given back before."""
        assert row.of is not None
        original, cost = self.settled[row.of], self.rows[row.of].micros
        before = rounded(Fraction(original.net * min(original.refunded_cost, cost), cost))
        original.refunded_cost += row.micros
        after = rounded(Fraction(original.net * min(original.refunded_cost, cost), cost))
        given = min(after - before, original.left)
        original.given += given
        self.settled[row.row_id] = Settled(client, original.month, original.vat, -given)
        billed.add(client, original.month, original.vat, -given)
        self.roundings[client] += 1

    def _top_up(self, client: str, month: int, billed: Billed) -> None:
        """The minimum of calls, then of the month, on its own net after refunds; what was credited by hand is use."""
        terms = self.recorded[client, month]
        tops = 0
        for category, least in (("call", terms.plan.call_minimum), ("", terms.plan.minimum)):
            net = sum(
                settled.net
                for row_id, settled in self.settled.items()
                if (settled.client, settled.month) == (client, month) and not settled.freed
                if category in ("", self._category(row_id))
            )
            if not category:
                net += self.fees.get((client, month), 0) + tops
            owed = max(0, least - net) if least else 0
            billed.add(client, month, terms.vat, owed - self.top_ups[client, month, category])
            self.top_ups[client, month, category] = owed
            tops += owed

    def _category(self, row_id: int) -> str:
        row = self.rows[row_id]
        return row.category if row.of is None else self.rows[row.of].category

    def book(self, nets: Mapping[Bucket, int]) -> None:
        """One document: VAT on the sum of each category and rate."""
        taxed: dict[tuple[str, str, str], int] = defaultdict(int)
        for (client, month, category, rate), cents in nets.items():
            self.nets[client, month, category, rate] += cents
            taxed[client, category, rate] += cents
        for (client, category, rate), cents in taxed.items():
            self.vat[client, category, rate] += rounded(cents * Fraction(rate) / 100)


def charge(rule: Rule, cost: Fraction, place: int, reached: int) -> Fraction:
    """What a row of this cost in cents costs the client, in exact cents.

    It is the unit `place` of its month, which comes to `reached` units.
    """
    if rule.model == "pass_through":
        return cost
    if rule.model == "markup":
        return cost * (1 + Fraction(rule.percent) / 100)
    if rule.model == "fixed":
        return Fraction(rule.price) * 100
    if rule.model == "absorb":
        return Fraction(0)
    if rule.model == "package":
        return Fraction(0) if place <= rule.included else Fraction(rule.price) * 100
    at = place if rule.model == "graduated" else reached
    return next(Fraction(price) * 100 for up_to, price in rule.tiers if up_to is None or at <= up_to)


def rounded(cents: Fraction | int) -> int:
    """Whole cents, half away from zero."""
    exact = Fraction(cents)
    whole = (abs(exact) * 2 + 1) // 2
    return int(whole) if exact >= 0 else -int(whole)


def shared(exact: Mapping[int, Fraction], total: int) -> dict[int, int]:
    """Whole cents that add up to `total`, by largest remainder; in a tie the lower id gets the cent."""
    whole = {key: int(value // 1) for key, value in exact.items()}
    left = total - sum(whole.values())
    order = sorted(exact, key=lambda key: (-(exact[key] - whole[key]), key))
    return {key: whole[key] + (key in order[: max(0, left)]) for key in exact}
