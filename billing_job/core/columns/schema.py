"""Column names and dtypes of the frame that each stage takes and returns; a stage's frame is checked at its border.

Texts are pyarrow strings, coded where few of them repeat; amounts are pyarrow int64, micros of the wallet and cents of
documents; moments are int64 microseconds since 1970 UTC.
"""

from collections.abc import Mapping
from functools import cache

import pandas as pd
import pyarrow as pa

from billing_job.core.errors import InvariantBroken

TEXT = pd.ArrowDtype(pa.string())
CODED = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
"""Texts of which each is held once (interned.Coded), for those that rows are joined and put in order by.

Such a column compares, masks and sorts as its texts do, but pandas groups it by all that it holds, rows or no rows."""
INT = pd.ArrowDtype(pa.int64())
BOOL = pd.ArrowDtype(pa.bool_())

Schema = Mapping[str, pd.ArrowDtype]

TRANSACTIONS: Schema = {
    "transaction_id": TEXT,
    "type": TEXT,
    "micros": INT,
    "large_micros": TEXT,
    "currency": TEXT,
    "description": TEXT,
    "reference_type": TEXT,
    "reference_id": TEXT,
    "created_at": INT,
    "problem": TEXT,
    "standing": TEXT,
    "quantity": INT,
    "settled": BOOL,
}
"""ledger → attribute. `micros` may be empty; `settled` rows are on a document already; `standing` is what
the supplier's status says (core.wallet), `quantity` empty where a row tells none."""

ATTRIBUTED: Schema = {
    **TRANSACTIONS,
    "part": INT,
    "outcome": TEXT,
    "reason": TEXT,
    "category": TEXT,
    "client_id": CODED,
    "number": CODED,
    "trunk": CODED,
    "country": CODED,
    "number_type": CODED,
    "number_fact": INT,
    "trunk_fact": INT,
    "refund_of": CODED,
    "refund_part": INT,
}
"""attribute → price. `part` is 0, or counts the shares of an order that several clients share; `outcome` is attributed,
excluded or exception; the facts are rows of the Assignments, or -1. A refund of a known transaction names it, and the
part of it, in `refund_of` and `refund_part`."""

PRICED: Schema = {
    "transaction_id": CODED,
    "part": INT,
    "client_id": CODED,
    "period": CODED,
    "category": CODED,
    "description": CODED,
    "number": CODED,
    "trunk": CODED,
    "created_at": INT,
    "quantity": INT,
    "cost_micros": INT,
    "charge_cents": INT,
    "line_key": INT,
    "visible": BOOL,
    "rule": CODED,
    "unit_place": INT,
    "units": INT,
    "unit": CODED,
    "unit_price_micros": INT,
}
"""price → issue, one row a transaction in the order of the document; rows of one `line_key` are one line.

`period` is the month the transaction belongs to; `charge_cents` add up to the line; rows that the house pays are not
`visible` and belong to no line. `rule` names a rule that counts units, of whose `units` the last one of the row
has the place `unit_place`; -1 for others. `unit` is what `quantity` counts (core/units.py), empty for what its category
counts; `unit_price_micros` is the price of one, -1 where the row's units have none in common or it is finer."""

BILLED: Schema = {
    "client_id": TEXT,
    "document_number": TEXT,
    "category": TEXT,
    "number": TEXT,
    "trunk": TEXT,
    "cost_micros": INT,
    "charge_cents": INT,
}
"""ledger → margins: costs and charges by where they were billed. `document_number` is empty where the house paid or the
charge came to nothing."""


STANDING: Schema = {"transaction_id": TEXT, "part": INT, "created_at": INT}
"""ledger → margins: what a document settles now."""


def conform(frame: pd.DataFrame, schema: Schema, where: str) -> pd.DataFrame:
    """The frame with exactly the schema's columns and dtypes; InvariantBroken names a column that is not there."""
    names = list(frame.columns)
    missing = [column for column in schema if column not in names]
    if missing:
        raise InvariantBroken(f"{where}: the frame has no column {', '.join(missing)}")
    wanted = frame if names == list(schema) else frame[list(schema)]
    # Column by column: on a small frame, pandas takes longer to find that nothing changes than to do the rest.
    other = {name: schema[name] for name, dtype in zip(schema, wanted.dtypes, strict=True) if dtype != schema[name]}
    if not other:
        return wanted
    # Python's strings become coded by way of Arrow's.
    texts = {name: TEXT for name, dtype in other.items() if dtype == CODED}
    return (wanted.astype(texts) if texts else wanted).astype(other)


def empty(schema: Schema) -> pd.DataFrame:
    """A frame of that schema without rows."""
    return _empty(tuple(schema.items())).copy(deep=False)


@cache
def _empty(columns: tuple[tuple[str, pd.ArrowDtype], ...]) -> pd.DataFrame:
    # Making one takes as long as a small month's sums, and every stage hands some on.
    return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in columns})
