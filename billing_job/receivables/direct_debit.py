"""The file that tells the bank what to collect: pain.008.001.08, the same bytes from the same values.

sepaxml writes it, with random ids and the clock's time, which are put right here before the file is checked against its
schema. No address is written: the schemes need none within the EEA, and banks refuse unstructured ones since November
2026.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from lxml import etree
from sepaxml import SepaDD

from billing_job.receivables.mandates import LATIN, Scheme

SCHEMA = "pain.008.001.08"
_NAMESPACE = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects, and into which account."""

    name: str
    iban: str
    bic: str
    creditor_id: str


@dataclass(frozen=True, slots=True)
class Debit:
    """One document that is collected; its number is the end-to-end id."""

    document_number: str
    client_id: str
    cents: int
    sequence: str
    mandate_id: str
    signed_on: date
    iban: str
    bic: str
    holder: str


@dataclass(frozen=True, slots=True)
class Collection:
    """What one file holds: the debits of one scheme and day; `made` is the moment as ISO 8601 without an offset."""

    due: date
    scheme: Scheme
    creditor: Creditor
    made: str
    debits: tuple[Debit, ...]

    @property
    def cents(self) -> int:
        """The sum of the debits."""
        return sum(debit.cents for debit in self.debits)

    @property
    def message_id(self) -> str:
        """The message's id, from the day, the scheme and what is collected: at most 35 characters."""
        content = "\n".join(f"{each.document_number} {each.cents} {each.mandate_id}" for each in self.debits)
        return f"DD-{self.due:%Y%m%d}-{self.scheme.value}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def collection_xml(collection: Collection) -> bytes:
    """The file; ValueError when the schema refuses what a value holds."""
    creditor = collection.creditor
    config = {
        "name": creditor.name,
        "IBAN": creditor.iban,
        "batch": True,
        "creditor_id": creditor.creditor_id,
        "currency": "EUR",
        "instrument": collection.scheme.value.upper(),
    }
    if creditor.bic:
        config["BIC"] = creditor.bic
    writer = SepaDD(config, schema=SCHEMA)
    for debit in collection.debits:
        payment = {
            "name": debit.holder,
            "IBAN": debit.iban,
            "amount": debit.cents,
            "type": debit.sequence,
            "collection_date": collection.due,
            "mandate_id": debit.mandate_id,
            "mandate_date": debit.signed_on,
            "description": debit.document_number,
            "endtoend_id": debit.document_number,
        }
        if debit.bic:
            payment["BIC"] = debit.bic
        writer.add_payment(payment)
    content = _settled(writer.export(validate=False), collection)
    schema = _schema()
    if not schema.validate(etree.fromstring(content)):
        raise ValueError(f"{SCHEMA}: {schema.error_log.last_error.message}")
    return content


def debits_by_batch(collection: Collection) -> dict[str, list[str]]:
    """PmtInfId → the documents that the file collects in that batch: one for each sequence type."""
    root = etree.fromstring(collection_xml(collection))
    return {
        batch.findtext("p:PmtInfId", "", _NAMESPACE): [
            found.text or "" for found in batch.iterfind(".//p:EndToEndId", _NAMESPACE)
        ]
        for batch in root.iterfind("p:CstmrDrctDbtInitn/p:PmtInf", _NAMESPACE)
    }


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    """The schema that sepaxml brings; its own check would read it anew for each file, which takes half a second."""
    return etree.XMLSchema(etree.fromstring((files("sepaxml") / "schemas" / f"{SCHEMA}.xsd").read_bytes()))


def _settled(content: bytes, collection: Collection) -> bytes:
    """The same file with ids that follow from what it holds, and each debit booked by itself, so that it is found."""
    root = etree.fromstring(content)
    for path, text in (("GrpHdr/p:MsgId", collection.message_id), ("GrpHdr/p:CreDtTm", collection.made)):
        root.find(f"p:CstmrDrctDbtInitn/p:{path}", _NAMESPACE).text = text
    for place, batch in enumerate(root.iterfind("p:CstmrDrctDbtInitn/p:PmtInf", _NAMESPACE), 1):
        batch.find("p:PmtInfId", _NAMESPACE).text = f"{collection.message_id}-{place}"
        batch.find("p:BtchBookg", _NAMESPACE).text = "false"
    for name in root.iterfind(".//p:Nm", _NAMESPACE):
        name.text = _latin(name.text or "")
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _latin(ascii_text: str) -> str:
    """What sepaxml has turned into ASCII, without the signs that not every bank takes."""
    return "".join(sign if sign in LATIN else {"&": "+"}.get(sign, " ") for sign in ascii_text).strip() or "."
