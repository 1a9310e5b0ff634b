"""The ledger: our copy of every transaction, and of all that was issued from it."""
