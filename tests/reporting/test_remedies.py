"""The queue by what helps: a remedy for every reason, and no row and no cent that a group loses."""

import re
from pathlib import Path

import pytest

from billing_job.reporting.exceptions_csv import Waiting
from billing_job.reporting.remedies import CHANGED, NUMBERS, OWNER, TRUNKS, by_remedy, ids_text, remedy_of

DOCS = Path(__file__).parents[2] / "docs" / "documents-life.md"


def waits(id_: str, reason: str, reference: str = "order 7", micros: int | None = -10_000, age: int = 3) -> Waiting:
    type_, _, name = reference.partition(" ")
    return Waiting(id_, "2026-10-05T14:30:00Z", "sms", type_, name, micros, reason, "", "2026-11-01", age)


def test_every_reason_that_the_docs_name_has_its_remedy() -> None:
    """A reason of the table of exceptions is never left to the fallback, which only says that one should decide."""
    table = DOCS.read_text(encoding="utf-8").partition("| reason | what it is |")[2].partition("\n\n")[0]
    reasons = re.findall(r"`([a-z]+_[a-z_]+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))
    assert len(reasons) >= 12
    assert [reason for reason in reasons if remedy_of(reason, "number") is OWNER] == []


@pytest.mark.parametrize(
    ("reference", "remedy"), [("order", NUMBERS), ("number", NUMBERS), ("trunk", TRUNKS), ("", OWNER), ("vat", OWNER)]
)
def test_the_file_that_lacks_a_reference(reference: str, remedy: object) -> None:
    """The kind of reference decides which file wants a row; a reference of no known kind wants a person."""
    assert remedy_of("unknown_reference", reference) is remedy


def test_groups_hold_every_row_and_its_money() -> None:
    """Rows of one reference are one item, the oldest names it; the most money comes first; nothing is lost."""
    rows = [
        waits("1", "unknown_reference", "order 7", -20_000, 5),
        waits("2", "unknown_reference", "order 7", -30_000, 9),
        waits("3", "unknown_reference", "number +31201234567", None),
        waits("4", "billed_row_changed", "number 42", 90_000),
        waits("5", "unreadable_row", " ", None),
        waits("6", "unreadable_row", " ", None),
    ]
    changed, numbers, house = by_remedy(rows)
    assert (changed.remedy, numbers.remedy, house.remedy.name) == (CHANGED, NUMBERS, "house")
    assert [(ids_text(item.rows), item.micros) for item in numbers.items] == [("2, 1", -50_000), ("3", None)]
    assert [len(group.items) for group in (changed, numbers, house)] == [1, 2, 2]
    assert {row.transaction_id for group in (changed, numbers, house) for row in group.rows} == set("123456")
    assert numbers.command("2026-10") == "billing-job run --month 2026-10"
    assert changed.command("2026-10") == "billing-job exceptions resolve 4 --accept --reason TEXT"


def test_a_command_names_a_few_rows() -> None:
    """A decision about many rows shows how it is typed, and that there are more of them."""
    (group,) = by_remedy([waits(str(id_), "unreadable_row", f"order {id_}") for id_ in range(10, 16)])
    assert group.command("2026-10") == "billing-job exceptions resolve 10 11 12 13 … --house --reason TEXT"
