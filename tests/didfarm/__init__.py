"""Tests of billing_job/didfarm/."""
