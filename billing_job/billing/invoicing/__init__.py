"""VAT, lines, documents and credit notes."""
