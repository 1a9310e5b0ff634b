"""The wallet of a sandbox world: every movement from the first top-up to a few days after the month, oldest first."""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from billing_job.core.period import Period
from billing_job.didfarm.sandbox.clients import Customer
from billing_job.didfarm.sandbox.holdings import Assignment, Order, WireRow
from billing_job.didfarm.sandbox.inventory import Inventory
from billing_job.didfarm.sandbox.usage import Movement, Usage, utc

FIRST_TRANSACTION_ID = 90122
DAYS_AFTER_MONTH = 4
TOP_UP_STEP_CENTS = 5000
RESERVE_CENTS = 10_000
_RENEWALS_RUN_AT = time(3, 0)
_TOP_UPS_AT = time(8, 0)


def history(
    customers: Sequence[Customer], held: Inventory, transactions: int, month: Period, zone: ZoneInfo, rng: Random
) -> tuple[WireRow, ...]:
    """All movements as wire rows, oldest first, `transactions` of them unless the holdings alone make more.

    The balance starts at 0 and is never below; every reference is held by somebody at the row's own moment.
    """
    start, last_day = month.previous.previous.first_day, month.last_day + timedelta(days=DAYS_AFTER_MONTH)
    days = [start + timedelta(days=offset) for offset in range((last_day - start).days + 1)]
    movements = [_purchase(order) for order in held.orders]
    movements.extend(_renewals(held.assignments, last_day, zone))
    refunds = [_refund_of_test(held.test_order, zone)] if held.test_order else []
    top_up_moments = [utc(day, _TOP_UPS_AT, zone) for day in days[::7]]
    room = max(0, transactions - len(movements) - len(refunds) - len(top_up_moments))
    refund_count = room // 100
    usage = Usage(customers, held, days, zone, rng)
    movements.extend(usage.movements(room - refund_count, month))
    refunds.extend(_refunds(movements, refund_count, last_day, zone, rng))
    movements = sorted([*movements, *refunds], key=lambda movement: movement.moment)
    return _rows(_with_top_ups(movements, top_up_moments), rng)


def _purchase(order: Order) -> Movement:
    numbers = f"{len(order.numbers)} numbers" if len(order.numbers) > 1 else order.numbers[0].number
    return Movement(
        order.created_at, "purchase", -order.cents, f"Order #{order.order_id}: {numbers}", "order", order.order_id
    )


def _renewals(assignments: Sequence[Assignment], last_day: date, zone: ZoneInfo) -> Iterator[Movement]:
    """A number is renewed on the day of the month it was bought, or the month's last; all of a day at one moment."""
    bought: dict[str, date] = {}
    for assignment in assignments:
        number = assignment.number
        first = bought.setdefault(number.number, assignment.valid_from)
        renewed = Period.of(first).next
        while renewed.first_day <= last_day:
            length = calendar.monthrange(renewed.year, renewed.month)[1]
            day = date(renewed.year, renewed.month, min(first.day, length))
            if day <= last_day and assignment.holds_on(day):
                yield Movement(
                    utc(day, _RENEWALS_RUN_AT, zone),
                    "renewal",
                    -number.monthly_rate_cents,
                    f"Monthly rental {number.number}",
                    "number",
                    number.did_number_id,
                    (assignment,),
                )
            renewed = renewed.next


def _refund(original: Movement, moment: datetime) -> Movement:
    return replace(
        original, moment=moment, type="refund", cents=-original.cents, description=f"Refund: {original.description}"
    )


def _refund_of_test(order: Order, zone: ZoneInfo) -> Movement:
    """Support gives the money for a test number back three days later (guide: FAQ)."""
    moment = order.created_at.astimezone(zone) + timedelta(days=3)
    return _refund(_purchase(order), moment.astimezone(UTC))


def _refunds(
    movements: Sequence[Movement], wanted: int, last_day: date, zone: ZoneInfo, rng: Random
) -> Iterator[Movement]:
    """Give single movements back in full one to three days later, while their number is still the same client's."""
    refundable = [movement for movement in movements if movement.type != "purchase"]
    for original in rng.sample(refundable, min(wanted, len(refundable))):
        moment = original.moment + timedelta(days=rng.randrange(1, 4), minutes=rng.randrange(60))
        day = moment.astimezone(zone).date()
        if day > last_day or not all(assignment.holds_on(day) for assignment in original.held_by):
            moment = original.moment + timedelta(minutes=5)
        yield _refund(original, moment)


def _with_top_ups(movements: Sequence[Movement], moments: Sequence[datetime]) -> Iterator[Movement]:
    """Let each top-up bring what leaves the wallet until the next one, in round amounts, so that a reserve stays."""
    bounds = [*moments[1:], datetime.max.replace(tzinfo=UTC)]
    balance, position = 0, 0
    for moment, until in zip(moments, bounds, strict=True):
        batch = []
        while position < len(movements) and movements[position].moment < until:
            batch.append(movements[position])
            position += 1
        needed = -sum(movement.cents for movement in batch if movement.cents < 0) + RESERVE_CENTS - balance
        steps = max(1, -(-needed // TOP_UP_STEP_CENTS))
        yield Movement(moment, "topup", steps * TOP_UP_STEP_CENTS, "Wallet top-up")
        yield from batch
        balance += steps * TOP_UP_STEP_CENTS + sum(movement.cents for movement in batch)


def _rows(movements: Iterator[Movement], rng: Random) -> tuple[WireRow, ...]:
    """Give ids in the order of time, with gaps as where other customers of the supplier come in between."""
    rows: list[WireRow] = []
    transaction_id = FIRST_TRANSACTION_ID
    for movement in movements:
        rows.append(
            {
                "id": transaction_id,
                "type": movement.type,
                "amount": movement.cents,
                "currency": "EUR",
                "description": movement.description,
                "reference_type": movement.reference_type,
                "reference_id": movement.reference_id,
                "created_at": movement.moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
        transaction_id += rng.randrange(1, 4)
    return tuple(rows)
