"""The ledger's tables for the tax office: tax periods that were closed, and what VIES said of VAT ids."""

from sqlalchemy import Boolean, Column, ForeignKey, Table

from billing_job.ledger.tables import RowNumber, Text, metadata

vat_closings = Table(
    "vat_closings",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("period", Text, nullable=False, comment="2026Q4 or 2026-10"),
    Column("numbers", Text, nullable=False, comment="JSON: the last number of each series that the return holds"),
    Column("closed", Text, nullable=False),
    Column("closed_by", Text, nullable=False),
    comment="tax periods whose return was filed: what is issued later is declared in the first open month",
)

vies_answers = Table(
    "vies_answers",
    metadata,
    Column("seq", RowNumber, primary_key=True, autoincrement=True),
    Column("vat_id", Text, nullable=False, index=True),
    Column("requester", Text, nullable=False, comment="the seller's VAT id; empty: it asked without one"),
    Column("valid", Boolean, nullable=False),
    Column("consultation_number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("body", Text, nullable=False, comment="the answer as it came"),
    comment="definite answers of VIES; an outage is none",
)

document_evidence = Table(
    "document_evidence",
    metadata,
    Column("document_number", Text, ForeignKey("documents.number"), primary_key=True),
    Column("answer", RowNumber, ForeignKey("vies_answers.seq"), nullable=False),
    comment="the answer of VIES that was the latest when a reverse charge was issued",
)
