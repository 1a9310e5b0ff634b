"""Which documents a payment names: by a structured reference, by its end-to-end id, or by a number in its text."""

import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from billing_job.core.bank_entry import EntryPart
from billing_job.core.claim import Claim
from billing_job.core.document import Kind
from billing_job.core.payment_reference import belgian_reference, creditor_reference, plain_number, references_in

_RUNS = re.compile(r"[A-Z]+|\d+")
_BETWEEN = r"[\s\-\u2010-\u2014./_:]{0,3}"
"""What may stand between the parts of a number: signs, and the dashes that word processors put in."""
_YEARS = range(2000, 2100)
_FEWEST_DIGITS = 7
"""Of a number without letters that is looked for in texts: a shorter one could be a day or an amount."""


@dataclass(frozen=True, slots=True)
class Named:
    """The documents that a payment names, and by what; or what it names that nobody has issued."""

    rule: str = ""
    numbers: tuple[str, ...] = ()
    why: str = ""
    unknown: str = ""
    is_day: bool = False
    """What it names could as well be a day, as 20260301 is: it counts with the exact sum only."""


class Names:
    """Every number that documents have, in all the ways in which a payment may name it."""

    def __init__(self, claims: Iterable[Claim]):
        self._by_reference: dict[str, list[str]] = defaultdict(list)
        self._by_plain: dict[str, str] = {}
        shapes: dict[str, int] = {}
        for claim in claims:
            plain = plain_number(claim.number)
            self._by_plain[plain] = claim.number
            self._by_reference[creditor_reference(claim.number)].append(claim.number)
            # Ten digits do not tell an invoice from a credit note, and nobody pays a credit note in.
            if claim.kind is Kind.INVOICE:
                self._by_reference[belgian_reference(claim.number)].append(claim.number)
            runs = _RUNS.findall(claim.number.upper())
            if any(run.isalpha() for run in runs) or len(plain) >= _FEWEST_DIGITS:
                pattern = _BETWEEN.join(run if run.isalpha() else rf"\d{{{len(run)}}}" for run in runs)
                # Two numbers may be glued together: a letter that begins one may follow a digit.
                shapes.setdefault(f"(?<![A-Z{'' if runs[0].isalpha() else '0-9'}]){pattern}", len(plain))
        longest_first = sorted(shapes, key=lambda pattern: (-shapes[pattern], pattern))
        self._shapes = re.compile(rf"(?:{'|'.join(longest_first)})(?!\d)") if shapes else None

    def named(self, part: EntryPart) -> Named:
        """What the part names by the first rule that finds anything."""
        by_reference = self._structured(part)
        if by_reference.numbers or by_reference.unknown:
            return by_reference
        if part.end_to_end and (number := self._by_plain.get(plain_number(part.end_to_end))):
            return Named("end_to_end", (number,), f"end-to-end id {part.end_to_end}")
        return self._in_text(part)

    def _structured(self, part: EntryPart) -> Named:
        found: list[str] = []
        told: list[str] = []
        unknown = ""
        for text in (*part.references, part.text):
            bare = text.strip()
            bare = f"{bare[:3]}/{bare[3:7]}/{bare[7:]}" if re.fullmatch(r"\d{12}", bare) else bare
            for readings in references_in(bare):
                known = next((reading for reading in readings if reading in self._by_reference), None)
                if known is None:
                    # In a free text any word after RF could have right check digits.
                    unknown = unknown or ("" if text is part.text else readings[0])
                    continue
                told.append(known)
                found += self._by_reference[known]
        numbers = tuple(dict.fromkeys(found))
        if len(numbers) > len(set(told)):
            return Named(unknown=f"{told[0]}, which is that of {' and of '.join(numbers)}")
        return Named("reference", numbers, f"structured reference {', '.join(dict.fromkeys(told))}", unknown)

    def _in_text(self, part: EntryPart) -> Named:
        if self._shapes is None:
            return Named()
        found: dict[str, None] = {}
        days: dict[str, None] = {}
        unknown = ""
        for text in (*part.references, part.text):
            for match in self._shapes.finditer(text.upper()):
                number = self._by_plain.get(plain_number(match[0]))
                if number is not None and _is_day(plain_number(match[0])):
                    days[number] = None
                elif number is not None:
                    found[number] = None
                elif not unknown and not plain_number(match[0]).isdigit():
                    unknown = match[0]
        is_day = bool(days) and not found
        found = found or days
        return Named("number", tuple(found), f"{' and '.join(found)} in the text", unknown, is_day)


def _is_day(digits: str) -> bool:
    """Whether a number of eight digits is a day as banks write it: 20260301 or 01032026."""
    if not (len(digits) == 8 and digits.isdigit()):
        return False
    for year, month, day in ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[2:4], digits[:2])):
        with suppress(ValueError):
            if date(int(year), int(month), int(day)).year in _YEARS:
                return True
    return False
