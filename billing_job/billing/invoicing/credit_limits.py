"""What may not be credited, and what may not be freed to be billed again: each is refused with the way out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from billing_job.core.document import Document, Line
from billing_job.core.money import decimal_text
from billing_job.core.settlement import Undone


class NotCreditable(ValueError):
    """The request names what the document does not have, or more than is left of it."""


@dataclass(frozen=True, slots=True)
class PartOfLine:
    """What is undone of a line now: of the line itself, and of the discount that was taken from it; cents."""

    line: Line
    line_cents: int
    discount_cents: int

    @property
    def net_cents(self) -> int:
        """Both together."""
        return self.line_cents + self.discount_cents


def freed_lines(undone: Undone, left: Mapping[int, PartOfLine], parts: Mapping[int, PartOfLine]) -> tuple[int, ...]:
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


def refuse_more_than_is_left(original: Document, undone: Undone, lines: Sequence[tuple[Line, int]]) -> None:
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


def refuse_what_is_billed_again(original: Document, undone: Undone, lines: Collection[int]) -> None:
    """A credit note whose transactions were freed by it, or since, is not undone: they would be billed twice."""
    again = next((row for row in undone.rows if row.line in lines and row.is_freed), None)
    if again is not None:
        raise NotCreditable(
            f"{original.number}: transaction {again.transaction_id} of line {again.line} was freed with --rebill to be"
            " billed again: this would bill it twice; name other lines, or credit what bills it now (`why` names it)"
        )
