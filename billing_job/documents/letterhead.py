"""What stands at the head and the foot of every page: who writes to whom."""

from collections.abc import Iterable

from billing_job.core.document import Client, Seller
from billing_job.documents import localized
from billing_job.documents.safe_text import page_text
from billing_job.documents.translations import Labels
from billing_job.documents.view import Fact, Party


def joined(parts: Iterable[str], labels: Labels) -> str:
    """Parts of one line; on a right-to-left page a mark keeps a Latin part's full stop at its end."""
    mark = "\N{LEFT-TO-RIGHT MARK}" if labels.direction == "rtl" else ""
    return " · ".join(part + (mark if part.isascii() else "") for part in parts if part)


def address_lines(party: Seller | Client) -> tuple[str, ...]:
    """Street, city and region, those that are known."""
    city = " ".join(filter(None, (party.postal_code, party.city)))
    more = (party.street2, city, party.region) if isinstance(party, Client) else (city,)
    return tuple(filter(None, map(page_text, (party.street, *more))))


def seller_party(seller: Seller, labels: Labels) -> Party:
    """The seller as its letterhead shows it."""
    ids = (
        Fact(labels("VAT ID"), page_text(seller.vat_id)),
        Fact(labels("Tax number"), page_text(seller.tax_number)),
        Fact(labels("Registration no."), page_text(seller.registration_id)),
        Fact(labels("Contact"), page_text(seller.contact)),
        Fact(labels("E-mail"), page_text(seller.email)),
        Fact(labels("Telephone"), localized.phone_text(seller.phone)),
    )
    lines = (*address_lines(seller), localized.country_text(seller.country, labels.locale))
    name = page_text(seller.legal_name or seller.name)
    return Party(name, lines, tuple(fact for fact in ids if fact.value))


def buyer_party(client: Client, seller: Seller, labels: Labels) -> Party:
    """The client in the window; its country only where it is another than the seller's."""
    abroad = client.country.upper() != seller.country.upper()
    country = (localized.country_text(client.country, labels.locale),) if abroad else ()
    ids = (
        Fact(labels("VAT ID"), page_text(client.vat_id)),
        Fact(labels("Registration no."), page_text(client.registration_id)),
    )
    person = (page_text(client.attention),) if client.attention else ()
    return Party(
        page_text(client.name), (*person, *address_lines(client), *country), tuple(fact for fact in ids if fact.value)
    )


def footer_parts(seller: Seller, labels: Labels) -> Iterable[str]:
    """The parts of the page's foot: the seller's own words, or who it is."""
    if seller.footer:
        yield page_text(seller.footer)
        return
    yield page_text(seller.legal_name or seller.name)
    if seller.vat_id:
        yield f"{labels('VAT ID')} {page_text(seller.vat_id)}"
    if seller.tax_number:
        yield f"{labels('Tax number')} {page_text(seller.tax_number)}"
    if seller.registration_id:
        yield f"{labels('Registration no.')} {page_text(seller.registration_id)}"
