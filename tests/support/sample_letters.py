"""Letters to test with: reminders and statements of account, short and long, in any language."""

from datetime import date, timedelta

from billing_job.core.parties import Client, Seller
from billing_job.documents.reminder_letter import ItemRow, ReminderLetter
from billing_job.documents.statement_letter import AccountLine, StatementLetter

DAY = date(2026, 12, 1)


def reminder(seller: Seller, client: Client, *, items: int = 3, text: str = "firm") -> ReminderLetter:
    """A reminder of so many invoices, with interest, costs by law and what comes next."""
    rows = tuple(
        ItemRow(f"INV-2026-{place + 1:05d}", date(2026, 9, 1), date(2026, 9, 15), 77, 123_456, 100_000, 1_702)
        for place in range(items)
    )
    asked = sum(row.open_cents + row.interest_cents for row in rows) - 5_000 + 4_000
    return ReminderLetter(
        seller=seller,
        client=client,
        currency="EUR",
        day=DAY,
        pay_by=DAY + timedelta(days=14),
        text=text,
        items=rows,
        in_favour_cents=5_000,
        interest_cents=1_702 * items,
        interest_law="Article 6:119a of the Civil Code (Burgerlijk Wetboek)",
        costs_cents=4_000,
        costs_law="Article 6:96(4) of the Civil Code",
        announced_cents=4_000,
        announced_law="Article 6:96(6) of the Civil Code",
        asked_cents=asked,
    )


def statement(seller: Seller, client: Client, *, movements: int = 6, balance: int = 250_000) -> StatementLetter:
    """A statement of so many movements that ends in this balance, with ageing and a claim beside it."""
    step = 1_000
    before = balance - step * movements
    lines = tuple(
        AccountLine(
            date(2026, 10, 1) + timedelta(days=place % 60),
            ("invoice", "payment", "return", "credit_note")[place % 4],
            "" if place % 4 == 1 else f"INV-2026-{place + 1:05d}",
            "Payment of a customer with a long remark about what it was for" if place % 4 == 1 else "",
            step,
            before + step * (place + 1),
        )
        for place in range(movements)
    )
    owed = max(balance, 0)
    return StatementLetter(
        seller=seller,
        client=client,
        currency="EUR",
        first=date(2026, 10, 1),
        day=DAY,
        opening_cents=before,
        lines=lines,
        closing_cents=balance,
        ageing=(("not_due", owed), ("1-30", 0), ("31-60", 0), ("61-90", 0), ("over_90", 0)),
        open_documents=tuple(f"INV-2026-{place + 1:05d}" for place in range(3)) if owed else (),
        claimed=(("INV-2026-00001", 4_000),),
    )
