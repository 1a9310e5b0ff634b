"""The ledger's tables for the tax office: tax periods that were closed."""

from sqlalchemy import Column, Table

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
