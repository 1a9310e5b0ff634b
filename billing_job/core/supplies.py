"""What a document's lines were supplied as, which its VAT totals do not tell.

A total is one of category and rate, and a document may carry lines of a month in which its client was taxed otherwise:
the Dutch 21 % of September beside the Belgian 21 % of October, once the client has moved.
"""

from dataclasses import replace

from billing_job.core.countries import taxed_as
from billing_job.core.document import Document, Heading, Line, Supply, Vat, VatTotal
from billing_job.core.money import vat_shares


def supply_of(document: Document | Heading, vat: Vat) -> Supply:
    """What a line's VAT says of its supply; on documents from before it was kept, what follows from the client.

    A client that stays in its country is known by the VAT id that the document names.
    """
    client, seller = document.client, document.seller
    country = taxed_as(client.country)
    if vat.supply is not None:
        stays = vat.supply.country == country and client.vat_id
        return replace(vat.supply, vat_id=client.vat_id) if stays else vat.supply
    if vat.category == "AE" and client.tax_treatment == "DRC":
        return Supply("DRC", country, client.vat_id)
    is_oss = vat.category == "S" and country != taxed_as(seller.country) and client.tax_treatment != "S"
    return Supply("OSS" if is_oss else vat.category, country, client.vat_id)


def by_supply(document: Document, total: VatTotal) -> list[tuple[Supply, list[Line], int]]:
    """A total taken apart: its lines of each supply, and their share of its VAT in cents."""
    parts: dict[Supply, list[Line]] = {}
    for line in document.lines:
        if line.vat == total.vat:
            parts.setdefault(supply_of(document, line.vat), []).append(line)
    nets = [sum(line.net_cents for line in lines) for lines in parts.values()]
    taxes = vat_shares(total.vat_cents, nets, total.vat.rate) if nets else []
    return [(supply, lines, tax) for (supply, lines), tax in zip(parts.items(), taxes, strict=True)]
