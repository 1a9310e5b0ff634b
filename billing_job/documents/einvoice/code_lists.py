"""The code list of electronic addresses (EAS), as the Peppol network has it, and what each scheme's values look like.

Source: Peppol BIS Billing 3.0, code list of PEPPOL-EN16931-CL008, with its version and day below.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from stdnum import ean, lei
from stdnum.au import abn
from stdnum.be import vat as be_enterprise
from stdnum.ch import uid as ch_uid
from stdnum.dk import cvr
from stdnum.ee import registrikood
from stdnum.eu import vat as eu_vat
from stdnum.fi import ytunnus
from stdnum.fr import siren, siret
from stdnum.is_ import kennitala
from stdnum.it import codicefiscale, iva
from stdnum.jp import cn as jp_cn
from stdnum.no import orgnr as no_orgnr
from stdnum.se import orgnr as se_orgnr

from billing_job.documents.einvoice.leitweg_id import is_leitweg_id

EAS_VERSION = "2026.5"
EAS_DAY = date(2026, 5, 15)
"""The release of Peppol BIS Billing that the list below is of."""

EAS = frozenset(
    ["0002", "0007", "0009", "0060", "0088", "0096", "0097", "0106", "0130", "0135", "0142", "0151", "0158", "0183",
     "0184", "0188", "0190", "0191", "0192", "0195", "0196", "0198", "0199", "0200", "0201", "0204", "0208", "0209",
     "0210", "0211", "0216", "0218", "0221", "0225", "0230", "0235", "0240", "0242", "0244", "0245", "0246", "0248",
     "9910", "9913", "9914", "9915", "9918", "9919", "9920", "9922", "9923", "9924", "9925", "9926", "9927", "9928",
     "9929", "9930", "9931", "9932", "9933", "9934", "9935", "9936", "9937", "9938", "9939", "9940", "9941", "9942",
     "9943", "9944", "9945", "9946", "9947", "9948", "9949", "9950", "9951", "9952", "9953", "9957", "9959"]
)  # fmt: skip

RETIRED: Mapping[str, str] = {
    "0037": "0216", "0193": "0208", "0202": "0201", "0212": "0216", "0213": "0216", "0215": "0216",
    "9901": "0184", "9902": "0184", "9904": "0184", "9905": "0184", "9906": "0211", "9907": "0210", "9908": "0192",
    "9909": "0192", "9917": "0196", "9921": "0201", "9954": "0190", "9955": "0007", "9956": "0208", "9958": "0204",
}  # fmt: skip
"""Schemes that left the list, and the one that took their place."""

VAT_SCHEMES: Mapping[str, str] = {
    "AT": "9914", "BE": "9925", "BG": "9926", "CY": "9928", "CZ": "9929", "DE": "9930", "EE": "9931", "EL": "9933",
    "ES": "9920", "FR": "9957", "HR": "9934", "HU": "9910", "IE": "9935", "LT": "9937", "LU": "9938", "LV": "9939",
    "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946", "RO": "9947", "SI": "9949", "SK": "9950",
}  # fmt: skip
"""Schemes of the VAT numbers of one EU country each, by the prefix that the number carries."""


def _pattern(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression, re.ASCII)
    return lambda value: compiled.fullmatch(value) is not None


def _vat_of(prefix: str) -> Callable[[str], bool]:
    return lambda value: bool(eu_vat.is_valid(value if value.upper().startswith(prefix) else prefix + value))


def is_ovt(value: str) -> bool:
    """A Finnish OVT code: 0037, the eight digits of a business id, and up to five characters of the firm's own."""
    return re.fullmatch(r"0037[0-9]{8}[0-9A-Za-z]{0,5}", value) is not None and bool(ytunnus.is_valid(value[4:12]))


CHECKS: Mapping[str, Callable[[str], bool]] = {
    "0002": siren.is_valid,
    "0007": lambda value: len(value) == 10 and bool(se_orgnr.is_valid(value)),
    "0009": siret.is_valid,
    "0060": _pattern(r"[0-9]{9}"),
    "0088": lambda value: len(value) == 13 and bool(ean.is_valid(value)),
    "0106": _pattern(r"[0-9]{8}"),
    "0151": lambda value: len(value) == 11 and bool(abn.is_valid(value)),
    "0158": _pattern(r"[0-9]{8}"),
    "0183": lambda value: value.startswith("CHE") and bool(ch_uid.is_valid(value)),
    "0184": lambda value: value[:2] == "DK" and bool(cvr.is_valid(value[2:])),
    "0188": lambda value: len(value) == 13 and bool(jp_cn.is_valid(value)),
    "0190": _pattern(r"[0-9]{20}"),
    "0191": registrikood.is_valid,
    "0192": lambda value: len(value) == 9 and bool(no_orgnr.is_valid(value)),
    "0196": lambda value: len(value) == 10 and bool(kennitala.is_valid(value)),
    "0198": _pattern(r"DK[0-9]{8}"),
    "0199": lei.is_valid,
    "0200": _pattern(r"[0-9]{7}|[0-9]{9}"),
    "0201": _pattern(r"[0-9A-Za-z]{6}"),
    "0204": is_leitweg_id,
    "0208": lambda value: len(value) == 10 and bool(be_enterprise.is_valid(value)),
    "0210": lambda value: bool(codicefiscale.is_valid(value) or iva.is_valid(value)),
    "0211": lambda value: bool(iva.is_valid(value.removeprefix("IT"))),
    "0216": is_ovt,
    "0218": _pattern(r"[0-9]{11}"),
    "0221": lambda value: value[:1] == "T" and bool(jp_cn.is_valid(value[1:])),
    "0225": lambda value: bool(siren.is_valid(value[:9])) and re.fullmatch(r"[0-9]{9}([_.-].+)?", value) is not None,
    "0245": _pattern(r"[0-9]{10}"),
    "9927": lambda value: value.startswith("CHE") and bool(ch_uid.is_valid(value[:12])),
    "9932": _pattern(r"(GB)?([0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3})"),
    "9959": _pattern(r"[0-9]{2}-?[0-9]{7}"),
    **{scheme: _vat_of(prefix) for prefix, scheme in VAT_SCHEMES.items()},
}
"""How the value of a scheme is checked; one that is not here is checked for its characters only."""
