"""What an access point is to this program: it says who can be reached, takes a document once, and tells what became."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from billing_job.core.document import Document, Kind
from billing_job.core.parties import Client
from billing_job.delivery.message import Answer
from billing_job.documents.einvoice.addresses import Identifier, address_of
from billing_job.documents.einvoice.profiles import PROCESSES, SPECIFICATIONS, Profile, choice_of

PARTICIPANT_SCHEME = "iso6523-actorid-upis"
_NAMESPACE = uuid.UUID("7f2d1c36-6a0c-5f0f-9a55-0b1f1a3f5d11")
"""Of our references alone: a UUID of version 5 is made from a namespace and a name."""


class Reach(StrEnum):
    """Whether a participant can be reached with a kind of document."""

    REACHED = "reached"
    ABSENT = "absent"
    """The network knows no such participant, or none that takes this kind of document."""
    UNLISTED = "unlisted"
    """A directory that need not hold everybody does not list it."""
    UNKNOWN = "unknown"
    """Nobody could be asked; that says nothing about the participant."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up came to, and in whose words."""

    reach: Reach
    detail: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One document on its way: both participants as scheme:value, and the identifiers that the network routes by.

    `reference` is ours, a UUID that is the same for every try of the same attempt (SBDH instance identifier).
    """

    number: str
    reference: str
    sender: str
    receiver: str
    document_type: str
    process: str
    country: str
    content: bytes


class AccessPoint(Protocol):
    """What carries a document to a participant."""

    name: str

    def lookup(self, participant: str, document_type: str) -> Found:
        """Whether a participant takes this kind of document; never an error."""
        ...

    def submit(self, posting: Posting, noted: Callable[[str], None]) -> Answer:
        """Hand a document over, at most once; `noted` gets the access point's own name for it before it may leave."""
        ...

    def fate(self, reference: str, name: str) -> Answer:
        """What became of a document that was, or may have been, handed over.

        `deferred`: it was never taken. `uncertain`: nobody can tell now. `accepted`: it is on its way.
        """
        ...


def document_type(document: Document) -> str:
    """The identifier of this kind of document (Peppol Policy for use of identifiers, 4): syntax and specification."""
    specification = SPECIFICATIONS[choice_of(document).profile]
    root = "Invoice" if document.kind is Kind.INVOICE else "CreditNote"
    syntax = f"urn:oasis:names:specification:ubl:schema:xsd:{root}-2::{root}"
    return f"busdox-docid-qns::{syntax}##{specification}::2.1"


def process() -> str:
    """The identifier of the billing process, the same for each of our specifications."""
    return f"cenbii-procid-ubl::{PROCESSES[Profile.PEPPOL]}"


def participants(document: Document, client: Client) -> tuple[str, str, str]:
    """Sender and receiver as scheme:value, and why the document cannot go through the network; empty when it can.

    `client` is the document's client as the files know it now: a corrected address must reach what was issued before.
    """
    sender, receiver = address_of(document.seller), address_of(client)
    choice = choice_of(document)
    if choice.profile not in SPECIFICATIONS:
        obstacle = choice.because or f"clients.csv says einvoice = {document.client.einvoice} for this client"
    elif sender is None:
        obstacle = "the seller has no Peppol address: set peppol_id of [seller]"
    else:
        obstacle = "" if receiver else "the client has no Peppol address: set peppol_id"
    return _written(sender), _written(receiver), obstacle


def _written(identifier: Identifier | None) -> str:
    return f"{identifier.scheme}:{identifier.value}" if identifier else ""


def reference_of(number: str, content: bytes, attempt: int) -> str:
    """Our reference of an attempt: the same document and attempt always get the same one."""
    return str(uuid.uuid5(_NAMESPACE, f"{number} {attempt} {hashlib.sha256(content).hexdigest()}"))
