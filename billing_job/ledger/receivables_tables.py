"""The ledger's tables of what clients were asked for: reminders, and the direct debits that the bank was told of."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint

from billing_job.ledger.tables import RowNumber, Text, metadata

reminders = Table(
    "reminders",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("client_id", Text, nullable=False, index=True),
    Column("attempt", Integer, nullable=False, comment="counts a client's reminders"),
    Column(
        "event",
        Text,
        nullable=False,
        comment="sending | accepted | refused | deferred | uncertain | confirmed | written | given_up",
    ),
    Column("day", Text, nullable=False, comment="of the letter, in the seller's zone"),
    Column("body", Text, nullable=False, comment="what it claims, as JSON; only with the event sending"),
    Column("message_id", Text, nullable=False),
    Column("recipient", Text, nullable=False, comment="an address, or the file of a letter"),
    Column("moment", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("detail", Text, nullable=False, comment="what the mail server or the user said"),
    UniqueConstraint("client_id", "attempt", "event"),
    comment="reminders: noted before they leave, and again when their fate is known",
)

collections = Table(
    "collections",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("due", Text, nullable=False),
    Column("scheme", Text, nullable=False, comment="core | b2b"),
    Column("event", Text, nullable=False, comment="prepared | written | doubted | rejected by a report"),
    Column("message_id", Text, nullable=False),
    Column("body", Text, nullable=False, comment="JSON: all that the file holds, or what was rejected of it"),
    Column("sha256", Text, nullable=False, comment="of the file, with the event written; of the report that rejects"),
    Column("moment", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    UniqueConstraint("due", "scheme", "event"),
    Index("ix_collections_due", "due", "scheme"),
    comment="direct debit files: noted before they are written, so that the same bytes come twice",
)
