"""What people and log readers see on standard error: plain lines, JSON lines, or a progress bar on a terminal."""

import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from billing_job.core.redaction import Redactor

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
    """The message alone; warnings and errors say what they are."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        traceback = f"\n{record.exc_text}" if record.exc_text else ""
        return prefix + record.getMessage() + traceback


class Console:
    """Standard error of one command."""

    def __init__(self, run_id: str, *, log_format: str, verbosity: int):
        self.run_id = run_id
        self.redactor = Redactor()
        self._bar: Progress | None = None
        self._tasks: dict[str, Any] = {}
        self._tenths: dict[str, int] = {}
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonLines(run_id) if log_format == "json" else _PlainLines())
        handler.addFilter(self.redactor)
        root = logging.getLogger()
        root.handlers = [handler]
        root.setLevel(logging.DEBUG if verbosity > 1 else logging.WARNING)
        LOGGER.setLevel({-1: logging.WARNING, 0: logging.INFO}.get(verbosity, logging.DEBUG))
        # Fonts are WeasyPrint's own business; its warnings about style sheets are ours and stay.
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        if log_format == "text" and verbosity >= 0 and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                console=RichConsole(stderr=True),
                transient=True,
            )

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

    def progress(self, done: int, total: int, what: str) -> None:
        """A bar on a terminal; elsewhere a line for each tenth of a long job."""
        if self._bar is not None:
            if what not in self._tasks:
                self._bar.start()
                self._tasks[what] = self._bar.add_task(what, total=total)
            self._bar.update(self._tasks[what], completed=done, total=total)
            if done >= total:
                self._end(what)
            return
        tenth = 10 * done // max(total, 1)
        if total >= 50 and tenth > self._tenths.get(what, 0):
            self._tenths[what] = tenth
            self.info(f"{what}: {done} of {total}")

    def _end(self, what: str) -> None:
        if self._bar is not None:
            self._bar.remove_task(self._tasks.pop(what))
            if not self._tasks:
                self._bar.stop()

    def close(self) -> None:
        """Give the terminal back."""
        if self._bar is not None:
            self._bar.stop()

    def page_progress(self) -> Callable[[int, int | None], None]:
        """Progress of a walk, in pages of unknown size."""

        def on_page(page: int, total: int | None) -> None:
            self.debug(f"page {page} read" + ("" if total is None else f", {total} transactions in all"))

        return on_page
