"""A bank's file by what is in it: CAMT, MT940 or CSV; what cannot be read is said with file, place and remedy.

Nothing is half read: a file gives all of its statements, or ValueError.
"""

import re

from billing_job.core.bank_entry import BankEntry, Statement
from billing_job.core.money import decimal_text
from billing_job.receivables.statements.camt import camt_statements
from billing_job.receivables.statements.mt940 import mt940_statements
from billing_job.receivables.statements.ours import House
from billing_job.receivables.statements.table import csv_statements

MOST_BYTES = 512 * 2**20
"""More is no statement; it is refused before it is read."""


def statements_of(content: bytes, house: House) -> list[Statement]:
    """Every statement of a file; ValueError for one that cannot be read, or that is not ours."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"is larger than {MOST_BYTES >> 20} MB, which no statement is")
    start = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise ValueError("is empty")
    if start.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\0<")):
        found = camt_statements(content, house)
    elif re.search(rb"(?m)^:20:", content[: 1 << 16]) and re.search(rb"(?m)^:25[A-Z]?:", content[: 1 << 16]):
        found = mt940_statements(content, house)
    else:
        found = csv_statements(content, house)
    for statement in found:
        for entry in statement.entries:
            _check(entry, house)
    return found


def _check(entry: BankEntry, house: House) -> None:
    if entry.day > house.today:
        raise ValueError(
            f"the entry of {entry.day} over {decimal_text(entry.cents)} lies in the future (today is {house.today}):"
            " correct the clock, or bank.csv.date_format"
        )
