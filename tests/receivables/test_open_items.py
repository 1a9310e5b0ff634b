"""What is open at a day: worked examples in plain integers."""

from datetime import date

import pytest

from billing_job.core.claim import Claim, FirstDay, Payment, PaymentKind
from billing_job.core.document import Kind
from billing_job.receivables.open_items import receivables

NOV_1, NOV_15, NOV_20 = date(2026, 11, 1), date(2026, 11, 15), date(2026, 11, 20)


def invoice(number: str, gross: int, *, client: str = "acme", issued: date = NOV_1) -> Claim:
    return Claim(number, Kind.INVOICE, client, issued, NOV_15, gross)


def credit_note(number: str, gross: int, corrects: str = "", *, issued: date = NOV_1) -> Claim:
    return Claim(number, Kind.CREDIT_NOTE, "acme", issued, NOV_15, -gross, corrects)


def paid(cents: int, document: str | None = "INV-1", *, day: date = NOV_15, client: str = "acme") -> Payment:
    return Payment(f"{day}-x", document, client, cents, day, PaymentKind.RECEIPT)


@pytest.mark.parametrize(
    ("claims", "payments", "open_cents", "balances"),
    [
        pytest.param([invoice("INV-1", 12_100)], [], {"INV-1": 12_100}, {}, id="unpaid"),
        pytest.param([invoice("INV-1", 12_100)], [paid(5_000), paid(7_000)], {"INV-1": 100}, {}, id="in parts"),
        pytest.param([invoice("INV-1", 100)], [paid(100), paid(30, None)], {}, {"acme": 30}, id="overpaid"),
        pytest.param([invoice("INV-1", 100)], [paid(100), paid(-100)], {"INV-1": 100}, {}, id="returned"),
        pytest.param(
            [invoice("INV-1", 100), credit_note("CN-1", 30, "INV-1")], [], {"INV-1": 70}, {}, id="credited before"
        ),
        pytest.param(
            [invoice("INV-1", 100), credit_note("CN-1", 30, "INV-1")], [paid(100)], {"CN-1": -30}, {},
            id="credited what was paid",
        ),
        pytest.param(
            [invoice("INV-1", 100), credit_note("CN-1", 80, "INV-1")], [paid(50)], {"CN-1": -30}, {},
            id="credited half of what was paid",
        ),
        pytest.param([invoice("INV-1", 9), credit_note("CN-1", 3)], [], {"INV-1": 9, "CN-1": -3}, {}, id="refund"),
        pytest.param(
            [
                invoice("INV-1", 100),
                credit_note("CN-1", 100, "INV-1", issued=NOV_15),
                Claim("INV-2", Kind.INVOICE, "acme", NOV_20, NOV_20, 100, "CN-1"),
            ],
            [], {"INV-2": 100}, {}, id="a credit note credited",
        ),
        pytest.param(
            [invoice("INV-1", 100, issued=date(2026, 12, 1))], [paid(100)], {}, {"acme": 100}, id="paid before issue"
        ),
    ],
)  # fmt: skip
def test_open_items(
    claims: list[Claim], payments: list[Payment], open_cents: dict[str, int], balances: dict[str, int]
) -> None:
    """Gross less credit notes less payments; what is more is the client's; the sum is that of all movements."""
    found = receivables(claims, payments, NOV_20)
    assert {item.number: item.open_cents for item in found.open_items} == open_cents
    assert found.credit_balances == balances
    issued = sum(claim.gross_cents for claim in claims if claim.issue_date <= NOV_20)
    assert found.total_open_cents == issued - sum(payment.cents for payment in payments)
    assert sum(found.ageing().values()) == sum(open_cents.values())


def test_overdue_and_ageing() -> None:
    """Days count from the due date; nothing in the client's favour is overdue; a day in the past is as it was then."""
    claims = [invoice("INV-1", 100), credit_note("CN-1", 30), invoice("INV-2", 7, issued=NOV_20)]
    found = receivables(claims, [paid(40, day=date(2026, 12, 20))], date(2026, 12, 16))
    assert {item.number: item.days_overdue(found.as_of) for item in found.items} == {
        "INV-1": 31,
        "CN-1": 0,
        "INV-2": 31,
    }
    assert found.ageing() == {"not_due": -30, "1-30": 0, "31-60": 107, "61-90": 0, "over_90": 0}
    assert [item.open_cents for item in receivables(claims, [], NOV_1).of_client("acme").open_items] == [-30, 100]


def test_the_first_day() -> None:
    """Earlier documents are settled elsewhere, but those that are listed, with what was open of them on that day."""
    first_day = FirstDay(NOV_15, {"INV-2": 40, "INV-3": None})
    claims = [
        invoice("INV-1", 100), invoice("INV-2", 100), invoice("INV-3", 100), credit_note("CN-3", 10, "INV-3"),
        invoice("INV-4", 100, issued=NOV_15),
    ]  # fmt: skip
    found = receivables(claims, [paid(100), paid(15, "INV-2")], NOV_20, first_day)
    assert {item.number: item.open_cents for item in found.open_items} == {"INV-2": 25, "INV-3": 90, "INV-4": 100}
    assert found.credit_balances == {}
