"""`adopt` dies in the middle; what the documentation says to do next brings everything back."""

from pathlib import Path

import pytest

from tests.support.kill_recovery import loss, trial

pytestmark = pytest.mark.sqlite_file("a server's copies are its own")


def test_a_kill_of_adopt_loses_nothing(tmp_path: Path) -> None:
    """A kill in the middle of `adopt`; `python -m tests.support.kill_recovery 200` for many."""
    with loss(tmp_path) as made:
        assert trial(made, tmp_path / "trial", "adopt", 0.85).problems == ()
