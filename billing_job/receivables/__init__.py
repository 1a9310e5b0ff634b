"""Payments, open items, reminders: pure; documents and bank entries come as values."""
