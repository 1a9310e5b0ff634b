"""What `collect` came to, for programs: the files of a day, the debits in them, and what waits."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from billing_job.receivables.direct_debit import Collection

SCHEMA = "billing-job/collect@1"
FOLDER = "collections"


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """A file of the day, and whether this call made it."""

    name: str
    collection: Collection
    new: bool


@dataclass(frozen=True, slots=True)
class NotCollected:
    """A due document of a client that pays by direct debit and is not in a file of this day, and why."""

    number: str
    client_id: str
    cents: int
    reason: str


@dataclass(slots=True)
class CollectReport:
    """What `collect` came to."""

    due: date
    files: list[CollectionFile] = field(default_factory=list)
    waiting: list[NotCollected] = field(default_factory=list)

    @property
    def json(self) -> dict[str, Any]:
        """The object of `collect --json`; cents."""
        return {
            "schema": SCHEMA,
            "due": self.due.isoformat(),
            "files": [
                {
                    "file": f"{FOLDER}/{file.name}",
                    "due": file.collection.due.isoformat(),
                    "scheme": file.collection.scheme.value,
                    "message_id": file.collection.message_id,
                    "count": len(file.collection.debits),
                    "cents": file.collection.cents,
                    "new": file.new,
                }
                for file in self.files
            ],
            "collected": [
                {
                    "document": debit.document_number,
                    "client_id": debit.client_id,
                    "cents": debit.cents,
                    "mandate_id": debit.mandate_id,
                    "sequence": debit.sequence,
                    "end_to_end_id": debit.document_number,
                }
                for file in self.files
                for debit in file.collection.debits
            ],
            "waiting": [
                {"document": each.number, "client_id": each.client_id, "cents": each.cents, "reason": each.reason}
                for each in self.waiting
            ],
        }
