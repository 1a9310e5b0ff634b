"""Electronic addresses and register numbers of a party: derived from what is known of it, each checked."""

from collections.abc import Callable
from dataclasses import dataclass

from stdnum.be import vat as be_enterprise
from stdnum.eu import vat as eu_vat
from stdnum.fi import ytunnus
from stdnum.fr import siren
from stdnum.it import iva

from billing_job.core.parties import Client, Seller
from billing_job.documents.einvoice.code_lists import CHECKS, EAS, EAS_VERSION, RETIRED, VAT_SCHEMES
from billing_job.documents.safe_text import plain_text

EMAIL_SCHEME = "EM"
_FRENCH_DIRECTORY = "0225"
_LONGEST = 50


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier and the scheme it belongs to (ISO 6523 ICD or EAS code); the scheme may be empty."""

    scheme: str
    value: str


# The scheme of the national company register, where the network knows the register by a code of its own, and what it
# writes before the number.
_REGISTERS = {
    "BE": ("0208", ""),
    "DK": ("0184", "DK"),
    "IS": ("0196", ""),
    "NL": ("0106", ""),
    "NO": ("0192", ""),
    "SE": ("0007", ""),
}


# The VAT number holds the register's: its prefix, the scheme of the register, what that writes before, where it ends.
_NUMBER_IN_VAT_ID = {"DK": ("0184", "DK", 10), "NO": ("0192", "", 11), "SE": ("0007", "", 12)}


def compact(identifier: str) -> str:
    """A VAT or registration number without the blanks and marks people write into it: "NL 1234.56.782 B12"."""
    return "".join(character for character in plain_text(identifier).upper() if character.isalnum())


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())


def siren_of(registration_id: str, vat_id: str = "") -> str:
    """The SIREN in "RCS Lyon 303 265 045", a SIRET or, failing them, a French VAT id; empty without one."""
    number = _digits(plain_text(registration_id))
    if len(number) in (9, 14) and siren.is_valid(number[:9]):
        return number[:9]
    vat = compact(vat_id)
    return vat[4:] if vat[:2] == "FR" and siren.is_valid(vat[4:]) else ""


def registration(registration_id: str, country: str) -> Identifier | None:
    """A company register number with its scheme (BT-30-1, BT-47-1); without one where it fits no scheme we know."""
    value = plain_text(registration_id)
    if not value:
        return None
    if country.upper() == "FR":
        number = siren_of(value)
        return Identifier("0002", number) if number else Identifier("", value)
    scheme, prefix = _REGISTERS.get(country.upper(), ("", ""))
    number = prefix + _digits(value)
    if scheme and CHECKS[scheme](number):
        return Identifier(scheme, number)
    return Identifier("", value)


def electronic_address(*, country: str, vat_id: str, registration_id: str, peppol_id: str = "") -> Identifier | None:
    """The Peppol participant: the given "scheme:value", or derived from the register or VAT number; None without one.

    A number whose check digits are wrong addresses nobody.
    """
    if peppol_id:
        return None if participant_problem(peppol_id) else _given(peppol_id)
    vat = compact(vat_id)
    if country.upper() == "BE" and be_enterprise.is_valid(vat):
        return Identifier("0208", be_enterprise.compact(vat))
    if country.upper() == "FI":
        return _finnish(vat, registration_id)
    known = registration(registration_id, country)
    if known is not None and known.scheme and country.upper() != "FR":
        return known
    if (by_vat_id := _from_vat_id(vat)) is not None:
        return by_vat_id
    number = siren_of(registration_id) if country.upper() == "FR" else ""
    return Identifier(_FRENCH_DIRECTORY, number) if number else None


def _from_vat_id(vat: str) -> Identifier | None:
    """The address that a VAT number is, or holds; None for one whose check digits are wrong."""
    prefix = vat[:2]
    if prefix in _NUMBER_IN_VAT_ID:
        scheme, before, end = _NUMBER_IN_VAT_ID[prefix]
        number = before + vat[2:end]
        return Identifier(scheme, number) if CHECKS[scheme](number) else None
    if prefix == "IT" and iva.is_valid(vat[2:]):
        return Identifier("0211", vat)
    vat_scheme = VAT_SCHEMES.get(prefix)
    return Identifier(vat_scheme, vat) if vat_scheme and eu_vat.is_valid(vat) else None


def _finnish(vat: str, registration_id: str) -> Identifier | None:
    """The OVT code: 0037 and the eight digits of the business id, which the VAT number holds as well."""
    for number in (_digits(plain_text(registration_id)), vat.removeprefix("FI")):
        if len(number) == 8 and ytunnus.is_valid(number):
            return Identifier("0216", f"0037{number}")
    return None


def french_address(party: Seller | Client) -> Identifier | None:
    """Where the French directory finds a party: its SIREN (0225), unless `peppol_id` says more."""
    if party.peppol_id:
        return address_of(party)
    number = siren_of(party.registration_id, party.vat_id)
    return Identifier(_FRENCH_DIRECTORY, number) if number else None


def address_of(party: Seller | Client) -> Identifier | None:
    """Where the Peppol network finds the seller (BT-34) or the client (BT-49)."""
    return electronic_address(
        country=party.country,
        vat_id=party.vat_id,
        registration_id=party.registration_id,
        peppol_id=party.peppol_id,
    )


def email_address(party: Seller | Client) -> Identifier | None:
    """The first e-mail address as an electronic address, which Peppol itself does not know."""
    email = plain_text(party.email).partition(";")[0].strip()
    return Identifier(EMAIL_SCHEME, email) if email else None


def participant_problem(peppol_id: str) -> str:
    """What is wrong with a "scheme:value" as an address in the Peppol network; empty when it can be right."""
    given = _given(peppol_id)
    if given is None:
        return "write scheme:value, such as 0106:12345678"
    if given.scheme in RETIRED:
        return (
            f"the scheme {given.scheme} has left the code list of Peppol (EAS {EAS_VERSION}): use"
            f" {RETIRED[given.scheme]}, as the receiver's access point gives it"
        )
    if given.scheme not in EAS:
        return f"the scheme {given.scheme} is not in the code list of Peppol (EAS {EAS_VERSION})"
    check: Callable[[str], bool] | None = CHECKS.get(given.scheme)
    if check is not None and not check(given.value):
        return f"{given.value} cannot be a number of the scheme {given.scheme}: check its form and check digits"
    return ""


def _given(peppol_id: str) -> Identifier | None:
    scheme, _, value = plain_text(peppol_id).partition(":")
    value = value.strip()
    if len(scheme) != 4 or not scheme.isascii() or not scheme.isdigit():
        return None
    if not value.isascii() or not value or len(value) > _LONGEST or ":" in value:
        return None
    if any(character.isspace() for character in value):
        return None
    return Identifier(scheme, value)
