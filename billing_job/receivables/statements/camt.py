"""CAMT.053 statements and CAMT.054 notifications of every version, by the local names of their elements (ISO 20022).

Files that no XSD accepts are read where they make sense: no entries, no details, trailing zeros, several statements in
one file. Entities are not expanded, nothing is fetched, and an entry is forgotten as XML once it is read.
"""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from lxml import etree

from billing_job.core.bank_entry import BankEntry, EntryPart, Statement
from billing_job.receivables.statements.ours import House, cents_of, days_of, decimal_of, our_account

_STATEMENTS = {"Stmt": "camt053", "Ntfctn": "camt054"}
_RETURNS = frozenset({"RRTN", "UPDD", "PRDD", "ARET", "RVSL"})
"""Sub-families of bank transactions that take a payment back: returned, unpaid, reversed."""
_NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE", "0"})
Element: TypeAlias = Any
"""Of lxml, which brings no types."""


def camt_statements(content: bytes, house: House) -> list[Statement]:
    """Every statement and notification of a file, in its order."""
    found: list[Statement] = []
    entries: list[BankEntry] = []
    try:
        events = etree.iterparse(
            io.BytesIO(content),
            tag=("{*}Ntry", *(f"{{*}}{name}" for name in _STATEMENTS)),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        is_plain = False
        for _, element in events:
            name = _local_name(element)
            if not is_plain and element.getroottree().docinfo.doctype:
                raise ValueError("has a document type declaration, which no bank sends: it is not read")
            is_plain = True
            if name == "Ntry":
                if _local_name(element.getparent()) in _STATEMENTS:
                    entries += _entry(element, len(entries) + 1, house)
                    element.clear()
            else:
                found.append(_statement(element, _STATEMENTS[name], entries, house))
                entries = []
                element.clear()
    except etree.XMLSyntaxError as error:
        raise ValueError(f"is not whole XML: {error.msg}; fetch it from the bank again") from None
    if not found:
        raise ValueError("holds no statement (Stmt) and no notification (Ntfctn): is it CAMT.053 or CAMT.054?")
    return found


def _local_name(element: Element) -> str:
    tag: str = element.tag
    return tag.rpartition("}")[2]


def _statement(element: Element, format_name: str, entries: list[BankEntry], house: House) -> Statement:
    told = _text(element, "Acct/Id/IBAN") or _text(element, "Acct/Id/Othr/Id") or ""
    name = _text(element, "Id") or _text(element, "ElctrncSeqNb") or ""
    try:
        account = our_account(told, house)
    except ValueError as error:
        raise ValueError(f"statement {name or '(without a name)'} {error}") from None
    opening, opening_day = _balance(element, ("OPBD", "PRCD"), house)
    closing, closing_day = _balance(element, ("CLBD",), house)
    own = tuple(_with_account(entry, account) for entry in entries)
    first, last = days_of(own, opening_day, closing_day)
    return Statement(format_name, account, name, own, first, last, opening, closing)


def _with_account(entry: BankEntry, account: str) -> BankEntry:
    return BankEntry(account, entry.day, entry.cents, entry.currency, entry.reference, entry.parts, entry.code)


def _balance(element: Element, codes: tuple[str, ...], house: House) -> tuple[int | None, date | None]:
    """The first balance of these codes in our currency, and its day."""
    for balance in element.iterfind("{*}Bal"):
        amount = balance.find("{*}Amt")
        code = _text(balance, "Tp/CdOrPrtry/Cd")
        if code in codes and amount is not None and amount.get("Ccy", house.currency) == house.currency:
            cents = cents_of(_decimal(amount, f"balance {code}"), f"balance {code}")
            sign = -1 if _text(balance, "CdtDbtInd") == "DBIT" else 1
            return sign * cents, _day(balance, "Dt")
    return None, None


def _entry(element: Element, place: int, house: House) -> Iterator[BankEntry]:
    """The entry, unless it is not booked yet; its account is known at the end of the statement only."""
    status = _text(element, "Sts/Cd") or _text(element, "Sts/Prtry") or _text(element, "Sts") or "BOOK"
    if not status.upper().startswith("BOOK"):
        return
    what = f"entry {place}"
    amount = element.find("{*}Amt")
    if amount is None:
        raise ValueError(f"{what} has no amount (Amt)")
    day = _day(element, "BookgDt") or _day(element, "ValDt")
    if day is None:
        raise ValueError(f"{what} has no day (BookgDt, ValDt)")
    sign = _sign(element, what)
    cents = sign * cents_of(_decimal(amount, what), what)
    currency = amount.get("Ccy") or house.currency
    reference = _text(element, "AcctSvcrRef") or ""
    details = _all(element, "NtryDtls/TxDtls")
    if reference in _NO_REFERENCE and len(details) == 1:
        reference = _text(details[0], "Refs/AcctSvcrRef") or ""
    code = _text(element, "BkTxCd/Domn/Fmly/SubFmlyCd") or _text(element, "BkTxCd/Prtry/Cd") or ""
    is_return = _text(element, "RvslInd") in ("true", "1") or code in _RETURNS
    more = _text(element, "AddtlNtryInf") or ""
    parts = tuple(_parts(element, details, cents, currency, is_return=is_return, more=more, house=house))
    yield BankEntry("", day, cents, currency, "" if reference in _NO_REFERENCE else reference, parts, code)


def _parts(
    entry: Element, details: list[Element], cents: int, currency: str, *, is_return: bool, more: str, house: House
) -> Iterator[EntryPart]:
    """A part for each detail where their amounts add up to the entry's, otherwise one for all of it.

    What the bank kept of all of them together stands beside the largest. Where the details are less than what came the
    rest is a part that says nothing.
    """
    amounts = [_detail_cents(detail, cents, currency) for detail in details]
    told = [amount for amount in amounts if amount is not None]
    payments = _text(entry, "NtryDtls/Btch/NbOfTxs") or ""
    is_several = len(details) > 1 or (payments.isdecimal() and int(payments) > 1)
    untold = cents - sum(told) if len(told) == len(details) and min(told, default=0) > 0 else 0
    if untold <= 0:
        told, untold = [cents] if len(details) == 1 and (told or not is_several) else told, 0
    kept, largest = 0, max(told, key=abs, default=0)
    if len(told) == len(details) > 1 and sum(told) - _kept(entry, currency)[0] == cents:
        kept = sum(told) - cents
        told[told.index(largest)] -= kept
    if details and len(told) == len(details) and sum(told) + untold == cents:
        for detail, amount in zip(details, told, strict=True):
            words = " ".join(part for part in (_remittance(detail), more) if part)
            charges = _charges(detail, amount, currency) or (
                _charges(entry, amount, currency) if len(details) == 1 else 0
            )
            if kept and amount == largest - kept:
                charges, kept = kept, 0
            yield _part(detail, amount, words, charges, is_return=is_return, house=house)
        if untold:
            yield EntryPart(untold, is_return=is_return)
        return
    words = " ".join(part for part in (*map(_remittance, details), more) if part)
    returned = is_return or any(detail.find("{*}RtrInf") is not None for detail in details)
    kept = _charges(entry, cents, currency)
    yield EntryPart(cents, text=words, charges_cents=kept, is_return=returned, is_several=is_several)


def _part(detail: Element, cents: int, words: str, charges: int, *, is_return: bool, house: House) -> EntryPart:
    returned = detail.find("{*}RtrInf")
    name, iban = _other_side(detail, cents, house)
    end_to_end = _text(detail, "Refs/EndToEndId") or ""
    references = tuple(
        text for found in _all(detail, "RmtInf/Strd/CdtrRefInf/Ref") if (text := (found.text or "").strip())
    )
    return EntryPart(
        cents,
        name,
        iban,
        references,
        "" if end_to_end in _NO_REFERENCE else end_to_end,
        words,
        charges,
        is_return or returned is not None,
        "" if returned is None else _reason(returned),
    )


def _detail_cents(detail: Element, cents: int, currency: str) -> int | None:
    for path in ("{*}Amt", "{*}AmtDtls/{*}TxAmt/{*}Amt"):
        amount = detail.find(path)
        if amount is not None and amount.get("Ccy", currency) == currency:
            told = _text(detail, "CdtDbtInd")
            sign = (1 if told == "CRDT" else -1) if told else (1 if cents >= 0 else -1)
            return sign * cents_of(_decimal(amount, "a detail"), "a detail")
    return None


def _charges(element: Element, cents: int, currency: str) -> int:
    """What the bank kept of a payment, where it says so or the payment's own amount is what reached us and they."""
    kept, said = _kept(element, currency)
    if not kept:
        return 0
    told = (element.find(f"{{*}}AmtDtls/{{*}}{name}/{{*}}Amt") for name in ("InstdAmt", "TxAmt"))
    whole = (one for one in told if one is not None and one.get("Ccy", currency) == currency)
    is_less = any(cents_of(_decimal(one, "a detail"), "a detail") == abs(cents + kept) for one in whole)
    return kept if is_less else said


def _kept(element: Element, currency: str) -> tuple[int, int]:
    """All charges that are told beside an amount, and those that are said to be taken out of it."""
    if not _all(element, "Chrgs"):
        return 0, 0
    records = _all(element, "Chrgs/Rcrd") or _all(element, "Chrgs")
    kept, said = 0, 0
    for record in records:
        amount = record.find("{*}Amt")
        if amount is None or amount.get("Ccy", currency) != currency or _text(record, "CdtDbtInd") == "CRDT":
            continue
        one = cents_of(_decimal(amount, "charges"), "charges")
        kept += one
        said += one if _text(record, "ChrgInclInd") in ("true", "1") else 0
    return kept, said


def _other_side(detail: Element, cents: int, house: House) -> tuple[str, str]:
    """Name and IBAN of whoever is not us: who paid, of money that came; who was paid, of money that went."""
    sides = ("Dbtr", "Cdtr") if cents >= 0 else ("Cdtr", "Dbtr")
    for side in sides:
        iban = _text(detail, f"RltdPties/{side}Acct/Id/IBAN") or _text(detail, f"RltdPties/{side}Acct/Id/Othr/Id") or ""
        name = _text(detail, f"RltdPties/{side}/Nm") or _text(detail, f"RltdPties/{side}/Pty/Nm") or ""
        cleaned = "".join(iban.split()).upper()
        if (cleaned or name) and cleaned not in house.accounts:
            return name, cleaned
    return "", ""


def _remittance(detail: Element) -> str:
    """All that the payment says in words: free lines, documents referred to, and what the bank adds."""
    paths = ("RmtInf/Ustrd", "RmtInf/Strd/RfrdDocInf/Nb", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf")
    return " ".join(text for path in paths for found in _all(detail, path) if (text := (found.text or "").strip()))


def _reason(returned: Element) -> str:
    parts = (_text(returned, "Rsn/Cd") or _text(returned, "Rsn/Prtry") or "", _text(returned, "AddtlInf") or "")
    return " ".join(part for part in parts if part)


def _sign(element: Element, what: str) -> int:
    told = _text(element, "CdtDbtInd")
    if told not in ("CRDT", "DBIT"):
        raise ValueError(f"{what} does not say whether it came in or went out (CdtDbtInd)")
    return 1 if told == "CRDT" else -1


def _decimal(amount: Element, what: str) -> Decimal:
    text = (amount.text or "").strip()
    try:
        value = decimal_of(text)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None
    if value.is_signed() and value:
        raise ValueError(f"{what}: {text!r} is below zero; CdtDbtInd says which way it went")
    return value


def _day(element: Element, path: str) -> date | None:
    """The day of a date or a moment, as the bank writes it."""
    text = _text(element, f"{path}/Dt") or _text(element, f"{path}/DtTm")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"{path}: {text!r} is not a day") from None


@lru_cache(maxsize=128)
def _tags(path: str) -> tuple[str, ...]:
    return tuple(f"{{*}}{name}" for name in path.split("/"))


def _all(element: Element, path: str) -> list[Element]:
    """Every element at a path of local names; the paths of lxml cost three times as much, and an entry has thirty."""
    found = [element]
    for tag in _tags(path):
        found = [child for each in found for child in each.iterchildren(tag)]
    return found


def _text(element: Element, path: str) -> str | None:
    """The text at a path of local names, of first children; None when there is none."""
    for tag in _tags(path):
        element = next(element.iterchildren(tag), None)
        if element is None:
            return None
    text: str | None = element.text
    return (text.strip() or None) if text else None
