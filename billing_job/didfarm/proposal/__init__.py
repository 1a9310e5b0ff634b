"""Finding out how a supplier's answers are to be read: what each field may be, and which reading the wallet proves."""
