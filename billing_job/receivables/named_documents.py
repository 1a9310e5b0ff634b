"""Which documents a payment names: by a structured reference, by its end-to-end id, or by a number in its text."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice, product

from billing_job.core.bank_entry import EntryPart
from billing_job.core.claim import Claim
from billing_job.core.document import Kind
from billing_job.core.payment_reference import belgian_reference, creditor_reference, plain_number, references_in

_RUNS = re.compile(r"[A-Z]+|\d+")
_DIGITS = re.compile(r"\d+")
_BETWEEN = r"[\s\-\u2010-\u2014./_:]{0,3}"
"""What may stand between the parts of a number: signs, and the dashes that word processors put in."""
_DASH = r"[-\u2010-\u2015]"
_JOINT = r"[-\u2010-\u2015_/]"
"""Behind a letter it makes one word of what follows."""
_UP_TO = r"BIS|TO|TOT|T/M|THROUGH|À"
_IN_SHORT = re.compile(
    rf"(?P<sign>(?:\s*(?:[/,;+&]|{_DASH}|\b(?:{_UP_TO}|UND|AND|ET|EN|E|Y|OG|OCH)\b))+\s*|\s+)"
    r"(?:(?:NR|NO|N°|#)[.\s]*)?(?P<digits>\d{1,10})(?![0-9A-Z]|[.:]\d)"
)
"""What may follow a number for another one: a sign or a word, and digits that are no day, amount or word."""
_MOST_READINGS = 256
_LONGEST_RANGE = 50
_YEARS = range(2000, 2100)
_YEAR = re.compile(r"20\d\d")
_FEWEST_DIGITS = 7
"""Of a number without letters that is looked for in texts: a shorter one could be a day or an amount."""


@dataclass(frozen=True, slots=True)
class Named:
    """The documents that a payment names, and by what; or what it names that nobody has issued."""

    rule: str = ""
    numbers: tuple[str, ...] = ()
    why: str = ""
    unknown: str = ""
    readings: tuple[tuple[str, ...], ...] = ()
    """What it may name in short, `numbers` included: "INV-2026-00001/2" may mean the second one, too."""
    unread: str = ""
    """What follows a number as if it named more, and nothing that was issued is so called."""
    is_vague: bool = False
    """All that it may name something by may be another thing, as 20260301 is a day: what fits nothing names nothing."""


class Names:
    """Every number that documents have, in all the ways in which a payment may name it."""

    def __init__(self, claims: Iterable[Claim], collected: Collection[str] = ()):
        self._collected = frozenset(collected)
        """Documents of which the bank was told a direct debit, with their number as its end-to-end id."""
        self._by_reference: dict[str, list[str]] = defaultdict(list)
        self._by_plain: dict[str, str] = {}
        self._by_digits: dict[str, list[str]] = defaultdict(list)
        """Digits of an invoice's number → the invoices, where its letters may be left out."""
        self._runs: dict[tuple[str, ...], list[set[str]]] = {}
        """Shape of a number → the digits of each of its runs: those of which there are most count."""
        shapes: dict[str, int] = {}
        bare: set[str] = set()
        for claim in claims:
            plain = plain_number(claim.number)
            self._by_plain[plain] = claim.number
            self._by_reference[creditor_reference(claim.number)].append(claim.number)
            # Ten digits do not tell an invoice from a credit note, and nobody pays a credit note in.
            if claim.kind is Kind.INVOICE:
                self._by_reference[belgian_reference(claim.number)].append(claim.number)
            runs = _RUNS.findall(claim.number.upper())
            of_shape = self._runs.setdefault(_shape(claim.number), [set() for run in runs if run.isdigit()])
            for known, run in zip(of_shape, (run for run in runs if run.isdigit()), strict=True):
                known.add(run)
            if any(run.isalpha() for run in runs) or len(plain) >= _FEWEST_DIGITS:
                pattern = _BETWEEN.join(run if run.isalpha() else rf"\d{{{len(run)}}}" for run in runs)
                # Two numbers may be glued together: a letter that begins one may follow a digit.
                shapes.setdefault(f"(?<![A-Z{'' if runs[0].isalpha() else '0-9'}]){pattern}", len(plain))
                digits = [run for run in runs if run.isdigit()]
                if len(digits) < len(runs) and len("".join(digits)) >= _FEWEST_DIGITS and claim.kind is Kind.INVOICE:
                    self._by_digits["".join(digits)].append(claim.number)
                    bare.add(_BETWEEN.join(rf"\d{{{len(run)}}}" for run in digits))
        longest_first = sorted(shapes, key=lambda pattern: (-shapes[pattern], pattern))
        self._shapes = re.compile(rf"(?:{'|'.join(longest_first)})(?!\d)") if shapes else None
        self._bare = re.compile(rf"(?<![0-9A-Z])(?<![A-Z]{_JOINT})(?:{'|'.join(sorted(bare))})(?!\d)") if bare else None

    def named(self, part: EntryPart) -> Named:
        """What the part names by the first rule that finds anything."""
        by_reference = self._structured(part)
        if by_reference.numbers or by_reference.unknown:
            return by_reference
        number = self._by_plain.get(plain_number(part.end_to_end)) if part.end_to_end else None
        why = f"end-to-end id {part.end_to_end}"
        if number is not None and (number in self._collected or part.cents < 0):
            return Named("end_to_end", (number,), why)
        told = self._in_text(part)
        if number is None or told.numbers or told.unknown or told.readings:
            return told
        # Of who pays by transfer it is an id of his own, which may be one of ours by chance.
        return Named("end_to_end", (), f"{why}, and the very sum", readings=((number,),), is_vague=True)

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
        days: dict[str, Alternatives] = {}
        in_short: list[Alternatives] = []
        unknown = unread = ""
        for text in (*part.references, part.text):
            upper = text.upper()
            before, end = "", 0
            for match in self._shapes.finditer(upper):
                number = self._by_plain.get(plain_number(match[0]))
                if number is not None and _is_day(plain_number(match[0])):
                    more = islice(product(*self._following(number, upper, match.end())[0]), _MOST_READINGS)
                    days[number] = [*((number, *chain(*each)) for each in more), (number,), ()]
                elif number is not None:
                    found[number] = None
                    in_short += self._between(before, upper[end : match.start()].strip(), number)
                    followed, other = self._following(number, upper, match.end())
                    in_short += followed
                    unread = unread or other
                    before, end = number, match.end()
                elif not unknown and not plain_number(match[0]).isdigit():
                    unknown = match[0]
        if days and not found:
            return Named(unknown=unknown, readings=tuple((number,) for number in days), is_vague=True)
        is_vague = bool(days) and not in_short if found else all(_is_day(digits) for digits in self._digits_in(part))
        # Beside a number that is written out a day may be one, or a day.
        in_short += [named for number, named in days.items() if number not in found]
        readings = _readings(tuple(found), in_short) if found else self._without_letters(part)
        return Named("number", tuple(found), f"{' and '.join(found)} in the text", unknown, readings, unread, is_vague)

    def _digits_in(self, part: EntryPart) -> Iterator[str]:
        """What a text has that may be numbers without their letters."""
        if self._bare is None:
            return
        for text in (*part.references, part.text):
            yield from (plain_number(match[0]) for match in self._bare.finditer(text.upper()))

    def _without_letters(self, part: EntryPart) -> tuple[tuple[str, ...], ...]:
        """What a text names that leaves out the letters of all numbers."""
        in_short: list[Alternatives] = []
        if self._bare is None:
            return ()
        for text in (*part.references, part.text):
            upper = text.upper()
            for match in self._bare.finditer(upper):
                known = self._by_digits.get(plain_number(match[0]), [])
                if known:
                    in_short.append([(number,) for number in known])
                    in_short += self._following(known[0], upper, match.end())[0]
        return _readings((), in_short)

    def _following(self, number: str, text: str, place: int) -> tuple[list["Alternatives"], str]:
        """What digits behind a number may name: in place of its own or at their end, alone or with all up to it.

        And the first of them that name nothing.
        """
        own, before = self._counter(number), number
        all_of_it: list[Alternatives] = []
        unread = ""
        while own and (match := _IN_SHORT.match(text, place)):
            place, digits, sign = match.end(), match["digits"], match["sign"].strip()
            width = len(own[0])
            if not sign and len(digits) != width:
                break
            runs = (str(int(digits)).zfill(width), str(int(digits)), own[0][: max(0, width - len(digits))] + digits)
            ends = dict.fromkeys(one for run in runs if (one := self._numbered(number, run)) is not None)
            ranges = [each for one in ends for each in self._between(before, sign, one)]
            found: Alternatives = ranges[0] if ranges else [(one,) for one in ends if one != number]
            if found:
                all_of_it.append(found)
                before = found[0][-1]
            else:
                unread = unread or match[0]
        return all_of_it, unread

    def _between(self, first: str, sign: str, last: str) -> Iterator["Alternatives"]:
        """What "from first to last" may name by the sign between them, the last one included; nothing of two series."""
        start, end = self._counter(first), self._counter(last)
        is_dash = re.fullmatch(_DASH, sign) is not None
        if not (start and end) or not (is_dash or re.fullmatch(_UP_TO, sign)):
            return
        numbers = range(int(start[0]) + 1, int(end[0]) + 1)[:_LONGEST_RANGE]
        found = tuple(one for run in numbers if (one := self._numbered(first, f"{run:0{len(start[0])}d}")) is not None)
        if found and found[-1] == last:
            yield [found, (last,)] if is_dash else [found]

    def _counter(self, number: str) -> "re.Match[str] | None":
        """The digits of a number that count: of those that differ most among its like, the last that are no year."""
        known = self._runs.get(_shape(number), [])
        runs = list(_DIGITS.finditer(number))
        if not runs or len(runs) != len(known):
            return None
        return max(
            zip(known, runs, strict=True), key=lambda one: (len(one[0]), not _YEAR.fullmatch(one[1][0]), one[1].start())
        )[1]

    def _numbered(self, number: str, run: str) -> str | None:
        """The document of the same series with other digits in place of those that count."""
        own = self._counter(number)
        return self._by_plain.get(plain_number(number[: own.start()] + run + number[own.end() :])) if own else None


def _shape(number: str) -> tuple[str, ...]:
    """A number without its digits."""
    return tuple("#" if run.isdigit() else run for run in _RUNS.findall(number.upper()))


def _is_day(digits: str) -> bool:
    """Whether a number of eight digits is a day as banks write it: 20260301 or 01032026."""
    if not (len(digits) == 8 and digits.isdigit()):
        return False
    for year, month, day in ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[2:4], digits[:2])):
        with suppress(ValueError):
            if date(int(year), int(month), int(day)).year in _YEARS:
                return True
    return False


Alternatives = list[tuple[str, ...]]
"""What one abbreviated number may stand for."""


def _readings(numbers: tuple[str, ...], in_short: Sequence[Alternatives]) -> tuple[tuple[str, ...], ...]:
    """Every set of documents that may be named, each document once; none where nothing is in short."""
    if not in_short:
        return ()
    chosen = islice(product(*in_short), _MOST_READINGS)
    return tuple(
        {frozenset(one): one for each in chosen if (one := tuple(dict.fromkeys(chain(numbers, *each))))}.values()
    )
