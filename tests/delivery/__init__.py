"""Tests of billing_job/delivery/."""
