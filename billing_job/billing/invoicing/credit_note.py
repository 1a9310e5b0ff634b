"""A credit note that undoes an issued document, whole, by line or by amount, and never more than what is left of it.

VAT is cumulated: after each credit note the VAT undone so far is that of the net undone so far, rounded once. So any
sequence of credit notes that undoes all of the net undoes all of the VAT, to the cent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from billing_job.billing.invoicing.credit_limits import (
    NotCreditable,
    PartOfLine,
    freed_lines,
    refuse_more_than_is_left,
    refuse_what_is_billed_again,
)
from billing_job.core.categories import DISCOUNT, MINIMUM
from billing_job.core.document import DetailRow, Document, Kind, Line, Vat, VatTotal
from billing_job.core.money import decimal_text, half_away_from_zero, vat_cents
from billing_job.core.settlement import Credit, CreditedLine, CreditedRow, Undone
from billing_job.core.units import PIECE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """What to credit: these lines (none: every line), whole or (net, positive cents) in part, and why."""

    reason: str
    lines: tuple[int, ...] = ()
    amount_cents: int | None = None
    rebill: bool = False
    """Free the transactions of the lines, so that they are billed again."""


def credit(original: Document, undone: Undone, request: Request, issue_date: date) -> Credit:
    """Build the credit note; NotCreditable when the request names no line of the document or more than is left.

    A line takes its share of the discount along.
    """
    chosen = _chosen(original, request)
    refuse_what_is_billed_again(original, undone, {line.line for line in chosen})
    left = {line.line: _left(original, undone, line) for line in chosen}
    if not any(part.line_cents or part.net_cents for part in left.values()):
        raise NotCreditable(f"{original.number}: nothing is left to credit of {_names(request)}")
    parts = left if request.amount_cents is None else _shared(original, left, request.amount_cents)
    freed = freed_lines(undone, left, parts) if request.rebill else ()
    lines = _undone_lines(original, [parts[line.line] for line in chosen])
    refuse_more_than_is_left(original, undone, lines)
    credited = tuple(_credited(number, line, share, issue_date) for number, (line, share) in enumerate(lines, 1))
    totals = _vat_totals(original, undone, lines)
    net = sum(total.net_cents for total in totals)
    vat = sum(total.vat_cents for total in totals)
    document = replace(
        original,
        number="",
        kind=Kind.CREDIT_NOTE if (net + vat, net) < (0, 0) else Kind.INVOICE,
        issue_date=issue_date,
        due_date=issue_date,
        lines=credited,
        vat_totals=totals,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        corrects=original.number,
        corrects_date=original.issue_date,
        reason=request.reason,
        history=(),
        preceding=(),
    )
    shares = tuple(CreditedLine(number, line.line, -share) for number, (line, share) in enumerate(lines, 1))
    return Credit(document, shares, freed, _credited_rows(undone, parts))


def _left(original: Document, undone: Undone, line: Line) -> PartOfLine:
    """What is left of a line, and of the discount on it, after credit notes and after refunds on other documents."""
    rows = [row for row in undone.rows if row.line == line.line]
    if not rows:
        return PartOfLine(line, line.net_cents - undone.net_of_line.get(line.line, 0), 0)
    net, left = sum(row.net_cents for row in rows), sum(row.left_cents for row in rows)
    if not _discount_of(original, line):
        return PartOfLine(line, left, 0)
    given = undone.given_back_of.get(line.line, 0)
    of_line = half_away_from_zero(line.net_cents * given, net) if net else 0
    line_cents = line.net_cents - undone.net_of_line.get(line.line, 0) - of_line
    return PartOfLine(line, line_cents, left - line_cents)


def _discount_of(original: Document, line: Line) -> Line | None:
    """The discount line that was taken from a line, among others; minimum and charges of one's own have none."""
    if line.category == MINIMUM or line.is_own_charge:
        return None
    return next(
        (
            each
            for each in original.lines
            if each.category == DISCOUNT and (each.period_end, each.vat) == (line.period_end, line.vat)
        ),
        None,
    )


def _undone_lines(original: Document, parts: Sequence[PartOfLine]) -> list[tuple[Line, int]]:
    """The lines of the credit note: the undone ones, and at the end what goes along of the discounts."""
    lines = [(part.line, part.line_cents) for part in parts if part.line_cents]
    discounts: dict[int, int] = {}
    for part in parts:
        taken = _discount_of(original, part.line)
        if taken is not None and part.discount_cents:
            discounts[taken.line] = discounts.get(taken.line, 0) + part.discount_cents
    lines += [(line, discounts[line.line]) for line in original.lines if discounts.get(line.line)]
    return lines


def _credited_rows(undone: Undone, parts: Mapping[int, PartOfLine]) -> tuple[CreditedRow, ...]:
    """How much of the net of each settlement is undone."""
    found = []
    for number, part in parts.items():
        rows = {place: row.left_cents for place, row in enumerate(undone.rows) if row.line == number}
        if not rows:
            continue
        shares = rows if sum(rows.values()) == part.net_cents else _by_largest_remainder(part.net_cents, rows)
        found += [
            CreditedRow(row.transaction_id, row.part, row.generation, share)
            for place, share in shares.items()
            if share
            for row in (undone.rows[place],)
        ]
    return tuple(found)


def _chosen(original: Document, request: Request) -> list[Line]:
    known = {line.line: line for line in original.lines}
    unknown = [number for number in request.lines if number not in known]
    if unknown:
        raise NotCreditable(f"--line {unknown[0]}: {original.number} has lines 1 to {len(original.lines)}")
    lines = [line for line in original.lines if not request.lines or line.line in request.lines]
    chosen = [line for line in lines if line.category != DISCOUNT]
    if not chosen and lines:
        raise NotCreditable(
            f"--line {lines[0].line}: is a discount, which goes along with the lines that it was taken from: name those"
        )
    return chosen


def _names(request: Request) -> str:
    return f"line {', '.join(map(str, request.lines))}" if request.lines else "it"


def _shared(original: Document, left: Mapping[int, PartOfLine], amount_cents: int) -> dict[int, PartOfLine]:
    """Share an amount over what is left of the VAT categories, and each one's share over its lines."""
    total = sum(part.net_cents for part in left.values())
    wanted = amount_cents if total >= 0 else -amount_cents
    if amount_cents <= 0 or abs(wanted) > abs(total):
        raise NotCreditable(
            f"--amount {decimal_text(amount_cents)}: of {original.number} {decimal_text(abs(total))} net is left"
        )
    if wanted == total:
        return dict(left)
    lines_of: dict[Vat, dict[int, int]] = {}
    for number, part in left.items():
        lines_of.setdefault(part.line.vat, {})[number] = part.net_cents
    shares = _by_largest_remainder(wanted, {vat: sum(lines.values()) for vat, lines in lines_of.items()})
    return {
        number: _in_part(left[number], cents)
        for vat, lines in lines_of.items()
        for number, cents in _by_largest_remainder(shares[vat], lines).items()
    }


def _in_part(left: PartOfLine, net_cents: int) -> PartOfLine:
    """So much of what is left of a line and its discount."""
    if not left.net_cents or not left.discount_cents:
        return PartOfLine(left.line, net_cents, 0)
    line_cents = half_away_from_zero(left.line_cents * net_cents, left.net_cents)
    return PartOfLine(left.line, line_cents, net_cents - line_cents)


def _by_largest_remainder(wanted: int, left: Mapping[T, int]) -> dict[T, int]:
    """Share `wanted` in proportion to what is left, ties to the earlier key; no share leaves 0 … left."""
    total = sum(left.values())
    if not wanted:
        return dict.fromkeys(left, 0)
    shares = {key: cents * wanted // total for key, cents in left.items()}
    remainders = {key: abs(cents * wanted % total) for key, cents in left.items()}
    by_remainder = sorted(left, key=lambda key: -remainders[key])
    for key in by_remainder[: wanted - sum(shares.values())]:
        shares[key] += 1
    return shares


def _credited(number: int, line: Line, share: int, issue_date: date) -> Line:
    """The line turned round; of a part there is one row without a transaction."""
    if share == line.net_cents:
        rows = tuple(replace(row, quantity=-row.quantity, net_cents=-row.net_cents) for row in line.rows)
        return replace(line, line=number, quantity=-line.quantity, net_cents=-share, rows=rows)
    quantity = -1 if share > 0 else 1
    row = DetailRow("", issue_date, "", line.number, line.trunk, quantity, -share)
    return replace(
        line, line=number, quantity=quantity, net_cents=-share, rows=(row,), unit=PIECE, unit_price_micros=None
    )


def _vat_totals(original: Document, undone: Undone, lines: Sequence[tuple[Line, int]]) -> tuple[VatTotal, ...]:
    """Each category's net, and the VAT that brings what is undone so far to the VAT of its net.

    What refunds on other documents gave back was taxed there: it counts as undone, with the VAT of its net.
    """
    totals = []
    for total in original.vat_totals:
        mine = [line for line in original.lines if line.vat == total.vat]
        shares = [share for line, share in lines if line.vat == total.vat]
        if not shares:
            continue
        now = sum(shares)
        given = sum(undone.given_back_of.get(line.line, 0) for line in mine)
        so_far = sum(undone.net_of_line.get(line.line, 0) for line in mine) + now
        is_all = so_far + given == total.net_cents
        vat = total.vat_cents - vat_cents(given, total.vat.rate) if is_all else vat_cents(so_far, total.vat.rate)
        totals.append(VatTotal(total.vat, -now, undone.vat_of.get(total.vat, 0) - vat))
    return tuple(totals)
