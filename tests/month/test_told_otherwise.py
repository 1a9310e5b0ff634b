"""A billed row that the supplier tells otherwise, at the same cost: of another client, category or month, it waits.

Row 1 is a call of 1.50 on acme's trunk, billed for September at 1.95. Amounts are net cents.
"""

from pathlib import Path

import pytest

from tests.support.lives import MARKUP, NOVEMBER, OCTOBER, SEPTEMBER, TRUNK_A, TRUNK_B, Life, moved, plan, quiet_life

WAITS = {"1": ("billed_row_changed", 0)}


def billed(here: Life) -> None:
    """September is billed; row 2 is bruno's."""
    here.add(moved(1, -150, "2026-09-10"), moved(2, -1000, "2026-09-10", trunk=TRUNK_B))
    here.run(SEPTEMBER)
    assert (here.net(), here.net("bruno")) == (195, 1300)


@pytest.mark.parametrize(
    "fields",
    [
        {"reference_id": TRUNK_B},
        {"reference_id": "trk_nobody"},
        {"reference_type": "order", "reference_id": 99},
        {"type": "sms"},
        {"type": "topup"},
        {"created_at": "2026-10-10T12:00:00Z"},
    ],
)
def test_what_would_be_billed_otherwise_waits(tmp_path: Path, fields: dict[str, object]) -> None:
    """It waits until it is accepted, and again when it changes once more; told as before it is right again."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        billed(here)
        here.change(1, **fields)
        here.run(OCTOBER, code=3)
        assert here.waiting() == WAITS
        here.resolve(1, "--accept")
        here.run(OCTOBER)
        assert here.waiting() == {}
        here.on("2026-11-06")
        here.change(1, reference_type="number", reference_id="+31999")
        here.run(NOVEMBER, code=3)
        assert here.waiting() == WAITS
        here.change(1, type="call", reference_type="trunk", reference_id=TRUNK_A, created_at="2026-09-10T12:00:00Z")
        here.run(NOVEMBER)
        assert (here.net(), here.net("bruno")) == (195, 1300)


def test_what_belonged_to_another_client_is_billed_to_it(tmp_path: Path) -> None:
    """Its line is credited and billed anew: acme is out of it, and bruno pays."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        billed(here)
        here.change(1, reference_id=TRUNK_B)
        here.run(OCTOBER, code=3)
        here.credit("INV-2026-00001", rebill=True)
        here.run(OCTOBER, "--supplementary")
        assert (here.net(), here.net("bruno")) == (0, 1300 + 195)
        assert here.waiting() == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"reference_type": "number", "reference_id": 42},
        {"created_at": "2026-09-10T14:00:00Z", "description": "as DIDfarm calls it by now"},
    ],
)
def test_what_would_be_billed_alike_is_right(tmp_path: Path, fields: dict[str, object]) -> None:
    """A number on the trunk, or another hour of the month; also when the client has a new id."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        billed(here)
        here.change(1, **fields)
        here.run(OCTOBER)
        here.clients("acme2,Acme B.V.,NL,,,,", "bruno,Bruno B.V.,NL,,,,")
        here.trunks(f"{TRUNK_A},acme2,,", f"{TRUNK_B},bruno,,")
        here.run(NOVEMBER)
        assert here.waiting() == {}
