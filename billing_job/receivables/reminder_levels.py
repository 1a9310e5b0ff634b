"""`[[reminders.levels]]`: when a client is reminded, how, in which words, and what is claimed with it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from billing_job.core.toml import Table


class ReminderLevel(Table):
    """One step: so many days after the due date, by e-mail or as a letter to print."""

    after_days: Annotated[int, Field(ge=1, le=3650)]
    channel: Literal["email", "letter"] = "email"
    text: Annotated[str, Field(min_length=1, max_length=2000)] = "friendly"
    """friendly, firm or final, which exist in every language; any other one is the user's own, printed as it is."""
    interest: bool = False
    costs: bool = False


class Reminders(Table):
    """`[reminders]`: its levels, each later than the one before."""

    levels: tuple[ReminderLevel, ...] = ()

    @model_validator(mode="after")
    def _each_is_later(self) -> "Reminders":
        days = [level.after_days for level in self.levels]
        if days != sorted(set(days)):
            raise ValueError(f"levels: after_days must grow from level to level, but they are {days}")
        return self
