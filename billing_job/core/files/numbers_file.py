"""numbers.json: which ledger gave numbers here, and the highest of each series, so that a lost ledger is found out.

It stands in the output folder and, for a ledger in a file, beside that file; `restore` leaves both.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

NUMBERS = "numbers.json"
SCHEMA = "billing-job/numbers@1"


@dataclass(frozen=True, slots=True)
class GivenNumbers:
    """`highest` is the last number of each series, such as {"invoice 2026": 7}."""

    ledger: str
    highest: Mapping[str, int]

    def beyond(self, other: Mapping[str, int]) -> list[str]:
        """The series in which these numbers go on where the other ones end."""
        return sorted(name for name, number in self.highest.items() if number > other.get(name, 0))


def read_numbers(content: bytes | None) -> GivenNumbers | None:
    """What a file says; None where there is none, ValueError for one that cannot be read."""
    if content is None:
        return None
    body = json.loads(content)
    highest = body.get("highest") if isinstance(body, dict) else None
    if not isinstance(highest, dict) or not all(type(number) is int for number in highest.values()):
        raise ValueError("it is not a file of billing-job")
    return GivenNumbers(str(body.get("ledger", "")), highest)


def numbers_content(numbers: GivenNumbers) -> bytes:
    """The file's bytes."""
    body = {"schema": SCHEMA, "ledger": numbers.ledger, "highest": dict(numbers.highest)}
    return (json.dumps(body, indent=2, sort_keys=True) + "\n").encode()
