"""The bytes of a DATEV EXTF file: Windows-1252, CRLF, 31 header fields, 125 names, rows of exactly 125 fields."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.accounting.export import cut, decimal_comma, encodable
from billing_job.accounting.options import DatevOptions
from billing_job.core.period import Period

ENCODING = "cp1252"
ROWS_PER_FILE = 99_999
_PAIRS_OF_DOCUMENT_INFO = [
    name for number in range(1, 9) for name in (f"Beleginfo - Art {number}", f"Beleginfo - Inhalt {number}")
]
_PAIRS_OF_EXTRA_INFO = [
    name
    for number in range(1, 21)
    for name in (f"Zusatzinformation - Art {number}", f"Zusatzinformation- Inhalt {number}")
]
COLUMNS: tuple[str, ...] = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz",
    "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto",
    "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre",
    "Beleglink",
    *_PAIRS_OF_DOCUMENT_INFO,
    "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung",
    *_PAIRS_OF_EXTRA_INFO,
    "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp",
    "Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz",
    "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername", "Beteiligtennummer",
    "Identifikationsnummer", "Zeichnernummer", "Postensperre bis", "Bezeichnung SoBil-Sachverhalt",
    "Kennzeichen SoBil-Buchung", "Festschreibung", "Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit",
    "Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz", "BVV-Position", "EU-Land u. UStID (Ursprung)",
    "EU-Steuersatz (Ursprung)", "Abw. Skontokonto",
)  # fmt: skip
"""Format version 13, in order; DATEV matches them by position."""
_TEXT_FIELDS = (
    2, 3, 6, 9, 11, 12, 14, 16, *range(20, 39), 40, 42, *range(48, 88), 91, 95, 96, 98, 102, 103, 105, 107, 109, 110,
    112, 118, 120, 121, 123,
)  # fmt: skip
QUOTED = frozenset(number - 1 for number in _TEXT_FIELDS)
"""Positions (from 0) of the text fields, which stand in quotation marks even when they are empty."""
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
