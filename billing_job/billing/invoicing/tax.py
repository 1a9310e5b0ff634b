"""How a client is taxed: by the seller's country, the client's country and its VAT id (DESIGN: VAT)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import eu_vat_rates_data
from stdnum.eu import vat as eu_vat

from billing_job.core.countries import EU, taxed_as
from billing_job.core.document import Supply, Vat
from billing_job.core.parties import Client
from billing_job.core.register import DomesticReverseCharge, VatRate

_PREFIXES = {"EL": "GR", "XI": "GB"}
"""VAT ids begin with the country's code but those of Greece, and of Northern Ireland beside GB."""
_VAT_ID = re.compile(r"([A-Z]{2})(?:\d|[A-Z]{1,2}\d{7})")
"""How VAT ids of Europe begin; other tax numbers of letters and digits do not (Mexico: DEF010101AB1)."""
VAT_PREFIXES = {"GR": "EL", "MC": "FR"}
"""Countries whose VAT ids begin with other letters than their code."""

REVERSE_CHARGE = Vat("AE", Decimal(0), "VATEX-EU-AE", "Reverse charge: Article 196 of Council Directive 2006/112/EC")
OUTSIDE_SCOPE = Vat("O", Decimal(0), "VATEX-EU-O", "Not subject to VAT")
EXEMPT = Vat("E", Decimal(0), "", "Exempt from VAT")
ZERO_RATED = Vat("Z", Decimal(0))


@dataclass(frozen=True, slots=True)
class Untaxable:
    """No treatment can be chosen; `reason` asks for the decision that is missing."""

    reason: str


@dataclass(frozen=True, slots=True)
class TaxRules:
    """What the seller is and decided; `rates` are the user's dated rows, `shipped_rates` those of the program."""

    seller_country: str
    seller_vat_id: str
    oss: bool
    rates: Sequence[VatRate]
    shipped_rates: Sequence[VatRate]
    exemption: Vat | None = None
    """What a small business charges every client instead of VAT; None for all others."""
    reverse_charges: Sequence[DomesticReverseCharge] = ()
    """The user's dated rows before those of the program."""
    seller_tax_number: str = ""
    seller_registration_id: str = ""


def vat_of(client: Client, rules: TaxRules, day: date) -> Vat | Untaxable:
    """The VAT of everything a client is billed; `day` is the last day of the period, whose rate holds.

    Source: EN 16931 categories S, AE, O, E, Z; Directive 2006/112/EC Articles 44, 58, 196, 284.
    """
    treatment = client.tax_treatment or ("E" if rules.exemption else _treatment(client, rules))
    problem = _unidentified_seller(treatment, rules)
    vat = Untaxable(problem) if problem else _vat(treatment, client, rules, day)
    if isinstance(vat, Untaxable):
        return vat
    country = taxed_as(client.country)
    case = "S" if treatment == "OSS" and country == taxed_as(rules.seller_country) else treatment
    return replace(vat, supply=Supply(case, country, client.vat_id))


def _vat(treatment: str, client: Client, rules: TaxRules, day: date) -> Vat | Untaxable:
    match treatment:
        case "S":
            return _standard(taxed_as(rules.seller_country), rules, day)
        case "OSS":
            return _standard(taxed_as(client.country), rules, day)
        case "AE":
            return _reverse_charge(client, rules)
        case "DRC":
            return _domestic_reverse_charge(client, rules, day)
        case "O" | "Z" | "E":
            return {"O": OUTSIDE_SCOPE, "Z": ZERO_RATED, "E": rules.exemption or EXEMPT}[treatment]
        case _:
            return Untaxable(_contradiction(client) or _question(client))


def written_vat_id(text: str) -> str:
    """A VAT id in capitals and without the blanks, points and hyphens that people put between its groups.

    Greek ids begin with EL, also where somebody wrote the country's code before the nine digits.
    """
    return re.sub(r"^GR(?=\d{9}$)", "EL", re.sub(r"[\s.-]", "", text).upper())


def vat_id_check(client: Client) -> str:
    """What the check of format and check digits gives: valid, invalid, or empty where there is no VAT id."""
    if not client.vat_id:
        return ""
    return "valid" if has_valid_vat_id(client) else "invalid"


def has_valid_vat_id(client: Client) -> bool:
    """A VAT id of the client's own EU country with right check digits; Greece writes EL."""
    country = taxed_as(client.country)
    prefix = "EL" if country == "GR" else country
    return client.vat_id.startswith(prefix) and bool(eu_vat.is_valid(client.vat_id))


def _treatment(client: Client, rules: TaxRules) -> str:
    """The treatment that follows from countries and VAT id; empty when it needs a decision."""
    country, home = taxed_as(client.country), taxed_as(rules.seller_country)
    if _contradiction(client):
        return ""
    if country == home:
        return "S"
    if country not in EU or home not in EU:
        return "O"
    if has_valid_vat_id(client):
        return "AE"
    return "OSS" if rules.oss else ""


def _contradiction(client: Client) -> str:
    """What to say of a VAT id that another country gave: one of the two cells is wrong, and with it the VAT."""
    begins = _VAT_ID.match(client.vat_id)
    country = _PREFIXES.get(begins[1], begins[1]) if begins else ""
    if country not in EU | {"GB", "CH", "NO"} or country == taxed_as(client.country):
        return ""
    return (
        f"client {client.client_id} is in {client.country} and VAT id {client.vat_id} is of {country}: correct country"
        " or vat_id in clients.csv, or choose a tax_treatment for it"
    )


def _question(client: Client) -> str:
    problem = f"VAT id {client.vat_id} is not valid" if client.vat_id else "it has no VAT id"
    return (
        f"client {client.client_id} is in {client.country} and {problem}: correct vat_id in clients.csv, set"
        " tax.oss = true, or choose a tax_treatment for it"
    )


def _unidentified_seller(treatment: str, rules: TaxRules) -> str:
    """Why no invoice of this treatment can be written: the seller is known by no number (BR-S-02, BR-E-02, BR-CO-26).

    Who charges VAT is known to its tax office; the number of a register will do for all others.
    """
    if rules.seller_vat_id or rules.seller_tax_number:
        return ""
    if treatment in ("S", "OSS"):
        return (
            "the seller charges VAT and has neither VAT id nor tax number: fill in seller.vat_id or seller.tax_number"
        )
    if treatment in ("E", "Z", "O") and not rules.seller_registration_id:
        return (
            "the seller has no number that identifies it: fill in seller.vat_id, seller.tax_number or"
            " seller.registration_id"
        )
    return ""


def _domestic_reverse_charge(client: Client, rules: TaxRules, day: date) -> Vat | Untaxable:
    """A client of the seller's own country that owes the VAT itself (Article 199a of Directive 2006/112/EC)."""
    if client.country != rules.seller_country:
        return Untaxable(
            f"client {client.client_id} is in {client.country}, and domestic_reverse_charge is for clients in the"
            f" seller's own country {rules.seller_country}: correct its tax_treatment"
        )
    row = next(
        (
            row
            for row in rules.reverse_charges
            if row.country == client.country and row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
        ),
        None,
    )
    if row is None:
        return Untaxable(
            f"no wording of a domestic reverse charge of {client.country} is known for {day}: add a row to"
            " domestic_reverse_charge.csv (country, wording, valid_from, valid_to, source), or give client"
            f" {client.client_id} another tax_treatment"
        )
    named = _reverse_charge(client, rules)
    return named if isinstance(named, Untaxable) else Vat("AE", Decimal(0), "", row.wording)


def _standard(country: str, rules: TaxRules, day: date) -> Vat | Untaxable:
    rate = standard_rate(country, rules, day)
    if rate is None:
        return Untaxable(f"no VAT rate of {country} is known for {day}: add it to vat_rates.csv with its valid_from")
    return Vat("S", rate)


def _reverse_charge(client: Client, rules: TaxRules) -> Vat | Untaxable:
    if not client.vat_id:
        return Untaxable(
            f"client {client.client_id} has no VAT id, which a reverse charge must name: fill in vat_id in clients.csv"
        )
    if not rules.seller_vat_id:
        return Untaxable("the seller has no VAT id, which a reverse charge must name: fill in seller.vat_id")
    return REVERSE_CHARGE


def standard_rate(country: str, rules: TaxRules, day: date) -> Decimal | None:
    """The standard rate in percent on a day; None when none is known, for a guess would be worse.

    The user's rows win, then the shipped rows, then the data set, which knows only the rates of its own day.
    """
    for rows in (rules.rates, rules.shipped_rates):
        dated = [row for row in rows if row.country == country and row.valid_from <= day]
        if dated:
            return max(dated, key=lambda row: row.valid_from).rate
    if date.fromisoformat(eu_vat_rates_data.data_version) <= day and eu_vat_rates_data.has_rate(country):
        return Decimal(str(eu_vat_rates_data.get_standard_rate(country)))
    return None
