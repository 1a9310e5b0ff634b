"""What was collected by direct debit so far, and what became of it: from the ledger's files, and what the bank says."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from pydantic import TypeAdapter
from sqlalchemy import Engine

from billing_job.core.claim import Payment, PaymentKind
from billing_job.core.parties import Client
from billing_job.ledger.collections import LoggedCollection
from billing_job.ledger.documents import headings_of
from billing_job.receivables.direct_debit import Collection
from billing_job.receivables.mandates import Collected, Mandate, lapsed_after, mandate_for, returns_in_a_row


@lru_cache(maxsize=1)
def _json() -> TypeAdapter[Collection]:
    return TypeAdapter(Collection)


def collection_to_json(collection: Collection) -> str:
    """All that a file holds, as the ledger stores it."""
    return _json().dump_json(collection).decode()


def collection_of(logged: LoggedCollection) -> Collection:
    """What `collection_to_json` wrote."""
    return _json().validate_json(logged.body)


def collected(logged: Iterable[LoggedCollection], payments: Iterable[Payment]) -> list[Collected]:
    """Every debit, in the order of the files; a return gives back the document's first debit that was due by then."""
    returns: dict[str | None, list[date]] = defaultdict(list)
    for payment in payments:
        if payment.kind is PaymentKind.RETURN:
            returns[payment.document].append(payment.day)
    history = []
    for file in logged:
        collection = collection_of(file)
        for debit in collection.debits:
            number = debit.document_number
            if (rejection := file.rejected.get(number)) is not None:
                # The fault of a file is none of the mandate's: it was not used.
                if rejection.is_own:
                    history.append(Collected(debit.mandate_id, number, collection.due, returned=True))
                continue
            # What came back before the day, such as a transfer that failed, is no return of this debit.
            back = next((day for day in sorted(returns[number]) if day >= collection.due), None)
            if back is not None:
                returns[number].remove(back)
            history.append(Collected(debit.mandate_id, number, collection.due, returned=back is not None))
    return history


def usable_mandate(
    client: Client, mandates: Iterable[Mandate], day: date, history: Sequence[Collected], most: int
) -> Mandate | None:
    """The mandate by which a client's documents are collected on a day; None where they are paid by transfer.

    A mandate of which the last `most` collections came back is no longer used, nor is one that lapsed.
    """
    if client.payment != "direct_debit":
        return None
    mandate = mandate_for(mandates, client.client_id, day)
    if mandate is None or lapsed_after(mandate.mandate_id, history, day):
        return None
    return None if returns_in_a_row(mandate.mandate_id, history) >= most else mandate


def under_way(history: Iterable[Collected]) -> dict[str, date]:
    """Document → the day of its debit that the bank has not given back."""
    return {each.document_number: each.due for each in history if not each.returned}


def announced(engine: Engine, numbers: Sequence[str]) -> frozenset[str]:
    """Those of the documents that say by which mandate they are collected; the others ask for a transfer."""
    return frozenset(number for number, heading in headings_of(engine, numbers).items() if heading.client.mandate_id)
