"""Time as a part that is handed in; the real clock is made in cli.py alone, tests bring their own."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What needs time gets it from here."""

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
