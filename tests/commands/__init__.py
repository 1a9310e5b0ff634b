"""Tests of billing_job/commands/."""
