"""The metadata packet that makes a PDF/A-3 a PDF/UA-1 and a Factur-X invoice."""

from typing import Any

# WeasyPrint writes one rdf:RDF. What it offers for more metadata appends a second one, which readers ignore, so the
# descriptions below are put inside the one that is there.
_PDFUA = """<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about=""><pdfuaid:part>1</pdfuaid:part></rdf:Description>"""

_FACTURX = """<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" rdf:about="">\
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>\
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>"""

_SCHEMAS = """<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about=""><pdfaExtension:schemas><rdf:Bag>{schemas}\
</rdf:Bag></pdfaExtension:schemas></rdf:Description>"""

_SCHEMA = """<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>{title}</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"""

_PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>\
<pdfaProperty:valueType>{type}</pdfaProperty:valueType><pdfaProperty:category>{category}</pdfaProperty:category>\
<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"""


def _schema(title: str, uri: str, prefix: str, properties: tuple[tuple[str, str, str, str], ...]) -> str:
    items = "".join(
        _PROPERTY.format(name=name, type=kind, category=category, description=description)
        for name, kind, category, description in properties
    )
    return _SCHEMA.format(title=title, uri=uri, prefix=prefix, properties=items)


_UA_SCHEMA = _schema(
    "PDF/UA identification schema",
    "http://www.aiim.org/pdfua/ns/id/",
    "pdfuaid",
    (("part", "Integer", "internal", "Part of the PDF/UA standard that the file conforms to"),),
)
_FX_SCHEMA = _schema(
    "Factur-X PDF/A extension schema",
    "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "fx",
    (
        ("DocumentFileName", "Text", "external", "Name of the embedded XML invoice"),
        ("DocumentType", "Text", "external", "Type of the document"),
        ("Version", "Text", "external", "Version of the standard that the XML follows"),
        ("ConformanceLevel", "Text", "external", "Profile of the XML"),
    ),
)


def descriptions(*, facturx: bool) -> bytes:
    """The rdf:Description elements to add: PDF/UA-1 always, Factur-X (profile EN 16931) when the XML is embedded."""
    schemas = _SCHEMAS.format(schemas=_UA_SCHEMA + (_FX_SCHEMA if facturx else ""))
    return (_PDFUA + (_FACTURX if facturx else "") + schemas).encode()


def complete_metadata(pdf: Any, *, facturx: bool) -> None:
    """Add the descriptions to the metadata stream of a pydyf PDF, and name each embedded file once in the catalogue."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    packet: bytes = b"".join(metadata.stream)
    metadata.stream = [packet.replace(b"</rdf:RDF>", descriptions(facturx=facturx) + b"</rdf:RDF>", 1)]
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = list(dict.fromkeys(pdf.catalog["AF"]))
