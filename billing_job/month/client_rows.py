"""The rows of a run by client, in shares of clients that follow each other: each is priced and billed by itself."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from billing_job.core.columns.interned import Coded, Ints, cells_of, pairs_of
from billing_job.core.files.pieces import Pieces, shared_out
from billing_job.core.settlement import Key, Owner
from billing_job.month.attributing import PLACED
from billing_job.month.placed import Placed


@dataclass(frozen=True, slots=True)
class ClientRows:
    """PLACED rows of the clients whose ids come after `after`, up to `last`; every client is in one share."""

    pieces: Pieces
    after: str
    last: str | None
    """None stands for all that follow."""
    owners: set[Owner] = field(default_factory=set)
    """The clients' months that the rows are priced in, refunds apart."""
    refunds: set[tuple[str, Key]] = field(default_factory=set)
    """The refunds and their clients."""

    def __contains__(self, client_id: str) -> bool:
        return self.after < client_id and (self.last is None or client_id <= self.last)

    def rows(self) -> pd.DataFrame:
        """All of them."""
        return self.pieces.whole()


def client_bounds(placed: Placed) -> list[str]:
    """The last clients of shares that have about as many open rows as a piece, but for the last share."""
    if placed.rows.rows <= 2 * placed.rows_in_piece:
        return []
    counts: Counter[str] = Counter()
    for piece in placed.attributed("client_id"):
        clients = Coded.of(piece["client_id"])
        rows_of = np.bincount(clients.codes, minlength=len(clients.texts)).tolist()
        counts.update(dict(zip(clients.names(), rows_of, strict=True)))
    bounds, rows = [], 0
    for client_id in sorted(counts):
        rows += counts[client_id]
        if rows >= placed.rows_in_piece:
            bounds.append(client_id)
            rows = 0
    return bounds


def by_client(frames: Iterable[pd.DataFrame], bounds: Sequence[str] = ()) -> list[ClientRows]:
    """These rows in shares that end with the clients of `bounds`; the last takes all that come after."""
    owners: list[set[Owner]] = [set() for _ in range(len(bounds) + 1)]
    refunds: list[set[tuple[str, Key]]] = [set() for _ in range(len(bounds) + 1)]

    def noted() -> Iterator[pd.DataFrame]:
        for frame in frames:
            is_refund = frame["refund_of"] != ""
            for owner in pairs_of(frame["client_id"][~is_refund], frame["month"][~is_refund]):
                owners[bisect_left(bounds, owner[0])].add(owner)
            cells = (cells_of(frame[name][is_refund]) for name in ("client_id", "transaction_id", "part"))
            for client_id, id_, part in zip(*cells, strict=True):
                refunds[bisect_left(bounds, client_id)].add((client_id, (id_, part)))
            yield frame

    def share_of(frame: pd.DataFrame) -> Ints:
        clients = Coded.of(frame["client_id"])
        return np.array([bisect_left(bounds, name) for name in clients.names()], np.int64)[clients.codes]

    shares = shared_out(noted(), PLACED, share_of, len(bounds) + 1)
    spans = zip(["", *bounds], [*bounds, None], strict=True)
    return [
        ClientRows(pieces, *span, of_share, given)
        for pieces, span, of_share, given in zip(shares, spans, owners, refunds, strict=True)
    ]
