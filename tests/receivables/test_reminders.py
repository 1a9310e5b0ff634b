"""Who is reminded of what: levels, holds, what is claimed, and the account of a client."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_job.core.claim import Claim, FirstDay, Payment, PaymentKind
from billing_job.core.document import Kind
from billing_job.receivables.account_statement import statement
from billing_job.receivables.interest import InterestRate
from billing_job.receivables.open_items import EVERYTHING, receivables
from billing_job.receivables.reminder_levels import ReminderLevel
from billing_job.receivables.reminder_plan import Hold, HoldKind, Reminded, Reminder, ReminderPlan, Terms
from billing_job.receivables.reminders import reminders

DUE = date(2026, 3, 15)
RATE = InterestRate("NL", Decimal("10.15"), date(2026, 1, 1), date(2026, 7, 1), "test")
LEVELS = (
    ReminderLevel(after_days=7),
    ReminderLevel(after_days=21, text="firm", interest=True, costs=True),
    ReminderLevel(after_days=35, channel="letter", text="final", interest=True, costs=True),
)
TERMS = Terms(LEVELS, "NL", "EUR", [RATE], frozenset({"acme"}))


def invoice(number: str, cents: int, client: str = "acme", due: date = DUE, corrects: str = "") -> Claim:
    kind = Kind.INVOICE if cents > 0 else Kind.CREDIT_NOTE
    return Claim(number, kind, client, date(2026, 3, 1), due, cents, corrects)


def paid(number: str | None, cents: int, day: date, client: str = "acme") -> Payment:
    kind = PaymentKind.RECEIPT if cents > 0 else PaymentKind.RETURN
    return Payment(f"{number}-{day}-{cents}", number, client, cents, day, kind)


def plan(days: int, claims: Sequence[Claim], payments: Sequence[Payment] = (), terms: Terms = TERMS) -> ReminderPlan:
    """The plan so many days after the due day."""
    return reminders(receivables(claims, payments, DUE + timedelta(days=days)), payments, terms)


def reminded(**levels: tuple[int, int]) -> Mapping[str, Reminded]:
    """`A=(1, 7)`: document A was brought to level 1 on the 7th day."""
    return {number: Reminded(level, DUE + timedelta(days=day)) for number, (level, day) in levels.items()}


def only(found: ReminderPlan) -> Reminder:
    (made,) = found.reminders
    return made


def test_levels_come_in_their_order_and_never_sooner_than_they_are_apart() -> None:
    """First after 7 days; the second 14 days after the first was sent, however late that was; none twice."""
    one = [invoice("A", 100_00)]
    assert plan(6, one).reminders == []
    assert only(plan(7, one)).level == 1
    assert only(plan(300, one)).level == 1
    for days, history, level in (
        (20, reminded(A=(1, 7)), None),
        (21, reminded(A=(1, 7)), 2),
        (63, reminded(A=(1, 50)), None),
        (64, reminded(A=(1, 50)), 2),
        (78, reminded(A=(2, 64)), 3),
        (500, reminded(A=(3, 78)), None),
    ):
        made = plan(days, one, terms=replace(TERMS, reminded=history)).reminders
        assert [each.level for each in made] == ([] if level is None else [level]), (days, history)


def test_a_german_seller_waits_for_the_next_working_day() -> None:
    """Due on a Sunday, late from Tuesday: the first letter a day later, 21 days of interest on the 22nd."""
    german = replace(TERMS, country="DE", rates=[replace(RATE, country="DE")])
    one = [invoice("A", 1_000_00)]
    assert plan(7, one, terms=german).reminders == []
    assert only(plan(8, one, terms=german)).level == 1
    # 100000 * 1015 * 21 / 3650000 = 583.97 cents
    made = only(plan(22, one, terms=replace(german, reminded=reminded(A=(1, 8)))))
    assert (made.level, made.interest_cents, made.items[0].days_overdue) == (2, 584, 21)


def test_one_letter_a_client_with_all_that_is_overdue() -> None:
    """A document below its first level is listed, too, and costs nothing; what is not overdue is not there."""
    claims = [
        invoice("A", 1_000_00),
        invoice("B", 50_00, due=DUE + timedelta(days=20)),
        invoice("C", 70_00, due=DUE + timedelta(days=21)),
        invoice("D", 30_00, "bruno"),
    ]
    found = plan(21, claims, terms=replace(TERMS, reminded=reminded(A=(1, 7))))
    acme, bruno = found.reminders
    assert [(each.number, each.level, each.open_cents) for each in acme.items] == [("A", 2, 1_000_00), ("B", 0, 50_00)]
    # 21 days of 10.15 % on 1,000.00: 100000 * 1015 * 21 / 3650000 = 583.97 cents; costs 15 % of 1,000.00.
    assert (acme.interest_cents, acme.costs.cents, acme.asked_cents) == (584, 150_00, 1_050_00 + 584 + 150_00)
    assert [each.costs_cents for each in acme.items] == [150_00, 0]
    assert (bruno.client_id, bruno.level, bruno.interest_cents, bruno.costs.cents) == ("bruno", 1, 0, 0)


def test_nobody_is_asked_for_what_is_paid_held_disputed_or_collected() -> None:
    """Each is left out with its reason; a hold of the client covers all of it; an ended one nothing."""
    claims = [invoice(number, 100_00) for number in "ABCD"]
    payments = [paid("A", 100_00, DUE + timedelta(days=9))]
    day = DUE + timedelta(days=10)
    holds = [
        Hold("acme", "B", HoldKind.DISPUTE, "wrong number", None, day + timedelta(days=1)),
        Hold("acme", "C", HoldKind.HOLD, "over", None, day),
    ]
    found = plan(10, claims, payments, replace(TERMS, holds=holds, in_collection={"D": day}))
    assert [each.number for each in only(found).items] == ["C"]
    assert {each.number: each.reason.partition(":")[0] for each in found.left_out} == {
        "B": f"dispute until {day + timedelta(days=1)}",
        "D": f"is being collected by direct debit on {day}",
    }
    everything = Hold("acme", "", HoldKind.HOLD, "talks", None, None)
    assert plan(10, claims, payments, replace(TERMS, holds=[everything])).reminders == []
    assert plan(10, claims, payments, replace(TERMS, debited=frozenset("ABCD"))).reminders == []


def test_what_a_client_has_with_the_house_is_set_off() -> None:
    """A credit balance and open credit notes lessen what is asked for, and where they cover it nobody writes."""
    claims = [invoice("A", 100_00), invoice("CN", -20_00)]
    assert only(plan(7, claims, [paid(None, 30_00, DUE)])).asked_cents == 50_00
    covered = plan(7, claims, [paid(None, 80_00, DUE)])
    assert (covered.reminders, [each.number for each in covered.left_out]) == ([], ["A"])
    # Paid back, and then its bank took the payment back as well: a letter asks for what documents say, and no more.
    twice = [paid(None, 30_00, DUE), paid(None, -30_00, DUE), paid(None, -30_00, DUE)]
    assert only(plan(7, claims[:1], twice)).asked_cents == 100_00


def test_consumers_owe_costs_only_after_their_letter_of_14_days() -> None:
    """The letters before announce them with their sum; interest of a consumer is never claimed here."""
    one = [invoice("D", 1_000_00, "bruno")]
    first = only(plan(7, one))
    assert (first.announced.cents, first.costs.cents) == (150_00, 0)
    day = DUE + timedelta(days=7)
    for days, costs in ((21, 0), (23, 0), (24, 150_00)):
        history = {"D": Reminded(1, day, announced_on=day)}
        second = only(plan(days, one, terms=replace(TERMS, reminded=history)))
        assert (second.costs.cents, second.interest_cents, second.announced.cents) == (costs, 0, 0), days


def test_a_rate_that_is_not_known_claims_nothing_and_says_where_it_stands() -> None:
    """No interest for the document at all, the costs as ever, and a note that names the publication."""
    one = [invoice("A", 100_00, due=date(2026, 6, 20))]
    history = {"A": Reminded(1, date(2026, 6, 27))}
    state = receivables(one, [], date(2026, 7, 20))
    found = reminders(state, [], replace(TERMS, reminded=history))
    assert (only(found).interest_cents, only(found).costs.cents) == (0, 40_00)
    assert "2026-07-01" in found.notes[0]
    assert "main refinancing operations" in found.notes[0]
    dollars = reminders(state, [], replace(TERMS, reminded=history, currency="USD"))
    assert only(dollars).costs.cents == 0


def test_interest_of_a_claim_that_a_credit_note_lessened() -> None:
    """The credited part was never owed; a payment counts from its day: 60 for 9 days, then 20 for 12."""
    claims = [invoice("A", 100_000), invoice("CN", -40_000, corrects="A")]
    payments = [paid("A", 40_000, DUE + timedelta(days=9))]
    found = only(plan(21, claims, payments, replace(TERMS, reminded=reminded(A=(1, 7)))))
    exact = (60_000 * 9 + 20_000 * 12) * 1015
    assert found.interest_cents == (exact + 1_825_000) // 3_650_000
    assert found.open_cents == 20_000


cents = st.integers(1, 50_000)
days = st.integers(0, 60)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(cents, days, st.booleans()), max_size=6),
    st.lists(st.tuples(st.integers(-1, 5), st.integers(-20_000, 50_000), days), max_size=8),
    st.integers(0, 70),
    st.booleans(),
)
def test_an_account_closes_on_what_is_open(
    documents: list[tuple[int, int, bool]], moves: list[tuple[int, int, int]], span: int, since: bool
) -> None:
    """Whatever was issued, paid and returned: opening and movements come to the open items less the credit balance."""
    start = date(2026, 1, 1)
    claims = [
        Claim(
            f"N{n}",
            Kind.INVOICE if bill else Kind.CREDIT_NOTE,
            "acme",
            start + timedelta(days=day),
            DUE,
            amount if bill else -amount,
        )
        for n, (amount, day, bill) in enumerate(documents)
    ]
    payments = [
        paid(f"N{to}" if 0 <= to < len(claims) else None, amount, start + timedelta(days=day))
        for to, amount, day in moves
        if amount
    ]
    first_day = (
        FirstDay(start + timedelta(days=20), {"N0": None}) if since and claims and documents[0][1] < 20 else EVERYTHING
    )
    as_of = start + timedelta(days=span)
    account = statement(claims, payments, "acme", as_of - timedelta(days=span // 2), as_of, first_day)
    state = receivables(claims, payments, as_of, first_day)
    assert account.closing_cents == state.total_open_cents
    assert account.closing_cents == account.opening_cents + sum(each.cents for each in account.movements)
    in_favour = sum(state.credit_balances.values())
    assert sum(amount for _, amount in account.ageing) - in_favour == account.closing_cents
