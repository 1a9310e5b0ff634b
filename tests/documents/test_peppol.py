"""Peppol addresses: derived by country, checked, and a document that Peppol cannot carry says why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_job.documents.einvoice.addresses import Identifier, electronic_address
from billing_job.documents.einvoice.code_lists import EAS_DAY
from billing_job.documents.einvoice.profiles import peppol_obstacle
from billing_job.documents.einvoice.ubl import ubl_xml
from billing_job.documents.templates import load_templates
from tests.support import code_list_age
from tests.support.invoice_rules import complaints
from tests.support.sample_documents import CLIENT, SELLER, document, negative_month, standard_lines


@pytest.mark.parametrize(
    ("country", "vat_id", "registration_id", "expected"),
    [
        ("NL", "NL004495445B01", "87654321", ("0106", "87654321")),
        ("NL", "NL 0044.95.445.B01", "", ("9944", "NL004495445B01")),
        ("BE", "BE 0428.759.497", "", ("0208", "0428759497")),
        ("BE", "", "0428.759.497", ("0208", "0428759497")),
        ("DE", "DE136695976", "HRB 12345", ("9930", "DE136695976")),
        ("FR", "FR40303265045", "303265045", ("9957", "FR40303265045")),
        ("IT", "IT00743110157", "", ("0211", "IT00743110157")),
        ("SE", "SE556016068001", "", ("0007", "5560160680")),
        ("DK", "DK13585628", "13585628", ("0184", "DK13585628")),
        ("NO", "", "988 077 917", ("0192", "988077917")),
        ("FR", "", "RCS Lyon 303 265 045", ("0225", "303265045")),
        ("DK", "DK13585628", "", ("0184", "DK13585628")),
        ("NO", "NO988077917MVA", "", ("0192", "988077917")),
        ("FI", "FI20774740", "", ("0216", "003720774740")),
        ("FI", "", "2077474-0", ("0216", "003720774740")),
        ("GR", "EL094259216", "", ("9933", "EL094259216")),
        ("DE", "DE136695977", "", None),
        ("US", "", "12-3456789", None),
    ],
)
def test_derived_address(country: str, vat_id: str, registration_id: str, expected: tuple[str, str] | None) -> None:
    """The national register where the network knows it, otherwise the VAT number; wrong check digits address nobody."""
    address = electronic_address(country=country, vat_id=vat_id, registration_id=registration_id)
    assert address == (None if expected is None else Identifier(*expected))
    if address is not None:
        client = replace(CLIENT, peppol_id=f"{address.scheme}:{address.value}")
        assert complaints(ubl_xml(document(standard_lines(), client=client), load_templates(None))) == []


@pytest.mark.parametrize(
    ("given", "valid"),
    [
        ("0106:87654321", True),
        ("0106:8765432", False),
        ("0088:7300010000001", True),
        ("0088:7300010000002", False),
        ("9930:DE136695976", True),
        ("9930:DE136695977", False),
        ("0208:0428759497", True),
        ("0204:991-12345-67", False),
        ("0204:991-33333TEST-33", True),
        ("87654321", False),
        ("0106:", False),
        ("iso6523:0106:87654321", False),
        ("0106:8765 4321", False),
    ],
)
def test_given_address(given: str, valid: bool) -> None:
    """A client's own peppol_id counts before anything derived, and only when it can be right."""
    address = electronic_address(country="NL", vat_id="NL004495445B01", registration_id="", peppol_id=given)
    assert (address is not None) == valid


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"client": replace(CLIENT, vat_id="", registration_id="")}, "client acme has no Peppol address"),
        ({"client": replace(CLIENT, peppol_id="0106:1")}, "'0106:1' is no valid participant"),
        ({"seller": replace(SELLER, vat_id="", registration_id="")}, "the seller has no Peppol address"),
        ({"seller": replace(SELLER, registration_id="HRB 7")}, "registration_id of the seller is no KVK number"),
        ({"client": replace(CLIENT, street="")}, "client acme lacks street"),
    ],
)
def test_obstacles_are_told(change: dict[str, object], says: str) -> None:
    """What is missing is said, with who misses it."""
    assert says in peppol_obstacle(document(standard_lines(), **change))  # type: ignore[arg-type]


def test_an_old_code_list_is_warned_about() -> None:
    """`make check` warns from a year after the release on."""
    assert code_list_age.warnings(EAS_DAY + timedelta(days=365)) == []
    assert "EAS" in code_list_age.warnings(EAS_DAY + timedelta(days=366))[0]


def test_no_obstacle() -> None:
    """An ordinary document goes through Peppol; a Dutch credit note without an invoice to correct does not."""
    assert peppol_obstacle(document(standard_lines())) == ""
    assert "must name the invoice" in peppol_obstacle(negative_month())
