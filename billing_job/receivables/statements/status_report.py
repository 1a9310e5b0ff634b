"""pain.002: what a bank says of a file of direct debits before it books anything, of every version, by local names."""

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

_REJECTED = "RJCT"
_ROOT = "CstmrPmtStsRpt"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What was rejected of one file: all of it, batches by their PmtInfId, debits by their end-to-end id."""

    message_id: str
    """Of the file that it speaks of (OrgnlMsgId)."""
    whole: str | None = None
    """Why all of it was rejected; None: it was not."""
    batches: dict[str, str] = field(default_factory=dict)
    debits: dict[str, str] = field(default_factory=dict)


def status_report(content: bytes) -> StatusReport | None:
    """The report that a file holds; None for any other file, ValueError for one that is not whole."""
    if _ROOT.encode() not in content[:4096]:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"is not whole XML: {error.msg}; fetch it from the bank again") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("has a document type declaration, which no bank sends: it is not read")
    message_id = _text(root, f"{_ROOT}/OrgnlGrpInfAndSts/OrgnlMsgId")
    if not message_id:
        raise ValueError("is a status report (pain.002) that names no file (OrgnlMsgId): fetch it from the bank again")
    group = root.find(f"{{*}}{_ROOT}/{{*}}OrgnlGrpInfAndSts")
    batches: dict[str, str] = {}
    debits: dict[str, str] = {}
    # Since version 3 debits stand within their batch, before it beside the group.
    for element in root.iter("{*}OrgnlPmtInfAndSts"):
        if _text(element, "PmtInfSts") == _REJECTED and element.find("{*}TxInfAndSts") is None:
            batches[_text(element, "OrgnlPmtInfId")] = _reason(element)
    for element in root.iter("{*}TxInfAndSts"):
        if _text(element, "TxSts") == _REJECTED:
            debits[_text(element, "OrgnlEndToEndId")] = _reason(element)
    is_whole = _text(group, "GrpSts") == _REJECTED and not batches and not debits
    return StatusReport(message_id, _reason(group) if is_whole else None, batches, debits)


def _reason(element: Any) -> str:
    told = [
        _text(info, path) for info in element.iterfind("{*}StsRsnInf") for path in ("Rsn/Cd", "Rsn/Prtry", "AddtlInf")
    ]
    return " ".join(word for word in told if word) or "no reason given"


def _text(element: Any, path: str) -> str:
    found = element.find("/".join(f"{{*}}{name}" for name in path.split("/")))
    return (found.text or "").strip() if found is not None else ""
