"""Payments, open items, reminders: pure, told of documents and bank entries as values."""
