"""A bank's files → statements: CAMT.053 and .054, MT940, CSV."""
