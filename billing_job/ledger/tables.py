"""The ledger's tables. What is recorded is only ever added; the exceptions are counters and a run's own state.

Moments are ISO 8601 UTC texts, except `transactions.created_at`: microseconds since 1970-01-01T00:00:00Z, so that
pandas reads it as it is. Amounts are integer cents.
"""

import sqlalchemy
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeDecorator

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
    comment="schema_version, and the fingerprint of the settings that the transactions were read with",
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
    Column("cents", BigInteger, comment="signed; empty when unreadable or too large for sums"),
    Column("large_cents", Text, comment="an amount too large for sums, exact"),
    Column("currency", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("reference_type", Text, nullable=False),
    Column("reference_id", Text, nullable=False),
    Column("created_at", BigInteger, index=True, comment="microseconds since 1970, UTC; empty when unreadable"),
    Column("problem", Text, nullable=False),
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
    Column("cents", Text, nullable=False, comment="as text, for it may have any number of digits"),
    Column("currency", Text, nullable=False),
    Column("fetched", Text, nullable=False),
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

series = Table(
    "series",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last_number", Integer, nullable=False),
    comment="counters, moved in the database transaction that stores the documents",
)

documents = Table(
    "documents",
    metadata,
    Column("number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("series_year", Integer, nullable=False),
    Column("series_number", Integer, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("period", Text, nullable=False, index=True),
    Column("folder", Text, nullable=False, comment="the month in whose output folder the files stand"),
    Column("ordinal", Integer, nullable=False, comment="0: the month's document of the client; then the further ones"),
    Column("issue_date", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("net_cents", BigInteger, nullable=False),
    Column("vat_cents", BigInteger, nullable=False),
    Column("gross_cents", BigInteger, nullable=False),
    Column("corrects", Text, ForeignKey("documents.number")),
    Column("body", Text, nullable=False, comment="the whole document as JSON"),
    Column("sha256", Text, nullable=False, comment="of the body"),
    UniqueConstraint("kind", "series_year", "series_number"),
    UniqueConstraint("client_id", "period", "ordinal"),
    comment="issued documents; never changed",
)

document_lines = Table(
    "document_lines",
    metadata,
    Column("document_number", Text, ForeignKey("documents.number"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("category", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("net_cents", BigInteger, nullable=False),
    Column("vat_category", Text, nullable=False),
    Column("vat_rate", Text, nullable=False),
    comment="the documents' lines, for sums",
)

settlements = Table(
    "settlements",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("part", Integer, primary_key=True, comment="0, or the client's share of an order of several clients"),
    Column("generation", Integer, primary_key=True, comment="grows by one when a credit note frees the transaction"),
    Column("client_id", Text, nullable=False),
    Column("period", Text, nullable=False, index=True, comment="the period it was billed in"),
    Column("document_number", Text, index=True, comment="empty: the house paid, or the charge came to nothing"),
    Column("line", Integer),
    Column("category", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("cost_cents", BigInteger, nullable=False),
    Column("charge_cents", BigInteger, nullable=False),
    Column("net_cents", BigInteger, nullable=False, server_default="0", comment="the charge after its discount"),
    Column("month", Text, nullable=False, server_default="", index=True, comment="the month it counts in"),
    Column("rule", Text, comment="what names the rule that counted it; empty: none did, NULL: not known"),
    Column("unit_place", BigInteger, comment="units of client, rule and month before it"),
    Column("units", BigInteger, comment="units of client, rule and month when it was priced"),
    Column("discount_millionths", BigInteger, nullable=False, server_default="0"),
    Column("refund_of", Text, nullable=False, server_default="", index=True, comment="what a refund gives back"),
    Column("refund_part", Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(["document_number"], ["documents.number"]),
    comment="how each transaction was billed; the primary key keeps it off a second document",
)

releases = Table(
    "releases",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("credit_number", Text, ForeignKey("documents.number"), nullable=False),
    ForeignKeyConstraint(
        ["transaction_id", "part", "generation"],
        ["settlements.transaction_id", "settlements.part", "settlements.generation"],
    ),
    comment="settlements that a credit note undid: the transaction may be billed again",
)

credited_lines = Table(
    "credited_lines",
    metadata,
    Column("credit_number", Text, ForeignKey("documents.number"), primary_key=True),
    Column("credit_line", Integer, primary_key=True),
    Column("document_number", Text, ForeignKey("documents.number"), nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("net_cents", BigInteger, nullable=False, comment="of the credit note's line: of the other sign"),
    comment="how much of which line each credit note undid",
)

credited_rows = Table(
    "credited_rows",
    metadata,
    Column("credit_number", Text, ForeignKey("documents.number"), primary_key=True),
    Column("transaction_id", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("net_cents", BigInteger, nullable=False, comment="of the settlement's net, with its sign"),
    ForeignKeyConstraint(
        ["transaction_id", "part", "generation"],
        ["settlements.transaction_id", "settlements.part", "settlements.generation"],
    ),
    Index("ix_credited_rows_transaction", "transaction_id"),
    comment="how much of each settlement every credit note undid",
)

terms = Table(
    "terms",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", Text, nullable=False, comment="a plan and its prices as JSON"),
    comment="what months were billed by, each once",
)

client_months = Table(
    "client_months",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("terms_sha256", Text, ForeignKey("terms.sha256"), nullable=False),
    Column("vat", Text, nullable=False, comment="category, rate, exemption as JSON"),
    comment="what each client's month was first billed by; what comes later for it uses the same",
)

trunk_months = Table(
    "trunk_months",
    metadata,
    Column("trunk", Text, primary_key=True),
    Column("since", Text, primary_key=True, comment="the day the assignment began; empty: open"),
    Column("month", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    comment="who bore or owes a month of a trunk: nobody bears it twice under another name",
)

previews = Table(
    "previews",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("month", Text, nullable=False, index=True),
    Column("nets", Text, nullable=False, comment="JSON: client_id to net cents of its draft"),
    Column("made", Text, nullable=False),
    comment="what previews came to",
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("transaction_id", Text, nullable=False, index=True),
    Column("client_id", Text, nullable=False, comment="empty: the house pays"),
    Column("reason", Text, nullable=False),
    Column("decided_at", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("amount_cents", BigInteger, comment="what a refund without an original gives back, net"),
    Column("accepts", Boolean, nullable=False, server_default=false(), comment="a changed row stays as it is billed"),
    Column("accepted_cents", BigInteger, comment="the changed row's wallet cents from now on; 0: withdrawn"),
    comment="what users decided about exceptions; the latest holds",
)

files = Table(
    "files",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("document_number", Text, ForeignKey("documents.number"), nullable=False, index=True),
    Column("suffix", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    comment="the files of a document as written; the latest entry holds",
)

closings = Table(
    "closings",
    metadata,
    Column("period", Text, primary_key=True),
    Column("closed", Text, nullable=False),
    comment="months that were billed whole: what turns up later for them goes on a later invoice",
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

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("document_number", Text, ForeignKey("documents.number"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("event", Text, nullable=False, comment="sending | accepted | refused | deferred | uncertain | confirmed"),
    Column("message_id", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("moment", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("detail", Text, nullable=False, comment="what the mail server said"),
    UniqueConstraint("document_number", "attempt", "event"),
    comment="the e-mail log: an attempt is noted before the message leaves, and again when its fate is known",
)
