"""The ledger's tables of the bank: statements and entries as they came, what is booked of them, and who decided it."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table

from billing_job.ledger.tables import RowNumber, Text, metadata

bank_statements = Table(
    "bank_statements",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("file_name", Text, nullable=False),
    Column("file_sha256", Text, nullable=False, index=True, comment="of the bytes that the bank sent"),
    Column("format", Text, nullable=False, comment="camt053 | camt054 | mt940 | csv"),
    Column("account", Text, nullable=False),
    Column("statement", Text, nullable=False, comment="the bank's own name for it"),
    Column("first_day", Text, comment="of its entries or balances; empty: it has none"),
    Column("last_day", Text),
    Column("opening_cents", BigInteger, comment="empty: it tells none"),
    Column("closing_cents", BigInteger),
    Column("imported", Text, nullable=False),
    comment="statements that were read, each as often as a new file brought it",
)

bank_entries = Table(
    "bank_entries",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("entry", Text, nullable=False, index=True, comment="its id: the day and a hash of its identity"),
    Column("identity", Text, nullable=False, comment="the bank's reference, or all that is told and a count"),
    Column("statement_seq", RowNumber, ForeignKey("bank_statements.seq"), nullable=False),
    Column("account", Text, nullable=False),
    Column("day", Text, nullable=False, index=True),
    Column("cents", BigInteger, nullable=False, comment="positive: it came in"),
    Column("currency", Text, nullable=False),
    Column("body", Text, nullable=False, comment="the whole entry as JSON"),
    Index("ix_bank_entries_account_day", "account", "day"),
    comment="bank entries, each once; a further row of an entry tells more of it",
)

bank_decisions = Table(
    "bank_decisions",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("entry", Text, nullable=False, index=True),
    Column("action", Text, nullable=False, comment="match | other | undo"),
    Column("documents", Text, nullable=False, comment="JSON: the numbers that were named"),
    Column("client_id", Text, nullable=False, comment="whose credit balance it is; empty: none was named"),
    Column("reason", Text, nullable=False),
    Column("decided_at", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    comment="what users decided about entries; the latest holds",
)

payments = Table(
    "payments",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("entry", Text, nullable=False, index=True),
    Column("document_number", Text, ForeignKey("documents.number"), index=True, comment="empty: a credit balance"),
    Column("client_id", Text, nullable=False, index=True),
    Column("cents", BigInteger, nullable=False, comment="positive: the client owes so much less"),
    Column("charges_cents", BigInteger, nullable=False, comment="what the bank kept of it"),
    Column("day", Text, nullable=False, index=True, comment="the entry's"),
    Column("kind", Text, nullable=False, comment="receipt | return | paid_back"),
    Column("rule", Text, nullable=False, comment="reference | end_to_end | number | account | hand"),
    Column("why", Text, nullable=False),
    Column("bank_reason", Text, nullable=False),
    Column("recorded", Text, nullable=False),
    Column("recorded_by", Text, nullable=False, comment="who decided it; empty: a rule"),
    comment="what entries pay; what is taken back is a further row of the other sign, so that sums are the truth",
)
