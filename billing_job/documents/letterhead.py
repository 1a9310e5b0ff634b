"""What stands at the head and the foot of every page: who writes to whom."""

from collections.abc import Iterable

from billing_job.core.parties import Client, Seller
from billing_job.documents import localized
from billing_job.documents.address_window import in_the_window, left_out
from billing_job.documents.postal_address import address_of, country_line
from billing_job.documents.safe_text import page_text, shortened
from billing_job.documents.translations import Labels
from billing_job.documents.view import Arrangement, Fact, Party

FOOTER_ROOM = 64
"""Letters of the seller's name with which the foot of a page takes two lines; the letterhead has it whole."""

_USUAL = Arrangement()
_HEAD_ROOM = 64
"""Letters of a client's name with which the head of later pages takes two lines at most; page one has it whole."""
_SENDER_ROOM = 64
"""Letters that fit on the line above the address."""


def joined(parts: Iterable[str], labels: Labels) -> str:
    """Parts of one line; on a right-to-left page a mark keeps a Latin part's full stop at its end."""
    mark = "\N{LEFT-TO-RIGHT MARK}" if labels.direction == "rtl" else ""
    return " · ".join(part + (mark if part.isascii() else "") for part in parts if part)


def address_lines(party: Seller | Client) -> tuple[str, ...]:
    """The address on one line, for above the window: street, city and region, those that are known."""
    address = address_of(party)
    return (*address.before, *address.after)


def seller_party(seller: Seller, labels: Labels) -> Party:
    """The seller as its letterhead shows it; what identifies it stands at the foot, where that is not its own words."""
    numbers = (
        Fact(labels("VAT ID"), page_text(seller.vat_id)),
        Fact(labels("Tax number"), page_text(seller.tax_number)),
        Fact(labels("Registration no."), page_text(seller.registration_id)),
    )
    ids = (
        *(numbers if seller.footer else ()),
        Fact(labels("Contact"), page_text(seller.contact)),
        Fact(labels("E-mail"), page_text(seller.email)),
        Fact(labels("Telephone"), localized.phone_text(seller.phone)),
    )
    lines = (*address_lines(seller), localized.country_text(seller.country, labels.locale))
    name = page_text(seller.legal_name or seller.name)
    return Party(name, lines, tuple(fact for fact in ids if fact.value))


def sender_line(seller: Seller, labels: Labels) -> str:
    """The line above the address, in the window: who sends it, and from where."""
    return shortened(joined((page_text(seller.name), *address_lines(seller)), labels), _SENDER_ROOM)


def buyer_party(client: Client, seller: Seller) -> Party:
    """The client in the window, as the post of its country wants it; the country is named for post from abroad."""
    address = address_of(client)
    person = page_text(client.attention)
    lines = (person, *address.after, country_line(client.country, seller.country))
    return in_the_window(Party(page_text(client.name), tuple(filter(None, lines)), before=address.before))


def whole_address(buyer: Party, labels: Labels) -> str:
    """What of the client's name and address the window may not show whole; empty where it shows all."""
    parts = left_out(buyer)
    return labels("Addressee in full: {address}", address=labels.apart(joined(parts, labels))) if parts else ""


def buyer_ids(client: Client, labels: Labels) -> tuple[Fact, ...]:
    """What identifies the client, for the facts beside the window."""
    ids = (
        Fact(labels("Your VAT ID"), page_text(client.vat_id)),
        Fact(labels("Your registration no."), page_text(client.registration_id)),
    )
    return tuple(fact for fact in ids if fact.value)


def running_head(parts: Iterable[str], client: Client, labels: Labels) -> str:
    """What stands above all pages but the first: these parts, and who the client is."""
    return joined((*parts, shortened(page_text(client.name), _HEAD_ROOM)), labels)


def page_count(labels: Labels) -> tuple[str, str, str]:
    """What stands before the page's number, between it and the number of pages, and behind."""
    before, between, after = labels("Page {page} of {pages}", page="\0", pages="\0").split("\0")
    return before, between, after


def layout_classes(seller: Seller, arrangement: Arrangement = _USUAL) -> str:
    """The classes that tell the style sheet of paper, window, fold marks, sums carried forward and closer rows."""
    marks = "folded" if seller.fold_marks else ""
    sums = "carrying" if seller.carried_forward else ""
    dense, tight = "dense" if arrangement.is_dense else "", "tight" if arrangement.is_tight else ""
    return " ".join(filter(None, (f"paper-{seller.paper}", f"address-{seller.address}", marks, sums, dense, tight)))


def footer_parts(seller: Seller, labels: Labels) -> Iterable[str]:
    """The parts of the page's foot: the seller's own words, or who it is."""
    if seller.footer:
        yield page_text(seller.footer)
        return
    yield shortened(page_text(seller.legal_name or seller.name), FOOTER_ROOM)
    if seller.vat_id:
        yield f"{labels('VAT ID')} {page_text(seller.vat_id)}"
    if seller.tax_number:
        yield f"{labels('Tax number')} {page_text(seller.tax_number)}"
    if seller.registration_id:
        yield f"{labels('Registration no.')} {page_text(seller.registration_id)}"
