"""The ledger's tables of the wallet and of its runs; `billing_tables` has those of what was billed.

What is recorded is only ever added; the exceptions are counters and a run's own state.

Moments are ISO 8601 UTC texts, except `transactions.created_at`: microseconds since 1970-01-01T00:00:00Z, so that
pandas reads it as it is. Amounts are integers: micros of the wallet.
"""

import sqlalchemy
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    and_,
    false,
    select,
)
from sqlalchemy.types import TypeDecorator

from billing_job.core.wallet import SETTLED

metadata = MetaData()


class _Bytewise(TypeDecorator[str]):
    """Text in the order of its bytes, as SQLite sorts it, whatever language a PostgreSQL server speaks."""

    impl = sqlalchemy.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """PostgreSQL cannot store NUL characters; nobody can read them either."""
        return value.replace("\0", "\ufffd") if value else value


Text = sqlalchemy.Text().with_variant(_Bytewise(collation="C"), "postgresql")

# SQLite gives out row numbers by itself only for a column declared as INTEGER; elsewhere they need 64 bits.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="schema_version, how the transactions were read, what auto came to in the first proven month, and what"
    " of the balance was not explained when the whole list was last read",
)

wallet_rows = Table(
    "wallet_rows",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("transaction_id", Text, nullable=False, index=True),
    Column("sha256", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    comment="every version of every row as it came; a row whose content changed stands here twice",
)

transactions = Table(
    "transactions",
    metadata,
    Column("seq", RowNumber, ForeignKey("wallet_rows.seq"), primary_key=True, autoincrement=False),
    Column("transaction_id", Text, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("micros", BigInteger, comment="signed; empty when unreadable or too large for sums"),
    Column("large_micros", Text, comment="an amount too large for sums, exact"),
    Column("currency", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("reference_type", Text, nullable=False),
    Column("reference_id", Text, nullable=False),
    Column("created_at", BigInteger, index=True, comment="microseconds since 1970, UTC; empty when unreadable"),
    Column("problem", Text, nullable=False),
    Column("standing", Text, nullable=False, server_default="settled", comment="settled, void or pending"),
    Column("quantity", BigInteger, comment="units that the supplier counts; empty: one"),
    Column("amount_form", Text, nullable=False, server_default="", comment="how the amount is written"),
    Column("is_day", Boolean, nullable=False, server_default=false(), comment="created_at came without a time"),
    Index("ix_transactions_reference", "reference_type", "reference_id"),
    comment="wallet_rows as they are read under the present settings",
)

revisions = Table(
    "revisions",
    metadata,
    Column("old_seq", RowNumber, ForeignKey("wallet_rows.seq"), primary_key=True, autoincrement=False),
    Column("new_seq", RowNumber, ForeignKey("wallet_rows.seq"), nullable=False),
    comment="an old version of a row and the version that took its place",
)

CURRENT = transactions.c.seq.not_in(select(revisions.c.old_seq))
"""The condition on a row of `transactions` that no later version took its place."""
MOVED = and_(CURRENT, transactions.c.standing == SETTLED)
"""The condition that it moved money besides: what is void or pending counts in no proof and in no books."""


def moved_in(currency: str) -> ColumnElement[bool]:
    """The condition that it moved money of a wallet in that currency; one whose currency is unreadable did."""
    return and_(MOVED, transactions.c.currency.in_((currency, "")))


absences = Table(
    "absences",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("transaction_id", Text, nullable=False, index=True),
    Column("absent", Boolean, nullable=False),
    Column("noticed", Text, nullable=False),
    comment="rows that the supplier no longer lists, and their return; the latest entry holds",
)

walks = Table(
    "walks",
    metadata,
    Column("walk_id", RowNumber, primary_key=True, autoincrement=True),
    Column("finished", Text, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("sort_order", Text, nullable=False),
    Column("page_size", Integer, nullable=False),
    Column("sealed_seq", BigInteger, nullable=False, comment="every wallet row up to this one is sealed"),
    comment="whole passes over the supplier's list",
)

trunks = Table(
    "trunks",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("uuid", Text, nullable=False, index=True),
    Column("trunk_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    comment="the supplier's trunks; a changed one is added again, the latest entry holds",
)

balances = Table(
    "balances",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column(
        "micros",
        Text,
        nullable=False,
        comment="as text, of any number of digits; empty: could not be read",
    ),
    Column("currency", Text, nullable=False),
    Column("fetched", Text, nullable=False),
    Column("places", Integer, nullable=False, server_default="2", comment="decimal places that it showed"),
    comment="the wallet's balance as the supplier gave it",
)

events = Table(
    "events",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False, unique=True, comment="SHA-256 of the body: a replay is the same event"),
    Column("event", Text, nullable=False, index=True),
    Column("timestamp", BigInteger, nullable=False, comment="microseconds since 1970, UTC, as the event says"),
    Column("received", Text, nullable=False),
    Column("body", Text, nullable=False, comment="as it came"),
    comment="webhook events, each stored before it was answered",
)

onboarding_steps = Table(
    "onboarding_steps",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("client_id", Text, nullable=False, index=True),
    Column("step", Text, nullable=False),
    Column("value", Text, nullable=False, comment="what the step came to, as JSON; never a password"),
    Column("recorded", Text, nullable=False),
    comment="how far an onboarding is; what follows a client's last step done is the one under way",
)

bought_numbers = Table(
    "bought_numbers",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("number", Text, nullable=False),
    Column("did_number_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("recorded", Text, nullable=False),
    UniqueConstraint("order_id", "number"),
    comment="what checkouts of this program bought: events name a number and its order, rentals its did_number_id",
)

exceptions_seen = Table(
    "exceptions_seen",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("first_seen", Text, nullable=False, comment="day in the seller's zone"),
    comment="since when a transaction waits in the queue",
)

chain = Table(
    "chain",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=False),
    Column("table_name", Text, nullable=False),
    Column("rows", BigInteger, nullable=False, comment="of the table, by then"),
    Column("rows_sum", Text, nullable=False, comment="of the SHA-256 of each of them, modulo 2^256"),
    Column("sha256", Text, nullable=False, comment="over this link and the one before"),
    Index("ix_chain_table_name", "table_name", "seq"),
    comment="a link for every addition to a table of facts: what shows that none was changed, removed or put in",
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("month", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("finished", Text),
    Column("status", Text, nullable=False),
    comment="what was run and how it ended",
)
