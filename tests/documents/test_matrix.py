"""Every seller to every buyer: no official rule finds an error or a warning in the profile that a document claims."""

import os
import re
from collections import Counter
from collections.abc import Callable

import pytest

from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.einvoice.profiles import Profile, choice_of
from billing_job.documents.einvoice.ubl import ubl_xml
from billing_job.documents.templates import load_templates
from tests.support.invoice_rules import complaints, french_complaints, peppol_complaints, xrechnung_complaints
from tests.support.receiver_matrix import BUYERS, KINDS, SELLERS, matrix

TEMPLATES = load_templates(None)
EVERY = 1 if os.environ.get("MATRIX") == "whole" else 61
"""Of so many documents one is looked at: 61 is prime to the sides of the matrix, so that each value has its turn."""
RARE = "FR-FR-invoice-standard-en16931-EUR"
"""The French rules hold between French parties only, which a part of the matrix may leave out."""

CLAIMS = {
    Profile.PEPPOL: "peppol.eu:2017:poacc:billing:3.0",
    Profile.XRECHNUNG: "xrechnung_3.0",
    Profile.NLCIUS: "nlcius:v1.0",
}


XRECHNUNG_FAULTS = {
    "BR-DE-15": r"<cbc:BuyerReference>[^<]*</cbc:BuyerReference>",
    "BR-DE-6": r"<cbc:Telephone>[^<]*</cbc:Telephone>",
    "BR-DE-8": r"(?s)<cbc:CityName>City</cbc:CityName>",
    "BR-DE-21": r"#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    "PEPPOL-EN16931-R001": r"<cbc:ProfileID>[^<]*</cbc:ProfileID>",
    "PEPPOL-EN16931-R010": r"(?s)<cbc:EndpointID[^>]*>[^<]*</cbc:EndpointID>(?!.*<cbc:EndpointID)",
}
FRENCH_FAULTS = {
    "BR-FR-05": r"<cbc:Note>#PMT#[^<]*</cbc:Note>",
    "BR-FR-08": r"<cbc:ProfileID>[^<]*</cbc:ProfileID>",
    "BR-FR-10": r"(?s)<cbc:CompanyID schemeID=\"0002\">[^<]*</cbc:CompanyID>",
    "BR-FR-13": r"<cbc:EndpointID[^>]*>[^<]*</cbc:EndpointID>",
}


@pytest.mark.parametrize(
    ("name", "judge", "rule", "pattern"),
    [
        *(("DE-DE-invoice-standard-xrechnung-EUR", xrechnung_complaints, *fault) for fault in XRECHNUNG_FAULTS.items()),
        *((RARE, french_complaints, *fault) for fault in FRENCH_FAULTS.items()),
    ],
)
def test_what_is_taken_away_is_missed(name: str, judge: Callable[[bytes], list[str]], rule: str, pattern: str) -> None:
    """The rules bite: without what they ask for, a document that was right is complained of."""
    ubl = ubl_xml(dict(matrix())[name](), TEMPLATES)
    assert judge(ubl) == []
    changed, count = re.subn(pattern, "", ubl.decode())
    assert count
    assert [each for each in judge(changed.encode()) if each.startswith(rule)]


def test_no_receiver_has_a_formal_reason_to_refuse() -> None:
    """EN 16931 and Factur-X for all, and the rules of Peppol, XRechnung, NLCIUS and France where claimed."""
    found: dict[str, list[str]] = {}
    seen: Counter[str] = Counter()
    whole = list(matrix())
    for name, made in dict([*whole[::EVERY], *(each for each in whole if each[0] == RARE)]).items():
        document = made()
        choice = choice_of(document)
        cii, ubl = cii_xml(document, TEMPLATES), ubl_xml(document, TEMPLATES)
        problems = [*complaints(cii), *complaints(ubl)]
        if choice.profile in (Profile.PEPPOL, Profile.NLCIUS):
            problems += peppol_complaints(ubl, nlcius=choice.profile is Profile.NLCIUS)
        if choice.profile is Profile.XRECHNUNG:
            problems += xrechnung_complaints(ubl)
        if choice.profile is Profile.FRENCH_CTC:
            problems += [*french_complaints(cii), *french_complaints(ubl)]
        problems += [
            f"claims {claim}"
            for profile, claim in CLAIMS.items()
            if (claim in ubl.decode()) != (profile is choice.profile)
        ]
        if problems:
            found[name] = problems
        seen.update((*name.split("-"), choice.profile.value))
    assert found == {}
    profiles = {profile.value for profile in Profile if profile is not Profile.NONE}
    assert {*SELLERS, *BUYERS, *KINDS, *profiles} <= set(seen)
