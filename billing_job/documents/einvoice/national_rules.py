"""What the national rules of a specification ask beyond the rest, in one table: who is concerned, and what is missing.

Source: the country-qualified rules of Peppol BIS Billing 3.0 (2026.5), those of XRechnung 3.0.2 and of NLCIUS 1.0.3.
Each obstacle is one clause of English that names what to fill in, or why nothing helps.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from billing_job.core.document import Document, Heading, Kind
from billing_job.core.parties import Client, Seller
from billing_job.documents.einvoice.addresses import compact, registration
from billing_job.documents.einvoice.payment_means import payment_means

Issued = Document | Heading

_ADDRESS = ("street", "postal_code", "city")
_F_TAX = "GODKÄND FÖR F-SKATT"
_SWEDISH_RATES = (Decimal(25), Decimal(12), Decimal(6))
_DANISH_MEANS = ("1", "10", "31", "42", "48", "49", "50", "58", "59", "93", "97")


@dataclass(frozen=True, slots=True)
class NationalRule:
    """A rule for sellers of one country, or only for those whose client is in the same one."""

    country: str
    domestic: bool
    rules: str
    obstacle: Callable[[Issued], str]

    def concerns(self, document: Issued) -> bool:
        """Whether seller and client are those that the rule speaks of."""
        seller, client = document.seller.country.upper(), document.client.country.upper()
        return seller == self.country and (client == self.country or not self.domestic)


def seller_lacks(document: Issued, *fields: str) -> str:
    """Which of these keys of [seller] are empty, as a clause; empty when none is."""
    missing = _missing(document.seller, fields)
    return f"[seller] lacks {missing}" if missing else ""


def client_lacks(document: Issued, *fields: str) -> str:
    """Which of these columns of the client are empty, as a clause; empty when none is."""
    missing = _missing(document.client, fields)
    return f"client {document.client.client_id} lacks {missing}" if missing else ""


def _missing(party: Seller | Client, fields: tuple[str, ...]) -> str:
    return ", ".join(field for field in fields if not getattr(party, field))


def names_no_invoice(document: Issued) -> str:
    """A credit note that corrects none, where Dutch (NL-R-001) or French rules (BR-FR-CO-05) want it to."""
    if document.kind is Kind.CREDIT_NOTE and not document.corrected:
        nation = {"NL": "Dutch", "FR": "French"}.get(document.seller.country.upper(), "")
        return f"a {nation} seller's credit note must name the invoice it corrects, and this one corrects none"
    return ""


def seller_register(document: Issued, scheme: str, name: str, *, required: bool) -> str:
    """A seller whose register number is not of the scheme, or is missing where it is required."""
    return _register("the seller", document.seller, scheme, name, required=required)


def client_register(document: Issued, scheme: str, name: str, *, required: bool) -> str:
    """The same of the client."""
    return _register(f"client {document.client.client_id}", document.client, scheme, name, required=required)


def _register(who: str, party: Seller | Client, scheme: str, name: str, *, required: bool) -> str:
    known = registration(party.registration_id, party.country)
    if (known is None and required) or (known is not None and known.scheme != scheme):
        return f"the registration_id of {who} is no {name}"
    return ""


def outside_scope(document: Issued) -> str:
    """Germany wants a rate for every VAT category, and outside the scope of VAT there is none."""
    if any(total.vat.category == "O" for total in document.vat_totals):
        return "German rules want a VAT rate, which a service outside the scope of VAT has not"
    return ""


def _danish_payment(document: Issued) -> str:
    means = payment_means(document)
    if document.kind is Kind.INVOICE and means not in _DANISH_MEANS:
        return (
            f"Danish rules know no payment of the code {means} between Danes: bill in EUR with an IBAN, or leave it"
            " at plain EN 16931"
        )
    return ""


def _italian_tax_number(document: Issued) -> str:
    number = document.seller.tax_number
    if number and not re.fullmatch(r"[A-Z0-9]{11,16}", compact(number)):
        return "the tax_number of an Italian seller has 11 to 16 letters and digits"
    return ""


def _swedish_vat_id(document: Issued) -> str:
    vat_id = compact(document.seller.vat_id)
    if vat_id.startswith("SE") and not re.fullmatch(r"SE[0-9]{12}", vat_id):
        return "the vat_id of a Swedish seller is SE and twelve digits"
    return ""


def _swedish_tax_number(document: Issued) -> str:
    seller = document.seller
    stated = seller.tax_number or ("" if seller.vat_id else seller.registration_id)
    if stated and stated.upper() != _F_TAX:
        return "the tax_number of a Swedish seller may only say 'Godkänd för F-skatt'"
    return ""


def _swedish_rate(document: Issued) -> str:
    if not compact(document.seller.vat_id).startswith("SE"):
        return ""
    if any(total.vat.category == "S" and total.vat.rate not in _SWEDISH_RATES for total in document.vat_totals):
        return "Swedish rules know the rates 25, 12 and 6 only, so VAT of another country cannot be shown"
    return ""


def _norwegian_vat_id(document: Issued) -> str:
    vat_id = compact(document.seller.vat_id)
    if vat_id.startswith("NO") and not re.fullmatch(r"NO[0-9]{9}MVA", vat_id):
        return "the vat_id of a Norwegian seller is NO, nine digits and MVA"
    return ""


def _greek(document: Issued) -> str:
    return "a Greek seller's documents must carry the MARK of myDATA, which this program does not ask for"


PEPPOL_RULES = (
    NationalRule("NL", False, "NL-R-001", names_no_invoice),
    NationalRule("NL", False, "NL-R-003", lambda d: seller_register(d, "0106", "KVK number of eight digits", required=False)),  # noqa: E501
    NationalRule("NL", True, "NL-R-005", lambda d: client_register(d, "0106", "KVK number of eight digits", required=False)),  # noqa: E501
    NationalRule("NL", False, "NL-R-002", lambda d: seller_lacks(d, *_ADDRESS)),
    NationalRule("NL", True, "NL-R-004", lambda d: client_lacks(d, *_ADDRESS)),
    NationalRule("DE", True, "DE-R-003, DE-R-004", lambda d: seller_lacks(d, "postal_code", "city")),
    NationalRule("DE", True, "DE-R-008, DE-R-009", lambda d: client_lacks(d, "postal_code", "city")),
    NationalRule("DE", True, "DE-R-006, DE-R-007", lambda d: seller_lacks(d, "phone", "email")),
    NationalRule("DE", True, "DE-R-014", outside_scope),
    NationalRule("DK", False, "DK-R-002, DK-R-014", lambda d: seller_register(d, "0184", "CVR number of eight digits", required=True)),  # noqa: E501
    NationalRule("DK", True, "DK-R-005", _danish_payment),
    NationalRule("IT", False, "IT-R-001", _italian_tax_number),
    NationalRule("IT", False, "IT-R-002 to IT-R-004", lambda d: seller_lacks(d, *_ADDRESS)),
    NationalRule("SE", False, "SE-R-001, SE-R-002", _swedish_vat_id),
    NationalRule("SE", False, "SE-R-003, SE-R-004, SE-R-013", lambda d: seller_register(d, "0007", "organisationsnummer of ten digits", required=False)),  # noqa: E501
    NationalRule("SE", False, "SE-R-005", _swedish_tax_number),
    NationalRule("SE", False, "SE-R-006", _swedish_rate),
    NationalRule("NO", False, "NO-R-001", _norwegian_vat_id),
    NationalRule("GR", False, "GR-R-001, GR-R-004", _greek),
    NationalRule("IS", False, "IS-R-002", lambda d: seller_register(d, "0196", "kennitala of ten digits", required=True)),  # noqa: E501
    NationalRule("IS", False, "IS-R-003", lambda d: seller_lacks(d, "street", "postal_code")),
    NationalRule("IS", True, "IS-R-004", lambda d: client_register(d, "0196", "kennitala of ten digits", required=True)),  # noqa: E501
    NationalRule("IS", True, "IS-R-005", lambda d: client_lacks(d, "street", "postal_code")),
)  # fmt: skip
"""The rules of Peppol BIS Billing 3.0 that a document of ours can break, by the seller's country."""


def national_obstacle(document: Issued) -> str:
    """The first national rule of the Peppol network that the document breaks, empty when it keeps them all."""
    found = (rule.obstacle(document) for rule in PEPPOL_RULES if rule.concerns(document))
    return next((clause for clause in found if clause), "")
