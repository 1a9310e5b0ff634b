"""The bank of the sandbox's world: its clients pay on time, late, in parts, twice, after a reminder, or not at all.

What a client does follows from its place among all of them, by their first invoices, and is the same whenever it is
asked: a later statement holds all that an earlier one held, also where there are more clients by then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from xml.sax.saxutils import escape

from stdnum.iso7064 import mod_97_10

from billing_job.core.money import decimal_text
from billing_job.core.payment_reference import creditor_reference


class Habit(StrEnum):
    """How a client pays."""

    IN_PARTS = "in parts"
    NEVER = "never"
    TWICE = "twice"
    AFTER_REMINDER = "after a reminder"
    LATE = "late"
    ON_TIME = "on time"


@dataclass(frozen=True, slots=True)
class Owed:
    """An invoice, and what was done to have it paid."""

    number: str
    client_id: str
    client_name: str
    cents: int
    issued: date
    due: date
    collected: tuple[tuple[date, int], ...] = ()
    """Each direct debit that the bank was told of: its day and cents."""
    reminded: tuple[date, int] | None = None
    """The first letter that claimed something beside it, and how much."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the account."""

    day: date
    cents: int
    reference: str
    name: str
    iban: str
    text: str = ""
    structured: str = ""
    end_to_end: str = ""
    returned: str = ""


def habits(clients: Iterable[str]) -> Mapping[str, Habit]:
    """Client → how it pays: each habit in turn, in the order of `clients`, those of the invoices by day and number."""
    known = tuple(Habit)
    return {client: known[place % len(known)] for place, client in enumerate(dict.fromkeys(clients))}


def movements(owed: Sequence[Owed], until: date) -> list[Movement]:
    """All that has moved by the end of a day, in the order of the days."""
    habit_of = habits(each.client_id for each in owed)
    place_of = {client: place for place, client in enumerate(habit_of)}
    found = []
    for each in owed:
        iban = _iban(place_of[each.client_id])
        found += _collected(each, habit_of[each.client_id], iban) or _transferred(each, habit_of[each.client_id], iban)
    return sorted((one for one in found if one.day <= until), key=lambda one: (one.day, one.reference))


def _transferred(owed: Owed, habit: Habit, iban: str) -> list[Movement]:
    half = owed.cents // 2
    reference, by_hand = creditor_reference(owed.number), f"Factuur {owed.number.lower().replace('-', ' ')}"
    early = max(owed.issued, owed.due - timedelta(days=2))
    asked = owed.reminded
    planned: dict[Habit, list[tuple[date, int, str, str]]] = {
        Habit.ON_TIME: [(early, owed.cents, "", reference)],
        Habit.LATE: [(owed.due + timedelta(days=12), owed.cents, by_hand, "")],
        Habit.IN_PARTS: [
            (owed.due, half, "", reference),
            (owed.due + timedelta(days=30), owed.cents - half, f"Rest {owed.number}", ""),
        ],
        Habit.TWICE: [
            (early, owed.cents, "", reference),
            (owed.due + timedelta(days=3), owed.cents, by_hand, ""),
        ],
        Habit.AFTER_REMINDER: [] if asked is None else [
            (asked[0] + timedelta(days=5), owed.cents + asked[1], f"Herinnering {asked[0]}: {owed.number}", "")
        ],
        Habit.NEVER: [],
    }  # fmt: skip
    return [
        Movement(day, cents, f"{owed.number}-{place}", owed.client_name, iban, text, structured)
        for place, (day, cents, text, structured) in enumerate(planned[habit], 1)
    ]


def _collected(owed: Owed, habit: Habit, iban: str) -> list[Movement]:
    """Each debit on its day; of who never pays it comes back for want of money (AM04)."""
    found = []
    for place, (day, cents) in enumerate(owed.collected, 1):
        debit = Movement(day, cents, f"{owed.number}-D{place}", owed.client_name, iban, end_to_end=owed.number)
        found.append(debit)
        if habit is Habit.NEVER:
            back = day + timedelta(days=4)
            reference = f"{owed.number}-R{place}"
            found.append(
                Movement(back, -cents, reference, owed.client_name, iban, end_to_end=owed.number, returned="AM04")
            )
    return found


def _iban(place: int) -> str:
    national = f"SAND{place:010d}"
    return f"NL{mod_97_10.calc_check_digits(national + 'NL')}{national}"


def camt053(account: str, moved: Sequence[Movement], until: date) -> bytes:
    """A statement (camt.053.001.08) from the first movement to the day, in euros; the account began with nothing."""
    first = moved[0].day if moved else until
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, cents, day in (("OPBD", 0, first), ("CLBD", sum(one.cents for one in moved), until))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>SANDBOX-{until}</MsgId><CreDtTm>{until}T23:59:59</CreDtTm></GrpHdr>"
        f"<Stmt><Id>SANDBOX-{until}</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>{balances}"
        f"{''.join(map(_entry, moved))}</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def _amount(cents: int) -> str:
    way = "CRDT" if cents >= 0 else "DBIT"
    return f'<Amt Ccy="EUR">{decimal_text(abs(cents))}</Amt><CdtDbtInd>{way}</CdtDbtInd>'


def _entry(one: Movement) -> str:
    words = f"<Ustrd>{escape(one.text)}</Ustrd>" if one.text else ""
    words += f"<Strd><CdtrRefInf><Ref>{one.structured}</Ref></CdtrRefInf></Strd>" if one.structured else ""
    back = f"<RtrInf><Rsn><Cd>{one.returned}</Cd></Rsn></RtrInf>" if one.returned else ""
    return (
        f"<Ntry>{_amount(one.cents)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{one.day}</Dt></BookgDt>"
        f"<AcctSvcrRef>{one.reference}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{one.end_to_end or 'NOTPROVIDED'}</EndToEndId></Refs>"
        f"<RltdPties><Dbtr><Pty><Nm>{escape(one.name)}</Nm></Pty></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{one.iban}</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf>{words}</RmtInf>{back}</TxDtls></NtryDtls></Ntry>"
    )
