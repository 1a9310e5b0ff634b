"""Random lives of clients, billed by the program and by a second, plain-integer billing: both come to the same.

A ledger holds several lives at once, for a run costs about the same for one client and for twenty. `LIVES` in the
environment says how many lives are tried (30 by default, 50 in CI, 2000 for the long run). A failure names the life
that went wrong; with `SHRINK=1` it is made as short as it can be, which takes minutes.
"""

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.lives import Books, SeenDocument, SeenLine, decimal, moved
from tests.support.oracle_billing import Bucket, Oracle, Owner, Plan, Row, Rule, Taxed, Terms
from tests.support.paths import IN_MEMORY
from tests.support.tried import times

AT_ONCE = 10
"""Lives of a ledger, on average."""
LEDGERS = max(1, int(os.environ.get("LIVES", times(20, 50))) // AT_ONCE)
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if "SHRINK" in os.environ else [])]
MONTHS = ("2026-08", "2026-09", "2026-10")
TYPES = {"call": "call", "message": "sms", "number_rental": "renewal", "number_setup": "purchase"}
NUMBERS = 3
"""Rented numbers of a life; each purchase has a number of its own beside them."""


@dataclass(frozen=True, slots=True)
class Features:
    """What may happen in a life beside use, moves and plan terms."""

    late: bool = False
    refunds: bool = False
    credits: bool = False
    changes: bool = False
    odd: bool = False
    """Amounts of which halves of cents are left; otherwise every share of every amount is whole cents."""
    fine: bool = False
    """Odd prices and costs below the cent, beside whole ones."""

    @property
    def parts(self) -> bool:
        """Whether any amount leaves parts of cents."""
        return self.odd or self.fine


@dataclass(frozen=True, slots=True)
class Files:
    """The part of the files that may change from month to month: both plans, and whether b has a VAT id."""

    plans: tuple[Plan, Plan]
    b_is_a_business: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """A credit of the document that `pick` leads to: of one line or whole, billed again or not."""

    pick: int
    whole: bool
    rebill: bool


@dataclass(frozen=True, slots=True, repr=False)
class Life:
    """Two clients a and b, three trunks, a few numbers, three months; ids, clients and references are its own."""

    details: tuple[str, str]
    b_country: str
    moves: tuple[tuple[int, int, str], ...]
    """For each number, rented or bought: month and day from which it is on another trunk, and that trunk."""
    homes: tuple[str, ...]
    """The trunk of each number until then."""
    third_trunk: tuple[int, int]
    """Month and day from which trunk c is b's."""
    files: tuple[Files, ...]
    first: tuple[tuple[Row, ...], ...]
    """For each month the rows known at its run."""
    then: tuple[tuple[Row, ...], ...]
    """And those that turn up after it."""
    corrections: tuple[tuple[Correction, ...], ...]

    def __repr__(self) -> str:
        return f"<a life of {sum(map(len, (*self.first, *self.then)))} rows>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def owner(self, row: Row) -> Owner:
        """Whose a use is at its moment."""
        kind, key = row.reference
        trunk = key if kind == "trunk" else self._trunk_of(int(key), row)
        client = {"a": "a", "b": "b"}.get(trunk) or ("b" if (row.month, row.day) >= self.third_trunk else "a")
        return Owner(client, "" if kind == "trunk" else key, trunk)

    def _trunk_of(self, number: int, row: Row) -> str:
        month, day, trunk = self.moves[number]
        return trunk if (row.month, row.day) >= (month, day) else self.homes[number]


# Drawing lives

PERCENTS = {False: ("0", "10", "30", "50", "100"), True: ("7.5", "33.3333", "12", "0.0001")}
PRICES = {False: ("1.00", "3.00", "25.00"), True: ("0.0950", "0.0045", "1.99")}
DISCOUNTS = {False: ("0", "0", "10", "25", "50", "100"), True: ("0", "12.5", "33.3", "0.01")}
FEES = {False: (0, 1000, 20_000), True: (0, 499, 1)}
CALL_MINIMUMS = {False: (0, 0, 5_000, 30_000), True: (0, 0, 7_777)}
MINIMUMS = {False: (0, 10_000, 50_000, 300_000), True: (0, 10_001, 33_333)}


@st.composite
def plans(draw: st.DrawFn, odd: bool) -> Plan:
    """A rule for each category and the rest at cost; only calls and messages are counted."""
    percent, price = st.sampled_from(PERCENTS[odd]), st.sampled_from(PRICES[odd])

    def plain(category: str, *models: str) -> Rule:
        model = draw(st.sampled_from(models))
        return Rule(
            category,
            model,
            percent=draw(percent) if model == "markup" else "0",
            price=draw(price) if model == "fixed" else "0",
        )

    def counted(category: str) -> Rule:
        model = draw(st.sampled_from(("markup", "package", "graduated", "volume")))
        if model == "markup":
            return Rule(category, model, percent=draw(percent))
        if model == "package":
            return Rule(category, model, included=draw(st.integers(0, 3)), price=draw(price))
        bounds = (draw(st.integers(1, 2)), draw(st.integers(3, 4)), None)
        return Rule(category, model, tiers=tuple((bound, draw(price)) for bound in bounds))

    rules = (
        plain("number_setup", "pass_through", "markup", "fixed"),
        plain("number_rental", "pass_through", "markup", "fixed", "absorb"),
        counted("message"),
        counted("call"),
        Rule("", "pass_through"),
    )
    return Plan(
        rules,
        fee=draw(st.sampled_from(FEES[odd])),
        minimum=draw(st.sampled_from(MINIMUMS[odd])),
        call_minimum=draw(st.sampled_from(CALL_MINIMUMS[odd])),
        discount=draw(st.sampled_from(DISCOUNTS[odd])),
    )


@dataclass(slots=True)
class _Drawing:
    """The rows of a life as far as they are drawn."""

    odd: bool
    fine: bool
    rows: list[Row] = field(default_factory=list)
    refunded: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    bought: int = 0

    def add(self, row: Row) -> Row:
        self.rows.append(row)
        return row

    @property
    def next_id(self) -> int:
        return 95 + len(self.rows)

    def micros(self, draw: st.DrawFn) -> int:
        """No two uses cost the same, so that a whole refund has one original."""
        place = len(self.rows) + 1
        if self.fine and draw(st.booleans()):
            return 10_000 * place + draw(st.sampled_from((7_500, 5_000, 3_333, 1, 9_990)))
        return 10_000 * (100 * place + draw(st.integers(1, 99)) if self.odd else 1000 * place)


def _use(draw: st.DrawFn, so_far: _Drawing, month: int, category: str, trunk: str = "") -> Row:
    day = draw(st.integers(1, 28))
    reference = ("trunk", trunk or draw(st.sampled_from("abc")))
    if category == "number_setup":
        reference = ("number", str(NUMBERS + so_far.bought))
        so_far.bought += 1
    elif category == "number_rental" or (category == "message" and not trunk and draw(st.booleans())):
        reference = ("number", str(draw(st.integers(0, NUMBERS - 1))))
    return so_far.add(Row(so_far.next_id, category, so_far.micros(draw), month, day, reference))


def _refund(draw: st.DrawFn, so_far: _Drawing, month: int, taken: set[int]) -> Iterator[Row]:
    """Of a use that is not refunded yet: whole, or of a purchase, which alone has its number, a part in fifths."""
    open_rows = [
        row
        for row in so_far.rows
        if row.of is None
        and so_far.refunded[row.row_id] < row.micros
        and row.month <= month
        and row.row_id not in taken
    ]
    if not open_rows:
        return
    original = draw(st.sampled_from(open_rows))
    left = original.micros - so_far.refunded[original.row_id]
    part = left
    if original.category == "number_setup" and original.micros >= 5:
        part = min(left, original.micros // 5 * draw(st.integers(1, 5)))
    so_far.refunded[original.row_id] += part
    when = draw(st.integers(original.month, month))
    day = draw(st.integers(original.day if when == original.month else 1, 28))
    yield so_far.add(Row(so_far.next_id, "refund", part, when, day, original.reference, original.row_id))


@st.composite
def lives(draw: st.DrawFn, features: Features) -> Life:
    """Every client uses something in every month, so that each month has a record of its terms."""
    odd = features.parts
    so_far = _Drawing(odd, features.fine)
    first, then, files, corrections = [], [], [], []
    categories = st.sampled_from(tuple(TYPES))
    for month in range(len(MONTHS)):
        if month == 0 or (features.changes and draw(st.booleans())):
            files.append(Files((draw(plans(odd)), draw(plans(odd))), draw(st.booleans())))
        else:
            files.append(files[-1])
        rows = [_use(draw, so_far, month, "call", trunk) for trunk in "ab"]
        rows += [_use(draw, so_far, month, draw(categories)) for _ in range(draw(st.integers(0, 4)))]
        more: list[Row] = []
        if features.late and month:
            rows += [_use(draw, so_far, month - 1, draw(categories)) for _ in range(draw(st.integers(0, 2)))]
        if features.refunds:
            for _ in range(draw(st.integers(0, 3))):
                rows += _refund(draw, so_far, month, set())
        if features.late:
            more += [
                _use(draw, so_far, draw(st.integers(0, month)), draw(categories))
                for _ in range(draw(st.integers(0, 2)))
            ]
        if features.refunds:
            for _ in range(draw(st.integers(0, 2))):
                more += _refund(draw, so_far, month, set())
        first.append(tuple(rows))
        then.append(tuple(more))
        correction = st.builds(Correction, st.integers(0, 50), st.booleans(), st.booleans())
        corrections.append(tuple(draw(st.lists(correction, max_size=2))) if features.credits else ())
    count = NUMBERS + so_far.bought
    months, days = st.integers(0, len(MONTHS)), st.integers(1, 28)
    detail = st.sampled_from(("category", "number", "transaction"))
    return Life(
        details=(draw(detail), draw(detail)),
        b_country=draw(st.sampled_from(("NL", "DE"))),
        moves=tuple((draw(months), draw(days), draw(st.sampled_from("abc"))) for _ in range(count)),
        homes=tuple(draw(st.sampled_from("abc")) for _ in range(count)),
        third_trunk=(draw(months), draw(days)),
        files=tuple(files),
        first=tuple(first),
        then=tuple(then),
        corrections=tuple(corrections),
    )  # fmt: skip


# One ledger for several lives


def _day(month: int, day: int) -> str:
    return f"2026-{8 + month:02d}-{day:02d}"


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a life has in the ledger that it shares with others; `in_cents` tells how it writes amounts."""

    place: int
    in_cents: bool = True

    def client(self, client: str) -> str:
        return f"{client}{self.place}"

    def trunk(self, trunk: str) -> str:
        return f"trk_{trunk}{self.place}"

    def number(self, number: int) -> str:
        return f"+3120{1000 + self.place}{number:03d}"

    def did(self, number: int) -> int:
        return self.place * 1000 + 500 + number

    def order(self, number: int) -> int:
        return 1_000_000 + self.place * 1000 + number

    def row_id(self, row_id: int) -> int:
        return self.place * 10_000 + row_id

    def wire(self, row: Row) -> dict[str, object]:
        """As the supplier lists it; the row's id says which of a number's names it has."""
        kind, key = row.reference
        type_ = TYPES.get(row.category, "refund")
        # As a supplier with decimals writes them where one of them is below the cent.
        micros = row.micros if row.of is not None else -row.micros
        cents = micros // 10_000 if self.in_cents else decimal(micros)
        row_id, day = self.row_id(row.row_id), _day(row.month, row.day)
        if kind == "trunk":
            return moved(row_id, cents, day, type_=type_, trunk=self.trunk(key))
        number = int(key)
        if number >= NUMBERS and row.row_id % 3 == 0:
            return moved(row_id, cents, day, type_=type_, order=self.order(number))
        return moved(
            row_id, cents, day, type_=type_, number=self.did(number) if row.row_id % 2 else self.number(number)
        )


def _rule_toml(rule: Rule) -> str:
    text = (
        "[[plans.rules]]\n" + (f'category = "{rule.category}"\n' if rule.category else "") + f'model = "{rule.model}"\n'
    )
    if rule.model == "markup":
        text += f'percent = "{rule.percent}"\n'
    if rule.model in ("fixed", "package"):
        text += f'price = "{rule.price}"\n'
    if rule.model == "package":
        text += f"included = {rule.included}\n"
    if rule.tiers:
        tiers = (f'{{{f"up_to = {up_to}, " if up_to else ""}price = "{price}"}}' for up_to, price in rule.tiers)
        text += f"tiers = [{', '.join(tiers)}]\n"
    return text


def _plan_toml(name: str, plan: Plan) -> str:
    amounts = (plan.fee, plan.minimum, plan.call_minimum)
    fee, minimum, of_calls = (f"{cents // 100}.{cents % 100:02d}" for cents in amounts)
    terms = f'monthly_fee = "{fee}"\nminimum = "{minimum}"\ndiscount_percent = "{plan.discount}"\n'
    terms += f'[plans.category_minimum]\ncall = "{of_calls}"\n' if plan.call_minimum else ""
    return f'[[plans]]\nname = "{name}"\n{terms}' + "".join(map(_rule_toml, plan.rules))


def files_of(shared: Sequence[Life], month: int) -> dict[str, str]:
    """All of config/ as it is when a month is run."""
    clients = ["client_id,name,country,vat_id,plan,detail"]
    trunks = ["trunk,client_id,valid_from,valid_to"]
    numbers = ["number,did_number_id,order_id,trunk,valid_from,valid_to"]
    toml = '[seller]\nname = "S"\ncountry = "NL"\nvat_id = "NL861994772B01"\n[tax]\noss = true\n'
    for place, life in enumerate(shared):
        names = Names(place)
        vat_id = "DE136695976" if life.b_country == "DE" and life.files[month].b_is_a_business else ""
        for client, country, its_vat_id, detail in zip(
            "ab", ("NL", life.b_country), ("", vat_id), life.details, strict=True
        ):
            name = names.client(client)
            clients.append(f"{name},{name},{country},{its_vat_id},{name},{detail}")
            toml += _plan_toml(name, life.files[month].plans["ab".index(client)])
            trunks.append(f"{names.trunk(client)},{name},,")
        handed = _day(*life.third_trunk)
        trunks.append(f"{names.trunk('c')},{names.client('a')},,{handed}")
        trunks.append(f"{names.trunk('c')},{names.client('b')},{handed},")
        for number, ((from_month, from_day, trunk), home) in enumerate(zip(life.moves, life.homes, strict=True)):
            named = f"{names.number(number)},{names.did(number)},{names.order(number)}"
            numbers.append(f"{named},{names.trunk(home)},,{_day(from_month, from_day)}")
            numbers.append(f"{named},{names.trunk(trunk)},{_day(from_month, from_day)},")
    return {
        "billing.toml": toml,
        "clients.csv": "\n".join([*clients, ""]),
        "trunks.csv": "\n".join([*trunks, ""]),
        "numbers.csv": "\n".join([*numbers, ""]),
        "vat_rates.csv": "country,rate,valid_from\nNL,21,2020-01-01\nNL,23,2026-10-01\nDE,19,2020-01-01\n",
    }  # fmt: skip


def vat_of(life: Life, client: str, files: Files, month: int) -> Taxed:
    """NL at 21 %, from October on at 23 %; a German client by its VAT id: reverse charge, or 19 % under OSS."""
    if client == "b" and life.b_country == "DE":
        return ("AE", "0") if files.b_is_a_business else ("S", "19")
    return "S", "21" if month < 2 else "23"


class Players:
    """The program and the oracle, step by step over the months of several lives, compared after each step."""

    def __init__(self, books: Books, shared: Sequence[Life], features: Features):
        self.books = books
        self.shared = shared
        self.features = features
        owners: dict[int, Owner] = {}
        detail: dict[str, str] = {}
        for place, life in enumerate(shared):
            names = Names(place)
            for row in (row for batch in (*life.first, *life.then) for row in batch if row.of is None):
                owner = life.owner(row)
                owners[names.row_id(row.row_id)] = Owner(names.client(owner.client), owner.number, owner.trunk)
            detail |= {names.client(client): its for client, its in zip("ab", life.details, strict=True)}
        self.oracle = Oracle(owners, detail)
        self.clients = sorted(detail)
        self.touched: set[str] = set()
        """Documents that were credited."""

    def play(self) -> None:
        for month, name in enumerate(MONTHS):
            self._files(month)
            self._add([life.first[month] for life in self.shared])
            self._run(month)
            if any(life.then[month] for life in self.shared):
                self._add([life.then[month] for life in self.shared])
                self._run(month, supplementary=True)
            self._correct(month)
            self.compare(f"the end of {name}")
        if self.features.credits:
            self._once_more()

    def _once_more(self) -> None:
        """The same history under the same plans comes to what was billed, from whichever month on: `simulate`."""
        first = MONTHS[len(self.oracle.rows) % len(MONTHS)]
        for client, (was, again) in self.books.billed_once_more(first).items():
            if was != again:
                place = int(client[1:])
                life = told(self.shared[place], Names(place))
                pytest.fail(f"{client} from {first} on: billed {was}, then {again}\n{life}", pytrace=False)

    def _files(self, month: int) -> None:
        self.books.write(files_of(self.shared, month))
        for place, life in enumerate(self.shared):
            for client in "ab":
                for each in range(len(MONTHS)):
                    files = life.files[month]
                    terms = Terms(files.plans["ab".index(client)], vat_of(life, client, files, each))
                    self.oracle.terms[Names(place).client(client), each] = terms

    def _add(self, batches: Sequence[Sequence[Row]]) -> None:
        wire = []
        for place, rows in enumerate(batches):
            names = Names(place, not self.features.fine)
            wire += [names.wire(row) for row in rows]
            self.oracle.add(
                Row(
                    names.row_id(row.row_id), row.category, row.micros, row.month, row.day, row.reference,
                    None if row.of is None else names.row_id(row.of),
                )
                for row in rows
            )  # fmt: skip
        self.books.add(wire)

    def _run(self, month: int, *, supplementary: bool = False) -> None:
        self.books.run(MONTHS[month], supplementary=supplementary)
        self.oracle.run(month, self.clients, supplementary=supplementary)
        self.compare(f"the {'supplementary ' if supplementary else ''}run of {MONTHS[month]}")

    def _correct(self, month: int) -> None:
        # Whole documents first: the run that bills them again also takes any other that lines left nothing of.
        chosen = [(place, each) for place, life in enumerate(self.shared) for each in life.corrections[month]]
        again = False
        for place, correction in sorted(chosen, key=lambda pair: not pair[1].whole):
            again |= self._credit(place, correction, month)
        self.compare(f"the credits after {MONTHS[month]}")
        if again:
            self._run(month, supplementary=True)

    def _credit(self, place: int, correction: Correction, month: int) -> bool:
        """Credit a line or a document for which the design leaves no doubt; whether a run must follow."""
        names = Names(place)
        mine = {names.client(client) for client in "ab"}
        documents = [each for each in self.books.documents() if each.client_id in mine and self._plain(each)]
        if not documents:
            return False
        document = documents[correction.pick % len(documents)]
        if correction.whole:
            return self._credit_whole(document, correction, month)
        lines = [line for line in document.lines if line.transactions and self._worth(line) > 0]
        if not lines:
            return False
        line = lines[correction.pick % len(lines)]
        if correction.rebill and not self._unchanged(document.client_id, line):
            return False
        self.touched.add(document.number)
        self.books.credit(document.number, [line.line], rebill=correction.rebill)
        self.oracle.credit([int(row_id) for row_id in line.transactions], rebill=correction.rebill)
        return correction.rebill

    def _credit_whole(self, document: SeenDocument, correction: Correction, month: int) -> bool:
        client = document.client_id
        row_ids = [int(row_id) for line in document.lines for row_id in line.transactions]
        months = {MONTHS.index(line.month) for line in document.lines}
        nets: dict[Bucket, int] = defaultdict(int)
        for line in document.lines:
            nets[client, MONTHS.index(line.month), line.vat_category, line.vat_rate] += line.net
        if not correction.rebill:
            # reading: whether a minimum credited with its whole document is asked for again is left open: not tried.
            if any(self.oracle.recorded[client, each].plan.any_minimum for each in months):
                return False
            self.touched.add(document.number)
            self.books.credit(document.number, [], rebill=False)
            self.oracle.credit_all(row_ids, nets)
            return False
        same = all(self.oracle.recorded[client, each] == self.oracle.terms[client, each] for each in months)
        others = [each for each in self.books.documents() if each.client_id == client and each != document]
        apart = not any(line.month == MONTHS[month] for each in others for line in each.lines)
        if month not in months or not same or not apart or self.oracle.pending(client):
            return False
        before = self.books.documents()
        self.books.credit(document.number, [], rebill=True)
        self.oracle.book({bucket: -cents for bucket, cents in nets.items()})
        self.compare("a whole document was credited")
        self.books.run(MONTHS[month])
        self.oracle.book(nets)
        self.compare("it was billed again")
        self.touched |= {each.number for each in self.books.documents() if each not in before} | {document.number}
        return False

    def _plain(self, document: SeenDocument) -> bool:
        """An invoice of uses alone that was not corrected and none of whose rows was refunded."""
        rows = [int(row_id) for line in document.lines for row_id in line.transactions]
        return (
            document.number.startswith("INV")
            and document.number not in self.touched
            and all(line.net >= 0 or line.category == "discount" for line in document.lines)
            and all(self.oracle.rows[row_id].of is None and not self.oracle.refunds(row_id) for row_id in rows)
        )

    def _worth(self, line: SeenLine) -> int:
        return sum(self.oracle.settled[int(row_id)].left for row_id in line.transactions)

    def _unchanged(self, client: str, line: SeenLine) -> bool:
        month = MONTHS.index(line.month)
        return self.oracle.recorded[client, month] == self.oracle.terms[client, month]

    def compare(self, when: str) -> None:
        """Net by client, month and VAT category; VAT by client and category, as documents have it."""
        nets: dict[Bucket, int] = defaultdict(int)
        vat: dict[tuple[str, str, str], int] = defaultdict(int)
        for document in self.books.documents():
            for line in document.lines:
                bucket = (document.client_id, MONTHS.index(line.month), line.vat_category, line.vat_rate)
                nets[bucket] += line.net
            for taxed, cents in document.vat.items():
                vat[document.client_id, *taxed] += cents
        odd = {client: 3 * times for client, times in self.oracle.roundings.items()} if self.features.parts else {}
        self._same(f"net after {when}", nets, self.oracle.nets, odd)
        # reading: the VAT of a credited line may be rounded alone, or as what is left of its document's.
        of_parts = {client: 2 * times for client, times in self.oracle.part_credits.items()}
        self._same(f"VAT after {when}", vat, self.oracle.vat, odd or of_parts)

    def _same(self, what: str, program: Mapping[Any, int], oracle: Mapping[Any, int], slack: Mapping[str, int]) -> None:
        wrong = {}
        for key in sorted({*program, *oracle}, key=str):
            if abs(program.get(key, 0) - oracle.get(key, 0)) > slack.get(key[0], 0):
                wrong[key] = (program.get(key, 0), oracle.get(key, 0))
        if wrong:
            place = int(str(next(iter(wrong))[0])[1:])
            pytest.fail(f"{what}: (program, oracle) {wrong}\n{told(self.shared[place], Names(place))}", pytrace=False)


def told(life: Life, names: Names) -> str:
    """A life for people: its files where they change, its rows month by month."""
    lines = [f"details {life.details}, b in {life.b_country}, trunk c is b's from {life.third_trunk}"]
    lines += [f"number {n}: {home}, {move}" for n, (home, move) in enumerate(zip(life.homes, life.moves, strict=True))]
    for month, name in enumerate(MONTHS):
        if not month or life.files[month] != life.files[month - 1]:
            lines += [f"{name}: {client} {plan}" for client, plan in zip("ab", life.files[month].plans, strict=True)]
            lines.append(f"{name}: b has a VAT id: {life.files[month].b_is_a_business}")
        for when, batch in (("run", life.first[month]), ("afterwards", life.then[month])):
            lines += [
                f"{name} {when}: {names.row_id(row.row_id)} {row} {names.wire(row)['reference_id']}" for row in batch
            ]
        lines += [f"{name} then: {correction}" for correction in life.corrections[month]]
    return "\n".join(lines)


@contextmanager
def books() -> Iterator[Books]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        made = Books(Path(folder) / "office")
        try:
            yield made
        finally:
            made.close()


@st.composite
def several(draw: st.DrawFn, features: Features) -> list[Life]:
    """Lives for one ledger."""
    return [draw(lives(features)) for _ in range(draw(st.integers(1, 2 * AT_ONCE - 1)))]


SIMPLE = Features()
SIMPLE_ODD = Features(odd=True)
SIMPLE_FINE = Features(fine=True)
ALL = Features(late=True, refunds=True, credits=True, changes=True)
ALL_ODD = Features(late=True, refunds=True, credits=True, changes=True, odd=True)
ALL_FINE = Features(late=True, refunds=True, credits=True, changes=True, fine=True)
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def tried(share: int) -> settings:
    """A share of all ledgers, in percent."""
    # The first example of all is always next to nothing.
    examples = max(2, LEDGERS * share // 100)
    return settings(max_examples=examples, deadline=None, phases=PHASES, suppress_health_check=SLOW, print_blob=True)


@tried(10)
@given(several(SIMPLE))
def test_simple_lives(shared: list[Life]) -> None:
    """Use, moved numbers and trunks, every price, fee, discount and minimum, month after month."""
    with books() as here:
        Players(here, shared, SIMPLE).play()


@tried(10)
@given(several(SIMPLE_ODD))
def test_simple_lives_of_odd_amounts(shared: list[Life]) -> None:
    """The same with parts of cents in every price: each line is rounded once."""
    with books() as here:
        Players(here, shared, SIMPLE_ODD).play()


@tried(60)
@given(several(ALL))
def test_lives(shared: list[Life]) -> None:
    """With late rows, refunds whole and in part, credits, rebills, and plans, rates and VAT ids that change."""
    with books() as here:
        Players(here, shared, ALL).play()


@tried(20)
@given(several(ALL_ODD))
def test_lives_of_odd_amounts(shared: list[Life]) -> None:
    """The same with parts of cents, to the few cents that the order of roundings leaves open."""
    with books() as here:
        Players(here, shared, ALL_ODD).play()


@tried(10)
@given(several(SIMPLE_FINE))
def test_simple_lives_below_the_cent(shared: list[Life]) -> None:
    """Costs down to a millionth beside whole cents: exact on every line, rounded once."""
    with books() as here:
        Players(here, shared, SIMPLE_FINE).play()


@tried(10)
@given(several(ALL_FINE))
def test_lives_below_the_cent(shared: list[Life]) -> None:
    """The same with everything that may happen, to the few cents that the order of roundings leaves open."""
    with books() as here:
        Players(here, shared, ALL_FINE).play()


@pytest.mark.at_length
@pytest.mark.parametrize("feature", ["late", "refunds", "credits", "changes"])
@tried(5)
@given(data=st.data())
def test_lives_with_one_thing_more(feature: str, data: st.DataObject) -> None:
    """Each kind of event alone, which says what is wrong when all together fail."""
    features = Features(**{feature: True})
    shared = data.draw(several(features))
    with books() as here:
        Players(here, shared, features).play()
