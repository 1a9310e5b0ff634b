"""A credit note that undoes an issued document, whole, by line or by amount, and never more than what is left of it.

VAT is cumulated: after each credit note the VAT undone so far is that of the net undone so far, rounded once. So any
sequence of credit notes that undoes all of the net undoes all of the VAT, to the cent.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from billing_job.core.categories import DISCOUNT, MINIMUM
from billing_job.core.document import DetailRow, Document, Kind, Line, Vat, VatTotal
from billing_job.core.money import decimal_text, half_away_from_zero, vat_cents
from billing_job.core.settlement import Credit, CreditedLine, CreditedRow, Undone
from billing_job.core.units import PIECE

Key = TypeVar("Key")


class NotCreditable(ValueError):
    """The request names what the document does not have, or more than is left of it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to credit: these lines (none: every line), whole or (net, positive cents) in part, and why."""

    reason: str
    lines: tuple[int, ...] = ()
    amount_cents: int | None = None
    rebill: bool = False
    """Free the transactions of the lines, so that they are billed again."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What is undone of a line now: of the line itself, and of the discount that was taken from it; cents."""

    line: Line
    line_cents: int
    discount_cents: int

    @property
    def net_cents(self) -> int:
        return self.line_cents + self.discount_cents


def credit(original: Document, undone: Undone, request: Request, issue_date: date) -> Credit:
    """Build the credit note; NotCreditable when the request names no line of the document or more than is left.

    A line takes its share of the discount along.
    """
    chosen = _chosen(original, request)
    _refuse_what_is_billed_again(original, undone, {line.line for line in chosen})
    left = {line.line: _left(original, undone, line) for line in chosen}
    if not any(part.line_cents or part.net_cents for part in left.values()):
        raise NotCreditable(f"{original.number}: nothing is left to credit of {_names(request)}")
    parts = left if request.amount_cents is None else _shared(original, left, request.amount_cents)
    freed = _freed(undone, left, parts) if request.rebill else ()
    lines = _undone_lines(original, [parts[line.line] for line in chosen])
    _refuse_more_than_is_left(original, undone, lines)
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


def _left(original: Document, undone: Undone, line: Line) -> _Part:
    """What is left of a line, and of the discount on it, after credit notes and after refunds on other documents."""
    rows = [row for row in undone.rows if row.line == line.line]
    if not rows:
        return _Part(line, line.net_cents - undone.net_of_line.get(line.line, 0), 0)
    net, left = sum(row.net_cents for row in rows), sum(row.left_cents for row in rows)
    if not _discount_of(original, line):
        return _Part(line, left, 0)
    given = undone.given_back_of.get(line.line, 0)
    of_line = half_away_from_zero(line.net_cents * given, net) if net else 0
    line_cents = line.net_cents - undone.net_of_line.get(line.line, 0) - of_line
    return _Part(line, line_cents, left - line_cents)


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


def _undone_lines(original: Document, parts: Sequence[_Part]) -> list[tuple[Line, int]]:
    """The lines of the credit note: the undone ones, and at the end what goes along of the discounts."""
    lines = [(part.line, part.line_cents) for part in parts if part.line_cents]
    discounts: dict[int, int] = {}
    for part in parts:
        taken = _discount_of(original, part.line)
        if taken is not None and part.discount_cents:
            discounts[taken.line] = discounts.get(taken.line, 0) + part.discount_cents
    lines += [(line, discounts[line.line]) for line in original.lines if discounts.get(line.line)]
    return lines


def _credited_rows(undone: Undone, parts: Mapping[int, _Part]) -> tuple[CreditedRow, ...]:
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


def _freed(undone: Undone, left: Mapping[int, _Part], parts: Mapping[int, _Part]) -> tuple[int, ...]:
    """The lines whose transactions may be billed again: those undone to the end now, and those that came to nothing."""
    if parts != left:
        raise NotCreditable("--rebill frees transactions, so it needs whole lines: leave --amount out")
    freed = {
        number
        for number, part in left.items()
        if part.net_cents or part.line_cents or not part.line.net_cents or not _was_undone(undone, part.line)
    }
    refunded = next((row for row in undone.rows if row.line in freed and row.refunded_on), None)
    if refunded is not None:
        raise NotCreditable(
            f"--rebill: transaction {refunded.transaction_id} of line {refunded.line} was refunded on"
            f" {refunded.refunded_on}: free that first with `credit {refunded.refunded_on} --rebill`, then this"
        )
    originals = {(row.transaction_id, row.part) for row in undone.rows if row.line in freed}
    left_alone = next((row for row in undone.rows if row.refund_of in originals and row.line not in freed), None)
    if left_alone is not None and left_alone.refund_of is not None:
        raise NotCreditable(
            f"--rebill: line {left_alone.line} gives transaction {left_alone.refund_of[0]} back: free it along, with"
            f" --line {left_alone.line} too, or the whole document"
        )
    stands = next((row for row in undone.rows if row.line in freed and row.elsewhere_cents), None)
    if stands is not None:
        raise NotCreditable(
            f"--rebill: transaction {stands.transaction_id} of line {stands.line} is charged on the document that was"
            " corrected here: credit that one with --rebill, and leave it out for this one"
        )
    if not any(row.line in freed for row in undone.rows):
        raise NotCreditable("--rebill: these lines settle nothing, so nothing would be billed again: leave it out")
    return tuple(sorted(freed))


def _was_undone(undone: Undone, line: Line) -> bool:
    return bool(undone.net_of_line.get(line.line, 0))


def _refuse_more_than_is_left(original: Document, undone: Undone, lines: Sequence[tuple[Line, int]]) -> None:
    """What is undone so far lies between nothing and all: of the document, and of each of its VAT categories."""
    now = {line.line: share for line, share in lines}
    given = undone.given_back_of
    sums = [
        (total.net_cents, [line for line in original.lines if line.vat == total.vat]) for total in original.vat_totals
    ]
    for net, of_sum in [(original.net_cents, list(original.lines)), *sums]:
        whole = net - sum(given.get(line.line, 0) for line in of_sum)
        before = sum(undone.net_of_line.get(line.line, 0) for line in of_sum)
        wanted = sum(now.get(line.line, 0) for line in of_sum)
        if wanted and not min(0, whole, before) <= before + wanted <= max(0, whole, before):
            raise NotCreditable(
                f"{original.number}: of {decimal_text(net)} net {decimal_text(whole - before)} is left, and these lines"
                f" come to {decimal_text(wanted)}: credit the lines of the other sign with them, or name an --amount"
            )


def _refuse_what_is_billed_again(original: Document, undone: Undone, lines: Collection[int]) -> None:
    """A credit note whose transactions were freed by it, or since, is not undone: they would be billed twice."""
    again = next((row for row in undone.rows if row.line in lines and row.is_freed), None)
    if again is not None:
        raise NotCreditable(
            f"{original.number}: transaction {again.transaction_id} of line {again.line} was freed with --rebill to be"
            " billed again: this would bill it twice; name other lines, or credit what bills it now (`why` names it)"
        )


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


def _shared(original: Document, left: Mapping[int, _Part], amount_cents: int) -> dict[int, _Part]:
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


def _in_part(left: _Part, net_cents: int) -> _Part:
    """So much of what is left of a line and its discount."""
    if not left.net_cents or not left.discount_cents:
        return _Part(left.line, net_cents, 0)
    line_cents = half_away_from_zero(left.line_cents * net_cents, left.net_cents)
    return _Part(left.line, line_cents, net_cents - line_cents)


def _by_largest_remainder(wanted: int, left: Mapping[Key, int]) -> dict[Key, int]:
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
