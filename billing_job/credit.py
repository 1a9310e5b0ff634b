"""A credit note that undoes an issued document, whole, by line or by amount, and never more than what is left of it.

VAT is cumulated: after each credit note the VAT undone so far is that of the net undone so far, rounded once. So any
sequence of credit notes that undoes all of the net undoes all of the VAT, to the cent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_job.errors import ConfigError
from billing_job.model import DetailRow, Document, Kind, Line, Vat, VatTotal
from billing_job.money import decimal_text, vat_cents


@dataclass(frozen=True, slots=True)
class Undone:
    """What earlier credit notes undid of a document, with the document's own sign."""

    net_of_line: Mapping[int, int]
    """line → cents."""
    vat_of: Mapping[Vat, int]
    """VAT category and rate → VAT cents."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to credit: these lines (none: every line), whole or (net, positive cents) in part, and why."""

    reason: str
    lines: tuple[int, ...] = ()
    amount_cents: int | None = None
    rebill: bool = False
    """Free the transactions of the lines, so that they are billed again."""


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """How much of a line of the original a line of the credit note undoes, with the credit note's sign."""

    credit_line: int
    line: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note without a number, what it undoes, and the lines whose transactions it frees."""

    document: Document
    credited: tuple[CreditedLine, ...]
    freed_lines: tuple[int, ...]


def credit(original: Document, undone: Undone, request: Request, issue_date: date) -> Credit:
    """Build the credit note; ConfigError when the request names no line of the document or more than is left."""
    chosen = _chosen(original, request)
    left = {line.line: line.net_cents - undone.net_of_line.get(line.line, 0) for line in chosen}
    if not any(left.values()):
        raise ConfigError(f"{original.number}: nothing is left to credit of {_names(request)}")
    shares = left if request.amount_cents is None else _shared(original, left, request.amount_cents)
    parts = [(line, shares[line.line]) for line in chosen if shares[line.line]]
    whole = {line.line for line, share in parts if share == left[line.line]}
    if request.rebill and len(whole) < len(parts):
        raise ConfigError("--rebill frees transactions, so it needs whole lines: leave --amount out")
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
    return Credit(document, credited, tuple(sorted(whole)) if request.rebill else ())


def _chosen(original: Document, request: Request) -> list[Line]:
    known = {line.line: line for line in original.lines}
    unknown = [number for number in request.lines if number not in known]
    if unknown:
        raise ConfigError(f"--line {unknown[0]}: {original.number} has lines 1 to {len(original.lines)}")
    return [line for line in original.lines if not request.lines or line.line in request.lines]


def _names(request: Request) -> str:
    return f"line {', '.join(map(str, request.lines))}" if request.lines else "it"


def _shared(original: Document, left: Mapping[int, int], amount_cents: int) -> dict[int, int]:
    """Share an amount out over what is left of the lines, by largest remainder, ties to the earlier line."""
    total = sum(left.values())
    wanted = amount_cents if total >= 0 else -amount_cents
    if amount_cents <= 0 or abs(wanted) > abs(total):
        raise ConfigError(
            f"--amount {decimal_text(amount_cents)}: of {original.number} {decimal_text(abs(total))} net is left"
        )
    shares = {line: cents * wanted // total for line, cents in left.items()}
    remainders = {line: cents * wanted % total for line, cents in left.items()}
    by_remainder = sorted(left, key=lambda line: (-abs(remainders[line]), line))
    for line in by_remainder[: wanted - sum(shares.values())]:
        shares[line] += 1
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
        now = sum(share for line, share in parts if line.vat == total.vat)
        if not now:
            continue
        before = sum(undone.net_of_line.get(line.line, 0) for line in mine)
        so_far = total.vat_cents if before + now == total.net_cents else vat_cents(before + now, total.vat.rate)
        totals.append(VatTotal(total.vat, -now, undone.vat_of.get(total.vat, 0) - so_far))
    return tuple(totals)
