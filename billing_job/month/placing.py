"""Every transaction of a month given its place: an owner, an exclusion, or a reason to wait."""

from collections.abc import Callable, Collection, Iterable, Mapping

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.attribute import attribute
from billing_job.billing.attribution.suggestions import suggestions
from billing_job.billing.invoicing.tax import Untaxable
from billing_job.core.checks import every_transaction_has_a_place, raise_if_broken
from billing_job.core.columns.interned import pairs_of
from billing_job.core.columns.row_values import sum_of, sum_where
from billing_job.core.columns.schema import INT, TEXT, empty
from billing_job.core.document import Vat
from billing_job.core.files.pieces import PIECES_AT_ONCE, ROWS_IN_PIECE, Pieces, joined
from billing_job.core.memory import hand_back
from billing_job.core.money import wallet_text
from billing_job.core.period import Period
from billing_job.core.settlement import Original, Owner
from billing_job.core.sums import Sum
from billing_job.core.wallet import Trunk
from billing_job.ledger.billed_facts import documents_of
from billing_job.ledger.decisions import accepted_costs
from billing_job.ledger.documents import billed_periods
from billing_job.ledger.last_look import supplier_trunks
from billing_job.ledger.month_terms import months_without_terms
from billing_job.ledger.transactions import open_transactions, transactions_in_scope, transactions_of
from billing_job.month.attributing import PLACED, AttributedRows, attributed, billed_and_changed, months_of_rows
from billing_job.month.client_months import ClientMonths, client_months_of
from billing_job.month.job import Job
from billing_job.month.own_charges import own_charges
from billing_job.month.placed import Placed, is_open, place_sums, rows_where, with_changed
from billing_job.month.refund_owners import ORIGINAL_WAITS

BILLED_ROW_CHANGED = "billed_row_changed"


def place(job: Job, month: Period, *, every_month: bool = False, rows_in_piece: int = ROWS_IN_PIECE) -> Placed:
    """Read, attribute and tax: everything that a bill of the month could hold, and what waits; invariant 1 checked.

    With `every_month` older months that were never run are in scope too.
    """
    facts = job.assignments()
    changed = billed_and_changed(job, facts=facts)
    whole, single = billed_periods(job.engine)
    span = month.span(job.settings.billing.zone)
    owners = attributed(job, transactions_in_scope(job.engine, *span, rows_in_piece), facts, changed)

    def in_scope(frame: pd.DataFrame) -> pd.Series:
        return _in_scope(frame, month, whole, single) | every_month

    owing, never_run = _open_owners(owners, in_scope)
    own = own_charges(job, month, facts)
    own_months = {(row.client_id, row.month) for row in own.open_rows}
    months = {str(month), *(name for _, name in owing | own_months)}
    months |= {original.month for original in owners.billed.values()}
    client_months = client_months_of(job, months | months_without_terms(job.engine))
    left_out = client_months.left_out(month) | client_months.freed_since(month)
    beside = own_months.union(left_out)
    vat, untaxable = _vat(job, client_months, month, owing, job.clients, owners.billed.values(), beside)
    waiting_originals = _waiting_originals(owners, in_scope, untaxable)
    rows, trunks = Pieces(PLACED, held_rows=PIECES_AT_ONCE * rows_in_piece), supplier_trunks(job.engine)
    for piece in owners:
        frame = rows_where(piece, in_scope(piece))
        before = sum_of(frame)
        frame = _waiting_with_original(_taxed(frame, untaxable, owners.billed), waiting_originals)
        frame = frame.assign(detail=_details(job, frame, facts, trunks))
        found = place_sums(frame)
        raise_if_broken(
            every_transaction_has_a_place(before, found.attributed, found.excluded_in_all, found.waiting, found.billed)
        )
        rows.add(frame)
    if rows.on_disk:
        hand_back()
    waiting = _changed_rows(job, facts, changed) if changed else empty(PLACED)
    return Placed(
        month,
        rows,
        facts,
        client_months,
        vat,
        untaxable,
        never_run,
        owners.billed,
        waiting,
        own,
        left_out,
        rows_in_piece,
    )


def _open_owners(owners: AttributedRows, in_scope: Callable[[pd.DataFrame], pd.Series]) -> tuple[set[Owner], Sum]:
    """The clients' months in scope that have open rows, and the rows of months that were never run."""
    found: set[Owner] = set()
    never_run = Sum()
    for piece in owners:
        scope = in_scope(piece)
        rows = piece[scope & is_open(piece, "attributed")]
        found |= pairs_of(rows["client_id"], rows["month"])
        never_run += sum_where(piece, ~scope & (piece["outcome"] != "excluded"))
    return found, never_run


def waiting_of_every_month(job: Job) -> pd.DataFrame:
    """What waits of all months up to the present one, PLACED: `exceptions` of `place` with `every_month`.

    It is told from what nothing settles, so that of a ledger of years nothing else is read, and nothing before
    `billing.first_month`: none of that waits.
    """
    month = job.last_month().next
    facts = job.assignments()
    changed = billed_and_changed(job, facts=facts)
    zone, first_month = job.settings.billing.zone, job.settings.billing.first_month
    since = Period.parse(first_month).span(zone)[0] if first_month else None
    owners = attributed(job, open_transactions(job.engine, month.span(zone)[1], since), facts, changed, since=since)
    owing, _ = _open_owners(owners, _whatever_month)
    clients = {client_id for client_id, _ in owing}
    client_months = client_months_of(job, {name for _, name in owing}, clients)
    _, untaxable = _vat(job, client_months, month, owing, job.clients.keys() & clients)
    waiting_originals = _waiting_originals(owners, _whatever_month, untaxable)
    found, trunks = [], supplier_trunks(job.engine)
    for piece in owners:
        frame = _waiting_with_original(_taxed(piece, untaxable, owners.billed), waiting_originals)
        waiting = frame[is_open(frame, "exception")]
        found.append(waiting.assign(detail=_details(job, waiting, facts, trunks)))
    return with_changed(joined(found, PLACED), _changed_rows(job, facts, changed) if changed else empty(PLACED))


def _whatever_month(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(True, frame.index)


def _changed_rows(job: Job, facts: Assignments, changed: Mapping[str, tuple[int, int | None]]) -> pd.DataFrame:
    """These transactions as exceptions of the amount that differs."""
    settings = job.settings
    rows = transactions_of(job.engine, sorted(changed))
    frame = attribute(rows, facts, settings.categories, settings.billing.currency)
    frame["month"] = months_of_rows(frame, job)
    frame["outcome"], frame["reason"], frame["settled"] = "exception", BILLED_ROW_CHANGED, False
    frame["large_micros"] = pd.Series([None] * len(frame), dtype=TEXT)
    currency = settings.billing.currency
    standing_on = documents_of(job.engine, changed)
    accepted = accepted_costs(job.engine)
    differences, details = [], []
    for id_ in frame["transaction_id"]:
        billed, now = changed[id_]
        was = "accepted" if id_ in accepted else "billed"
        differences.append((now or 0) - billed)
        became = "DIDfarm no longer lists it" if now is None else f"DIDfarm now says {wallet_text(now, currency)}"
        if now == billed:
            became = "DIDfarm gave it another type, reference or moment since, by which it would be billed otherwise"
        where = f" ({standing_on[id_].removeprefix(', ')})" if id_ in standing_on else ""
        credit = "credit its line" if now is None else "credit its line (`credit … --rebill` bills it anew)"
        details.append(
            f"it was {was} at {wallet_text(billed, currency)}{where}, and {became}: {credit}, or leave the documents"
            f" as they are: `exceptions resolve {id_} --accept --reason …`"
        )
    frame["micros"] = pd.Series(differences, dtype=INT)
    frame["detail"] = pd.Series(details, dtype=TEXT)
    return frame


def _waiting_originals(
    owners: AttributedRows, in_scope: Callable[[pd.DataFrame], pd.Series], untaxable: Mapping[Owner, str]
) -> list[str]:
    """What open refunds give back that waits itself: in the queue, or for a month that was not run."""
    if owners.originals.empty:
        return []
    scope = in_scope(owners.originals)
    taxed = _taxed(owners.originals, untaxable, owners.billed)
    return sorted(set(taxed.loc[~scope | (taxed["outcome"] == "exception"), "transaction_id"]))


def _waiting_with_original(frame: pd.DataFrame, waiting_originals: Collection[str]) -> pd.DataFrame:
    """What refunds one of these open rows waits while that row does."""
    if not waiting_originals:
        return frame
    rows = is_open(frame, "attributed") & frame["refund_of"].isin(waiting_originals)
    if not rows.any():
        return frame
    return frame.assign(
        outcome=frame["outcome"].mask(rows, "exception"), reason=frame["reason"].mask(rows, ORIGINAL_WAITS)
    )


def _in_scope(frame: pd.DataFrame, month: Period, whole: set[str], single: set[tuple[str, str]]) -> pd.Series:
    """The month's own rows, undated ones, and older ones of months that were billed, whole or for their client."""
    months = frame["month"]
    mask = months.isin(["", str(month), *sorted(whole)])
    if single:
        pairs = pd.MultiIndex.from_arrays([frame["client_id"].to_numpy(object), months.to_numpy(object)])
        mask |= pairs.isin(list(single))
    return mask.astype(bool)


def _vat(
    job: Job,
    client_months: ClientMonths,
    month: Period,
    owing: Collection[Owner],
    clients: Iterable[str],
    refunded: Collection[Original] = (),
    beside: Collection[Owner] = (),
) -> tuple[dict[Owner, Vat], dict[Owner, str]]:
    """The VAT of clients in the month, and in other months of which they have open rows or charges of one's own.

    Where one cannot be taxed, the decision that is missing.
    """
    vat: dict[Owner, Vat] = {}
    untaxable: dict[Owner, str] = {}
    owners = [(client_id, str(month)) for client_id in clients]
    owners += sorted(owner for owner in owing if owner[1] != str(month))
    owners += sorted({(original.client_id, original.month) for original in refunded}) + sorted(beside)
    for client_id, name in owners:
        if client_id not in job.clients and not client_months.has_terms(client_id, name):
            continue  # its refunds are taxed as what they give back
        answer = client_months.vat(client_id, name)
        if isinstance(answer, Untaxable):
            untaxable[client_id, name] = answer.reason
        else:
            vat[client_id, name] = answer
    return vat, untaxable


def _taxed(frame: pd.DataFrame, untaxable: Mapping[Owner, str], billed: Collection[tuple[str, int]]) -> pd.DataFrame:
    """Rows of clients that cannot be taxed become exceptions; they block no other client, and no refund of old."""
    if not untaxable:
        return frame
    clients = sorted({client_id for client_id, _ in untaxable})
    rows = (frame["outcome"] == "attributed") & ~frame["settled"] & frame["client_id"].isin(clients)
    if not rows.any():
        return frame
    reasons = [
        untaxable.get((client_id, name), "") if is_open and (id_, part) not in billed else ""
        for is_open, id_, part, client_id, name in zip(
            rows, frame["transaction_id"], frame["part"], frame["client_id"], frame["month"], strict=True
        )
    ]
    told = pd.Series(reasons, index=frame.index, dtype=TEXT)
    rows &= told != ""
    return frame.assign(
        outcome=frame["outcome"].mask(rows, "exception"),
        reason=frame["reason"].mask(rows, "untaxable_client"),
        detail=frame["detail"].mask(rows, told),
    )


def _details(job: Job, frame: pd.DataFrame, facts: Assignments, trunks: Iterable[Trunk]) -> pd.Series:
    """What would help each exception; other rows keep what they have."""
    details = frame["detail"].copy()
    waiting = (frame["outcome"] == "exception") & ~frame["settled"]
    if waiting.any():
        details[waiting] = suggestions(frame[waiting], facts, job.mapping.clients, trunks)
    return details
