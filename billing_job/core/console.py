"""What people and log readers see on standard error: plain lines, JSON lines, and on a terminal how far a job is."""

import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.cells import set_cell_size
from rich.console import Console as RichConsole

from billing_job.core.clock import Clock
from billing_job.core.redaction import Redactor
from billing_job.core.screen import Screen, Tone, padded

LOGGER = logging.getLogger("billing_job")


class _JsonLines(logging.Formatter):
    """One JSON object a line: time, level, run, message."""

    def __init__(self, run_id: str):
        super().__init__()
        self._run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run": self._run_id,
            "message": record.getMessage(),
        }
        if record.exc_text:
            entry["traceback"] = record.exc_text
        return json.dumps(entry, ensure_ascii=False)


class _PlainLines(logging.Formatter):
    """The message alone; warnings and errors say what they are, on a terminal in colour and between words."""

    def __init__(self, screen: Screen):
        super().__init__()
        self._screen = screen

    def format(self, record: logging.LogRecord) -> str:
        prefix = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        tone: Tone = "bad" if record.levelno > logging.WARNING else "waits"
        said = "\n".join(self._screen.wrapped(prefix + record.getMessage(), "  "))
        traceback = f"\n{record.exc_text}" if record.exc_text else ""
        return self._screen.painted(prefix.rstrip(), tone) + said[len(prefix.rstrip()) :] + traceback


class _StatusLine:
    """The last line of a terminal, which says how far a job is and makes room for whatever else is said."""

    def __init__(self, screen: Screen):
        self._screen = screen
        self._is_shown = False

    def show(self, text: str) -> None:
        """Write it over what stands there; cut to the screen's width."""
        room = (self._screen.width or 80) - 1
        self._write(f"\r{self._screen.painted(set_cell_size(text, room).rstrip(), 'faint')}\x1b[K")
        self._is_shown = True

    def clear(self) -> None:
        """Take it away."""
        if self._is_shown:
            self._write("\r\x1b[K")
            self._is_shown = False

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class _Lines(logging.StreamHandler[Any]):
    """Standard error, with the status line out of the way."""

    def __init__(self, status: _StatusLine | None):
        super().__init__(sys.stderr)
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        if self._status is not None:
            self._status.clear()
        super().emit(record)


class Console:
    """Standard error of one command."""

    def __init__(self, run_id: str, *, log_format: str, verbosity: int, clock: Clock | None = None):
        self.run_id = run_id
        self.redactor = Redactor()
        self._clock = clock
        self._since: dict[str, tuple[float, int]] = {}
        self._reading = ""
        self._is_json = log_format == "json"
        screen = Screen.of(RichConsole(stderr=True))
        is_live = not self._is_json and verbosity >= 0 and screen.width is not None and clock is not None
        self._status = _StatusLine(screen) if is_live else None
        handler = _Lines(self._status)
        handler.setFormatter(_JsonLines(run_id) if self._is_json else _PlainLines(screen))
        handler.addFilter(self.redactor)
        root = logging.getLogger()
        root.handlers = [handler]
        root.setLevel(logging.DEBUG if verbosity > 1 else logging.WARNING)
        LOGGER.setLevel({-1: logging.WARNING, 0: logging.INFO}.get(verbosity, logging.DEBUG))
        # Fonts are WeasyPrint's own business; its warnings about style sheets are ours and stay.
        logging.getLogger("fontTools").setLevel(logging.ERROR)

    def info(self, *messages: str) -> None:
        """Say what was done; --quiet leaves it out."""
        self._say(logging.INFO, messages)

    def debug(self, *messages: str) -> None:
        """Say how it was done; only --verbose shows it."""
        self._say(logging.DEBUG, messages)

    def warn(self, *messages: str) -> None:
        """Say what somebody should look at, though the run goes on."""
        self._say(logging.WARNING, messages)

    def error(self, *messages: str) -> None:
        """Say why a run ends; what to do about it belongs in the same message."""
        self._say(logging.ERROR, messages)

    def _say(self, level: int, messages: Sequence[str]) -> None:
        """A line for each."""
        for message in messages:
            LOGGER.log(level, "%s", message)

    def figures(self, title: str, figures: Sequence[tuple[str, str]]) -> None:
        """Say a few figures, one below the other and aligned; to programs as one message."""
        if self._is_json:
            self.info(f"{title}: " + ", ".join(f"{name} {value}" for name, value in figures))
            return
        names = max(len(name) for name, _ in figures)
        values = max(len(value) for _, value in figures)
        self.info(title, *(f"  {padded(name, names)}  {value:>{values}}" for name, value in figures))

    def progress(self, done: int, total: int, what: str) -> None:
        """On a terminal how far a job is, and how long it will take; nothing anywhere else."""
        if self._status is None or self._clock is None:
            return
        if done >= total:
            self._since.pop(what, None)
            self._status.clear()
            return
        now = self._clock.monotonic()
        began, from_ = self._since.setdefault(what, (now, done))
        left = ""
        if done > from_:
            left = f" · about {max(1, round((now - began) * (total - done) / (done - from_)))} s left"
        self._status.show(f"{done:,} of {total:,} {what}{left}")

    def close(self) -> None:
        """Give the terminal back."""
        if self._status is not None:
            self._status.clear()

    def page_progress(self) -> Callable[[int, int | None], None]:
        """Progress of a walk: told of each page that was read, and of how many there are, None where nobody counts."""

        def on_page(page: int, pages: int | None) -> None:
            self.debug(f"page {page} read" + ("" if pages is None else f" of {pages}"))
            self._reading = f"Reading {page:,}" + (" pages" if pages is None else f" of {max(page, pages):,} pages")
            if self._status is not None:
                self._status.show(self._reading)

        return on_page

    def read(self) -> None:
        """The walk is over."""
        self._reading = ""
        if self._status is not None:
            self._status.clear()

    def waiting(self) -> Callable[[int], None] | None:
        """Told of the whole seconds until the next request may leave, 0 when it does; None where nobody looks."""
        status = self._status
        if status is None:
            return None

        def on_wait(seconds: int) -> None:
            if seconds:
                status.show(f"{self._reading or 'Reading'} · next in {seconds} s")
            elif self._reading:
                status.show(self._reading)
            else:
                status.clear()

        return on_wait
