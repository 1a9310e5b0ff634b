"""Tests of billing_job/documents/."""
