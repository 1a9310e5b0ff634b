"""The boxes of a country's VAT return: dated rows that say which figures each is the sum of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_job.billing.returns.taxed_shares import TaxedShare
from billing_job.core.countries import taxed_as
from billing_job.core.money import rate_text
from billing_job.core.vat_posting import Figure

OTHER_RATES = "other"
"""In the place of a rate: every rate that no row of the country names."""
CASE_WORDS = {
    "S": "Taxed at home",
    "OSS": "Taxed in the client's country (One Stop Shop)",
    "AE": "Reverse charge in another member state",
    "DRC": "Reverse charge at home",
    "O": "Outside the scope of VAT",
    "E": "Exempt",
    "Z": "Zero-rated",
    "FOREIGN": "VAT of a country outside the EU",
}


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A row of vat_boxes.csv: the box holds this figure of these shares; a box may have several rows."""

    country: str
    box: str
    figure: Figure
    case: str
    rate: str
    """In percent, `other`, or empty for all."""
    kind: str
    """invoice, credit_note, or empty for both."""
    sign: int
    """-1 where the form wants what was given back as a positive amount."""
    description: str
    valid_from: date
    valid_to: date | None
    """The first day on which it no longer holds."""
    source: str
    sum_of: str = ""
    """The boxes that the form adds up to this one, `1a 1b 1c`; empty for none."""

    def holds(self, country: str, day: date) -> bool:
        """Whether it is part of the country's form on a day."""
        return self.country == country and self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Box:
    """A box as it is typed in; None where the form has no such figure. An empty `box` is in none of the form."""

    box: str
    description: str
    vat_case: str
    rate: str
    net_cents: int | None
    vat_cents: int | None
    sum_of: tuple[str, ...] = ()
    """The boxes that the form adds up to this one."""
    form_net_cents: int | None = None
    """What is typed in, where the form wants whole units; None where it wants cents or has no such figure."""
    form_vat_cents: int | None = None


def boxes_of(rows: Iterable[BoxRow], shares: Sequence[TaxedShare], country: str, day: date) -> list[Box]:
    """Every box of the country's form on that day, in the order of the rows, also those that hold nothing.

    What the form has no box for follows, with an empty `box`; so does everything where there is no form of the country.
    """
    held = [row for row in rows if row.holds(taxed_as(country), day)]
    named = {row.rate for row in held} - {"", OTHER_RATES}
    found = [_box(name, [row for row in held if row.box == name], shares, named) for name in _names(held)]
    unboxed = [share for share in shares if not any(_takes(row, share, named) for row in held)]
    return [*found, *by_case_and_rate(unboxed)]


def box_names(rows: Iterable[BoxRow], shares: Iterable[TaxedShare], country: str, day: date) -> list[str]:
    """The boxes that hold each share, `1a 5a`; empty where the form has none for it."""
    held = [row for row in rows if row.holds(taxed_as(country), day)]
    named = {row.rate for row in held} - {"", OTHER_RATES}
    return [" ".join(_names(row for row in held if _takes(row, share, named))) for share in shares]


def by_case_and_rate(shares: Iterable[TaxedShare]) -> list[Box]:
    """The figures without a form: one row for each case and rate."""
    sums: dict[tuple[str, Decimal], tuple[int, int]] = {}
    for share in shares:
        key = (share.case, share.rate)
        net, vat = sums.get(key, (0, 0))
        sums[key] = net + share.net_cents, vat + share.vat_cents
    order = list(CASE_WORDS)
    return [
        Box("", _words(case, rate_text(rate)), case, rate_text(rate), *sums[case, rate])
        for case, rate in sorted(sums, key=lambda key: (order.index(key[0]), -key[1]))
    ]


def _names(rows: Iterable[BoxRow]) -> Iterator[str]:
    return iter(dict.fromkeys(row.box for row in rows))


def _box(name: str, rows: Sequence[BoxRow], shares: Sequence[TaxedShare], named: set[str]) -> Box:
    sums: dict[Figure, int | None] = {"net": None, "vat": None}
    for figure in sums:
        of_figure = [row for row in rows if row.figure == figure]
        if of_figure:
            sums[figure] = sum(_cents(of_figure, figure, share, named) for share in shares)
    cases = " ".join(dict.fromkeys(row.case for row in rows))
    rates = " ".join(dict.fromkeys(row.rate for row in rows if row.rate))
    parts = tuple(dict.fromkeys(part for row in rows for part in row.sum_of.split()))
    return Box(name, rows[0].description, cases, rates, sums["net"], sums["vat"], parts)


def _cents(rows: Sequence[BoxRow], figure: Figure, share: TaxedShare, named: set[str]) -> int:
    """What a share gives to a box: once, also where several of its rows take it."""
    row = next((each for each in rows if _takes(each, share, named)), None)
    if row is None:
        return 0
    return row.sign * (share.net_cents if figure == "net" else share.vat_cents)


def _takes(row: BoxRow, share: TaxedShare, named: set[str]) -> bool:
    if row.case != share.case or row.kind not in ("", share.kind.value):
        return False
    rate = rate_text(share.rate)
    return row.rate in ("", rate) or (row.rate == OTHER_RATES and rate not in named)


def _words(case: str, rate: str) -> str:
    return f"{CASE_WORDS[case]}, {rate} %" if case in ("S", "OSS", "FOREIGN") else CASE_WORDS[case]
