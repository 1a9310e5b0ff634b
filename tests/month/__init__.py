"""Tests of billing_job/month/."""
