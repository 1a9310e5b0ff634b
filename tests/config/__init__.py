"""Tests of billing_job/config/."""
