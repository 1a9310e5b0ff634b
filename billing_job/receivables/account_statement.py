"""A client's account over a span of days: what was open, what moved, and what is open at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_job.core.claim import Claim, FirstDay, Payment, PaymentKind
from billing_job.core.document import Kind
from billing_job.core.errors import InvariantBroken
from billing_job.receivables.open_items import OpenItem, counts, paid_before, receivables


class MovementKind(StrEnum):
    """What moved the balance; the value is the word of the CSV."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    RETURN = "return"
    PAID_BACK = "paid_back"
    SET_OFF = "set_off"
    COSTS = "costs"
    INTEREST = "interest"


_OF_PAYMENT = {
    PaymentKind.RECEIPT: MovementKind.PAYMENT,
    PaymentKind.RETURN: MovementKind.RETURN,
    PaymentKind.PAID_BACK: MovementKind.PAID_BACK,
    PaymentKind.SET_OFF: MovementKind.SET_OFF,
    PaymentKind.COSTS: MovementKind.COSTS,
    PaymentKind.INTEREST: MovementKind.INTEREST,
}
_OF_DOCUMENT = {Kind.INVOICE: MovementKind.INVOICE, Kind.CREDIT_NOTE: MovementKind.CREDIT_NOTE}


@dataclass(frozen=True, slots=True)
class AccountMovement:
    """One line of the account; `balance_cents` is what the client owes after it."""

    day: date
    kind: MovementKind
    document: str
    """Empty for money on the credit balance."""
    cents: int
    """Positive: the client owes more."""
    balance_cents: int
    due_date: date | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """An account from the first day to the last, both included."""

    client_id: str
    first: date
    as_of: date
    opening_cents: int
    movements: tuple[AccountMovement, ...]
    closing_cents: int
    open_items: tuple[OpenItem, ...]
    ageing: tuple[tuple[str, int], ...]
    """Bucket and cents; what the client has with the house beyond its items is not in them."""


def statement(
    claims: Iterable[Claim],
    payments: Iterable[Payment],
    client_id: str,
    first: date,
    as_of: date,
    first_day: FirstDay,
) -> AccountStatement:
    """The account of a client, derived from the same facts as its open items; InvariantBroken if the two differed."""
    own = [claim for claim in claims if claim.client_id == client_id and claim.issue_date <= as_of]
    numbers = {claim.number for claim in own}
    of_client = [
        one
        for one in payments
        if one.day <= as_of and (one.client_id == client_id or one.document in numbers) and first_day.is_own(one)
    ]
    state = receivables(own, of_client, as_of, first_day).of_client(client_id)
    counting = [claim for claim in own if counts(claim, first_day)]
    elsewhere = numbers - {claim.number for claim in counting}
    settled = paid_before(counting, first_day)
    lines: list[tuple[date, int, str, MovementKind, int, date | None, str]] = [
        (
            claim.issue_date,
            0,
            claim.number,
            _OF_DOCUMENT[claim.kind],
            claim.gross_cents - settled.get(claim.number, 0),
            claim.due_date,
            "",
        )
        for claim in counting
    ]
    lines += [
        (payment.day, 1, payment.document or "", _OF_PAYMENT[payment.kind], -payment.cents, None, payment.bank_reason)
        for payment in of_client
        if payment.document not in elsewhere and not payment.is_beside
    ]
    # What was claimed beside a document is owed for the day only on which it is paid: two lines, and no balance.
    for payment in of_client:
        if payment.is_beside and payment.document is not None:
            paid = MovementKind.PAYMENT if payment.cents > 0 else MovementKind.RETURN
            lines += [
                (payment.day, 2, payment.document, _OF_PAYMENT[payment.kind], payment.cents, None, ""),
                (payment.day, 3, payment.document, paid, -payment.cents, None, payment.bank_reason),
            ]
    lines.sort(key=lambda line: line[:3])
    balance = opening = sum(line[4] for line in lines if line[0] < first)
    movements = []
    for day, _, document, kind, cents, due, detail in lines:
        if day >= first:
            balance += cents
            movements.append(AccountMovement(day, kind, document, cents, balance, due, detail))
    if balance != state.total_open_cents:
        raise InvariantBroken(
            f"statement of {client_id}: its movements come to {balance} cents, its open items to"
            f" {state.total_open_cents}; this is a defect of billing-job"
        )
    return AccountStatement(
        client_id,
        first,
        as_of,
        opening,
        tuple(movements),
        balance,
        state.open_items,
        tuple(state.ageing().items()),
    )


def clients_with_account(claims: Iterable[Claim], payments: Iterable[Payment], as_of: date) -> Sequence[str]:
    """Everybody of whom anything is known by that day, in the order of their ids."""
    known = {claim.client_id for claim in claims if claim.issue_date <= as_of}
    return sorted(known | {payment.client_id for payment in payments if payment.day <= as_of})
