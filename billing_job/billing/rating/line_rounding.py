"""Each line rounded once, and its cents shared out over its transactions by largest remainder."""

import numpy as np

from billing_job.billing.rating.charge_models import Exact, Ints
from billing_job.core.columns.in_parallel import side_by_side


def shared_out_by_line(exact: Exact, starts: Ints, tie_rank: Ints) -> Ints:
    """Round each line once and share its cents over its rows; `starts` are the first rows of the lines.

    The same rule as money.shared_out, for all lines at once; `tie_rank` orders rows with equal remainders.
    """
    middle = len(starts) // 2
    if not middle:
        return _shared_out(exact, starts, tie_rank)
    cut = starts[middle]
    halves = side_by_side(
        len(tie_rank),
        {
            "first": lambda: _shared_out(exact.rows(slice(cut)), starts[:middle], tie_rank[:cut]),
            "second": lambda: _shared_out(exact.rows(slice(cut, None)), starts[middle:] - cut, tie_rank[cut:]),
        },
    )
    return np.concatenate(list(halves.values()))


def _shared_out(exact: Exact, starts: Ints, tie_rank: Ints) -> Ints:
    amounts, per_cent = exact
    lengths = np.diff(np.r_[starts, len(amounts)])
    totals = np.add.reduceat(amounts, starts)
    mirror = np.where(totals < 0, -1, 1)
    mirrored = None if (totals >= 0).all() else np.repeat(mirror, lengths)
    positive = amounts if mirrored is None else amounts * mirrored
    shares = (positive // per_cent).astype(np.int64)
    # Half away from zero is half up once a negative line is seen in the mirror.
    rounded = ((abs(totals) + per_cent // 2) // per_cent).astype(np.int64)
    left = rounded - np.add.reduceat(shares, starts)
    # Only lines with cents left over need an order of remainders; each of these lines keeps all of its rows.
    rows = np.flatnonzero(np.repeat(left > 0, lengths))
    whole = shares[rows].astype(positive.dtype, copy=False) * per_cent
    remainders = (positive[rows] - whole).astype(np.int64)
    short = left > 0
    shares[_first(rows, remainders, lengths[short], left[short], tie_rank, per_cent)] += 1
    return shares if mirrored is None else np.asarray(shares * mirrored, np.int64)


def _first(rows: Ints, remainders: Ints, lengths: Ints, wanted: Ints, tie_rank: Ints, per_cent: int) -> Ints:
    """As many rows of each line as are wanted of it, by the largest remainders; the lines follow each other in `rows`.

    Rows of a line that stand by rank already, as they do when ids rise with time, need no look at it.
    """
    line = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    taken = place < np.repeat(wanted, lengths)
    behind = per_cent - 1 - remainders
    longest = int(lengths.max(initial=0))
    rank = tie_rank[rows]
    in_rank = ((rank[1:] > rank[:-1]) | (place[1:] == 0)).all()
    if in_rank and len(lengths) * per_cent * longest < 2**63:
        # Sorting numbers that tell the place is faster than sorting places by numbers.
        key = np.sort((line * per_cent + behind) * longest + place)
        order = np.arange(len(rows)) - place + key % longest
    else:
        order = np.lexsort((rank, line * per_cent + behind))
    return np.asarray(rows[order[taken]], np.int64)
