"""Tests of billing_job/core/."""
