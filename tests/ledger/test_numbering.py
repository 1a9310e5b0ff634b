"""Numbers of documents: a series a kind and year, without gaps, whatever the clock and the settings do."""

from pathlib import Path

import pytest

from billing_job.core.errors import LedgerError
from billing_job.core.period import Period
from tests.support.desk import OCTOBER, Desk, row

SELLER = '[seller]\nname = "S"\ncountry = "NL"\nvat_id = "NL861994772B01"\n'


def test_the_turn_of_the_year_is_the_sellers(tmp_path: Path) -> None:
    """At half past midnight of New Year's Day in Amsterdam, still 2026 in UTC, the first number of 2027 is given."""
    desk = Desk(tmp_path)
    desk.file("billing.toml", SELLER)
    desk.add(row(1, -1), row(2, -1, "2026-11-05"), row(3, -1, "2026-12-05"))
    given = []
    for month, moment in ((10, (2026, 12, 31, 22, 59)), (11, (2026, 12, 31, 23, 30)), (12, (2027, 1, 5, 6, 0))):
        given += [document.number for document in desk.bill(Period(2026, month), at=moment).new]
    assert given == ["INV-2026-00001", "INV-2027-00001", "INV-2027-00002"]
    assert desk.credit("INV-2026-00001").number == "CN-2027-00001"


def test_a_new_format_goes_on_counting(tmp_path: Path) -> None:
    """The series is not the text: after a change the next number follows, and what was issued keeps its name."""
    desk = Desk(tmp_path)
    desk.add(row(1, -1))
    assert [document.number for document in desk.bill().new] == ["INV-2026-00001"]
    desk.settings('[numbering]\ninvoice = "F{year}.{number:03d}"')
    desk.add(row(2, -1, "2026-11-05"))
    assert [document.number for document in desk.bill(OCTOBER.next).new] == ["F2026.002"]
    assert desk.documents()[0].number == "INV-2026-00001"


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    """Credit notes under the format that invoices had: refused with nothing stored, and right again without a gap."""
    desk = Desk(tmp_path)
    desk.add(row(1, -5))
    desk.bill()
    desk.settings('[numbering]\ninvoice = "NEW-{year}-{number:05d}"\ncredit_note = "INV-{year}-{number:05d}"')
    with pytest.raises(LedgerError, match="the number INV-2026-00001 is issued already: choose a"):
        desk.credit("INV-2026-00001")
    assert [document.number for document in desk.documents()] == ["INV-2026-00001"]
    desk.settings("")
    assert desk.credit("INV-2026-00001").number == "CN-2026-00001"


def test_a_run_that_fails_gives_no_number(tmp_path: Path) -> None:
    """The second of two documents cannot be stored: the first one and its number are taken back with it."""
    desk = Desk(tmp_path, '[numbering]\ninvoice = "A{year}{number:01d}"')
    desk.add(row(1, -5), row(2, -5, trunk="trk_b"))
    with desk.job() as job, job.engine.begin() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX no_second ON documents (period)")
    with pytest.raises(LedgerError, match=r"(?i)unique"):
        desk.bill()
    assert desk.documents() == []
    with desk.job() as job, job.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX no_second")
    assert [document.number for document in desk.bill().new] == ["A20261", "A20262"]
