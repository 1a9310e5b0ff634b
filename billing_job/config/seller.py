"""`[seller]` of billing.toml: who the invoices come from, each number checked before it is printed."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError as StdnumError

from billing_job.billing.invoicing.tax import VAT_PREFIXES, written_vat_id
from billing_job.core.countries import EU
from billing_job.core.toml import Country, Table, expecting
from billing_job.documents.einvoice.addresses import participant_problem
from billing_job.receivables.mandates import checked_creditor_id


def iban_of(value: str) -> str:
    """An IBAN without blanks; ValueError when its check digits are wrong, nothing for nothing."""
    if not value:
        return value
    try:
        return str(stdnum_iban.validate(value, check_country=False))
    except StdnumError:
        raise ValueError("its check digits are wrong: copy the IBAN again from the bank") from None


def _bic(value: str) -> str:
    if not value:
        return value
    try:
        return str(stdnum_bic.validate(value))
    except StdnumError:
        raise ValueError("a BIC has 8 or 11 letters and digits, such as ABNANL2A: copy it from the bank") from None


def _participant(value: str) -> str:
    if value and (problem := participant_problem(value)):
        raise ValueError(problem)
    return value


FooterWord = Annotated[
    str, Field(max_length=60), expecting("write at most 60 letters: it stands at the foot of every page")
]


class SellerTable(Table):
    """`[seller]`: who the invoices come from."""

    name: Annotated[str, Field(min_length=1)]
    country: Country
    legal_name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    vat_id: str = ""
    tax_number: FooterWord = ""
    registration_id: FooterWord = ""
    peppol_id: Annotated[str, AfterValidator(_participant)] = ""
    contact: str = ""
    email: str = ""
    phone: str = ""
    account_holder: str = ""
    iban: Annotated[str, AfterValidator(iban_of)] = ""
    bic: Annotated[str, AfterValidator(_bic)] = ""
    creditor_id: Annotated[str, AfterValidator(checked_creditor_id)] = ""
    logo: Path | None = None

    @field_validator("vat_id", mode="after")
    @classmethod
    def _as_registers_write_it(cls, value: str, info: ValidationInfo) -> str:
        """Of the EU: in capitals and without what people put between the groups, as VIES and e-invoices want it."""
        return written_vat_id(value) if info.data.get("country") in EU else value

    @model_validator(mode="after")
    def _a_vat_id_is_none_of_another_kind(self) -> "SellerTable":
        prefix = VAT_PREFIXES.get(self.country, self.country)
        if self.vat_id and self.country in EU and not self.vat_id.startswith(prefix):
            raise ValueError(
                f"vat_id = {self.vat_id!r}: a VAT id of {self.country} begins with {prefix}; a number of another kind,"
                " such as a Steuernummer, belongs into tax_number"
            )
        return self
