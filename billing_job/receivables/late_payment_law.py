"""What the law of the seller's country lets it claim of a client that pays late: interest and the costs of recovery.

Directive 2011/7/EU sets the floor for businesses: the reference rate plus at least 8 points (Article 2(6)) and a fixed
sum of at least 40 euros (Article 6(1)) for each payment that is late (Court of Justice, C-585/20, BFF Finance Iberia,
20 October 2022). The country says how much more. A country that is not here claims nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing_job.core.money import half_away_from_zero
from billing_job.core.target_days import easter_sunday

FIXED_CENTS = 40_00
_BASIS_POINTS = 10_000
_DUTCH_STEPS = ((2_500_00, 1_500), (2_500_00, 1_000), (5_000_00, 500), (190_000_00, 100))
_DUTCH_REST = 50
_DUTCH_MOST = 6_775_00


@dataclass(frozen=True, slots=True)
class LatePaymentLaw:
    """Where a country's rate and fixed sum are laid down, and where the rate of a half-year is published."""

    interest: str
    fixed_sum: str
    publication: str


_ECB = "the rate of the ECB's main refinancing operations on the first day of the half-year"

LAWS = {
    "AT": LatePaymentLaw(
        "§ 456 UGB",
        "§ 458 UGB",
        "Oesterreichische Nationalbank, Basiszinssatz on the first day of the half-year, + 9.2",
    ),
    "BE": LatePaymentLaw(
        "art. 5 wet van 2 augustus 2002 / loi du 2 août 2002",
        "art. 6 wet van 2 augustus 2002 / loi du 2 août 2002",
        "Belgisch Staatsblad / Moniteur belge, notice of the Minister of Finance",
    ),
    "DE": LatePaymentLaw(
        "§ 288 Abs. 2 BGB", "§ 288 Abs. 5 BGB", "Deutsche Bundesbank, Basiszinssatz nach § 247 BGB, + 9"
    ),
    "ES": LatePaymentLaw(
        "art. 7 Ley 3/2004", "art. 8 Ley 3/2004", "BOE, Resolución de la Secretaría General del Tesoro"
    ),
    "FI": LatePaymentLaw("korkolaki 633/1982 4 a §", "laki 513/1999 10 e §", "Suomen Pankki, viivästyskorko"),
    "FR": LatePaymentLaw("art. L441-10 II c. com.", "art. D441-5 c. com.", f"{_ECB}, + 10"),
    "IE": LatePaymentLaw("S.I. No. 580/2012", "S.I. No. 580/2012", f"{_ECB}, + 8"),
    "IT": LatePaymentLaw(
        "art. 5 d.lgs. 231/2002", "art. 6 d.lgs. 231/2002", "Gazzetta Ufficiale, comunicato del MEF (tasso BCE), + 8"
    ),
    "LU": LatePaymentLaw("loi modifiée du 18 avril 2004", "loi modifiée du 18 avril 2004", f"{_ECB}, + 8"),
    "NL": LatePaymentLaw("art. 6:119a en 6:120 lid 2 BW", "art. 6:96 lid 4 BW", f"{_ECB}, + 8"),
    "PT": LatePaymentLaw(
        "art. 4.º Decreto-Lei n.º 62/2013", "art. 7.º Decreto-Lei n.º 62/2013", "Diário da República, aviso da DGTF"
    ),
}
"""By the seller's country: the one whose law the contract is under unless the parties chose another."""

DUTCH_SCALE_LAW = "art. 6:96 lid 2 onder c BW, Besluit vergoeding voor buitengerechtelijke incassokosten"
DUTCH_CONSUMER_LAW = "art. 6:96 lid 6 BW"


def dutch_scale_cents(principal_cents: int) -> int:
    """The Dutch scale of extrajudicial costs: 15, 10, 5, 1 and 0.5 percent of steps; at least 40, at most 6,775 euros.

    Source: Besluit vergoeding voor buitengerechtelijke incassokosten, Article 2.

    >>> dutch_scale_cents(100_00), dutch_scale_cents(2_500_00), dutch_scale_cents(5_000_00), dutch_scale_cents(10**9)
    (4000, 37500, 62500, 677500)
    """
    left, parts = principal_cents, 0
    for width, points in _DUTCH_STEPS:
        parts += min(left, width) * points
        left = max(0, left - width)
    exact = parts + left * _DUTCH_REST
    return min(_DUTCH_MOST, max(FIXED_CENTS, half_away_from_zero(exact, _BASIS_POINTS)))


@dataclass(frozen=True, slots=True)
class RecoveryCosts:
    """What may be claimed for the recovery of a client's unpaid documents, and by which law."""

    cents: int
    law: str


NO_COSTS = RecoveryCosts(0, "")


def recovery_costs(country: str, *, is_business: bool, unpaid_cents: Sequence[int]) -> RecoveryCosts:
    """The costs for unpaid documents in euros, of which `unpaid_cents` gives what is open on each.

    A business owes the fixed sum for each of them; to a Dutch seller the scale on their sum where that is more, never
    both. A consumer owes a Dutch seller the scale, and only after its letter of 14 days; elsewhere nothing is claimed.
    """
    if not unpaid_cents or country not in LAWS:
        return NO_COSTS
    scale = dutch_scale_cents(sum(unpaid_cents)) if country == "NL" else 0
    if not is_business:
        return RecoveryCosts(scale, DUTCH_CONSUMER_LAW) if scale else NO_COSTS
    fixed = FIXED_CENTS * len(unpaid_cents)
    return RecoveryCosts(fixed, LAWS[country].fixed_sum) if fixed >= scale else RecoveryCosts(scale, DUTCH_SCALE_LAW)


_GERMAN_HOLIDAYS = ((1, 1), (1, 6), (3, 8), (5, 1), (8, 15), (9, 20), (10, 3), (10, 31), (11, 1), (12, 25), (12, 26))
_FROM_EASTER = (-2, 1, 39, 50, 60)
"""Good Friday, Easter Monday, Ascension, Whit Monday, Corpus Christi."""
_SATURDAY, _WEDNESDAY = 5, 2


def last_day_to_pay(due: date, country: str) -> date:
    """The day after which who has not paid is late; a seller in Germany waits for the next working day (§ 193 BGB).

    Neither Saturdays nor holidays are. Which are kept follows from the debtor's Land (§§ 269, 270 (4) BGB): those of
    every Land count, so that nobody is late too early.

    >>> last_day_to_pay(date(2026, 11, 15), "DE"), last_day_to_pay(date(2026, 11, 15), "NL")
    (datetime.date(2026, 11, 16), datetime.date(2026, 11, 15))
    """
    while country == "DE" and (due.weekday() >= _SATURDAY or _is_german_holiday(due)):
        due += timedelta(days=1)
    return due


def _is_german_holiday(day: date) -> bool:
    # The Wednesday between 16 and 22 November: Buß- und Bettag, in Saxony.
    is_repentance_day = day.month == 11 and 16 <= day.day <= 22 and day.weekday() == _WEDNESDAY
    moves = (day - easter_sunday(day.year)).days in _FROM_EASTER
    return moves or is_repentance_day or (day.month, day.day) in _GERMAN_HOLIDAYS
