"""The month as a balanced journal, and the files that accounting programs import, each written from that journal."""
