"""The bytes of a DATEV EXTF file: Windows-1252, CRLF, 31 header fields, 125 names, rows of exactly 125 fields."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.accounting.export import cut, decimal_comma, encodable
from billing_job.accounting.options import DatevOptions
from billing_job.accounting.programs.datev_columns import COLUMNS, QUOTED
from billing_job.core.period import Period

ENCODING = "cp1252"
ROWS_PER_FILE = 99_999
_PLACES = {name: place for place, name in enumerate(COLUMNS)}
_EMPTY_ROW = tuple('""' if place in QUOTED else "" for place in range(len(COLUMNS)))
_NOT_IN_REFERENCE = re.compile(r"[^A-Za-z0-9_$&%*+\-/]+")


@dataclass(frozen=True, slots=True)
class DatevRow:
    """One booking; negative cents are on the credit side (H) of `account`."""

    cents: int
    account: str
    contra_account: str
    tax_code: str
    day: date
    open_item: str
    second_reference: str
    text: str
    vat_id: str
    service_day: date | None
    due_day: date | None
    lock: bool


def batch_file(rows: Sequence[DatevRow], period: Period, currency: str, options: DatevOptions) -> bytes:
    """The whole file of rows whose days lie in one calendar month."""
    lines = [
        ";".join(_header(rows, period, currency, options)),
        ";".join(COLUMNS),
        *(";".join(_cells(row, currency)) for row in rows),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode(ENCODING)


def _header(rows: Sequence[DatevRow], period: Period, currency: str, options: DatevOptions) -> list[str]:
    """The 31 fields; the moment of creation is the last booking's day, so that the same month gives the same bytes."""
    first_month = options.fiscal_year_start_month
    year_start = date(period.year - (period.month < first_month), first_month, 1)
    created = f"{max(row.day for row in rows):%Y%m%d}000000000"
    return [
        _quoted("EXTF"), "700", "21", _quoted("Buchungsstapel"), "13", created, "", _quoted("RE"),
        _quoted("billing-job"), _quoted(""), str(options.consultant_number), str(options.client_number),
        f"{year_start:%Y%m%d}", str(options.account_length), f"{period.first_day:%Y%m%d}", f"{period.last_day:%Y%m%d}",
        _quoted(f"Rechnungen {period}"), _quoted(options.initials.upper()), "1", "0", str(int(options.lock)),
        _quoted(currency), "", _quoted(""), "", "", _quoted(options.chart), "", "", _quoted(""), _quoted(""),
    ]  # fmt: skip


def _cells(row: DatevRow, currency: str) -> list[str]:
    cells: Mapping[str, str] = {
        "Umsatz (ohne Soll/Haben-Kz)": decimal_comma(abs(row.cents)),
        "Soll/Haben-Kennzeichen": "S" if row.cents > 0 else "H",
        "WKZ Umsatz": currency,
        "Konto": row.account,
        "Gegenkonto (ohne BU-Schlüssel)": row.contra_account,
        "BU-Schlüssel": row.tax_code,
        "Belegdatum": f"{row.day:%d%m}",
        "Belegfeld 1": _reference(row.open_item, 36),
        "Belegfeld 2": _reference(row.second_reference, 12),
        "Buchungstext": cut(row.text, 60),
        "EU-Land u. UStID (Bestimmung)": _reference(row.vat_id, 15),
        "Festschreibung": str(int(row.lock)),
        "Leistungsdatum": f"{row.service_day:%d%m%Y}" if row.service_day else "",
        "Fälligkeit": f"{row.due_day:%d%m%Y}" if row.due_day else "",
    }
    line = list(_EMPTY_ROW)
    for name, cell in cells.items():
        place = _PLACES[name]
        line[place] = _quoted(cell) if place in QUOTED else cell
    return line


def _reference(text: str, length: int) -> str:
    """A number with only the signs that the field knows; too long, it loses its separators, then its beginning."""
    text = _NOT_IN_REFERENCE.sub("-", text)
    return text if len(text) <= length else re.sub(r"[^A-Za-z0-9]", "", text)[-length:]


def _quoted(text: str) -> str:
    escaped = encodable(text, ENCODING).replace('"', '""')
    return f'"{escaped}"'
