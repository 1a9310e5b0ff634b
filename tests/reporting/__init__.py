"""Tests of billing_job/reporting/."""
