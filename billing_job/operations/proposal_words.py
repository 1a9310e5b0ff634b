"""`doctor --propose` in words: what was seen, how each value is read, and what proves it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from billing_job.config.settings import Settings
from billing_job.core.moments import local_moment
from billing_job.core.wallet import Transaction
from billing_job.didfarm.dotted_paths import at_path
from billing_job.didfarm.proposal.moments import is_without_offset
from billing_job.didfarm.proposal.outcomes import Evidence, Outcome
from billing_job.didfarm.proposal.propose import Proposal
from billing_job.didfarm.proposal.survey import Survey
from billing_job.didfarm.proposal.witnesses import balances_of
from billing_job.didfarm.wire_json import Json, canonical_json

FIELDS = ("id", "type", "description", "reference_type", "reference_id", "quantity")


def seen_words(found: Survey, proposal: Proposal, settings: Settings) -> Iterator[str]:
    """The list, then the newest row field by field, moments, types and states."""
    rows = proposal.outcome.rows
    where = f"`{found.layout.rows}`" if found.layout.rows else "the answer itself"
    counted = f" of {found.total}" if found.total is not None else ", and nothing counts them"
    mirrored = ", most of them from the ledger" if found.is_mirrored else ""
    yield f"the list is {where}; {len(rows)} transactions were read{counted}{mirrored}"
    if found.query:
        asked = ", ".join(f"{name} = {value}" for name, value in found.query.items())
        yield f"pages have {found.usual_size} rows, with {asked} they have {found.size}"
    else:
        yield f"a page has {found.size} rows, and no parameter makes it larger"
    if found.pages and found.pages > 1:
        yield f"a first sync takes about {found.pages + 4} requests"
    yield from _fields(found.rows[0], rows[0], proposal)
    yield from _moments(found, proposal, settings)
    yield from _types(rows, settings)
    if proposal.outcome.states.path:
        states = Counter(f"{_shown(at_path(row, proposal.outcome.states.path))} is {read.standing}"
                         for row, read in zip(found.rows, rows, strict=True))  # fmt: skip
        yield f"{proposal.outcome.states.path}: " + ", ".join(
            f"{word} ({count})" for word, count in sorted(states.items())
        )
    unread = [row for row in rows if row.problem]
    for row in unread[:5]:
        yield f"transaction {row.transaction_id} cannot be read: {row.problem}"
    if len(unread) > 5:
        yield f"and {len(unread) - 5} more cannot be read"


def proof_words(found: Survey, proposal: Proposal, evidence: Evidence, doubts: Sequence[str]) -> Iterator[str]:
    """Which witnesses agree, and why it is not proven if it is not."""
    outcome = proposal.outcome
    if outcome.running:
        yield f"each row takes {outcome.running.path} from the one before it to its own: unit and sign are those"
    if outcome.told:
        opening = f"opening balance {money(evidence.opening)} + " if evidence.opening else ""
        yield f"{opening}all movements {money(outcome.total)} = the wallet's balance {money(outcome.told.micros)}"
    elif found.no_balance:
        yield f"the balance cannot be read: {found.no_balance}"
    elif found.balance is not None and found.is_whole:
        yield from _difference(proposal, evidence)
    if not found.is_whole:
        yield "the list is long and was not read whole, so its sum says nothing; after `billing-job sync` it will"
    if not doubts:
        yield "proven"
        return
    yield from (f"not proven: {doubt}" for doubt in doubts)
    for rival in (outcome, *proposal.rivals[:5]) if proposal.rivals else ():
        yield f"  one reading: {_settings_in_words(rival)}; the newest row is {amount_words(rival.rows[0])}"
    if proposal.rivals or not (outcome.running or outcome.told):
        yield "compare one amount with DIDfarm's own pages, and set amount_unit and sign accordingly"


def money(micros: int) -> str:
    """Micros as a decimal of the currency with at least two places.

    >>> money(-1_500_000), money(7_500)
    ('-1.50', '0.0075')
    """
    whole, fraction = divmod(abs(micros), 1_000_000)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}{whole}.{digits}"


def amount_words(row: Transaction) -> str:
    """An amount and its direction."""
    if row.micros is None:
        return "no amount"
    side = "left" if row.micros < 0 else "came into"
    return f"{money(abs(row.micros))} {row.currency}, which {side} the wallet"


def _fields(raw: Json, row: Transaction, proposal: Proposal) -> Iterator[str]:
    """The newest row, as it came and as it is read."""
    mapped: dict[str, str] = proposal.transactions["fields"]
    yield "the first row, as it came → as it is read:"
    read = {
        "id": row.transaction_id,
        "type": row.type,
        "description": row.description,
        "reference_type": row.reference_type or "no reference",
        "reference_id": row.reference_id,
        "quantity": "" if row.quantity is None else str(row.quantity),
    }
    for name in FIELDS:
        path = mapped.get(name, name)
        if (value := at_path(raw, path)) is not None:
            yield f"  {name} = {path}: {_shown(value)} → {read[name]}"
    if not any(row.reference_id for row in proposal.outcome.rows):
        yield (
            "warning: no field was found that names the order, number or trunk of a row, so nothing could be billed:"
            " set reference_type and reference_id in [api.transactions.fields]"
        )
    amounts = [name for name in ("amount", "debit", "credit", "direction") if name in proposal.outcome.fields]
    came = ", ".join(
        f"{proposal.outcome.fields[name]}: {_shown(at_path(raw, proposal.outcome.fields[name]))}" for name in amounts
    )
    yield f"  amount = {came} → {amount_words(row)}"


def _moments(found: Survey, proposal: Proposal, settings: Settings) -> Iterator[str]:
    """Moments in the seller's zone with their month, and what the zone leaves open."""
    zone = settings.billing.zone
    path = proposal.transactions["fields"].get("created_at", "created_at")
    read = [(row.created_at, at_path(raw, path)) for raw, row in zip(found.rows, proposal.outcome.rows, strict=True)
            if row.created_at is not None]  # fmt: skip
    for moment, value in dict((read[0], read[-1])).items() if read else ():
        local = local_moment(moment, zone)
        yield f"  created_at = {path}: {_shown(value)} → {local:%Y-%m-%d %H:%M:%S} in {zone.key}, month {local:%Y-%m}"
    used = proposal.transactions["timezone"]
    if any(row.is_day for row in proposal.outcome.rows):
        yield f"warning: {path} is a day without a time, read as its first moment in {used}"
    elif read and (
        is_without_offset(read[0][1]) or "%" in proposal.transactions.get("moment_format", "").replace("%z", "")
    ):
        yield f'warning: {path} names no offset; it is read in timezone = "{used}", which nothing here can prove'
        if used != zone.key:
            yield f"  {_other_months(read, ZoneInfo(used), zone)} rows would be in another month if it were {zone.key}"


def _other_months(read: Sequence[tuple[int | None, Json]], used: ZoneInfo, zone: ZoneInfo) -> int:
    """Rows whose month would differ if their wall clock were the seller's."""
    count = 0
    for moment, _ in read:
        if moment is not None:
            as_read, on_the_wall = local_moment(moment, zone), local_moment(moment, used)
            count += f"{as_read:%Y-%m}" != f"{on_the_wall:%Y-%m}"
    return count


def _types(rows: Sequence[Transaction], settings: Settings) -> Iterator[str]:
    """Each type with its direction and category."""
    for type_ in sorted({row.type for row in rows}):
        micros = [row.micros for row in rows if row.type == type_ and row.micros is not None]
        left, came = sum(each < 0 for each in micros), sum(each > 0 for each in micros)
        category = settings.categories.get(type_)
        told = f"category {category}" if category else "no category: add it to [categories]"
        yield f"type {type_}: {left} left the wallet, {came} came into it; {told}"


def _difference(proposal: Proposal, evidence: Evidence) -> Iterator[str]:
    """What the balance has more than the rows explain, and what usually is behind it."""
    outcome = proposal.outcome
    unit = proposal.balance.get("amount_unit", "decimal")
    told = next((told for told in balances_of(evidence.balance, outcome.reading) if told.unit == unit), None)
    if told is None:
        yield "no number in the balance's answer can be the balance"
        return
    difference = told.micros - evidence.opening - outcome.total
    sides = f"all movements {money(outcome.total)}, the wallet's balance {money(told.micros)}"
    yield f"{sides}: {money(difference)} unexplained"
    if outcome.running and outcome.running.opening:
        yield f"before the oldest row there were {money(outcome.running.opening)}: set billing.opening_balance to that"
    else:
        held = money(evidence.opening + difference)
        yield f"if the wallet held {held} before the oldest row, set billing.opening_balance to that"


def _settings_in_words(outcome: Outcome) -> str:
    told = {**outcome.settings, **outcome.fields}
    return ", ".join(f"{key} = {_shown(value)}" for key, value in told.items())


def _shown(value: Json) -> str:
    text = canonical_json(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
