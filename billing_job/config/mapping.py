"""The user's word on who is who: clients.csv, trunks.csv, numbers.csv beside billing.toml, and what the law says of it.

Every bad row is reported with file, row and column, all files at once.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from billing_job.billing.invoicing.tax import written_vat_id
from billing_job.core.document import Client
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import CsvRow, Row, known, table_path, typed_rows
from billing_job.core.money import micros_from_decimal
from billing_job.core.phone import country_of
from billing_job.core.register import (
    BuyerReferences,
    DomesticReverseCharge,
    ExchangeRate,
    NumberAssignment,
    Register,
    TrunkAssignment,
    VatRate,
    overlaps,
)
from billing_job.core.toml import (
    Country,
    Day,
    DayCount,
    Id,
    Language,
    NumberCountry,
    PhoneNumber,
    PositiveWalletMoney,
    VatRatePercent,
    as_text,
    expecting,
)
from billing_job.documents.einvoice.addresses import participant_problem
from billing_job.documents.einvoice.leitweg_id import is_leitweg_id, is_meant_as_leitweg_id

TAX_TREATMENTS = {
    "": "", "auto": "",
    "s": "S", "standard": "S",
    "ae": "AE", "reverse_charge": "AE",
    "o": "O", "outside_scope": "O",
    "e": "E", "exempt": "E",
    "z": "Z", "zero": "Z",
    "oss": "OSS",
    "domestic_reverse_charge": "DRC",
}  # fmt: skip
"""What a client's tax_treatment may say, and the EN 16931 category it stands for.

OSS is the client country's rate, DRC category AE within the seller's own country.
"""


def _later(valid_to: Day, info: ValidationInfo) -> Day:
    valid_from = info.data.get("valid_from")
    if valid_from and valid_to <= valid_from:
        raise ValueError(f"it must be later than valid_from {valid_from}; it is the first day that no longer counts")
    return valid_to


ValidFrom = Annotated[Day, expecting("write the day as YYYY-MM-DD, or leave it empty for open")]
ValidTo = Annotated[ValidFrom, AfterValidator(_later)]


def _participant(value: str) -> str:
    if problem := participant_problem(value):
        raise ValueError(problem)
    return value


def _addresses(value: str) -> str:
    addresses = [address.strip() for address in value.split(";") if address.strip()]
    if not all(re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", address) for address in addresses):
        raise ValueError("write one address, such as billing@example.com, or several with ; between them")
    return ";".join(addresses)


Addresses = Annotated[str, AfterValidator(_addresses)]


class ClientRow(Row):
    """A row of clients.csv."""

    client_id: Annotated[
        str,
        Field(pattern=r"^[^\W_][\w.@+ -]{0,63}$"),
        expecting("use letters, digits, '.', '_', '-' and at most 64 of them: it becomes part of file names"),
        AfterValidator(as_text),
    ]
    name: str
    attention: str = ""
    street: str = ""
    street2: str = ""
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country: Country
    vat_id: Annotated[str, AfterValidator(written_vat_id)] = ""
    registration_id: str = ""
    email: Addresses = ""
    email_copy: Addresses = ""
    language: Language = "en"
    plan: Annotated[str, known("plans", "there is no such plan in billing.toml; the plans are {names}")] = ""
    payment_terms_days: Annotated[
        DayCount | None, expecting("write a whole number of days from 0 to 365, or leave it empty")
    ] = None
    tax_treatment: Annotated[
        str,
        BeforeValidator(lambda word: TAX_TREATMENTS.get(word.lower())),
        expecting(f"leave it empty, or write one of {', '.join(word for word in TAX_TREATMENTS if len(word) > 2)}"),
    ] = ""
    detail: Annotated[
        Literal["category", "number", "transaction"],
        expecting("write one of category, number, transaction, or leave it empty for number"),
    ] = "number"
    peppol_id: Annotated[str, AfterValidator(_participant)] = ""
    buyer_reference: str = ""
    purchase_order: str = ""
    contract_reference: str = ""
    einvoice: Annotated[
        Literal["auto", "peppol", "xrechnung", "nlcius", "en16931", "none"],
        BeforeValidator(str.lower),
        expecting("write one of auto, peppol, xrechnung, nlcius, en16931, none, or leave it empty for auto"),
    ] = "auto"
    channel: Annotated[
        Literal["", "email", "peppol", "auto", "none"],
        BeforeValidator(str.lower),
        expecting("write one of email, peppol, auto, none, or leave it empty for auto"),
    ] = ""
    payment: Annotated[
        Literal["transfer", "direct_debit"],
        BeforeValidator(str.lower),
        expecting("write transfer or direct_debit, or leave it empty for transfer"),
    ] = "transfer"
    notes: str = ""


_A_DAY = ("country", "valid_from")
_NOT_ON_DOCUMENTS = ("channel", "notes")
"""Columns of clients.csv that no document needs to remember."""


class TrunkRow(Row):
    """A row of trunks.csv."""

    trunk: Id
    client_id: Annotated[
        str, known("clients", "there is no such client in clients.csv; add it there or correct the id")
    ]
    valid_from: ValidFrom | None = None
    valid_to: ValidTo | None = None
    notes: str = ""


class NumberRow(Row):
    """A row of numbers.csv."""

    number: PhoneNumber = ""
    did_number_id: Id = ""
    order_id: Id = ""
    country: NumberCountry = ""
    number_type: str = ""
    trunk: Id
    valid_from: ValidFrom | None = None
    valid_to: ValidTo | None = None
    price: Annotated[PositiveWalletMoney, expecting("write what the number cost, such as 1.50, or leave it empty")] = ""
    notes: str = ""


class RateRow(Row):
    """A row of vat_rates.csv."""

    country: Country
    category: Annotated[
        Literal["S"],
        BeforeValidator(lambda value: TAX_TREATMENTS.get(value.lower())),
        expecting("only the standard rate is used: write S"),
    ] = "S"
    rate: VatRatePercent
    valid_from: Day
    notes: str = ""


class ReverseChargeRow(Row):
    """A row of domestic_reverse_charge.csv."""

    country: Country
    wording: str
    valid_from: Day
    valid_to: ValidTo | None = None
    source: str


class ExchangeRateRow(Row):
    """A row of exchange_rates.csv."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), expecting("write the code of ISO 4217, such as SEK")]
    rate: Annotated[Decimal, Field(gt=0, max_digits=18), expecting("write the rate, such as 11.2345")]
    valid_from: Day


class ReferenceRow(Row):
    """A row of references.csv."""

    client_id: str
    buyer_reference: str = ""
    purchase_order: str = ""
    contract_reference: str = ""
    valid_from: Day


CLIENT_COLUMNS, TRUNK_COLUMNS, NUMBER_COLUMNS = ClientRow.columns(), TrunkRow.columns(), NumberRow.columns()


def load_mapping(folder: Path, plan_names: Sequence[str]) -> Register:
    """Read the files of a configuration folder; all but clients.csv and trunks.csv may be missing.

    ConfigError lists every bad row of all of them.
    """
    problems: list[str] = []
    key = ("client_id", "valid_from")
    dated = tuple(typed_rows(folder / "references.csv", ReferenceRow, problems, optional=True, once=key))
    by_date = {each.client_id for _, each in dated if each.buyer_reference}
    client_rows = tuple(_client_rows(table_path(folder, "clients"), plan_names, by_date, problems))
    clients = tuple(Client(**_facts(row)) for row in client_rows)
    # Who is a client is only known once clients.csv is right; until then it is no fault to name one that is not.
    known_clients = None if problems else {client.client_id for client in clients}
    trunks = tuple(
        TrunkAssignment(each.valid_from, each.valid_to, row.place, each.trunk, each.client_id)
        for row, each in typed_rows(table_path(folder, "trunks"), TrunkRow, problems, clients=known_clients)
    )
    numbers = tuple(_numbers(table_path(folder, "numbers"), problems))
    rates = tuple(_rates(folder / "vat_rates.csv", problems))
    reverse_charges = tuple(
        DomesticReverseCharge(**vars(each))
        for _, each in typed_rows(
            folder / "domestic_reverse_charge.csv", ReverseChargeRow, problems, optional=True, once=_A_DAY
        )
    )
    exchange_rates = tuple(
        ExchangeRate(**vars(each))
        for _, each in typed_rows(
            folder / "exchange_rates.csv", ExchangeRateRow, problems, optional=True, once=("currency", "valid_from")
        )
    )
    references = tuple(_references(dated, {row.client_id: row for row in client_rows}, problems))
    problems += overlaps("trunk", [(trunk.trunk, trunk) for trunk in trunks])
    problems += overlaps("number", [(number.number, number) for number in numbers if number.number])
    problems += overlaps("did_number_id", [(n.did_number_id, n) for n in numbers if n.did_number_id])
    if problems:
        raise ConfigError(problems)
    channels = {row.client_id: row.channel for row in client_rows if row.channel}
    return Register(clients, trunks, numbers, rates, reverse_charges, exchange_rates, channels, references)


def load_vat_rates(path: Path) -> tuple[VatRate, ...]:
    """The rates of one file; ConfigError lists every bad row."""
    problems: list[str] = []
    rates = tuple(_rates(path, problems))
    if problems:
        raise ConfigError(problems)
    return rates


def _client_rows(
    path: Path, plan_names: Sequence[str], by_date: Collection[str], problems: list[str]
) -> Iterator[ClientRow]:
    first: dict[str, str] = {}
    for row, client in typed_rows(path, ClientRow, problems, plans=plan_names):
        place = first.setdefault(client.client_id.casefold(), row.place)
        if place != row.place:
            problems.append(row.wrong("client_id", f"is a client already at {place.removeprefix(f'{path}, ')}"))
        if problem := _reference_problem(client, client.buyer_reference, is_dated=client.client_id in by_date):
            problems.append(row.wrong("buyer_reference", problem))
        yield client


def _facts(row: Row) -> dict[str, Any]:
    """A row's cells without those that no document needs to remember."""
    return {name: cell for name, cell in vars(row).items() if name not in _NOT_ON_DOCUMENTS}


def _references(
    rows: Sequence[tuple[CsvRow, ReferenceRow]], clients: Mapping[str, ClientRow], problems: list[str]
) -> Iterator[BuyerReferences]:
    """The rows of references.csv."""
    for row, each in rows:
        client = clients.get(each.client_id)
        if client is None:
            problems.append(
                row.wrong("client_id", "there is no such client in clients.csv; add it there or correct it")
            )
        elif problem := _reference_problem(client, each.buyer_reference, is_dated=True):
            problems.append(row.wrong("buyer_reference", problem))
        yield BuyerReferences(**vars(each))


def _reference_problem(client: ClientRow, reference: str, *, is_dated: bool) -> str:
    """What XRechnung asks of the buyer's reference: an authority finds its invoices by nothing else."""
    if client.einvoice != "xrechnung" or (is_dated and not reference):
        return ""
    if not reference:
        return "XRechnung needs it: write the Leitweg-ID of the authority, or the reference that the buyer gave"
    if is_meant_as_leitweg_id(reference) and not is_leitweg_id(reference):
        return "this Leitweg-ID has a wrong form or wrong check digits: copy it again from the order"
    return ""


def _numbers(path: Path, problems: list[str]) -> Iterator[NumberAssignment]:
    for row, number in typed_rows(path, NumberRow, problems, optional=True):
        if not (number.number or number.did_number_id or number.order_id):
            expected = "fill in number, did_number_id or order_id: the row says nothing without one of them"
            problems.append(row.wrong("number", expected))
        # By name, one after the other: this file is by far the longest.
        yield NumberAssignment(
            valid_from=number.valid_from,
            valid_to=number.valid_to,
            source=row.place,
            number=number.number,
            did_number_id=number.did_number_id,
            order_id=number.order_id,
            country=number.country or country_of(number.number),
            number_type=number.number_type,
            trunk=number.trunk,
            price_micros=micros_from_decimal(number.price) if number.price else None,
        )


def _rates(path: Path, problems: list[str]) -> Iterator[VatRate]:
    rows = typed_rows(path, RateRow, problems, optional=True, once=_A_DAY)
    return (VatRate(**_facts(rate)) for _, rate in rows)
