"""What the bank rejected of a file of direct debits (pain.002): those documents are no longer being collected."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from billing_job.ledger.collections import LoggedCollection, Rejection, logged_in, record_rejected
from billing_job.month.collected import collection_of
from billing_job.receivables.direct_debit import Debit, debits_by_batch
from billing_job.receivables.statements.status_report import StatusReport


@dataclass(frozen=True, slots=True)
class Rejected:
    """A debit that the bank will not book, and why; `due` is its day."""

    document: str
    client_id: str
    cents: int
    due: str
    reason: str


def keep_report(
    connection: Connection, report: StatusReport, sha256: str, moment: str, run_id: str
) -> tuple[int, list[Rejected]]:
    """Note what a report rejects; returns how many debits it names and those that were not known to be rejected.

    ValueError for a file that this ledger did not write, and for a debit that is not in it.
    """
    file = next((each for each in logged_in(connection) if each.message_id == report.message_id), None)
    if file is None:
        raise ValueError(f"tells of the file {report.message_id}, which was not written from this ledger")
    named = _named(file, report)
    new = {number: each for number, each in named.items() if number not in file.rejected}
    if new:
        record_rejected(
            connection,
            file,
            {number: Rejection(each.reason, number in report.debits) for number, each in new.items()},
            sha256,
            moment=moment,
            run_id=run_id,
        )
    return len(named), list(new.values())


def _named(file: LoggedCollection, report: StatusReport) -> Mapping[str, Rejected]:
    collection = collection_of(file)
    reasons: dict[str, str] = {}
    if report.whole is not None:
        reasons |= {debit.document_number: report.whole for debit in collection.debits}
    batches = debits_by_batch(collection) if report.batches else {}
    for batch, reason in report.batches.items():
        if batch not in batches:
            raise ValueError(f"rejects the batch {batch}, which {report.message_id} does not have")
        reasons |= dict.fromkeys(batches[batch], reason)
    reasons |= report.debits
    debits: dict[str, Debit] = {debit.document_number: debit for debit in collection.debits}
    unknown = [number for number in reasons if number not in debits]
    if unknown:
        raise ValueError(
            f"rejects {unknown[0] or 'a debit without its end-to-end id'}, which {report.message_id} lacks"
        )
    return {
        number: Rejected(number, debits[number].client_id, debits[number].cents, file.due, reason)
        for number, reason in sorted(reasons.items())
    }
