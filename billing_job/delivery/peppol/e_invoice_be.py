"""A hosted access point: e-invoice.be, which first keeps a document as a draft and sends it when told to.

Source: its client package e-invoice-api 1.39.1 (docs/peppol.md). It gives a document a name of its own; that name is
noted before the document may leave, so that what became of it can be asked later.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from billing_job.delivery.message import Answer, Outcome
from billing_job.delivery.peppol.access_point import Found, Posting, Reach
from billing_job.delivery.peppol.asking import AnswerLost, Asking, NotSent, Reply

_FATES = {
    "DRAFT": Outcome.DEFERRED,
    "TRANSIT": Outcome.ACCEPTED,
    "SENT": Outcome.DELIVERED,
    "FAILED": Outcome.UNDELIVERED,
}
_NOT_NOW = (401, 402, 403, 404, 429)


class EInvoiceBe:
    """The hosted access point e-invoice.be."""

    name = "e-invoice.be"

    def __init__(self, asking: Asking):
        self._asking = asking

    def lookup(self, participant: str, document_type: str) -> Found:
        """What the access point says of a participant and the documents that it takes."""
        try:
            reply = self._asking.get("/api/validate/peppol-id", peppol_id=participant)
        except (NotSent, AnswerLost) as error:
            return Found(Reach.UNKNOWN, f"the access point: {error}")
        valid, kinds = reply.field("is_valid"), reply.field("supported_document_types")
        if reply.status != 200 or not isinstance(valid, bool):
            return Found(Reach.UNKNOWN, f"the access point answered {reply.words}")
        if not valid:
            return Found(Reach.ABSENT, "the Peppol network knows no such participant")
        specification = document_type.partition("::")[2]
        taken = [str(kind) for kind in kinds] if isinstance(kinds, list) else []
        if not taken or any(specification in kind for kind in taken):
            return Found(Reach.REACHED, "known to the Peppol network")
        return Found(Reach.ABSENT, "the participant takes no documents of this kind")

    def submit(self, posting: Posting, noted: Callable[[str], None]) -> Answer:
        """Leave the document as a draft, note its name, send it."""
        try:
            draft = self._asking.post(
                "/api/documents/ubl", files={"file": (f"{posting.number}.xml", posting.content, "application/xml")}
            )
        except (NotSent, AnswerLost) as error:
            return Answer(Outcome.DEFERRED, f"no draft was left there: {error}", broken=True)
        name = draft.field("id")
        if not 200 <= draft.status < 300 or not isinstance(name, str) or not name:
            refused = draft.status in (400, 413, 415, 422)
            return Answer(Outcome.REFUSED if refused else Outcome.DEFERRED, draft.words)
        noted(name)
        sender, receiver = posting.sender.partition(":"), posting.receiver.partition(":")
        try:
            reply = self._asking.post(
                f"/api/documents/{quote(name, safe='')}/send",
                query={
                    "sender_peppol_scheme": sender[0],
                    "sender_peppol_id": sender[2],
                    "receiver_peppol_scheme": receiver[0],
                    "receiver_peppol_id": receiver[2],
                },
            )
        except NotSent as error:
            return Answer(Outcome.DEFERRED, str(error), broken=True)
        except AnswerLost as error:
            known = self.fate(posting.reference, name)
            # A draft a moment after the connection broke means nothing: it may be sent yet.
            still_open = known.outcome in (Outcome.UNCERTAIN, Outcome.DEFERRED)
            return Answer(Outcome.UNCERTAIN, str(error), broken=True) if still_open else known
        return self._answer(reply, name)

    def fate(self, reference: str, name: str) -> Answer:
        """The state of the document that stands under its own name; without one it was no more than a draft."""
        if not name:
            return Answer(Outcome.DEFERRED, "it was never told to send it")
        try:
            reply = self._asking.get(f"/api/documents/{quote(name, safe='')}")
        except (NotSent, AnswerLost) as error:
            return Answer(Outcome.UNCERTAIN, str(error), broken=True)
        outcome = _FATES.get(_word(reply.field("state")))
        if reply.status == 404:
            return Answer(Outcome.DEFERRED, "the access point has no such document")
        if reply.status != 200 or outcome is None:
            return Answer(Outcome.UNCERTAIN, f"the access point answered {reply.words}")
        return Answer(outcome, f"state {reply.field('state')}")

    def _answer(self, reply: Reply, name: str) -> Answer:
        outcome = _FATES.get(_word(reply.field("state")))
        if 200 <= reply.status < 300 and outcome is not None and outcome is not Outcome.DEFERRED:
            return Answer(outcome, f"state {reply.field('state')}")
        if reply.status in (400, 413, 415, 422):
            return Answer(Outcome.REFUSED, reply.words)
        if reply.status in _NOT_NOW:
            return Answer(Outcome.DEFERRED, reply.words)
        known = self.fate("", name)
        return Answer(Outcome.UNCERTAIN, reply.words) if known.outcome is Outcome.DEFERRED else known


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
