"""Tests of billing_job/accounting/."""
