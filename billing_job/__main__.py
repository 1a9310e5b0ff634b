"""`python -m billing_job`."""

from billing_job.cli import main

main()
