"""EN 16931 and the XML formats that carry it."""
