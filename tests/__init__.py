"""The tests, by the rooms of billing_job/."""
