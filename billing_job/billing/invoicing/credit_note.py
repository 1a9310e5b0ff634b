"""A credit note that undoes an issued document, whole, by line or by amount, and never more than what is left of it.

VAT is cumulated: after each credit note the VAT undone so far is that of the net undone so far, rounded once. So any
sequence of credit notes that undoes all of the net undoes all of the VAT, to the cent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from billing_job.core.document import DetailRow, Document, Kind, Line, Vat, VatTotal
from billing_job.core.money import decimal_text, vat_cents
from billing_job.core.settlement import Credit, CreditedLine, Undone

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


def credit(original: Document, undone: Undone, request: Request, issue_date: date) -> Credit:
    """Build the credit note; NotCreditable when the request names no line of the document or more than is left."""
    chosen = _chosen(original, request)
    left = {line.line: line.net_cents - undone.net_of_line.get(line.line, 0) for line in chosen}
    if not any(left.values()):
        raise NotCreditable(f"{original.number}: nothing is left to credit of {_names(request)}")
    shares = left if request.amount_cents is None else _shared(original, chosen, left, request.amount_cents)
    parts = [(line, shares[line.line]) for line in chosen if shares[line.line]]
    _refuse_more_than_is_left(original, undone, parts)
    lines = tuple(_credited(number, line, share, issue_date) for number, (line, share) in enumerate(parts, 1))
    totals = _vat_totals(original, undone, parts)
    net = sum(total.net_cents for total in totals)
    vat = sum(total.vat_cents for total in totals)
    document = replace(
        original,
        number="",
        kind=Kind.CREDIT_NOTE if net < 0 else Kind.INVOICE,
        issue_date=issue_date,
        due_date=issue_date,
        lines=lines,
        vat_totals=totals,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        corrects=original.number,
        corrects_date=original.issue_date,
        reason=request.reason,
        history=(),
    )
    credited = tuple(CreditedLine(number, line.line, -share) for number, (line, share) in enumerate(parts, 1))
    return Credit(document, credited, _freed(chosen, left, shares) if request.rebill else ())


def _freed(chosen: Sequence[Line], left: Mapping[int, int], shares: Mapping[int, int]) -> tuple[int, ...]:
    """The lines whose transactions may be billed again: those undone to the end now, and those that came to nothing."""
    if shares != left:
        raise NotCreditable("--rebill frees transactions, so it needs whole lines: leave --amount out")
    freed = [line for line in chosen if left[line.line] or not line.net_cents]
    if not any(row.transaction_id for line in freed for row in line.rows):
        raise NotCreditable(
            "--rebill: no transaction is on these lines, so nothing would be billed again: leave it out"
        )
    return tuple(line.line for line in freed)


def _refuse_more_than_is_left(original: Document, undone: Undone, parts: Sequence[tuple[Line, int]]) -> None:
    """What is undone so far lies between nothing and all: of the document, and of each of its VAT categories."""
    now = {line.line: share for line, share in parts}
    so_far = {line.line: undone.net_of_line.get(line.line, 0) + now.get(line.line, 0) for line in original.lines}
    sums = [
        (total.net_cents, [line for line in original.lines if line.vat == total.vat]) for total in original.vat_totals
    ]
    for whole, lines in [(original.net_cents, list(original.lines)), *sums]:
        undone_net = sum(so_far[line.line] for line in lines)
        if not min(0, whole) <= undone_net <= max(0, whole):
            rest = whole - undone_net + sum(now.get(line.line, 0) for line in lines)
            raise NotCreditable(
                f"{original.number}: of {decimal_text(whole)} net {decimal_text(rest)} is left, and these lines come to"
                f" {decimal_text(sum(now.values()))}: credit the lines of the other sign with them, or name an --amount"
            )


def _chosen(original: Document, request: Request) -> list[Line]:
    known = {line.line: line for line in original.lines}
    unknown = [number for number in request.lines if number not in known]
    if unknown:
        raise NotCreditable(f"--line {unknown[0]}: {original.number} has lines 1 to {len(original.lines)}")
    return [line for line in original.lines if not request.lines or line.line in request.lines]


def _names(request: Request) -> str:
    return f"line {', '.join(map(str, request.lines))}" if request.lines else "it"


def _shared(original: Document, chosen: Sequence[Line], left: Mapping[int, int], amount_cents: int) -> dict[int, int]:
    """Share an amount over what is left of the VAT categories, and each one's share over its lines."""
    total = sum(left.values())
    wanted = amount_cents if total >= 0 else -amount_cents
    if amount_cents <= 0 or abs(wanted) > abs(total):
        raise NotCreditable(
            f"--amount {decimal_text(amount_cents)}: of {original.number} {decimal_text(abs(total))} net is left"
        )
    if wanted == total:
        return dict(left)
    lines_of: dict[Vat, dict[int, int]] = {}
    for line in chosen:
        lines_of.setdefault(line.vat, {})[line.line] = left[line.line]
    shares = _by_largest_remainder(wanted, {vat: sum(lines.values()) for vat, lines in lines_of.items()})
    return {
        line: cents
        for vat, lines in lines_of.items()
        for line, cents in _by_largest_remainder(shares[vat], lines).items()
    }


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
    return replace(line, line=number, quantity=quantity, net_cents=-share, rows=(row,))


def _vat_totals(original: Document, undone: Undone, parts: Sequence[tuple[Line, int]]) -> tuple[VatTotal, ...]:
    """Each category's net, and the VAT that brings what is undone so far to the VAT of its net."""
    totals = []
    for total in original.vat_totals:
        mine = [line for line in original.lines if line.vat == total.vat]
        shares = [share for line, share in parts if line.vat == total.vat]
        if not shares:
            continue
        now = sum(shares)
        before = sum(undone.net_of_line.get(line.line, 0) for line in mine)
        so_far = total.vat_cents if before + now == total.net_cents else vat_cents(before + now, total.vat.rate)
        totals.append(VatTotal(total.vat, -now, undone.vat_of.get(total.vat, 0) - so_far))
    return tuple(totals)
