"""The order of the page: which rows make one line, and where each of them stands."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from billing_job.coded import Coded, Ints, Mask, ints
from billing_job.ranks import nested, packed, places_in
from billing_job.rules import Tariff


@dataclass(frozen=True, slots=True)
class PageOrder:
    """`order` are the places of the rows in the order of the page; `begins` tells of each whether a line begins."""

    order: Ints
    begins: Mask

    def without(self, rows: Mask) -> "PageOrder":
        """The same without the rows of that mask; lines that lose their first row begin with the next one."""
        stays = ~rows[self.order]
        if stays.all():
            return self
        line = np.cumsum(self.begins)[stays]
        return PageOrder(self.order[stays], np.r_[True, line[1:] != line[:-1]][: len(line)])


def page_order(
    frame: pd.DataFrame, period: Coded, category: Coded, visible: Mask, rank: Ints, tariff: Tariff
) -> PageOrder:
    """Lines by client, month, category, number and trunk, as far as the client's detail goes; rows by their moments.

    The columns client_id, number, trunk and created_at of `frame` are read; `rank` orders rows of one moment. Lines
    that the house pays come after the client's others.
    """
    clients = Coded.of(frame["client_id"])
    detail = {client_id: client.detail for client_id, client in tariff.clients.items()}
    by_number = clients.each(lambda client_id: detail.get(client_id) != "category")
    place = nested(Coded.of(frame["number"]).ranks(), Coded.of(frame["trunk"]).ranks())
    line = packed(
        [
            clients.ranks(),
            (~visible).astype(np.int64),
            period.ranks(),
            _category_ranks(category, tariff),
            np.where(by_number, place, 0),
        ]
    )
    in_time = _in_time(ints(frame["created_at"]), rank)
    keys = np.sort(packed([line, np.arange(len(line)) if in_time is None else places_in(in_time)]))
    time, line = keys % len(keys), keys // len(keys)
    order = time if in_time is None else in_time[time]
    begins = np.r_[True, line[1:] != line[:-1]]
    each_row = clients.each(lambda client_id: detail.get(client_id) == "transaction")
    return PageOrder(order, begins | each_row[order])


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
