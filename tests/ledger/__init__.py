"""Tests of billing_job/ledger/."""
