"""The month that each of millions of moments falls in."""

from zoneinfo import ZoneInfo

import numpy as np

from billing_job.core.columns.interned import Coded, Ints
from billing_job.core.moments import local_moment, microseconds
from billing_job.core.period import Period

_FIRST, _LAST = Period(1, 1), Period(9999, 12)
"""What the calendar of Python holds; a moment beside it, by its zone, counts as in its nearest month."""
_UTC = ZoneInfo("UTC")


def months_of(moments: Ints, zone: ZoneInfo) -> Coded:
    """The months (YYYY-MM) in the seller's zone of microseconds since 1970 UTC; they begin where Period does."""
    if not len(moments):
        return Coded.taken([], moments)
    # No zone is as much as a month away from UTC.
    first = max(Period.of(local_moment(int(moments.min()), _UTC).date()), _FIRST.next).previous
    last = min(Period.of(local_moment(int(moments.max()), _UTC).date()), _LAST.previous).next
    months = [first]
    while months[-1] < last:
        months.append(months[-1].next)
    begins = np.array([microseconds(month.starts(zone)) for month in months[1:]], np.int64)
    return Coded.taken([str(month) for month in months], np.searchsorted(begins, moments, "right"))
