"""The ledger's tables of what was billed: documents, what they settle, what was credited, decided and sent."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    false,
)

from billing_job.ledger.tables import RowNumber, Text, metadata


def _seq() -> Column[int]:
    """The place of a row among its table's in the order in which they were added, where the key does not tell it."""
    return Column("seq", BigInteger, nullable=False, server_default="0", comment="counts the rows as they came")


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
    Column("quantity", BigInteger, nullable=False, comment="whole units; the document has the decimals"),
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
    Column("cost_micros", BigInteger, nullable=False),
    Column("charge_cents", BigInteger, nullable=False),
    Column("net_cents", BigInteger, nullable=False, server_default="0", comment="the charge after its discount"),
    Column("month", Text, nullable=False, server_default="", index=True, comment="the month it counts in"),
    Column("rule", Text, comment="what names the rule that counted it; empty: none did, NULL: not known"),
    Column("unit_place", BigInteger, comment="units of client, rule and month before its last one"),
    Column("units", BigInteger, comment="units of client, rule and month when it was priced"),
    Column("discount_millionths", BigInteger, nullable=False, server_default="0"),
    Column("refund_of", Text, nullable=False, server_default="", index=True, comment="what a refund gives back"),
    Column("refund_part", Integer, nullable=False, server_default="0"),
    _seq(),
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
    _seq(),
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
    _seq(),
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
    Column(
        "generation",
        Integer,
        primary_key=True,
        server_default="0",
        comment="grows by one when freed rows get other terms",
    ),
    Column("terms_sha256", Text, ForeignKey("terms.sha256"), nullable=False),
    Column("vat", Text, nullable=False, comment="category, rate, exemption as JSON"),
    _seq(),
    comment="what each client's month was billed by; what comes later for it uses the last",
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
    Column("accepted_micros", BigInteger, comment="the changed row's wallet micros from now on; 0: withdrawn"),
    Column("generation", Integer, comment="of the settlement that the changed row has"),
    comment="what users decided about exceptions; of each kind the latest holds",
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

proven_readings = Table(
    "proven_readings",
    metadata,
    Column("reading", Text, primary_key=True, comment="fingerprint of how amounts and moments are read"),
    Column("month", Text, nullable=False, comment="the first month that was issued while the wallet was explained"),
    Column("proven", Text, nullable=False),
    comment="readings that the wallet's balance has proven: from then on a difference is an exception",
)

accepted_differences = Table(
    "accepted_differences",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("reading", Text, nullable=False),
    Column("difference", Text, nullable=False, comment="decimal amount of the currency; empty: no balance was known"),
    Column("reason", Text, nullable=False),
    Column("accepted", Text, nullable=False),
    comment="differences of the wallet that a user decided to bill with",
)
