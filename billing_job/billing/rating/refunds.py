"""Which transaction a refund undoes: the latest one of its reference with the opposite amount that none undid yet."""

from collections import defaultdict
from collections.abc import Collection

import pandas as pd

from billing_job.core.categories import REFUND
from billing_job.core.columns.schema import PAIRS, REFUNDABLE


def refund_pairs(history: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """Pair refunds with originals over all of history, oldest refund first; REFUNDABLE in, PAIRS of `wanted` out.

    Pairing the settled refunds too keeps one original from being undone twice.
    """
    ordered = history.sort_values(["created_at", "transaction_id"], kind="stable")
    is_refund = (ordered["category"] == REFUND).to_numpy(bool)
    open_originals: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    found: list[tuple[str, str, str, int | None]] = []
    columns = [ordered[column].to_list() for column in REFUNDABLE]
    ids, categories, kinds, references, cents, _, charges = columns
    for row, refund in enumerate(is_refund):
        if not refund:
            open_originals[kinds[row], references[row], cents[row]].append(row)
        elif candidates := open_originals.get((kinds[row], references[row], -cents[row])):
            original = candidates.pop()
            if ids[row] in wanted:
                charge = None if pd.isna(charges[original]) else int(charges[original])
                found.append((ids[row], ids[original], categories[original], charge))
    rows = list(zip(*found, strict=True)) or [()] * len(PAIRS)
    return pd.DataFrame(
        {name: pd.Series(list(rows[place]), dtype=dtype) for place, (name, dtype) in enumerate(PAIRS.items())}
    )
