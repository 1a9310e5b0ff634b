"""The parts of a run, put together once: settings, mapping, ledger, templates, accounts, clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from billing_job.accounting.accounts import FORMAT_NAMES, Accounts, load_accounts
from billing_job.billing.attribution.assignments import Assignments, assignments
from billing_job.billing.attribution.event_facts import number_facts
from billing_job.billing.invoicing.tax import TaxRules
from billing_job.billing.invoicing.untaxed_at_home import SHIPPED_REVERSE_CHARGES, small_business_vat
from billing_job.billing.rating.charge_periods import Charge
from billing_job.billing.rating.tariff import DatedPrice
from billing_job.config.charges_file import load_charges
from billing_job.config.fingerprint import configuration_sha256
from billing_job.config.mapping import load_mapping, load_vat_rates
from billing_job.config.price_list import load_prices
from billing_job.config.reading import TransactionsReading
from billing_job.config.receivables import load_first_day
from billing_job.config.receivables_files import ReceivablesFiles, load_receivables_files
from billing_job.config.settings import Settings
from billing_job.core.claim import FirstDay
from billing_job.core.clock import Clock
from billing_job.core.document import Kind
from billing_job.core.errors import ConfigError
from billing_job.core.event import ACTIVATED, RELEASED, SUSPENDED, Event
from billing_job.core.files.manifest import Folder
from billing_job.core.files.object_store import files_at
from billing_job.core.money import micros_from_decimal
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period
from billing_job.core.register import Register, VatRate
from billing_job.core.resources import shipped_config
from billing_job.didfarm.webhooks import read_event
from billing_job.documents.templates import Templates, load_templates
from billing_job.ledger.collections import logged_collections
from billing_job.ledger.database import open_engine
from billing_job.ledger.events import event_bodies, orders_paid
from billing_job.ledger.last_look import supplier_trunks
from billing_job.ledger.onboarding import bought_ids
from billing_job.ledger.payments import recorded_payments
from billing_job.ledger.withdrawals import withdrawn
from billing_job.month.reading_in_effect import read_as_settings_say, reading_in_effect

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """Everything that a command works with; made by `open_job`, closed by `close`."""

    settings: Settings
    mapping: Register
    prices: tuple[DatedPrice, ...]
    accounts: Accounts
    templates: Templates
    seller: Seller
    shipped_rates: tuple[VatRate, ...]
    engine: Engine
    clock: Clock
    configuration_sha256: str
    first_day: FirstDay
    receivables_files: ReceivablesFiles
    charges: tuple[tuple[Charge, ...], ...] = ()
    """Each charge of charges.csv: its rows in their order of time."""

    @cached_property
    def clients(self) -> Mapping[str, Client]:
        """The clients of clients.csv by their id, each with the mandate by which a document of today is collected."""
        clients = {client.client_id: client for client in self.mapping.clients}
        mandates = self.receivables_files.mandates
        if not mandates:
            return clients
        # Who collects nothing does not wait for what writes the bank's files.
        from billing_job.month.collected import collected, usable_mandate

        history = collected(logged_collections(self.engine), recorded_payments(self.engine))
        most = self.settings.receivables.returns_before_transfer
        today = self.today
        for id_, client in clients.items():
            days = client.payment_terms_days
            due = today + timedelta(days=self.settings.billing.payment_terms_days if days is None else days)
            mandate = usable_mandate(client, mandates, due, history, most)
            if mandate is not None:
                clients[id_] = replace(client, mandate_id=mandate.mandate_id, debited_iban=mandate.iban)
        return clients

    @property
    def today(self) -> date:
        """The present day in the seller's zone."""
        return self.settings.billing.day_of(self.clock.now())

    @property
    def numbering(self) -> Mapping[Kind, str]:
        """The number format of each kind of document."""
        return {Kind.INVOICE: self.settings.numbering.invoice, Kind.CREDIT_NOTE: self.settings.numbering.credit_note}

    @property
    def tax_rules(self) -> TaxRules:
        """What decides about VAT: the seller, One Stop Shop, dated rates, and the small-business exemption."""
        seller, tax = self.settings.seller, self.settings.tax
        return TaxRules(
            seller.country,
            seller.vat_id,
            tax.oss,
            self.mapping.vat_rates,
            self.shipped_rates,
            small_business_vat(seller.country, tax.small_business_reason) if tax.small_business else None,
            (*self.mapping.reverse_charges, *SHIPPED_REVERSE_CHARGES),
            seller.tax_number,
            seller.registration_id,
        )

    def reading(self) -> TransactionsReading:
        """How the ledger's rows are read: the settings, and what "auto" came to."""
        return reading_in_effect(self.engine, self.settings.api.transactions)

    def read_again(self) -> TransactionsReading:
        """Read the rows anew where new ones changed what "auto" comes to; the reading in effect."""
        return read_as_settings_say(self.engine, self.settings.api.transactions)

    def assignments(self) -> Assignments:
        """The mapping's facts under the names that the supplier's trunks have now, and what webhooks add to them."""
        zone = self.settings.billing.zone
        events = self.number_events()
        told = number_facts(events, zone, orders_paid(self.engine), bought_ids(self.engine)) if events else ()
        return assignments(self.mapping, supplier_trunks(self.engine), zone, told)

    def withdrawn(self) -> set[str]:
        """Transactions that the supplier no longer lists, though they are within its reach."""
        billing = self.settings.billing
        return withdrawn(self.engine, micros_from_decimal(billing.opening_balance), billing.currency)

    def events(self) -> list[Event]:
        """All that webhooks told, in the order it came."""
        return self._read(event_bodies(self.engine))

    def number_events(self) -> list[Event]:
        """What webhooks told of numbers, in the order it came."""
        return self._read(event_bodies(self.engine, (ACTIVATED, SUSPENDED, RELEASED)))

    def _read(self, bodies: Sequence[bytes]) -> list[Event]:
        timezone = self.settings.api.transactions.timezone
        return [read_event(body, timezone) for body in bodies]

    def folder(self, month: Period) -> Folder:
        """output/YYYY-MM."""
        return Folder(files_at(self.settings.output.directory).below(str(month)))

    def draft_folder(self, month: Period) -> Folder:
        """output/drafts/YYYY-MM: apart from what was issued, so that a manifest never speaks of drafts."""
        return Folder(files_at(self.settings.output.directory).below("drafts").below(str(month)))

    def last_month(self) -> Period:
        """The month before the present one in the seller's zone."""
        return Period.of(self.today).previous

    def close(self) -> None:
        """Give the ledger's connections back."""
        self.engine.dispose()


def open_job(settings: Settings, config_folder: Path, clock: Clock) -> Job:
    """Read every input file and open the ledger; ConfigError lists all that is wrong, before anything is touched."""
    plan_names = [plan.name for plan in settings.plans]
    problems = [
        f"{config_folder / 'billing.toml'}: accounting.formats: {name!r} is unknown; known are"
        f" {', '.join(FORMAT_NAMES)}"
        for name in settings.accounting.formats
        if name not in FORMAT_NAMES
    ]

    def read(load: Callable[[], T]) -> T | None:
        """What a file says; None, and what is wrong with it among the problems."""
        try:
            return load()
        except ConfigError as error:
            problems.extend(error.problems)
            return None

    prices = charges = names = None
    mapping = read(lambda: load_mapping(config_folder, plan_names))
    if mapping is not None:
        names = {client.client_id: client.name for client in mapping.clients}
        categories = list(dict.fromkeys(settings.categories.values()))
        prices = read(lambda: load_prices(config_folder / "prices.csv", list(names), categories))
        charges = read(lambda: load_charges(config_folder, mapping, plan_names))
    accounts = read(lambda: load_accounts(config_folder / "accounts.csv"))
    currency = settings.billing.currency
    first_day = read(lambda: load_first_day(config_folder / "open_items.csv", settings.receivables, currency))
    receivables_files = read(lambda: load_receivables_files(config_folder, names))
    templates = read(lambda: load_templates(settings.design.templates))
    logo = None if templates is None else read(lambda: _logo(settings))
    if (
        mapping is None
        or prices is None
        or charges is None
        or accounts is None
        or templates is None
        or logo is None
        or first_day is None
        or receivables_files is None
        or problems
    ):
        raise ConfigError(problems)
    engine = open_engine(settings.storage.database_url)
    read_as_settings_say(engine, settings.api.transactions)
    return Job(
        settings=settings,
        mapping=mapping,
        prices=prices,
        accounts=accounts,
        templates=templates,
        seller=_seller(settings, logo),
        shipped_rates=load_vat_rates(shipped_config() / "vat_rates.csv"),
        engine=engine,
        clock=clock,
        configuration_sha256=configuration_sha256(config_folder),
        first_day=first_day,
        receivables_files=receivables_files,
        charges=charges,
    )


def _logo(settings: Settings) -> str:
    if settings.seller.logo is None:
        return ""
    from billing_job.documents.logo import logo_data_url  # who has no logo does not wait for pictures to load

    return logo_data_url(settings.seller.logo)


def _seller(settings: Settings, logo: str) -> Seller:
    table = settings.seller.model_dump(exclude={"logo"})
    design = settings.design
    return Seller(
        **table,
        logo=logo,
        footer=design.footer,
        accent_colour=design.accent_colour,
        address=design.address,
        paper=design.paper,
        fold_marks=design.fold_marks,
        carried_forward=design.carried_forward,
        pdf_in_ubl=design.pdf_in_ubl,
    )
