"""Documents of every seller to every buyer: countries × treatments × kinds × profiles, all of them or a part."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import product

from billing_job.billing.invoicing.national_currency import with_national_vat
from billing_job.core.document import Document, Vat
from billing_job.core.parties import Client, Seller
from billing_job.core.register import ExchangeRate
from tests.support.sample_documents import (
    EXEMPT,
    OUTSIDE_SCOPE,
    REVERSE_CHARGE,
    document,
    full_credit,
    late_line,
    negative_month,
    standard_lines,
)

VAT_IDS = {
    "NL": "NL004495445B01", "DE": "DE136695976", "FR": "FR40303265045", "BE": "BE0428759497", "DK": "DK13585628",
    "SE": "SE556016068001", "IT": "IT00743110157", "ES": "ESA58818501", "AT": "ATU13585627", "FI": "FI20774740",
    "GR": "EL094259216", "IE": "IE6388047V", "GB": "GB980780684", "NO": "NO988077917MVA", "CH": "", "US": "",
}  # fmt: skip
REGISTERS = {
    "NL": "87654321", "DE": "HRB 12345", "FR": "RCS Lyon 303 265 045", "BE": "0428.759.497", "DK": "13585628",
    "SE": "556016-0680", "AT": "FN 123456a", "FI": "2077474-0", "NO": "988 077 917", "CH": "CHE-100.155.212",
}  # fmt: skip
SELLERS = ("NL", "DE", "FR", "BE", "DK", "SE", "IT", "ES", "AT", "FI", "GB", "NO")
BUYERS = ("NL", "DE", "FR", "BE", "DK", "SE", "IT", "ES", "AT", "FI", "GR", "IE", "CH", "US")
RATES = {"NL": "21", "DE": "19", "FR": "20", "BE": "21", "DK": "25", "SE": "25", "IT": "22", "ES": "21", "AT": "20",
         "FI": "25.5", "GR": "24", "IE": "23", "GB": "20", "NO": "25"}  # fmt: skip
EU = frozenset(BUYERS) - {"CH", "US"}
CURRENCIES = {"DK": "DKK", "SE": "SEK", "GB": "GBP", "NO": "NOK"}
KINDS = ("invoice", "late", "credit", "refunds")
EXCHANGE = [ExchangeRate(name, Decimal("11.2345"), date(2026, 1, 1)) for name in ("EUR", *CURRENCIES.values())]
IBAN = "NL91ABNA0417164300"


def seller(country: str, *, registered: bool) -> Seller:
    """A seller with all that its country's rules ask for, or one without a VAT id."""
    return Seller(
        "Noordzee",
        country,
        street="Street 1",
        postal_code="10115",
        city="Town",
        vat_id=VAT_IDS[country] if registered else "",
        registration_id=REGISTERS.get(country, ""),
        tax_number="" if registered else "12345678901",
        email="billing@noordzee.example",
        phone="+31201234567",
        contact="Jo Smit",
        iban=IBAN,
    )


def buyer(country: str, einvoice: str) -> Client:
    """A client with all that rules ask for."""
    return Client(
        "acme",
        "Acme",
        country,
        street="Street 2",
        postal_code="1000",
        city="City",
        vat_id=VAT_IDS[country],
        registration_id=REGISTERS.get(country, ""),
        email="ap@acme.example",
        buyer_reference="991-33333TEST-33" if einvoice == "xrechnung" else "",
        purchase_order="PO-1" if einvoice == "nlcius" else "",
        einvoice=einvoice,
    )


def _treatments(of: str, to: str) -> dict[str, Vat]:
    standard = Vat("S", Decimal(RATES[of]))
    found = {"exempt": EXEMPT}
    if of == to:
        return found | {"standard": standard, "domestic reverse charge": Vat("AE", Decimal(0), "", "Btw verlegd")}
    if {of, to} <= EU:
        return found | {"reverse charge": REVERSE_CHARGE, "oss": Vat("S", Decimal(RATES[to]))}
    return found | {"outside": OUTSIDE_SCOPE}


def _of_kind(kind: str, vat: Vat, of: Seller, to: Client, currency: str) -> Document:
    like = {"invoice": None, "late": None, "credit": full_credit(), "refunds": negative_month()}[kind]
    lines = [*standard_lines(vat), replace(late_line(9), vat=vat)] if kind == "late" else standard_lines(vat)
    if like is None:
        return with_national_vat(document(lines, seller=of, client=to, currency=currency), EXCHANGE)
    made = document([replace(each, vat=vat) for each in like.lines], seller=of, client=to, currency=currency)
    parts = ("lines", "vat_totals", "net_cents", "vat_cents", "gross_cents", "seller", "client", "currency")
    return with_national_vat(replace(like, **{part: getattr(made, part) for part in parts}), EXCHANGE)


def matrix() -> Iterator[tuple[str, Callable[[], Document]]]:
    """The name of every document of the matrix, and what makes it: to make all takes longer than to check a part."""
    for of, to, kind in product(SELLERS, BUYERS, KINDS):
        profiles = ["auto", *(["xrechnung"] if to == "DE" else []), *(["nlcius"] if of == "NL" else [])]
        profiles += ["en16931"] if of == to == "FR" or to == "US" else []
        for (treatment, vat), einvoice in product(_treatments(of, to).items(), profiles):
            for currency in dict.fromkeys(("EUR", CURRENCIES.get(of, "EUR"))):
                parties = seller(of, registered=treatment != "exempt"), buyer(to, einvoice)
                of_kind = partial(_of_kind, kind, vat, *parties, currency)
                yield f"{of}-{to}-{kind}-{treatment}-{einvoice}-{currency}", of_kind
