"""Tests of billing_job/billing/."""
