"""The days on which banks settle euros: those of TARGET, the Eurosystem's payment system.

It is closed on Saturdays and Sundays, on New Year's Day, Good Friday, Easter Monday, 1 May, 25 and 26 December (ECB,
decision of 14 December 2000 on the TARGET calendar).
"""

from datetime import date, timedelta

_DAY = timedelta(days=1)
_FIXED = ((1, 1), (5, 1), (12, 25), (12, 26))


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar, by the anonymous algorithm (Meeus, Astronomical Algorithms, chapter 8).

    >>> easter_sunday(2026), easter_sunday(2027)
    (datetime.date(2026, 4, 5), datetime.date(2027, 3, 28))
    """
    golden, century, of_century = year % 19, year // 100, year % 100
    leap, rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def is_target_day(day: date) -> bool:
    """Whether TARGET settles on this day."""
    if day.weekday() >= 5 or (day.month, day.day) in _FIXED:
        return False
    return (day - easter_sunday(day.year)).days not in (-2, 1)


def next_target_day(day: date) -> date:
    """The day itself where TARGET settles on it, otherwise the first one after it.

    >>> next_target_day(date(2026, 12, 25))
    datetime.date(2026, 12, 28)
    """
    while not is_target_day(day):
        day += _DAY
    return day


def after_target_days(day: date, count: int) -> date:
    """The day that comes `count` TARGET days after `day`.

    >>> after_target_days(date(2026, 4, 2), 1)
    datetime.date(2026, 4, 7)
    """
    for _ in range(count):
        day = next_target_day(day + _DAY)
    return day
