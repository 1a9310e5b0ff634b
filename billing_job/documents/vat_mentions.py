"""What the law wants said where no VAT is charged, in the client's language (Directive 2006/112/EC, Article 226)."""

from billing_job.core.document import Document, Vat
from billing_job.documents.safe_text import page_text
from billing_job.documents.translations import Labels

# A document without an exemption code still has the mention of its category.
_CODES = {"AE": "VATEX-EU-AE", "O": "VATEX-EU-O"}
_TAXED = ("S", "Z")


def vat_name(vat: Vat, rate: str, labels: Labels) -> str:
    """How the totals call a VAT category: "VAT 21%", or why there is none, "VAT (reverse charge)"."""
    return labels("VAT {rate}", rate=rate) if vat.category == "S" else labels(f"vat:{vat.category}")


def vat_reason(vat: Vat, labels: Labels) -> str:
    """Why no VAT is charged (BT-120) in the language of the labels: by the code, otherwise as the document has it."""
    code = vat.exemption_code or ("" if vat.exemption_reason else _CODES.get(vat.category, ""))
    if labels.knows(code):
        return labels(code)
    return page_text(labels(vat.exemption_reason or "Exempt from VAT"))


def vat_mentions(document: Document, labels: Labels) -> tuple[str, ...]:
    """Every mention the document must carry, once each."""
    untaxed = (total.vat for total in document.vat_totals if total.vat.category not in _TAXED)
    return tuple(dict.fromkeys(vat_reason(vat, labels) for vat in untaxed))
