"""The columns of the tables on who is who: what a cell of clients.csv, trunks.csv, numbers.csv and others may say."""

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from billing_job.billing.invoicing.tax import written_vat_id
from billing_job.core.countries import EU
from billing_job.core.files.csv_reader import Row, known
from billing_job.core.toml import (
    Country,
    Day,
    DayCount,
    Id,
    KeptAsWritten,
    Language,
    NumberCountry,
    PhoneNumber,
    PositiveWalletMoney,
    VatRatePercent,
    as_text,
    expecting,
)
from billing_job.documents.einvoice.addresses import participant_problem

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


Addresses = Annotated[str, AfterValidator(_addresses), KeptAsWritten(r"[^@\s,;<>]++@[^@\s,;<>]++")]


class ClientRow(Row):
    """A row of clients.csv."""

    client_id: Annotated[
        str,
        Field(pattern=r"^[^\W_][\w.@+ -]{0,63}$"),
        expecting("use letters, digits, '.', '_', '-' and at most 64 of them: it becomes part of file names"),
        AfterValidator(as_text),
        KeptAsWritten(r"[A-Za-z][\w.@+-]{0,63}+"),
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


LOWEST_OF_THE_EU = 5
"""Percent: no rate of a member state that these services can have is lower (Directive 2006/112/EC, Article 98).

A standard rate is 15 at least (Article 97), but a rate between the two is no slip of the pen: it is taken as it stands.
"""


def _percent(rate: Decimal, info: ValidationInfo) -> Decimal:
    """1.21 is a factor, 2.1 lost a digit: either would be billed as it stands."""
    if info.data.get("country") in EU and rate < LOWEST_OF_THE_EU:
        raise ValueError(
            f"no rate of an EU country is below {LOWEST_OF_THE_EU} for these services: write it in percent, such as 21"
        )
    return rate


class RateRow(Row):
    """A row of vat_rates.csv."""

    country: Country
    category: Annotated[
        Literal["S"],
        BeforeValidator(lambda value: TAX_TREATMENTS.get(value.lower())),
        expecting("only the standard rate is used: write S"),
    ] = "S"
    rate: Annotated[VatRatePercent, AfterValidator(_percent)]
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
