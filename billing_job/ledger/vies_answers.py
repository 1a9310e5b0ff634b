"""What VIES said of VAT ids, and the documents that rest on it; only ever added."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.document import Document
from billing_job.core.supplies import supply_of
from billing_job.core.vat_evidence import RecordedAnswer, VatIdAnswer
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.vat_tables import document_evidence, vies_answers

COLUMNS = ("vat_id", "requester", "valid", "consultation_number", "name", "address", "asked", "body")


def record_answer(engine: Engine, answer: VatIdAnswer) -> None:
    """Keep a definite answer."""
    with transaction(engine) as connection:
        add(connection, vies_answers, COLUMNS, [tuple(getattr(answer, name) for name in COLUMNS)])


def latest_answers(engine: Engine) -> dict[str, RecordedAnswer]:
    """The last answer about each VAT id."""
    latest = select(func.max(vies_answers.c.seq)).group_by(vies_answers.c.vat_id)
    with transaction(engine) as connection:
        query = select(vies_answers).where(vies_answers.c.seq.in_(latest))
        found = [_recorded(row) for row in connection.execute(query)]
    return {each.answer.vat_id: each for each in found}


def record_evidence(connection: Connection, issued: Iterable[Document], evidence: Mapping[str, int]) -> None:
    """Tie each document with a reverse charge abroad to the answer about its client's VAT id, where there is one."""
    rows = [
        (document.number, evidence[document.client.vat_id])
        for document in issued
        if document.client.vat_id in evidence
        and any(supply_of(document, total.vat).case == "AE" for total in document.vat_totals)
    ]
    add(connection, document_evidence, ("document_number", "answer"), rows)


def answers_about(engine: Engine, document: Document) -> list[RecordedAnswer]:
    """All that VIES ever said of the VAT id of a document with a reverse charge abroad, oldest first."""
    if not any(supply_of(document, total.vat).case == "AE" for total in document.vat_totals):
        return []
    mine = select(document_evidence.c.answer).where(document_evidence.c.document_number == document.number)
    query = select(vies_answers).where(vies_answers.c.vat_id == document.client.vat_id).order_by(vies_answers.c.seq)
    with transaction(engine) as connection:
        relied_on = set(connection.execute(mine).scalars())
        return [_recorded(row, relied_on=row.seq in relied_on) for row in connection.execute(query)]


def _recorded(row: object, *, relied_on: bool = False) -> RecordedAnswer:
    answer = VatIdAnswer(**{name: getattr(row, name) for name in COLUMNS})
    return RecordedAnswer(int(row.seq), answer, relied_on)  # type: ignore[attr-defined]
