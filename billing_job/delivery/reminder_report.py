"""What a round of reminders came to, for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from billing_job.ledger.reminders import SentReminder
from billing_job.receivables.late_claims import UnpaidClaim
from billing_job.receivables.reminder_plan import LeftOut, Reminder

SCHEMA = "billing-job/remind@1"


@dataclass(frozen=True, slots=True)
class Unsent:
    """A reminder that could not leave, and why."""

    client_id: str
    recipient: str
    reason: str


@dataclass(slots=True)
class ReminderRound:
    """A round; every client that should be reminded is in one of these lists."""

    dry_run: bool
    sent: list[tuple[Reminder, str]] = field(default_factory=list)
    """Each with the address or the file that it went to, or would go to."""
    unsent: list[Unsent] = field(default_factory=list)
    uncertain: Sequence[SentReminder] = ()
    """Of all rounds: nobody may forget them."""
    left_out: Sequence[LeftOut] = ()
    claimed: Sequence[UnpaidClaim] = ()
    """What earlier letters claimed beside documents that are paid: no letter asks for it again."""
    notes: Sequence[str] = ()
    stopped: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left for a person or a later round."""
        return not (self.unsent or self.uncertain or self.stopped)

    @property
    def json(self) -> dict[str, Any]:
        """The object of `remind --json`; cents."""
        return {
            "schema": SCHEMA,
            "dry_run": self.dry_run,
            "reminders": [
                {
                    "client_id": reminder.client_id,
                    "level": reminder.level,
                    "documents": [item.number for item in reminder.items],
                    "open_cents": reminder.open_cents,
                    "interest_cents": reminder.interest_cents,
                    "costs_cents": reminder.costs.cents,
                    "in_favour_cents": reminder.in_favour_cents,
                    "asked_cents": reminder.asked_cents,
                    "announced_costs_cents": reminder.announced.cents,
                    "channel": reminder.channel,
                    "sent_to": sent_to,
                }
                for reminder, sent_to in self.sent
            ],
            "unsent": [asdict(each) for each in self.unsent],
            "uncertain": [
                {"client_id": each.client_id, "day": each.day, "recipient": each.recipient, "detail": each.detail}
                for each in self.uncertain
            ],
            "left_out": [
                {"document": each.number, "client_id": each.client_id, "reason": each.reason} for each in self.left_out
            ],
            "claimed": [
                {
                    "document": each.document,
                    "day": each.day.isoformat(),
                    "interest_cents": each.interest_cents,
                    "costs_cents": each.costs_cents,
                }
                for each in self.claimed
            ],
            "notes": list(self.notes),
            "stopped": self.stopped,
        }
