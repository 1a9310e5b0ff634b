"""MT940 statements (SWIFT), read by the library mt-940; :86: is searched for what banks write there in many ways."""

import logging
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import mt940

from billing_job.core.bank_entry import BankEntry, EntryPart, Statement
from billing_job.receivables.statements.ours import House, cents_of, days_of, decimal_of, foreign_iban, our_account

logging.getLogger("mt940").addHandler(logging.NullHandler())
logging.getLogger("mt940").propagate = False  # it would print its expressions, where one sentence says what is wrong
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
"""A reversal of a credit takes money away again."""
_NO_REFERENCE = re.compile(r"(?:NONREF|NOTPROVIDED|0*|POS\.? *\d*)", re.IGNORECASE)
"""German banks put the place within the statement there: POS 1 is another entry each day."""
_RETURN_CODES = frozenset({"108", "109", "159", "184", "NRTI"})
"""German business codes of returned and refused debits and transfers, and SWIFT's code of a returned item."""
_SLASH = re.compile(r"/(NAME|EREF|REMI|RTRN|CSID|MARF|IBAN)/([^/]*)")
_END_TO_END = re.compile(r"(?:EREF\+|/EREF/|Kenmerk: *)([A-Za-z0-9._-]+)")
_OF_AMOUNT = re.compile(r"/(OCMT|CHGS)/([A-Z]{3})(\d+,\d{0,2})(?=/|\s|$)")
"""What the payment was of, and what the bank kept of it: the structure of :61:'s last line and of :86:."""
_WORDS = ("transaction_details", "purpose", "additional_purpose", "posting_text", "extra_details", "customer_reference")


def mt940_statements(content: bytes, house: House) -> list[Statement]:
    """Every statement of a file; a file that says more than the library understood is refused."""
    try:
        blocks = mt940.parse_statements(content, options=mt940.Options.all())
    except Exception as error:  # whatever the library trips over, the file is not read
        told = str(error.args[-1] if error.args else error).splitlines()
        raise ValueError(f"cannot be read as MT940 at {(told or [''])[0]!r}; fetch it from the bank again") from None
    text = content.decode("latin-1")
    if sum(len(block.transactions) for block in blocks) != len(re.findall(r"(?m)^:61:", text)):
        raise ValueError("holds entries (:61:) that cannot be read; fetch it from the bank again")
    if len(re.findall(r"(?m)^:62[FM]:", text)) < len(blocks):
        raise ValueError("is cut off: a statement has no closing balance (:62F:); fetch it from the bank again")
    return [_statement(block, house) for block in blocks]


def _statement(block: Any, house: House) -> Statement:
    data = block.data
    name = "/".join(str(data[key]) for key in ("statement_number", "sequence_number") if data.get(key))
    try:
        account = our_account(str(data.get("account_identification") or ""), house)
    except ValueError as error:
        raise ValueError(f"statement {name or '(without a name)'} {error}") from None
    entries = tuple(_entry(each.data, account, house, place) for place, each in enumerate(block.transactions, 1))
    opening, opening_day = _balance(data, ("final_opening_balance", "intermediate_opening_balance"), house)
    closing, closing_day = _balance(data, ("final_closing_balance", "intermediate_closing_balance"), house)
    first, last = days_of(entries, opening_day, closing_day)
    return Statement("mt940", account, name, entries, first, last, opening, closing)


def _balance(data: Mapping[str, Any], names: tuple[str, ...], house: House) -> tuple[int | None, date | None]:
    for name in names:
        balance = data.get(name)
        if balance is not None and balance.amount is not None and balance.amount.currency == house.currency:
            return cents_of(Decimal(balance.amount.amount), "a balance"), _plain_day(balance.date)
    return None, None


def _entry(data: Mapping[str, Any], account: str, house: House, place: int) -> BankEntry:
    what = f"entry {place}"
    status = str(data.get("status") or "").upper()
    if status not in _SIGNS:
        raise ValueError(f"{what} is neither credit nor debit ({status or 'nothing'})")
    amount = data["amount"]
    cents = _SIGNS[status] * abs(cents_of(Decimal(amount.amount), what))
    day = _plain_day(data.get("guessed_entry_date") or data.get("entry_date") or data["date"])
    reference = str(data.get("bank_reference") or "").strip()
    words = " ".join(" ".join(str(data[key]).split()) for key in _WORDS if data.get(key))
    slashes = dict(_SLASH.findall(words))
    iban = str(data.get("applicant_iban") or "")
    end_to_end = str(data.get("end_to_end_reference") or "").strip()
    if not end_to_end and (told := _END_TO_END.search(words)):
        end_to_end = told[1]
    code = str(data.get("transaction_code") or data.get("id") or "")
    is_return = status in ("RC", "RD") or code in _RETURN_CODES or "RTRN" in slashes or "RETURN REASON" in words.upper()
    part = EntryPart(
        cents,
        str(data.get("applicant_name") or slashes.get("NAME") or "").strip(),
        foreign_iban(iban, house.accounts) or foreign_iban(words, house.accounts),
        (),
        "" if _NO_REFERENCE.fullmatch(end_to_end) else end_to_end,
        words,
        _charges(words, cents, amount.currency or house.currency),
        is_return,
        (slashes.get("RTRN") or words[:140]).strip() if is_return else "",
    )
    return BankEntry(
        account,
        day,
        cents,
        amount.currency or house.currency,
        "" if _NO_REFERENCE.fullmatch(reference) else reference,
        (part,),
        code,
    )


def _charges(words: str, cents: int, currency: str) -> int:
    """What the bank kept of a payment, where what it was of is what reached us and the charges."""
    told = {
        name: cents_of(decimal_of(amount, comma=True), "charges")
        for name, money, amount in _OF_AMOUNT.findall(words)
        if money == currency
    }
    kept = told.get("CHGS", 0)
    return kept if told.get("OCMT") == abs(cents + kept) else 0


def _plain_day(day: Any) -> date:
    return date(day.year, day.month, day.day)
