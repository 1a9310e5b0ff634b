"""Tests of billing_job/receivables/."""
