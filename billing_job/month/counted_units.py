"""Counted units under the ids of clients: as they were first billed, and as they are called by now."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from billing_job.billing.rating.counted_units import BilledUnits
from billing_job.core.columns.interned import pairs_of
from billing_job.ledger.billed_months import Units
from billing_job.month.client_months import ClientMonths
from billing_job.month.placed import Placed


def with_places_of(units: BilledUnits, frames: Sequence[pd.DataFrame]) -> BilledUnits:
    """Counted units together with those that these rows of PRICED took their places of."""
    before = dict(units.before)
    for frame in frames:
        counted = frame[frame["unit_place"] >= 0]
        last = counted.groupby(["client_id", "period", "rule"])["unit_place"].max().reset_index()
        for client_id, month, name, place in last.itertuples(index=False, name=None):
            owner = (str(client_id), str(month), str(name))
            before[owner] = max(before.get(owner, 0), int(place) + 1)
    return replace(units, before=before)


def units_of_accounts(stored: Units, client_months: ClientMonths) -> Units:
    """Counted units under the ids by which the months were first billed."""
    owners = {(client_id, month) for counts in (stored.before, stored.unnamed) for client_id, month, _ in counts}
    account = client_months.accounts_billed(owners)
    before: dict[tuple[str, str, str], int] = {}
    unnamed: dict[tuple[str, str, str], int] = {}
    for (client_id, month, name), count in stored.before.items():
        key = (account[client_id, month], month, name)
        before[key] = max(count, before.get(key, 0))
    for (client_id, month, name), count in stored.unnamed.items():
        key = (account[client_id, month], month, name)
        unnamed[key] = count + unnamed.get(key, 0)
    return Units(before, unnamed)


def units_of_clients(stored: Units, placed: Placed, billable: pd.DataFrame) -> BilledUnits:
    """Counted units of accounts under the ids that the rows' clients have by now as well."""
    before = dict(stored.before)
    unnamed = dict(stored.unnamed)
    for client_id, month in pairs_of(billable["client_id"], billable["month"]):
        account = placed.client_months.account(client_id, month)
        if account == client_id:
            continue
        for now, of_accounts in ((before, stored.before), (unnamed, stored.unnamed)):
            now |= {
                (client_id, month, name): count
                for (owner, of_month, name), count in of_accounts.items()
                if (owner, of_month) == (account, month)
            }
    return BilledUnits(before, unnamed)
