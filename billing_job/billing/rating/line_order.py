"""The order of the page: which rows make one line, and where each of them stands."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from billing_job.billing.rating.tariff import Tariff
from billing_job.core.columns.interned import Coded, Ints, Mask
from billing_job.core.columns.sort_keys import nested, packed, places_in


@dataclass(frozen=True, slots=True)
class PageOrder:
    """`order` are the places of the rows in the order of the page; `begins` tells of each whether a line begins."""

    order: Ints
    begins: Mask


@dataclass(frozen=True, slots=True)
class LineKeys:
    """Numbers that sort the lines of a client, and the clients."""

    client: Ints
    within: Ints
    each_row: Mask
    """The rows that are a line of their own."""


def line_keys(
    frame: pd.DataFrame, period: Coded, category: Coded, tariff: Tariff, apart: Ints | None = None
) -> LineKeys:
    """Lines by client, month, category, number and trunk, as far as the client's detail goes.

    The columns client_id, number and trunk of `frame` are read. Rows with another number in `apart` are on lines of
    their own.
    """
    clients = Coded.of(frame["client_id"])
    detail = {client_id: client.detail for client_id, client in tariff.clients.items()}
    by_number = clients.each(lambda client_id: detail.get(client_id) != "category")
    place = nested(Coded.of(frame["number"]).ranks(), Coded.of(frame["trunk"]).ranks())
    return LineKeys(
        client=clients.ranks(),
        within=packed(
            [
                period.ranks(),
                _category_ranks(category, tariff),
                np.where(by_number, place, 0),
                *([] if apart is None else [apart]),
            ]
        ),
        each_row=clients.each(lambda client_id: detail.get(client_id) == "transaction"),
    )


def page_order(keys: LineKeys, visible: Mask, moments: Ints, rank: Ints) -> PageOrder:
    """Rows of a line by their moments; `rank` orders rows of one moment.

    Lines that are not `visible`, because the house pays them, come after the client's others.
    """
    line = packed([keys.client, (~visible).astype(np.int64), keys.within])
    in_time = _in_time(moments, rank)
    # The number of each row's line and of its place in time: sorted, it tells the row.
    sorted_rows = np.sort(packed([line, np.arange(len(line)) if in_time is None else places_in(in_time)]))
    time, line = sorted_rows % len(sorted_rows), sorted_rows // len(sorted_rows)
    order = time if in_time is None else in_time[time]
    return PageOrder(order, np.r_[True, line[1:] != line[:-1]] | keys.each_row[order])


def _category_ranks(category: Coded, tariff: Tariff) -> Ints:
    """Categories in the order of the settings, those that they do not name after them."""
    named = {name: place for place, name in enumerate(dict.fromkeys(tariff.category_order))}
    names = category.names()
    ordered = sorted(range(len(names)), key=lambda place: (named.get(names[place], len(named)), names[place]))
    return places_in(np.array(ordered, np.int64))[category.codes]


def _in_time(moments: Ints, rank: Ints) -> Ints | None:
    """The order of rows in time; None where they stand in it, as a ledger's do that was read from the start."""
    later = moments[1:] > moments[:-1]
    if (later | ((moments[1:] == moments[:-1]) & (rank[1:] > rank[:-1]))).all():
        return None
    return np.lexsort((rank, moments))
