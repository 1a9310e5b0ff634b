"""A document becomes HTML, PDF, CSV, CII and UBL: bytes in memory, no disk."""
