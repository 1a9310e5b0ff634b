"""What a round by e-mail and Peppol came to, for programs and for people."""

from dataclasses import asdict, dataclass, field
from typing import Any

from billing_job.core.period import Period
from billing_job.ledger.undelivered import Stuck

SCHEMA = "billing-job/send@1"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document in a round's report."""

    number: str
    client_id: str
    recipient: str
    detail: str


@dataclass(slots=True)
class Delivered:
    """What a round came to; every document of the month is in one of these lists."""

    month: Period
    dry_run: bool
    sent: list[Entry] = field(default_factory=list)
    already_sent: list[Entry] = field(default_factory=list)
    no_address: list[Entry] = field(default_factory=list)
    refused: list[Entry] = field(default_factory=list)
    deferred: list[Entry] = field(default_factory=list)
    uncertain: list[Entry] = field(default_factory=list)
    """Of all months: nobody may forget them."""
    held_back: list[Entry] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    not_wanted: list[Entry] = field(default_factory=list)
    """Of clients whose channel is "none"."""
    queue: list[Stuck] = field(default_factory=list)
    """Of all months, as `uncertain`."""
    stopped: str = ""
    """Why the round ended before its last document."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left for a person or a later round."""
        return not (self.refused or self.deferred or self.uncertain or self.held_back or self.waiting or self.queue)

    @property
    def json(self) -> dict[str, Any]:
        """The object of `send --json`."""
        lists = ("sent", "no_address", "refused", "deferred", "uncertain", "held_back", "waiting", "not_wanted")
        return {
            "schema": SCHEMA,
            "month": str(self.month),
            "dry_run": self.dry_run,
            "already_sent": len(self.already_sent),
            **{name: [asdict(entry) for entry in getattr(self, name)] for name in lists},
            "queue": [asdict(stuck) for stuck in self.queue],
            "stopped": self.stopped,
        }
