"""Who sells and who pays, as it stood when a document was issued."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seller:
    """Who sells: the `[seller]` table, as it stood when the document was issued."""

    name: str
    country: str
    legal_name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    vat_id: str = ""
    registration_id: str = ""
    email: str = ""
    phone: str = ""
    iban: str = ""
    bic: str = ""
    creditor_id: str = ""
    """The creditor identifier of SEPA direct debits (BT-90)."""
    account_holder: str = ""
    """The name that the account is held in, where it is not the legal name: banks compare it."""
    tax_number: str = ""
    """A tax number that is no VAT id (EN 16931 BT-32): Steuernummer, SIRET of a micro-entreprise, EIN."""
    peppol_id: str = ""
    contact: str = ""
    """Who answers questions about the invoice (BT-41)."""
    logo: str = ""
    """The logo as a data: URL, read when the document was issued; empty without one."""
    footer: str = ""
    accent_colour: str = "#0b5c6b"
    address: str = "left"
    """The side of the envelope's window: left or right."""
    paper: str = "a4"  # or letter
    fold_marks: bool = True
    carried_forward: bool = False
    pdf_in_ubl: bool = False
    """Whether the UBL carries the page as a PDF (BG-24)."""

    @property
    def account_name(self) -> str:
        """The name on the account, for bank forms."""
        return self.account_holder or self.legal_name or self.name


@dataclass(frozen=True, slots=True)
class Client:
    """Who pays: a row of clients.csv, as it stood when the document was issued."""

    client_id: str
    name: str
    country: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    vat_id: str = ""
    registration_id: str = ""
    email: str = ""
    """One address, or several with `;`."""
    language: str = "en"
    plan: str = ""
    payment_terms_days: int | None = None
    tax_treatment: str = ""
    detail: str = "number"
    peppol_id: str = ""
    attention: str = ""
    street2: str = ""
    region: str = ""
    email_copy: str = ""
    """Who gets a copy of each e-mail: addresses with `;`."""
    buyer_reference: str = ""
    """The buyer's own word for where the invoice belongs (BT-10), in Germany's administration a Leitweg-ID."""
    purchase_order: str = ""
    contract_reference: str = ""
    einvoice: str = "auto"
    """auto, peppol, xrechnung, nlcius, en16931 or none."""
    payment: str = "transfer"
    mandate_id: str = ""
    debited_iban: str = ""
    """With payment = direct_debit: mandate (BT-89) and account (BT-91) by which its documents are collected."""

    @property
    def is_business(self) -> bool:
        """Whether it is known to be one, by a VAT id or a register number; the law protects everybody else more."""
        return bool(self.vat_id or self.registration_id)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who gets its e-mails, those of `email` first, each address once."""
        addresses = [address.strip() for address in f"{self.email};{self.email_copy}".split(";")]
        return tuple({address.casefold(): address for address in reversed(addresses) if address}.values())[::-1]

    @property
    def first_email(self) -> str:
        """The address for forms that have room for one."""
        return self.email.partition(";")[0].strip()
