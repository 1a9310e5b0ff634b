"""What receivers refused, or read wrongly: numbers of parties, prices, accounts, signs, and words of the buyer."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from lxml import etree

from billing_job.billing.invoicing.national_currency import with_national_vat
from billing_job.core.document import Document
from billing_job.core.parties import Client, Seller
from billing_job.core.register import ExchangeRate
from billing_job.documents.compose import document_view
from billing_job.documents.document_files import document_files, kinds_of
from billing_job.documents.einvoice.addresses import registration
from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.einvoice.price import unit_price
from billing_job.documents.einvoice.profiles import choice_of
from billing_job.documents.einvoice.ubl import ubl_xml
from billing_job.documents.postal_address import with_its_nought
from billing_job.documents.templates import load_templates
from tests.support.invoice_rules import complaints, french_complaints
from tests.support.sample_documents import (
    CLIENT,
    EXEMPT,
    OUTSIDE_SCOPE,
    SELLER,
    STANDARD_NL,
    ZERO_RATED,
    document,
    full_credit,
    line,
    standard_lines,
)

TEMPLATES = load_templates(None)
GERMAN = replace(
    SELLER, country="DE", vat_id="", registration_id="", street="Hauptstr. 1", postal_code="10115", city="Berlin"
)
BERLIN = replace(CLIENT, country="DE", vat_id="DE136695976", registration_id="", postal_code="10115", city="Berlin")


def ubl(each: Document) -> etree._Element:
    return etree.fromstring(ubl_xml(each, TEMPLATES))


def text(root: etree._Element, path: str) -> str | None:
    found: str | None = root.findtext("/".join(f"{{*}}{step}" for step in path.split("/")))
    return found


@pytest.mark.parametrize("number", ["tax_number", "registration_id", "both"])
@pytest.mark.parametrize("country", ["DE", "FR", "NL"])
def test_a_seller_without_vat_id_is_identified(country: str, number: str) -> None:
    """BT-32 is the tax number, or the register's; BT-29 or BT-30 names the seller: BR-E-02 and BR-CO-26 hold."""
    given = {key: "133/8150/8159" for key in ("tax_number", "registration_id") if number in (key, "both")}
    seller = replace(GERMAN, country=country, **given)  # type: ignore[arg-type]
    client = replace(BERLIN, country=country, vat_id="")
    for vat in (EXEMPT, OUTSIDE_SCOPE):
        each = document(standard_lines(vat), seller=seller, client=client)
        assert complaints(cii_xml(each, TEMPLATES)) == []
        assert complaints(ubl_xml(each, TEMPLATES)) == []
    party = "AccountingSupplierParty/Party/"
    root = ubl(document(standard_lines(EXEMPT), seller=seller, client=client))
    assert text(root, f"{party}PartyTaxScheme/CompanyID") == "133/8150/8159"
    assert text(root, f"{party}PartyTaxScheme/TaxScheme/ID") != "VAT"
    in_register = text(root, f"{party}PartyLegalEntity/CompanyID")
    assert in_register == (None if number == "tax_number" else "133/8150/8159")
    assert text(root, f"{party}PartyIdentification/ID") == ("133/8150/8159" if number == "tax_number" else None)


def test_a_tax_number_has_a_label_of_its_own() -> None:
    """A Steuernummer is no VAT ID, on a German page and in its footer."""
    seller = replace(GERMAN, tax_number="133/8150/8159")
    view = document_view(
        document(standard_lines(EXEMPT), seller=seller, client=replace(BERLIN, language="de")), TEMPLATES
    )
    assert "Steuernummer 133/8150/8159" in view.footer
    assert not [part for part in view.footer.split(" · ") if "USt" in part and "133/8150/8159" in part]


DANE = Seller(
    "Nord", "DK", street="Gade 1", postal_code="1000", city="Kbh", vat_id="DK13585628", registration_id="13585628"
)
DANISH = Client("dk", "Kunde", "DK", street="Gade 2", postal_code="1000", city="Kbh", vat_id="DK10403782")
ITALIAN = Seller("Roma", "IT", vat_id="IT00743110157")
SWEDE = Seller("Nord", "SE", vat_id="SE556016068001", registration_id="556016-0680")
GREEK = Seller("Athina", "GR", street="Odos 1", postal_code="10431", city="Athina", vat_id="EL094259216")
IBAN = "DK5000400440116243"


@pytest.mark.parametrize(
    ("seller", "client", "currency", "because"),
    [
        (replace(DANE, iban=IBAN), DANISH, "DKK", "Danish rules know no payment of the code 30"),
        (DANE, DANISH, "EUR", "Danish rules know no payment of the code 57"),
        (replace(DANE, iban=IBAN), DANISH, "EUR", ""),
        (replace(DANE, iban=IBAN), CLIENT, "DKK", ""),
        (replace(DANE, registration_id=""), CLIENT, "DKK", "is no CVR number"),
        (ITALIAN, CLIENT, "EUR", "[seller] lacks street, postal_code, city"),
        (
            replace(ITALIAN, street="V. 1", postal_code="1", city="R", tax_number="12"),
            CLIENT,
            "EUR",
            "11 to 16 letters",
        ),
        (replace(SWEDE, tax_number="556016-0680"), CLIENT, "EUR", "Godkänd för F-skatt"),
        (replace(SWEDE, tax_number="12", registration_id=""), CLIENT, "EUR", "Godkänd för F-skatt"),
        (replace(SWEDE, tax_number="Godkänd för F-skatt"), CLIENT, "EUR", ""),
        (GREEK, CLIENT, "EUR", "MARK"),
    ],
)
def test_national_obstacles(seller: Seller, client: Client, currency: str, because: str) -> None:
    """Where the network's national rules would refuse it, a document is plain EN 16931, and the reason is told."""
    each = document(standard_lines(EXEMPT), seller=seller, client=client, currency=currency)
    choice = choice_of(each)
    assert (because in choice.because) if because else choice.because == ""
    assert (b"peppol" in ubl_xml(each, TEMPLATES)) == (because == "")


def test_a_french_invoice_in_other_money() -> None:
    """With VAT it states that in euros, too; without any, the rules of flux 2 would refuse it (BR-FR-CO-12)."""
    french = replace(SELLER, country="FR", vat_id="FR83404833048", registration_id="404833048")
    client = replace(CLIENT, country="FR", vat_id="FR40303265045", registration_id="303265045", einvoice="en16931")
    rates = [ExchangeRate("EUR", Decimal("0.9"), date(2026, 1, 1))]
    for vat, because in (
        (replace(STANDARD_NL, rate=Decimal(20)), ""),
        (ZERO_RATED, "French rules want the VAT in euros"),
    ):
        made = document(standard_lines(vat), seller=french, client=client, currency="USD")
        each = with_national_vat(made, rates)
        assert because in choice_of(each).because
        assert (french_complaints(ubl_xml(each, TEMPLATES)) == []) == (because == "")


@pytest.mark.parametrize(
    ("net_cents", "count", "price"),
    [
        (13192, 3, "43.973"), (585, 3, "1.95"), (10000, 3, "33.333"), (1, 7, "0.001"), (0, 4, "0.00"),
        (99999999, 1000003, "0.99999699"),
    ],
)  # fmt: skip
def test_price_of_one_piece(net_cents: int, count: int, price: str) -> None:
    """The fewest decimals from 2 to 10 at which price × quantity rounds to the net; one fewer would not do."""
    assert unit_price(net_cents, count) == price
    cent = Decimal("0.01")
    net = Decimal(net_cents).scaleb(-2)
    assert (Decimal(price) * count).quantize(cent, ROUND_HALF_UP) == net
    places = len(price.partition(".")[2])
    if places > 2:
        shorter = (net / count).quantize(Decimal(1).scaleb(1 - places), ROUND_HALF_UP)
        assert (shorter * count).quantize(cent, ROUND_HALF_UP) != net


def test_no_base_quantity() -> None:
    """3 pieces for 131.92 have the price 43.973 in both files, and nobody can book 395.76."""
    each = document([line(1, "call", 13192, quantity=3)])
    for xml in (cii_xml(each, TEMPLATES), ubl_xml(each, TEMPLATES)):
        assert b"43.973<" in xml
        assert b"BaseQuantity" not in xml
        assert b"BasisQuantity" not in xml


def test_any_iban_is_one() -> None:
    """An IBAN whose bank python-stdnum does not list is an IBAN in the CII as well, and the account has its name."""
    seller = replace(SELLER, iban="BE68539007547034", account_holder="Noordzee Derdengelden")
    cii = cii_xml(document(standard_lines(), seller=seller), TEMPLATES).decode()
    assert "<ram:IBANID>BE68539007547034</ram:IBANID>" in cii
    assert "ProprietaryID" not in cii
    assert "<ram:AccountName>Noordzee Derdengelden</ram:AccountName>" in cii
    assert complaints(cii.encode()) == []


@pytest.mark.parametrize("given", ["RCS Lyon 303 265 045", "303265045", "30326504500017", "SIRET 303 265 045 00003"])
def test_a_french_register_number_is_a_siren(given: str) -> None:
    """However it is written, BT-30 is the SIREN with its scheme 0002."""
    found = registration(given, "FR")
    assert found is not None
    assert (found.scheme, found.value) == ("0002", "303265045")


@pytest.mark.parametrize("make", [lambda: document(standard_lines()), full_credit])
def test_page_and_xml_show_the_same_quantities(make: Callable[[], Document]) -> None:
    """A line of the other sign has a negative quantity on both, as its price cannot be negative."""
    each = make()
    view = document_view(each, TEMPLATES)
    texts = [row.quantity for row in (*view.rows, *view.closing_rows) if row.quantity]
    printed = [text.split()[0].replace("\N{MINUS SIGN}", "-").replace(",", "") for text in texts]
    written = re.findall(rb"<cbc:(?:Invoiced|Credited)Quantity[^>]*>([^<]*)<", ubl_xml(each, TEMPLATES))
    # The page puts a number's lines together, the XML keeps their order.
    assert sorted(printed) == sorted(quantity.decode() for quantity in written)
    assert "-1" in printed


def test_the_buyers_words() -> None:
    """References, person and address lines are on the page, in UBL and in CII; our own client id is no BT-10."""
    client = replace(
        CLIENT,
        buyer_reference="KST-4711",
        purchase_order="PO-99",
        contract_reference="RV-2026-1",
        attention="Jan de Vries",
        street2="Gebouw C",
        region="Noord-Holland",
        email="a@acme.example;b@acme.example",
    )
    each = document(standard_lines(), client=client)
    view = document_view(each, TEMPLATES)
    facts = {fact.label: fact.value for fact in view.facts}
    assert facts.items() >= {"Your reference": "KST-4711", "Purchase order": "PO-99", "Contract": "RV-2026-1"}.items()
    assert view.buyer.lines == ("Jan de Vries", "Keizersgracht 12", "Gebouw C", "1015 CX Amsterdam", "Noord-Holland")
    root = ubl(each)
    assert text(root, "BuyerReference") == "KST-4711"
    assert text(root, "OrderReference/ID") == "PO-99"
    assert text(root, "ContractDocumentReference/ID") == "RV-2026-1"
    buyer = "AccountingCustomerParty/Party/"
    assert text(root, f"{buyer}PostalAddress/AdditionalStreetName") == "Gebouw C"
    assert text(root, f"{buyer}PostalAddress/CountrySubentity") == "Noord-Holland"
    assert text(root, f"{buyer}Contact/Name") == "Jan de Vries"
    assert text(root, f"{buyer}Contact/ElectronicMail") == "a@acme.example"
    cii = cii_xml(each, TEMPLATES)
    for word in (b"KST-4711", b"PO-99", b"RV-2026-1", b"Jan de Vries", b"Gebouw C", b"Noord-Holland"):
        assert word in cii
    assert complaints(cii) == complaints(ubl_xml(each, TEMPLATES)) == []


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        ({}, "Acme Trading B.V."),
        ({"attention": "Jan"}, "Jan"),
        ({"purchase_order": "PO-1"}, None),
        ({"einvoice": "en16931"}, None),
    ],
)
def test_the_reference_that_peppol_wants(given: dict[str, str], reference: str | None) -> None:
    """Without a reference of the buyer BT-10 is the person or firm that is meant, and only where Peppol asks."""
    assert text(ubl(document(standard_lines(), client=replace(CLIENT, **given))), "BuyerReference") == reference  # type: ignore[arg-type]


def test_a_client_that_takes_no_xml() -> None:
    """`einvoice = none`: PDF and CSV, and no data for software inside the PDF."""
    each = document(standard_lines(), client=replace(CLIENT, einvoice="none"))
    files = document_files(each, TEMPLATES)
    assert set(files) == set(kinds_of(each)) == {"pdf", "csv"}
    assert b"factur-x.xml" not in files["pdf"]


def test_the_page_inside_the_ubl() -> None:
    """BG-24, where it is asked for: the very PDF that lies beside it."""
    each = document(standard_lines(), seller=replace(SELLER, pdf_in_ubl=True))
    files = document_files(each, TEMPLATES)
    root = etree.fromstring(files["ubl"])
    attached = root.find(".//{*}EmbeddedDocumentBinaryObject")
    assert attached is not None
    assert attached.get("mimeCode") == "application/pdf"
    assert attached.get("filename") == "INV-2026-00001.pdf"
    assert base64.b64decode(attached.text or "") == files["pdf"]
    assert complaints(files["ubl"]) == []


@pytest.mark.parametrize(("make", "sign"), [(lambda: document(standard_lines()), 1), (full_credit, -1)])
def test_vat_in_the_sellers_own_money(make: Callable[[], Document], sign: int) -> None:
    """21.74 EUR at 11.2345 are 244.24 SEK (244.238), on page and in both files, positive on a credit note as well."""
    swede = replace(SWEDE, street="Gata 1", postal_code="11122", city="Stockholm")
    rates = [
        ExchangeRate("SEK", Decimal("11"), date(2026, 1, 1)),
        ExchangeRate("SEK", Decimal("11.2345"), date(2026, 11, 1)),
    ]
    each = with_national_vat(replace(make(), seller=swede), rates)
    assert each.tax_currency_vat_cents == sign * 24424
    root = ubl(each)
    assert text(root, "TaxCurrencyCode") == "SEK"
    totals = {amount.get("currencyID"): amount.text for amount in root.findall("{*}TaxTotal/{*}TaxAmount")}
    assert totals == {"EUR": "21.74", "SEK": "244.24"}
    view = document_view(each, TEMPLATES)
    assert [fact.value for fact in view.totals if "11.2345" in fact.label] == ["SEK244.24"]
    assert complaints(cii_xml(each, TEMPLATES)) == complaints(ubl_xml(each, TEMPLATES)) == []


def test_without_a_rate_no_invoice_is_written() -> None:
    """What is missing is named: the file, the pair and the day."""
    with pytest.raises(
        ValueError, match=r"SEK too, and no rate is known for 2026-11-02: add a row to exchange_rates.csv"
    ):
        with_national_vat(replace(document(standard_lines()), seller=SWEDE), [])
    assert with_national_vat(document(standard_lines()), []).tax_currency == ""
    assert with_national_vat(replace(document(standard_lines(EXEMPT)), seller=SWEDE), []).tax_currency == ""


@pytest.mark.parametrize(
    ("country", "given", "whole"),
    [
        ("DE", "1067", "01067"),
        ("US", "2110", "02110"),
        ("NO", "150", "0150"),
        ("NL", "1015 CX", ""),
        ("DE", "10117", ""),
    ],
)
def test_a_postcode_that_lost_its_nought(country: str, given: str, whole: str) -> None:
    """Dresden, Boston and Oslo; a spreadsheet takes their postcodes for numbers."""
    assert with_its_nought(country, given) == whole
