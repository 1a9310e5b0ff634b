"""Money is an int wherever it goes: cents on documents, micros in the wallet; decimals are text that comes or goes.

A micro is a millionth of the currency, for a message may cost 0.0075: ten thousand of them are a cent.

One rounding rule: half away from zero. 0.5 cent becomes 1 cent, -0.5 cent becomes -1 cent, 2.5 cents become 3.
"""

import re
from decimal import Decimal

# Charges are exact in micro-cents: a price has at most 4 places of the currency (1e-4 EUR = 10_000 micro-cents) and a
# percentage at most 4 places (1e-4 % = 1e-6 of a cent), so every product of the two is a whole number of micro-cents.
MICROCENTS_PER_CENT = 1_000_000
MICROS_PER_CENT = 10_000
MAX_CENTS = 10**12
"""Largest amount that takes part in sums (10 billion): nine million such rows still fit into 64 bits."""
MAX_MICROS = MAX_CENTS * MICROS_PER_CENT
"""The same amount of a wallet: it fits into 64 bits, and sums of many such rows are taken in two halves."""

_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def half_away_from_zero(numerator: int, denominator: int) -> int:
    """Divide exactly and round once, half away from zero, whatever the signs.

    >>> [half_away_from_zero(*each) for each in ((5, 10), (-5, 10), (25, 10), (25, -10), (0, -10))]
    [1, -1, 3, -3, 0]
    """
    size = abs(denominator)
    quotient, remainder = divmod(abs(numerator), size)
    rounded = quotient + (2 * remainder >= size)
    return rounded if (numerator >= 0) == (denominator > 0) else -rounded


def cents_from_decimal(text: str) -> int:
    """Read a decimal amount of the currency ("-1.50") as whole cents; ValueError says what is wrong with it."""
    return _from_decimal(text, 2, "is not a whole number of cents")


def micros_from_decimal(text: str) -> int:
    """Read a decimal amount of the currency ("-0.0075") as micros; ValueError for one finer than a millionth."""
    return _from_decimal(text, 6, "is finer than a millionth of the currency")


def _from_decimal(text: str, places: int, too_fine: str) -> int:
    text = text.strip()
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a decimal amount such as -1.50")
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("+-").partition(".")
    if fraction[places:].strip("0"):
        raise ValueError(f"{text!r} {too_fine}")
    return sign * int(whole + fraction[:places].ljust(places, "0"))


def cents_of(micros: int) -> int:
    """Micros as cents, rounded once half away from zero; for what is shown, never for what is added up.

    >>> cents_of(-1_500_000), cents_of(7_500), cents_of(-5_000)
    (-150, 1, -1)
    """
    return half_away_from_zero(micros, MICROS_PER_CENT)


def decimal_text(cents: int) -> str:
    """Write cents as a decimal with a point and two places, as every CSV of ours does (DESIGN: files of a month)."""
    whole, fraction = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{fraction:02d}"


def micros_text(micros: int) -> str:
    """Write micros as a decimal with two places, and up to six where they are needed.

    >>> micros_text(-1_500_000), micros_text(7_500), micros_text(22_500_001)
    ('-1.50', '0.0075', '22.500001')
    """
    return f"{'-' if micros < 0 else ''}{grouped_micros_text(micros).replace(',', '')}"


def vat_cents(net_cents: int, rate_percent: Decimal) -> int:
    """VAT of a category's net, rounded once half away from zero (EN 16931 BR-CO-17)."""
    numerator, denominator = rate_percent.as_integer_ratio()
    return half_away_from_zero(net_cents * numerator, denominator * 100)


def rate_text(rate: Decimal) -> str:
    """A rate in percent as files say it: without trailing zeros, never with an exponent.

    >>> rate_text(Decimal("21.00")), rate_text(Decimal("25.5")), rate_text(Decimal(100))
    ('21', '25.5', '100')
    """
    return f"{rate.normalize():f}"


def scaled(text: str, *, places: int = 4, what: str = "a decimal with at most 4 places, such as 12.5") -> int:
    """Read a decimal string as an int of 10**-places units: "12.5" is 125000 at four places; ValueError otherwise."""
    text = text.strip()
    fraction = text.partition(".")[2]
    if not _DECIMAL.fullmatch(text) or fraction[places:].strip("0"):
        raise ValueError(f"{text!r} is not {what}")
    return int(Decimal(text).scaleb(places))


def shared_out(total_cents: int, exact_microcents: list[int]) -> list[int]:
    """Share a line's rounded cents over its rows by largest remainder; ties go to the earlier row.

    The rows come in the order of their transaction ids. A negative line is shared as the mirror image of the positive
    one, so that a refund undoes its original row by row; also one that is negative before it is rounded to nothing.
    """
    if (total_cents, sum(exact_microcents)) < (0, 0):
        return [-share for share in shared_out(-total_cents, [-exact for exact in exact_microcents])]
    shares = [exact // MICROCENTS_PER_CENT for exact in exact_microcents]
    left = total_cents - sum(shares)
    by_remainder = sorted(range(len(shares)), key=lambda row: (-(exact_microcents[row] % MICROCENTS_PER_CENT), row))
    for row in by_remainder[:left]:
        shares[row] += 1
    return shares


def vat_shares(tax_cents: int, nets: list[int], rate_percent: Decimal) -> list[int]:
    """Share the VAT of one category and rate over parts of its net; the rounding cent goes where it is nearest.

    The last of several partial credit notes may carry a cent more or less than its own net asks for, so that together
    they are the invoice's VAT; that cent goes to the largest part.
    """
    exact = [int(net * rate_percent * (MICROCENTS_PER_CENT // 100)) for net in nets]
    expected = vat_cents(sum(nets), rate_percent)
    shares = shared_out(expected, exact)
    if tax_cents != expected:
        shares[max(range(len(shares)), key=lambda place: abs(exact[place]))] += tax_cents - expected
    return shares


def grouped_text(cents: int) -> str:
    """Cents for people, without their sign: 1,234.50."""
    whole, fraction = divmod(abs(cents), 100)
    return f"{whole:,}.{fraction:02d}"


def money_text(cents: int, currency: str) -> str:
    """Cents for people, with their currency: EUR 1,234.50."""
    return f"{'-' if cents < 0 else ''}{currency} {grouped_text(cents)}"


def grouped_micros_text(micros: int) -> str:
    """Micros for people, without their sign, with two to six places: 1,234.50 or 0.0075."""
    cents, rest = divmod(abs(micros), MICROS_PER_CENT)
    return grouped_text(cents) + f"{rest:04d}".rstrip("0")


def wallet_text(micros: int, currency: str) -> str:
    """Micros for people, with their currency: EUR 1,234.50 or EUR 0.0075."""
    return f"{'-' if micros < 0 else ''}{currency} {grouped_micros_text(micros)}"


def exchanged_cents(cents: int, rate: Decimal) -> int:
    """Cents of one currency in those of another, rounded once, half away from zero.

    >>> exchanged_cents(-125, Decimal("11.2"))
    -1400
    """
    numerator, denominator = rate.as_integer_ratio()
    return half_away_from_zero(cents * numerator, denominator)


def exchanged_from_cents(cents: int, rate: Decimal) -> int:
    """Cents of a currency of which one unit of another is worth `rate`, in that other one, rounded once.

    >>> exchanged_from_cents(10000, Decimal(11))
    909
    """
    numerator, denominator = rate.as_integer_ratio()
    return half_away_from_zero(cents * denominator, numerator)


def exchanged_shares(total_cents: int, cents: list[int], rate: Decimal) -> list[int]:
    """Share the exchanged sum of some amounts over them, by largest remainder.

    >>> exchanged_shares(562, [25, 25], Decimal("11.2345"))
    [281, 281]
    """
    numerator, denominator = rate.as_integer_ratio()
    return shared_out(total_cents, [each * numerator * MICROCENTS_PER_CENT // denominator for each in cents])
