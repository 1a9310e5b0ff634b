"""What charges.csv says against what was billed of it: another charge, another price, a run that is over."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from billing_job.billing.rating.charge_periods import every_of_word
from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.core.categories import CHARGE
from billing_job.core.money import money_text
from billing_job.core.sentences import counted
from billing_job.ledger.billed_charges import BilledCharge
from billing_job.month.job import Job


def other_meanings(job: Job, billed: Mapping[str, BilledCharge]) -> Iterator[str]:
    """Charges that are something else now than what was billed under their ids, a sentence for each."""
    charges = {charge[0].charge_id: charge[0] for charge in job.charges}
    for each in billed.values():
        _, charge_id, *owner, word = each.transaction_id.split(":")
        charge = charges.get(charge_id)
        if charge is None:
            continue
        of_client = each.client_id if not owner and each.client_id in job.clients else charge.client_id
        for column, now, before in (
            ("every", charge.every, every_of_word(word)),
            ("plan", "all of a plan" if charge.plan else "one client", "all of a plan" if owner else "one client"),
            ("client_id", charge.client_id, of_client),
            ("category", charge.category, each.category),
        ):
            if now != before:
                del charges[charge_id]
                yield (
                    f"{charge.source}, column {column}: {now!r}: charge {charge_id} was billed as {before!r}"
                    f" ({_where(each)}), and what was billed keeps its meaning: give this one another charge_id"
                )
                break


def under_another_id(job: Job, rows: Sequence[ChargeRow], billed: Mapping[str, BilledCharge]) -> Iterator[str]:
    """Charges that would bill again what was billed under an id that the file no longer has, a sentence for each."""
    known = {charge[0].charge_id for charge in job.charges}
    gone: dict[tuple[str, ...], BilledCharge] = {}
    for each in billed.values():
        charge_id, _, word = each.transaction_id.removeprefix(CHARGE).partition(":")
        if charge_id not in known and each.net_cents and each.credited_cents != each.net_cents:
            gone[each.category, each.number, each.trunk, word.rpartition(":")[2], str(each.net_cents)] = each
    told = set()
    for row in rows:
        charge = row.charge
        key = (charge.category, charge.number, charge.trunk, row.period.word, str(row.charge_cents))
        before = gone.get(key)
        if before is None or row.transaction_id in billed or charge.charge_id in told:
            continue
        if before.client_id == row.client_id or before.client_id not in job.clients:
            told.add(charge.charge_id)
            yield (
                f"{charge.source}, column charge_id: {charge.charge_id!r}: it would bill {row.client_id} once more what"
                f" {before.transaction_id} billed ({_where(before)}), which the file no longer has: give the charge its"
                " id back, credit what was billed under it, or let this one begin later by valid_from"
            )


def contradictions(job: Job, rows: Sequence[ChargeRow], billed: Mapping[str, BilledCharge]) -> Iterator[str]:
    """What was billed otherwise than the file has it now, a sentence for each charge."""
    now = {row.transaction_id: row for row in rows}
    found: dict[tuple[str, int | None], list[BilledCharge]] = {}
    for id_, each in billed.items():
        row = now.get(id_)
        cents = None if row is None else row.charge_cents
        is_undone = bool(each.credited_cents) and each.credited_cents == each.net_cents
        if cents != each.net_cents and not is_undone:
            found.setdefault((id_.removeprefix(CHARGE).partition(":")[0], cents), []).append(each)
    currency = job.settings.billing.currency
    for (charge_id, cents), several in found.items():
        several.sort(key=lambda each: (each.month, each.transaction_id))
        last = several[-1]
        says = "no longer has it" if cents is None else f"now makes it {money_text(cents, currency)}"
        more = f", and {len(several) - 1} more of its periods" if len(several) > 1 else ""
        yield (
            f"charge {charge_id}: {last.transaction_id} was billed at {money_text(last.net_cents, currency)}"
            f" ({_where(last)}){more}, and charges.csv {says}: what was issued stays; credit it, or correct the file"
        )


def late_charges(rows: Iterable[ChargeRow], closed: Collection[str], currency: str) -> tuple[str, ...]:
    """Of charges whose own run is over, so many periods and what they come to, a sentence for each charge."""
    late: dict[str, list[ChargeRow]] = {}
    for row in rows:
        if row.due in closed:
            late.setdefault(row.charge.charge_id, []).append(row)
    found = []
    for charge_id, several in late.items():
        cents, first = sum(row.charge_cents for row in several), min(row.due for row in several)
        found.append(
            f"charge {charge_id}: {counted(len(several), 'period')} of runs before this one, from {first} on,"
            f" {money_text(cents, currency)} in all: not in charges.csv then, or freed since; a charge begins where its"
            " valid_from says"
        )
    return tuple(found)


def _where(billed: BilledCharge) -> str:
    return f"{billed.month}, {billed.document_number or 'on no document'}"
