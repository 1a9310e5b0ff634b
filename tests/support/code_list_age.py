"""Warns when a code list that the program ships is older than a year: schemes come and go with each release."""

import sys
from datetime import UTC, date, datetime, timedelta

from billing_job.documents.einvoice.code_lists import EAS_DAY, EAS_VERSION

OLDEST = timedelta(days=365)


def warnings(today: date) -> list[str]:
    """One sentence for each list that is too old."""
    if today - EAS_DAY <= OLDEST:
        return []
    return [f"warning: the code list EAS is that of {EAS_VERSION} ({EAS_DAY}): look for a newer one"]


if __name__ == "__main__":
    for warning in warnings(datetime.now(UTC).date()):
        print(warning, file=sys.stderr)
