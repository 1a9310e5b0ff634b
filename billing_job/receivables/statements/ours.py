"""What a statement has in common with us, whatever its form: our accounts, money in cents, days."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_job.core.bank_entry import BankEntry
from billing_job.core.money import MAX_CENTS

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+")
_TURNED = str.maketrans(".,", ",.")


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """What a CSV statement calls its columns, `[bank.csv]`; an empty name: it has no such column."""

    date: str
    amount: str
    currency: str
    text: str
    reference: str
    iban: str
    name: str
    id: str
    account: str
    date_format: str
    decimal_comma: bool
    direction: str = ""


@dataclass(frozen=True, slots=True)
class House:
    """What is ours, and what day it is."""

    accounts: tuple[str, ...]
    """IBANs; the first is that of statements which name none."""
    currency: str
    today: date
    columns: CsvColumns


def our_account(told: str, house: House) -> str:
    """The IBAN of ours that a file means: an IBAN, with a currency behind it, or a national number; ValueError."""
    if not house.accounts:
        raise ValueError("no account of ours is known: set seller.iban in billing.toml, or bank.accounts")
    cleaned = re.sub(r"\s", "", told).upper()
    for account in house.accounts:
        if cleaned.startswith(account) and (len(cleaned) == len(account) or cleaned[len(account) :].isalpha()):
            return account
        if _is_national(cleaned, account):
            return account
    raise ValueError(
        f"is of account {told.strip() or '(none)'}, which is not ours ({', '.join(house.accounts)}): add it to"
        " bank.accounts in billing.toml if it is"
    )


def _is_national(told: str, iban: str) -> bool:
    """Whether a bank code and number (50880050/0194777200888) or a bare number are those within an IBAN."""
    bank, slash, number = told.rpartition("/")
    digits = number.removesuffix("EUR").lstrip("0")
    if not digits.isdigit() or len(digits) < 5:
        return False
    inner = iban[4:]
    if slash and not inner.startswith(bank):
        return False
    rest = inner[len(bank) :] if slash else inner.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return rest.lstrip("0") == digits if slash else rest.endswith(digits)


def decimal_of(text: str, *, comma: bool = False) -> Decimal:
    """A number in plain digits, thousands in groups of three where its decimals stand behind; ValueError for others.

    With a decimal comma a point only groups: 121.00 is then no number, and not twelve thousand.
    """
    told = text.translate(_TURNED) if comma else text
    if _GROUPED.fullmatch(told):
        told = told.replace(",", "")
    if not _NUMBER.fullmatch(told):
        raise ValueError(f"{text!r} is not an amount")
    return Decimal(told)


def cents_of(amount: Decimal, what: str) -> int:
    """An amount of money in cents; ValueError for one with parts of a cent, or beyond all sums."""
    scaled = amount.scaleb(2)
    if not amount.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{what}: {amount} is not a whole number of cents")
    if abs(scaled) > MAX_CENTS:
        raise ValueError(f"{what}: {amount} is more than a statement may hold")
    return int(scaled)


def foreign_iban(text: str, ours: Sequence[str]) -> str:
    """The first IBAN in a text that is none of ours and whose check digits are right; empty without one."""
    from stdnum import iban

    for found in _IBAN.finditer(text.upper()):
        told = found[0]
        for length in range(len(told), 14, -1):
            if iban.is_valid(told[:length], check_country=False):
                if told[:length] not in ours:
                    return told[:length]
                break
    return ""


def days_of(entries: Sequence[BankEntry], *told: date | None) -> tuple[date | None, date | None]:
    """The first and the last day of entries and of what else is told, such as the days of balances."""
    days = [*(entry.day for entry in entries), *(day for day in told if day is not None)]
    return (min(days), max(days)) if days else (None, None)
