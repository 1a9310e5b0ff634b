"""VAT ids that no register knows but whose check digits are right, so that a sandbox client can be taxed."""

from collections.abc import Callable, Sequence
from random import Random

_SIREN_DIGITS = 9


def vat_id(country: str, rng: Random) -> str:
    """A random well-formed VAT id of the country, or "" where sandbox clients have none."""
    maker = _MAKERS.get(country)
    return maker(rng) if maker else ""


def _digits(rng: Random, count: int) -> list[int]:
    """Random digits, the first one not zero."""
    return [rng.randrange(1, 10), *(rng.randrange(10) for _ in range(count - 1))]


def _text(digits: Sequence[int]) -> str:
    return "".join(map(str, digits))


def _weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))


def _netherlands(rng: Random) -> str:
    """Nine digits with the eleven test, B, and a serial number."""
    while True:
        digits = _digits(rng, 8)
        check = _weighted(digits, range(9, 1, -1)) % 11
        if check < 10:
            return f"NL{_text(digits)}{check}B01"


def _belgium(rng: Random) -> str:
    """0 or 1, seven digits, and 97 minus the remainder of those eight by 97."""
    digits = _text([0, *_digits(rng, 7)])
    return f"BE{digits}{97 - int(digits) % 97:02d}"


def _germany(rng: Random) -> str:
    """Eight digits and an ISO 7064 MOD 11, 10 check digit."""
    digits = _digits(rng, 8)
    product = 10
    for digit in digits:
        product = 2 * ((digit + product) % 10 or 10) % 11
    return f"DE{_text(digits)}{(11 - product) % 10}"


def _france(rng: Random) -> str:
    """The SIREN with its Luhn digit, after two digits made from its remainder by 97."""
    digits = _digits(rng, _SIREN_DIGITS - 1)
    doubled = [digit * (1 + position % 2) for position, digit in enumerate(digits)]
    siren = _text(digits) + str(-sum(map(int, _text(doubled))) % 10)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _greece(rng: Random) -> str:
    """Eight digits and the remainder by 11 of their sum weighted by powers of two; the prefix is EL, not GR."""
    digits = _digits(rng, 8)
    check = _weighted(digits, [2**power for power in range(8, 0, -1)]) % 11 % 10
    return f"EL{_text(digits)}{check}"


def _bulgaria(rng: Random) -> str:
    """A legal entity's eight digits and one made from the remainder by 11."""
    digits = _digits(rng, 8)
    check = _weighted(digits, range(1, 9)) % 11
    if check == 10:
        check = _weighted(digits, range(3, 11)) % 11 % 10
    return f"BG{_text(digits)}{check}"


def _britain(rng: Random) -> str:
    """Seven digits and two that bring the weighted sum plus 55 to a multiple of 97."""
    digits = _digits(rng, 7)
    check = 97 - (_weighted(digits, range(8, 1, -1)) + 55) % 97
    return f"GB{_text(digits)}{check:02d}"


def _switzerland(rng: Random) -> str:
    """The UID, eight digits and a remainder by 11, with the suffix of the VAT register."""
    while True:
        digits = _digits(rng, 8)
        check = (11 - _weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4)) % 11) % 11
        if check < 10:
            return f"CHE{_text(digits)}{check}MWST"


_MAKERS: dict[str, Callable[[Random], str]] = {
    "NL": _netherlands,
    "BE": _belgium,
    "DE": _germany,
    "FR": _france,
    "GR": _greece,
    "BG": _bulgaria,
    "GB": _britain,
    "CH": _switzerland,
}
