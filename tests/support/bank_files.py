"""Statements as banks write them: the same movements as CAMT.053, MT940 or CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from billing_job.core.money import decimal_text
from tests.support.issued_documents import ACCOUNT


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement; `more` is XML for its details."""

    cents: int
    text: str = ""
    day: str = "2026-11-20"
    reference: str = ""
    iban: str = ""
    name: str = ""
    end_to_end: str = ""
    structured: str = ""
    returned: str = ""
    more: str = ""
    currency: str = "EUR"


def camt(
    *moved: Moved,
    account: str = ACCOUNT,
    name: str = "S1",
    version: str = "053.001.08",
    opening: int | None = None,
    closing: int | None = None,
    first: str = "2026-11-20",
    last: str = "2026-11-20",
) -> bytes:
    """A statement or notification of one account."""
    kind, root = ("Ntfctn", "BkToCstmrDbtCdtNtfctn") if version.startswith("054") else ("Stmt", "BkToCstmrStmt")
    balances = [
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, cents, day in (("OPBD", opening, first), ("CLBD", closing, last))
        if cents is not None
    ]
    entries = [_entry(each) for each in moved]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}">'
        f"<{root}><GrpHdr><MsgId>M</MsgId></GrpHdr><{kind}><Id>{name}</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>"
        f"{''.join(balances)}{''.join(entries)}</{kind}></{root}></Document>"
    ).encode()


def _amount(cents: int, currency: str = "EUR") -> str:
    way = "CRDT" if cents >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{decimal_text(abs(cents))}</Amt><CdtDbtInd>{way}</CdtDbtInd>'


def _entry(moved: Moved) -> str:
    side = "Dbtr" if moved.cents >= 0 or moved.returned else "Cdtr"
    parties = f"<{side}><Pty><Nm>{escape(moved.name)}</Nm></Pty></{side}>" if moved.name else ""
    parties += f"<{side}Acct><Id><IBAN>{moved.iban}</IBAN></Id></{side}Acct>" if moved.iban else ""
    strd = f"<Strd><CdtrRefInf><Ref>{moved.structured}</Ref></CdtrRefInf></Strd>" if moved.structured else ""
    ustrd = f"<Ustrd>{escape(moved.text)}</Ustrd>" if moved.text else ""
    details = (
        f"<TxDtls><Refs><EndToEndId>{moved.end_to_end or 'NOTPROVIDED'}</EndToEndId></Refs>"
        f"{moved.more}<RltdPties>{parties}</RltdPties><RmtInf>{ustrd}{strd}</RmtInf>"
        + (f"<RtrInf><Rsn><Cd>{moved.returned}</Cd></Rsn></RtrInf>" if moved.returned else "")
        + "</TxDtls>"
    )
    reference = f"<AcctSvcrRef>{moved.reference}</AcctSvcrRef>" if moved.reference else ""
    return (
        f"<Ntry>{_amount(moved.cents, moved.currency)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{moved.day}</Dt></BookgDt>"
        f"{reference}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def mt940(*moved: Moved, account: str = ACCOUNT, opening: int = 0) -> bytes:
    """A statement of one account, with its balances."""
    lines = [":20:STMT", f":25:{account}", ":28C:1/1", f":60F:{_balance(opening)}"]
    for each in moved:
        way, amount = ("C" if each.cents >= 0 else "D"), decimal_text(abs(each.cents)).replace(".", ",")
        day = each.day.replace("-", "")[2:]
        kind = "NRTI" if each.returned else "NTRF"
        lines.append(f":61:{day}{day[2:]}{way}{amount}{kind}NONREF" + (f"//{each.reference}" if each.reference else ""))
        fields = (("IBAN", each.iban), ("NAME", each.name), ("REMI", each.text), ("EREF", each.end_to_end))
        lines.append(":86:/TRTP/SEPA" + "".join(f"/{name}/{value}" for name, value in fields if value))
    lines += [f":62F:{_balance(opening + sum(each.cents for each in moved))}", "-"]
    return "\r\n".join(lines).encode()


def _balance(cents: int) -> str:
    return f"{'C' if cents >= 0 else 'D'}261120EUR{decimal_text(abs(cents)).replace('.', ',')}"


CSV_COLUMNS = "date,amount,currency,text,iban,name,id"


def csv_rows(moved: Sequence[Moved]) -> bytes:
    """The default columns of `[bank.csv]`."""
    rows = [
        f'{each.day},{decimal_text(each.cents)},{each.currency},"{each.text}",{each.iban},"{each.name}",{each.reference}'
        for each in moved
    ]
    return "\n".join([CSV_COLUMNS, *rows, ""]).encode()
