"""Whose is each transaction, and why."""
