"""An access point of one's own: phoss AP, which keeps every document under the reference that we choose.

Source: its REST controllers `/api/outbound`, as of September 2026 (docs/peppol.md). Because the reference is ours, what
became of a document can be asked even when the answer to it was lost.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from billing_job.delivery.message import Answer, Outcome
from billing_job.delivery.peppol.access_point import PARTICIPANT_SCHEME, Found, Posting, Reach
from billing_job.delivery.peppol.asking import AnswerLost, Asking, NotSent, Reply

_FATES = {
    "pending": Outcome.ACCEPTED,
    "sending": Outcome.ACCEPTED,
    "failed": Outcome.ACCEPTED,  # the last try failed, the access point tries again by itself
    "sent": Outcome.DELIVERED,
    "rejected": Outcome.REFUSED,
    "permanently_failed": Outcome.UNDELIVERED,
}


class PhossAp:
    """phoss AP, and the Peppol Directory for who can be reached, which the access point does not tell by itself."""

    name = "phoss-ap"

    def __init__(self, asking: Asking, directory: Asking):
        self._asking = asking
        self._directory = directory

    def lookup(self, participant: str, document_type: str) -> Found:
        """What the Peppol Directory says of a participant."""
        try:
            reply = self._directory.get("/search/1.0/json", participant=f"{PARTICIPANT_SCHEME}::{participant}")
        except (NotSent, AnswerLost) as error:
            return Found(Reach.UNKNOWN, f"the Peppol Directory: {error}")
        matches = reply.field("matches")
        if reply.status != 200 or not isinstance(matches, list):
            return Found(Reach.UNKNOWN, f"the Peppol Directory answered {reply.words}")
        entries = [entry for entry in matches if _is_of(entry, participant)]
        if not entries:
            return Found(Reach.UNLISTED, "the Peppol Directory lists no such participant")
        if any(document_type in _document_types(entry) for entry in entries):
            return Found(Reach.REACHED, "listed in the Peppol Directory")
        return Found(Reach.UNLISTED, "the Peppol Directory does not list this kind of document for the participant")

    def submit(self, posting: Posting, noted: Callable[[str], None]) -> Answer:
        """Submit the document; its envelope is made there, under our reference."""
        parts = (
            f"{PARTICIPANT_SCHEME}::{posting.sender}",
            f"{PARTICIPANT_SCHEME}::{posting.receiver}",
            posting.document_type,
            posting.process,
            posting.country,
        )
        path = "/api/outbound/submit/" + "/".join(quote(part, safe="") for part in parts)
        noted(posting.reference)
        try:
            reply = self._asking.post(
                path,
                query={"sbdhInstanceID": posting.reference},
                content=posting.content,
                headers={"Content-Type": "application/xml"},
            )
        except NotSent as error:
            return Answer(Outcome.DEFERRED, str(error), broken=True)
        except AnswerLost as error:
            known = self.fate(posting.reference, posting.reference)
            # "Never taken" means nothing a moment after the connection broke: it may still be on its way in.
            return Answer(Outcome.UNCERTAIN, str(error), broken=True) if _is_open(known) else known
        return self._answer(reply, posting.reference)

    def fate(self, reference: str, name: str) -> Answer:
        """The status of the document that stands under our reference."""
        try:
            reply = self._asking.get(f"/api/outbound/status/{quote(reference, safe='')}")
        except (NotSent, AnswerLost) as error:
            return Answer(Outcome.UNCERTAIN, str(error), broken=True)
        if reply.status == 404:
            return Answer(Outcome.DEFERRED, "the access point never took it")
        outcome = _FATES.get(_word(reply.field("status")))
        if reply.status != 200 or outcome is None:
            return Answer(Outcome.UNCERTAIN, f"the access point answered {reply.words}")
        told = reply.field("errorDetails")
        return Answer(outcome, f"status {reply.field('status')}" + (f": {told}" if isinstance(told, str) else ""))

    def _answer(self, reply: Reply, reference: str) -> Answer:
        """What an answer to a submission means; the word of the status counts for more than that of the answer."""
        if reply.status in (401, 403, 404, 405, 429):
            return Answer(Outcome.DEFERRED, reply.words)
        known = self.fate(reference, reference)
        # Also of what it refuses as known already: an earlier try of the same reference may have been taken.
        if not _is_open(known):
            return known
        if 200 <= reply.status < 300:
            return Answer(Outcome.ACCEPTED, reply.words)
        if reply.status in (400, 409, 413, 422) and known.outcome is Outcome.DEFERRED:
            return Answer(Outcome.REFUSED, reply.words)
        return Answer(Outcome.UNCERTAIN, reply.words)


def _is_open(answer: Answer) -> bool:
    return answer.outcome in (Outcome.UNCERTAIN, Outcome.DEFERRED)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_of(entry: Any, participant: str) -> bool:
    identifier = entry.get("participantID") if isinstance(entry, dict) else None
    return isinstance(identifier, dict) and _word(identifier.get("value")).lower() == participant.lower()


def _document_types(entry: Any) -> set[str]:
    kinds = entry.get("docTypes")
    found = [kind for kind in kinds if isinstance(kind, dict)] if isinstance(kinds, list) else []
    return {f"{_word(kind.get('scheme'))}::{_word(kind.get('value'))}" for kind in found}
