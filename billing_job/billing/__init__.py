"""From transactions to documents without numbers: pure, no I/O."""
