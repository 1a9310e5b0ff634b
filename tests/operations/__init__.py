"""Tests of billing_job/operations/."""
