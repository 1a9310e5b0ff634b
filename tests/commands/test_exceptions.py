"""`exceptions` at the desk: one remedy stands once, decisions go by id, by what fits, or by a file out and back in."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from billing_job.billing.attribution.attribute import REASONS
from billing_job.core.remedies import OTHERS, remedy_of
from tests.support.fakes import FIRST, Office, call, two_clients

RENTALS = [
    call(10 + place, -150, f"2026-10-{7 + place:02d}", type_="renewal")
    | {
        "description": f"Monthly rental +3120123456{place % 3}",
        "reference_type": "number",
        "reference_id": 42 + place % 3,
    }
    for place in range(9)
]
STRANGERS = [
    call(30, -500, "2026-10-08", type_="fax"),
    call(31, -77, "2026-10-09", trunk=99),
    call(32, -42, "2026-10-10") | {"reference_type": None, "reference_id": None, "description": "=what is this"},
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Office]:
    """Nine rentals of three numbers that no row knows, a type, a trunk and a row of nobody."""
    with two_clients(tmp_path, [*FIRST, *RENTALS, *STRANGERS]) as (here, _):
        assert here.type("sync").code == 0
        yield here


def ids(here: Office, *options: str) -> set[str]:
    return {each["transaction_id"] for each in here.type("exceptions", "--json", *options).json["exceptions"]}


def test_what_one_remedy_helps_stands_together(desk: Office) -> None:
    """Nine rentals are three numbers under one remedy, with days, euros, description and ids; the queue is narrowed."""
    here = desk
    text = here.type("exceptions").out
    assert text.index("Numbers and orders without a row: 9 transactions, -EUR 13.50") < text.index("Types without")
    assert text.count("init --from-ledger") == 1
    assert "  number 42  +31201234560  3 rows  -EUR 4.50  2026-10-07 to 10-13\n" in text
    assert "      says 'Monthly rental +31201234560'\n      transactions 10, 13, 16\n" in text
    assert text.endswith("12 transactions wait, -EUR 19.69 in all\n")
    found = here.type("exceptions", "--json").json["exceptions"]
    assert {each["number"] for each in found if each["reference_id"] == "43"} == {"+31201234561"}
    assert ids(here, "--cause", "unknown_type") == ids(here, "--type", "FAX") == {"30"}
    assert ids(here, "--number", "+31201234560") == ids(here, "--number", "42") == {"10", "13", "16"}
    wrong = here.type("exceptions", "--cause", "fax")
    assert (wrong.code, "waits for unknown_reference, unknown_type" in wrong.err) == (2, True)


def test_every_reason_has_its_remedy() -> None:
    """No reason of the queue falls to what is said of none."""
    waits = set(REASONS) - {"", "topup", "void"} | {
        "untaxable_client", "refund_without_original", "original_waits", "billed_row_changed", "vanished_row",
    }  # fmt: skip
    assert [reason for reason in sorted(waits) if remedy_of(reason, "number") is OTHERS] == []


def test_the_row_at_fault_is_named(desk: Office) -> None:
    """A number whose dates have ended, and a trunk that nobody has yet: the row of the file that says so."""
    desk.append("numbers.csv", "+31201234560,42,,,,trk_aaaa0007,,2026-10-09", "+31201234561,43,,,,trk_cccc0009,,")
    found = desk.type("exceptions", "--json").json["exceptions"]
    sources = {(each["reason"], each["source"]) for each in found if each["reference_type"] == "number"}
    assert sources == {
        ("unassigned_number", "config/numbers.csv row 2"),
        ("unassigned_trunk", "config/numbers.csv row 3"),
        ("unknown_reference", ""),
    }
    assert "      by config/numbers.csv row 2\n" in desk.type("exceptions").out


def test_deciding_by_what_fits(desk: Office) -> None:
    """All that --number fits, about all or none; nothing that fits, ids beside a choice, and no choice are refused."""
    why = ("--client", "acme", "--reason", "theirs")
    decided = desk.type("exceptions", "resolve", "--number", "+31201234560", "--json", *why)
    assert decided.code == 0, decided.err
    assert sorted(each["transaction_id"] for each in decided.json["decisions"]) == ["10", "13", "16"]
    assert not ids(desk) & {"10", "13", "16"}
    for wrong in (["--number", "42"], [], ["10", "--type", "fax"], ["--month", "2026-09"]):
        assert desk.type("exceptions", "resolve", *wrong, *why).code == 2


def test_out_and_back_in(desk: Office) -> None:
    """The CSV table, filled in by hand, decides; each bad row is told by its place, and then none is recorded."""
    rows = list(csv.DictReader(io.StringIO(desk.type("exceptions", "--csv").out)))
    assert len(rows) == 12
    file = desk.folder / "queue.csv"

    def resolved(**decisions: dict[str, str]) -> tuple[int, str]:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(row | decisions.get(f"of_{row['transaction_id']}", {}) for row in rows)
        ran = desk.type("exceptions", "resolve", "--csv", str(file), "--reason", "asked around")
        return ran.code, ran.err

    code, told = resolved()
    assert (code, "nothing is decided in it" in told) == (2, True)
    code, told = resolved(of_31={"client_id": "nobody"}, of_32={"client_id": "acme"})
    assert (code, "column client_id: nobody: there is no such client" in told) == (2, True)
    code, told = resolved(of_31={"client_id": "acme", "house": "yes"}, of_32={"house": "perhaps"})
    assert (code, "say who pays" in told, "column house: 'perhaps': write yes" in told) == (2, True, True)
    assert len(ids(desk)) == 12
    with file.open("a", encoding="utf-8", newline="") as out:  # of two decisions the last one counted
        for client in ("acme", "bruno"):
            csv.DictWriter(out, list(rows[0])).writerow(rows[0] | {"client_id": client})
    ran = desk.type("exceptions", "resolve", "--csv", str(file), "--reason", "asked around")
    assert (ran.code, "is decided in" in ran.err, len(ids(desk))) == (2, True, 12)
    code, _ = resolved(of_31={"client_id": "acme"}, of_32={"house": "yes", "why": "ours"})
    assert (code, ids(desk) & {"31", "32"}) == (0, set())
    assert [each["reason"] for each in desk.type("why", "32", "--json").json["decisions"]] == ["ours"]


def test_a_workbook_of_the_queue(desk: Office) -> None:
    """Amounts are numbers, ids and phone numbers text, and no cell is a formula."""
    file = desk.folder / "queue.xlsx"
    assert desk.type("exceptions", "--xlsx", str(file)).code == 3
    head, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    cells = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert (cells["32"]["amount"], cells["32"]["description"]) == (-0.42, "=what is this")
    assert cells["10"]["number"] == "+31201234560"
    assert desk.type("exceptions", "--xlsx", str(desk.folder / "queue.csv")).code == 2
    ran = desk.type("exceptions", "resolve", "--csv", str(file), "--reason", "x")
    assert (ran.code, "nothing is decided in it" in ran.err) == (2, True)
