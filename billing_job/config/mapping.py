"""The user's word on who is who: clients.csv, trunks.csv, numbers.csv and vat_rates.csv beside billing.toml.

A reading gives `(values, problems)`; every bad row is reported with file, row and column, all files at once.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from billing_job.core.document import Client
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import CsvRow, csv_rows
from billing_job.core.money import cents_from_decimal
from billing_job.core.phone import country_of, e164
from billing_job.core.register import Mapping, NumberAssignment, TrunkAssignment, VatRate, overlaps

CLIENT_COLUMNS = (
    "client_id", "name", "street", "postal_code", "city", "country", "vat_id", "registration_id", "email", "language",
    "plan", "payment_terms_days", "tax_treatment", "detail", "peppol_id",
)  # fmt: skip
TRUNK_COLUMNS = ("trunk", "client_id", "valid_from", "valid_to")
NUMBER_COLUMNS = (
    "number", "did_number_id", "order_id", "country", "number_type", "trunk", "valid_from", "valid_to",
    "price",
)  # fmt: skip
RATE_COLUMNS = ("country", "category", "rate", "valid_from")

TAX_TREATMENTS = {
    "": "", "auto": "",
    "s": "S", "standard": "S",
    "ae": "AE", "reverse_charge": "AE",
    "o": "O", "outside_scope": "O",
    "e": "E", "exempt": "E",
    "z": "Z", "zero": "Z",
    "oss": "OSS",
}  # fmt: skip
"""What a client's tax_treatment may say, and the EN 16931 category it stands for (OSS: the client country's rate)."""

DETAILS = ("category", "number", "transaction")


def load_mapping(folder: Path, plan_names: Sequence[str]) -> Mapping:
    """Read the four files of a configuration folder; numbers.csv and vat_rates.csv may be missing.

    ConfigError lists every bad row of all of them.
    """
    problems: list[str] = []

    def rows(name: str, columns: Sequence[str], required: Sequence[str], *, optional: bool = False) -> Iterator[CsvRow]:
        path = folder / name
        return iter(()) if optional and not path.exists() else csv_rows(path, columns, required, problems)

    clients = [
        found
        for row in rows("clients.csv", CLIENT_COLUMNS, ("client_id", "name", "country"))
        for found in _client(row, plan_names)
    ]
    problems += _twice(folder / "clients.csv", [(client.client_id, place) for client, place in clients])
    # Who is a client is only known once clients.csv is right; until then it is no fault to name one that is not.
    known = None if problems else {client.client_id for client, _ in clients}
    trunks = [
        found for row in rows("trunks.csv", TRUNK_COLUMNS, ("trunk", "client_id")) for found in _trunk(row, known)
    ]
    numbers = [
        found for row in rows("numbers.csv", NUMBER_COLUMNS, ("trunk",), optional=True) for found in _number(row)
    ]
    rates = [
        found
        for row in rows("vat_rates.csv", RATE_COLUMNS, ("country", "rate", "valid_from"), optional=True)
        for found in _rate(row)
    ]
    problems += overlaps("trunk", [(trunk.trunk, trunk) for trunk in trunks])
    problems += overlaps("number", [(number.number, number) for number in numbers if number.number])
    problems += overlaps("did_number_id", [(n.did_number_id, n) for n in numbers if n.did_number_id])
    if problems:
        raise ConfigError(problems)
    return Mapping(tuple(client for client, _ in clients), tuple(trunks), tuple(numbers), tuple(rates))


def load_vat_rates(path: Path) -> tuple[VatRate, ...]:
    """The rates of one file; ConfigError lists every bad row."""
    problems: list[str] = []
    rows = csv_rows(path, RATE_COLUMNS, ("country", "rate", "valid_from"), problems)
    rates = tuple(found for row in rows for found in _rate(row))
    if problems:
        raise ConfigError(problems)
    return rates


def _twice(path: Path, ids: Sequence[tuple[str, str]]) -> list[str]:
    first: dict[str, str] = {}
    problems = []
    for client_id, place in ids:
        if client_id.casefold() in first:
            problems.append(
                f"{place}, column client_id: {client_id!r}: is a client already at {first[client_id.casefold()]}"
            )
        else:
            first[client_id.casefold()] = place.removeprefix(f"{path}, ")
    return problems


def _client(row: CsvRow, plan_names: Sequence[str]) -> Iterator[tuple[Client, str]]:
    cells = row.cells
    before = len(row.problems)
    if not re.fullmatch(r"[^\W_][\w.@+ -]{0,63}", cells["client_id"]):
        row.wrong(
            "client_id", "use letters, digits, '.', '_', '-' and at most 64 of them: it becomes part of file names"
        )
    country = cells["country"].upper()
    if not re.fullmatch(r"[A-Z]{2}", country):
        row.wrong("country", "write the two-letter code of ISO 3166, such as NL")
    treatment = TAX_TREATMENTS.get(cells["tax_treatment"].lower())
    if treatment is None:
        known = [name for name in TAX_TREATMENTS if len(name) > 2]
        row.wrong("tax_treatment", f"leave it empty, or write one of {', '.join(known)}")
    if cells["plan"] and cells["plan"] not in plan_names:
        row.wrong("plan", f"there is no such plan in billing.toml; the plans are {', '.join(plan_names)}")
    if cells["detail"] and cells["detail"] not in DETAILS:
        row.wrong("detail", f"write one of {', '.join(DETAILS)}, or leave it empty for number")
    if cells["language"] and not re.fullmatch(r"[A-Za-z]{2}([-_][A-Za-z]{2,4})?", cells["language"]):
        row.wrong("language", "write a two-letter language code, such as nl")
    terms = row.read("payment_terms_days", _days, "write a whole number of days from 0 to 365, or leave it empty")
    if cells["email"] and not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", cells["email"]):
        row.wrong("email", "write one address, such as billing@example.com")
    if len(row.problems) > before:
        return
    yield (
        Client(
            client_id=cells["client_id"],
            name=cells["name"],
            street=cells["street"],
            postal_code=cells["postal_code"],
            city=cells["city"],
            country=country,
            vat_id=re.sub(r"[\s.-]", "", cells["vat_id"]).upper(),
            registration_id=cells["registration_id"],
            email=cells["email"],
            language=cells["language"][:2].lower() or "en",
            plan=cells["plan"],
            payment_terms_days=terms,
            tax_treatment=treatment or "",
            detail=cells["detail"] or "number",
            peppol_id=cells["peppol_id"],
        ),
        row.place,
    )


def _days(text: str) -> int | None:
    if not text:
        return None
    days = int(text)
    if not 0 <= days <= 365:
        raise ValueError
    return days


def _trunk(row: CsvRow, client_ids: set[str] | None) -> Iterator[TrunkAssignment]:
    before = len(row.problems)
    valid_from, valid_to = row.dates()
    if client_ids is not None and row.cells["client_id"] not in client_ids:
        row.wrong("client_id", "there is no such client in clients.csv; add it there or correct the id")
    if len(row.problems) == before:
        yield TrunkAssignment(valid_from, valid_to, row.place, row.cells["trunk"], row.cells["client_id"])


def _number(row: CsvRow) -> Iterator[NumberAssignment]:
    cells = row.cells
    before = len(row.problems)
    valid_from, valid_to = row.dates()
    number = ""
    if cells["number"]:
        found = e164(cells["number"])
        if found is None:
            row.wrong("number", "write it in E.164, such as +31201234567")
        number = found or ""
    if not (cells["number"] or cells["did_number_id"] or cells["order_id"]):
        row.wrong("number", "fill in number, did_number_id or order_id: the row says nothing without one of them")
    price = row.read("price", _optional_cents, "write what the number cost, such as 1.50, or leave it empty")
    country = cells["country"].upper()
    if country and not re.fullmatch(r"[A-Z]{2}", country):
        row.wrong("country", "write the two-letter code of ISO 3166, such as NL")
    if len(row.problems) == before:
        yield NumberAssignment(
            valid_from, valid_to, row.place, number, cells["did_number_id"], cells["order_id"],
            country or (country_of(number) if number else ""), cells["number_type"], cells["trunk"],
            price_cents=price,
        )  # fmt: skip


def _optional_cents(text: str) -> int | None:
    if not text:
        return None
    cents = cents_from_decimal(text)
    if cents < 0:
        raise ValueError
    return cents


def _rate(row: CsvRow) -> Iterator[VatRate]:
    before = len(row.problems)
    if not re.fullmatch(r"[A-Z]{2}", row.cells["country"].upper()):
        row.wrong("country", "write the two-letter code of ISO 3166, such as NL")
    category = TAX_TREATMENTS.get(row.cells["category"].lower()) or "S"
    if row.cells["category"] and row.cells["category"].lower() not in ("s", "standard"):
        row.wrong("category", "only the standard rate is used: write S")
    rate = row.read("rate", _percent, "write the rate in percent, such as 21 or 25.5")
    valid_from = row.read("valid_from", date.fromisoformat, "write the first day of the rate as YYYY-MM-DD")
    if len(row.problems) == before and rate is not None and valid_from is not None:
        yield VatRate(row.cells["country"].upper(), category, rate, valid_from)


def _percent(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ValueError from None
    if not rate.is_finite() or not 0 <= rate <= 100:
        raise ValueError
    return rate
