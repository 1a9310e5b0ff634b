"""The lines that a plan adds to a client's month: the fee, the discount shared out, what is missing to the minimum."""

from collections.abc import Mapping, Sequence

from billing_job.billing.invoicing.fee_discount_minimum import PlanTerms, discount_shares, minimum_difference, plan_line
from billing_job.billing.invoicing.row_lines import Entry, Facts, FreedTerms
from billing_job.core.categories import DISCOUNT, MINIMUM, MONTHLY_FEE, is_own_charge, plan_charge_id
from billing_job.core.document import Line, Supply, Vat
from billing_job.core.period import Period
from billing_job.core.settlement import Owner, Settlement


def month_lines(
    entries: list[Entry],
    owner: Owner,
    vat: Mapping[Owner, Vat],
    plan_terms: Mapping[Owner, PlanTerms],
    facts: Facts,
    freed: FreedTerms,
) -> tuple[list[Line], list[Entry]]:
    """The lines that the plan adds to a client's month: fee, discount, minimum; and all entries with their nets."""
    month = Period.parse(owner[1])
    terms = plan_terms.get(owner, PlanTerms())
    lines: list[Line] = []
    if terms.fee_cents:
        settlement = _own_charge(MONTHLY_FEE, terms, owner[1], 0, terms.fee_cents)
        is_freed = (settlement.transaction_id, settlement.part) in facts.kept
        fee = plan_line(MONTHLY_FEE, terms.fee_cents, (freed.vat if is_freed else vat)[owner], month)
        lines.append(fee)
        entries = [*entries, Entry(settlement, fee)]
    elif terms.fee_is_freed:
        entries = [*entries, Entry(_own_charge(MONTHLY_FEE, terms, owner[1], 0, 0), None)]
    discounts: dict[tuple[Vat, Supply | None], int] = {}
    is_undone = owner in freed.undone
    apart = ((False, terms.discount_millionths), (True, freed.discounts.get(owner, 0)))
    for only, millionths in ((None, terms.discount_millionths),) if is_undone else apart:
        if not millionths:
            continue
        chosen = [
            place
            for place, entry in enumerate(entries)
            if entry.line is not None and _is_discounted(entry, owner[1], facts, only)
        ]
        shares = _shares([entries[place].settlement for place in chosen], millionths, facts, anew=is_undone)
        for place, share in zip(chosen, shares, strict=True):
            entry = entries[place]
            settled = entry.settlement._replace(
                net_cents=entry.settlement.charge_cents - share,
                discount_millionths=millionths,
            )
            entries[place] = Entry(settled, entry.line)
            if share and entry.line is not None:
                discounted = (entry.line.vat, entry.line.vat.supply)
                discounts[discounted] = discounts.get(discounted, 0) + share
    lines += [plan_line(DISCOUNT, -cents, of, month) for (of, _), cents in discounts.items() if cents]
    for minimum in terms.minimums:
        missing = minimum_difference(minimum, sum(_net(entry, owner[1], minimum.category) for entry in entries))
        if not missing and not minimum.is_freed:
            continue
        line = None
        if missing:
            # One of which nothing is billed any more was freed whole: it is taxed as what was freed with it.
            is_freed = minimum.is_freed or (minimum.part > 0 and not minimum.billed_cents)
            taxed = freed.vat.get(owner, vat[owner]) if is_freed else vat[owner]
            line = plan_line(MINIMUM, missing, taxed, month, minimum.category)
            lines.append(line)
        settlement = _own_charge(MINIMUM, terms, owner[1], minimum.part, missing, minimum.category)
        entries = [*entries, Entry(settlement, line)]
    return lines, entries


def _net(entry: Entry, month: str, category: str) -> int:
    """What an entry counts for the minimum of a month, or of a category of it; charges of one's own count for none."""
    settlement = entry.settlement
    if settlement.month != month or is_own_charge(settlement.transaction_id):
        return 0
    return settlement.net_cents if category in ("", settlement.category) else 0


def _is_discounted(entry: Entry, month: str, facts: Facts, freed: bool | None) -> bool:
    """Rows of the month and its fee, no charges of one's own; a refund of what is settled is after discount already.

    `freed` asks for those that were freed, or for the others.
    """
    settlement = entry.settlement
    key = (settlement.transaction_id, settlement.part)
    if settlement.month != month or key in facts.refunds or key in facts.undiscounted or key in facts.own:
        return False
    # A refund that is billed beside what it gives back is discounted with that.
    original = (settlement.refund_of, settlement.refund_part) if settlement.refund_of else key
    return freed is None or (original in facts.kept) == freed


def _shares(settlements: Sequence[Settlement], millionths: int, facts: Facts, *, anew: bool) -> list[int]:
    """The discount's shares; a freed row that is charged as before, and not refunded here, has the share that it had.

    Of a month that is billed `anew` that holds where all rows are charged as before; else it is rounded once on all.
    """
    shares: list[int | None] = []
    refunded = {(settlement.refund_of, settlement.refund_part) for settlement in settlements if settlement.refund_of}
    for settlement in settlements:
        kept = facts.kept.get((settlement.transaction_id, settlement.part))
        same = kept is not None and (kept.charge_cents, kept.discount_millionths) == (
            settlement.charge_cents,
            millionths,
        )
        stays = same and (settlement.transaction_id, settlement.part) not in refunded
        shares.append(kept.charge_cents - kept.net_cents if kept is not None and stays else None)
    if anew and None in shares:
        shares = [None] * len(shares)
    others = [settlement for settlement, share in zip(settlements, shares, strict=True) if share is None]
    coming = iter(discount_shares(others, millionths))
    return [next(coming) if share is None else share for share in shares]


def _own_charge(
    category: str, terms: PlanTerms, month: str, part: int, cents: int, of_category: str = ""
) -> Settlement:
    id_ = plan_charge_id(category, terms.account, month, of_category)
    return Settlement(id_, part, None, category, "", "", 0, cents, cents, month)
