"""Invariant 8: no number is given twice, whatever became of the ledger; `adopt` takes documents back."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.ledgers import execute, rows
from tests.support.lives import OCTOBER, SEPTEMBER, TRUNK_B, Life, life, moved

pytestmark = pytest.mark.sqlite_file("a server's copies are its own")

FACTS = ("documents", "document_lines", "settlements", "releases", "credited_lines", "credited_rows", "series", "terms",
         "client_months", "trunk_months")  # fmt: skip


def lived(here: Life) -> dict[str, list[dict[str, object]]]:
    """September billed, a copy made, a credit note and October after it; the copy put back. What the ledger knew."""
    here.add(moved(1, -1000, "2026-09-05"), moved(2, -500, "2026-09-06", trunk=TRUNK_B))
    here.run(SEPTEMBER)
    assert here.office.type("backup", str(here.office.folder / "copy.db")).code == 0
    here.credit("INV-2026-00001", 1, rebill=True)
    here.add(moved(3, -700, "2026-10-05"), moved(4, -800, "2026-10-06", trunk=TRUNK_B))
    here.run(OCTOBER)
    known = facts(here)
    assert here.office.type("restore", "--yes", str(here.office.folder / "copy.db")).code == 0
    return known


def facts(here: Life) -> dict[str, list[dict[str, object]]]:
    """The tables of what was issued, their rows in one order, whatever order a ledger took them in."""
    found = rows(here.office.database_url)
    return {name: sorted(({**row, "seq": 0} for row in found[name]), key=str) for name in FACTS}


def test_a_ledger_older_than_its_folder_gives_no_number(tmp_path: Path) -> None:
    """Restored from an older copy it refuses to bill, to credit and to send, and says how to go on."""
    with life(tmp_path) as here:
        lived(here)
        before = here.office.files()
        for command in (("run", "--month", OCTOBER), ("credit", "INV-2026-00002", "--reason", "x"), ("verify",)):
            refused = here.office.type(*command)
            assert refused.code == 1
            assert "adopt" in refused.err
        assert here.office.files() == before


def test_adopted_documents_are_as_if_never_lost(tmp_path: Path) -> None:
    """Documents, settlements, releases and terms come back row by row; the next run gives the next number."""
    with life(tmp_path) as here:
        known = lived(here)
        adopted = here.office.type("adopt", "--json")
        assert adopted.code == 0
        assert adopted.json["documents"] == ["INV-2026-00003", "INV-2026-00004", "CN-2026-00001"]
        assert facts(here) == known
        assert here.office.type("adopt", "--json").json["documents"] == []
        again = here.run(OCTOBER)
        assert here.new(again) == []
        here.add(moved(5, -300, "2026-11-05"))
        issued = here.run("2026-11").json["documents"]
        assert [each["number"] for each in issued if each["new"]] == ["INV-2026-00005"]
        assert here.office.type("verify", "--deep").code == 0


def test_a_ledger_that_is_gone_is_missed(tmp_path: Path) -> None:
    """Without its file nothing is numbered from 1 again, also where output/ is gone; adopt makes the ledger anew."""
    with life(tmp_path) as here:
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        known = facts(here)
        for path in here.office.folder.glob("billing.db*"):
            if not path.name.endswith(".json"):
                path.unlink()
        shutil.copytree(here.office.output, tmp_path / "kept")
        shutil.rmtree(here.office.output)
        here.add(moved(2, -1000, "2026-09-06"))
        refused = here.office.run("--month", SEPTEMBER)
        assert (refused.code, refused.json["documents"]) == (1, [])
        assert "billing.db.numbers.json" in refused.err
        shutil.copytree(tmp_path / "kept", here.office.output, dirs_exist_ok=True)
        assert here.office.type("adopt").code == 0
        assert facts(here) == known
        assert [each["number"] for each in here.run(SEPTEMBER).json["documents"]] == ["INV-2026-00001"]


def test_a_folder_of_another_ledger_is_refused(tmp_path: Path) -> None:
    """Its name is told, and where to write instead; nothing is given."""
    with life(tmp_path / "one") as one:
        one.add(moved(1, -1000, "2026-09-05"))
        one.run(SEPTEMBER)
    with life(tmp_path / "two") as two:
        two.add(moved(77, -1000, "2026-09-05"))
        shutil.copytree(one.office.output, two.office.output)
        refused = two.office.run("--month", SEPTEMBER)
        assert refused.code == 1
        assert "another ledger" in refused.err
        assert "--output" in refused.err
        assert two.office.run("--month", SEPTEMBER, "--output", str(tmp_path / "else")).code == 0
        assert two.office.type("adopt").code == 1


def test_only_the_manifest_is_left(tmp_path: Path) -> None:
    """With both numbers.json gone, a manifest alone tells that the ledger is too old."""
    with life(tmp_path) as here:
        lived(here)
        for path in (*here.office.folder.glob("*.numbers.json"), here.office.output / "numbers.json"):
            path.unlink()
        refused = here.office.type("verify")
        assert refused.code == 1
        assert "INV-2026-00003" in refused.err
        execute(here.office.database_url, "UPDATE settlements SET net_cents = net_cents + 1")


def test_a_ledger_that_went_on_by_itself_is_told(tmp_path: Path) -> None:
    """A settlement that the folder tells otherwise than the ledger is named, and nothing is taken in."""
    with life(tmp_path) as here:
        lived(here)
        execute(
            here.office.database_url,
            "INSERT INTO settlements (transaction_id, part, generation, client_id, period, category, number, trunk,"
            " cost_micros, charge_cents) VALUES ('3', 0, 1, 'acme', '2026-10', 'call', '', '', 7000000, 0)",
        )
        before = facts(here)
        refused = here.office.type("adopt")
        assert refused.code == 1
        assert "settlements 3" in refused.err
        assert facts(here) == before


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    """Nothing is taken in from a file that is not as it was written."""
    with life(tmp_path) as here:
        lived(here)
        record = here.office.month(OCTOBER) / "issued.jsonl.gz"
        record.write_bytes(record.read_bytes()[:-5])
        refused = here.office.type("adopt")
        assert refused.code == 1
        assert "issued.jsonl.gz" in refused.err
        numbers = json.loads((here.office.output / "numbers.json").read_text())
        assert numbers["highest"] == {"invoice 2026": 4, "credit_note 2026": 1}
