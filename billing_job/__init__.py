"""Turns a DIDfarm reseller's wallet into the month's invoices."""

__version__ = "0.1.0"
