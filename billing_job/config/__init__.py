"""The user's files: billing.toml and the CSV tables, read with every problem named, and written."""
