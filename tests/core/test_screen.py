"""What a terminal gets: whole words and amounts within its width, aligned points, colours, and how far a job is."""

import contextlib
import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from billing_job.core.console import Console
from billing_job.core.screen import Screen, aligned, broken
from billing_job.didfarm.rate_limit import Limiter
from tests.support.fakes import Clock

SENTENCE = (
    "13 transactions of EUR 1,234,567.8901 wait (see `billing-job exceptions --month 2026-10`): 東京電話株式会社 and"
    " Koninklijke Vereniging, -EUR 0.07"
)
WHOLE = ("EUR 1,234,567.8901", "`billing-job exceptions --month 2026-10`", "東京電話株式会社", "-EUR 0.07")


class Terminal(io.StringIO):
    """Standard error as somebody sits before it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [44, 60, 80])
def test_words_amounts_and_commands_stay_whole(width: int) -> None:
    """Lines are as wide as a screen shows them, and nothing that is read or copied in one piece is broken."""
    lines = Screen(width).wrapped(SENTENCE, "  ")
    assert max(map(cell_len, lines)) <= width
    assert all(any(piece in line for line in lines) for piece in WHOLE)
    assert " ".join(line.strip() for line in lines) == SENTENCE
    assert Screen(None).wrapped(SENTENCE) == [SENTENCE]


def test_a_command_that_no_line_holds_is_broken_between_its_words() -> None:
    """There is no better place; a word that is too long for a line stays whole."""
    command = "type `a-long-command --with OPTIONS`"
    assert broken(command, 18) == ["type", "`a-long-command", "--with OPTIONS`"]
    assert broken("x ABCDEFGHIJKLMNOPQRST y", 10) == ["x", "ABCDEFGHIJKLMNOPQRST", "y"]


def test_points_stand_below_each_other() -> None:
    """Two to six places, and words among them."""
    assert aligned(["1,234.50", "-0.0075", "unknown"]) == ["1,234.50  ", "   -0.0075", "   unknown"]


@contextlib.contextmanager
def terminal(patch: pytest.MonkeyPatch, **environment: str) -> Iterator[Terminal]:
    """A terminal of 60 columns, and the process's logging as it was afterwards."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        patch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "60", **environment}.items():
        patch.setenv(name, value)
    root, ours = logging.getLogger(), logging.getLogger("billing_job")
    before = root.handlers, root.level, ours.level
    stream = Terminal()
    try:
        with contextlib.redirect_stderr(stream):
            yield stream
    finally:
        root.handlers = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "\x1b[33mwarning:\x1b[0m look\n\x1b[31merror:\x1b[0m wrong\n"),
        ({"NO_COLOR": "1"}, "warning: look\nerror: wrong\n"),
        ({"TERM": "dumb"}, "warning: look\nerror: wrong\n"),
    ],
)
def test_colours_mean_something_and_can_be_refused(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    """A warning is yellow, an error red; with NO_COLOR, and where there are no colours, both are words alone."""
    with terminal(monkeypatch, **environment) as stream:
        console = Console("run", log_format="text", verbosity=0)
        console.warn("look")
        console.error("wrong")
    assert stream.getvalue() == expected


def test_long_reading_says_when_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the page, of how many, and each second until the next may be asked for; the line makes room."""
    clock = Clock(datetime(2026, 11, 5, tzinfo=UTC))
    with terminal(monkeypatch) as stream:
        console = Console("run", log_format="text", verbosity=0, clock=clock)
        console.page_progress()(26, 90)
        limiter = Limiter(1, clock, console.waiting())
        limiter.received()
        clock.sleep(26)
        limiter.wait()
        assert stream.getvalue().endswith("Reading 26 of 90 pages\x1b[0m\x1b[K")
        for done in range(1, 5):
            clock.sleep(2)
            console.progress(done, 4, "documents")
        console.info("done")
    said = stream.getvalue()
    assert all(f"Reading 26 of 90 pages · next in {seconds} s" in said for seconds in (35, 34, 2, 1))
    assert "1 of 4 documents\x1b" in said
    assert "3 of 4 documents · about 2 s left" in said
    assert said.endswith("\r\x1b[Kdone\n")


def test_elsewhere_nobody_is_told_of_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe, a log file and --quiet get no line of it."""
    clock = Clock(datetime(2026, 11, 5, tzinfo=UTC))
    for log_format in ("text", "json"):
        console = Console("run", log_format=log_format, verbosity=0, clock=clock)
        console.page_progress()(1, 90)
        for done in range(100):
            console.progress(done + 1, 100, "documents")
        assert console.waiting() is None
    assert capsys.readouterr().err == ""


def test_three_figures_are_aligned_for_people_and_one_message_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Amounts end in one column; a log has one entry, not three."""
    figures = [("net", "EUR 1,234.50"), ("VAT", "EUR 0.07"), ("gross", "EUR 1,234.57")]
    Console("run", log_format="text", verbosity=0).figures("2026-10: 3 invoices", figures)
    assert capsys.readouterr().err.splitlines() == [
        "2026-10: 3 invoices",
        "  net    EUR 1,234.50",
        "  VAT        EUR 0.07",
        "  gross  EUR 1,234.57",
    ]
    Console("run", log_format="json", verbosity=0).figures("2026-10: 3 invoices", figures)
    (line,) = capsys.readouterr().err.splitlines()
    assert "2026-10: 3 invoices: net EUR 1,234.50, VAT EUR 0.07, gross EUR 1,234.57" in line
