"""The tables of `config/billing.toml` as frozen settings: defaults, and checks of one value against another."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from billing_job.accounting.options import AccountingOptions
from billing_job.billing.rating.plans import Plan
from billing_job.config.api import Api
from billing_job.config.mail import Mail
from billing_job.config.peppol import Peppol
from billing_job.config.reading import CurrencyCode, zone_name
from billing_job.config.receivables import Bank, ReceivablesTable
from billing_job.config.seller import SellerTable
from billing_job.core.categories import PLANS_OWN, REFUND, TOPUP
from billing_job.core.toml import DayCount, Table, WalletMoney, WebAddress, expecting
from billing_job.didfarm.wire_reading import BalanceReading
from billing_job.receivables.reminder_levels import Reminders

_NUMBER_PARTS = re.compile(r"\{year\}|\{number(:\d{0,3}d?)?\}")


def _number_format(value: str) -> str:
    rest = _NUMBER_PARTS.sub("", value)
    if "{" in rest or "}" in rest:  # before it is tried: {number:2000000000d} would be two billion figures
        raise ValueError("it must hold {year} and {number:05d} and no other braces")
    try:
        issued = {value.format(year=year, number=number) for year in (2026, 2027) for number in (1, 99_999, 100_000)}
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"it must hold {{year}} and {{number:05d}} and no other braces ({error})") from None
    if len(issued) != 6:
        raise ValueError("it must hold {year} and {number:05d}: without both, two documents would get one number")
    if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}", number) for number in issued):
        raise ValueError("a number is a file name too: only letters, digits, '.', '_' and '-', at most 30 of them")
    return value


def _prom_file(value: Path) -> Path:
    if value.suffix != ".prom":
        raise ValueError("the collector reads files that end in .prom only")
    return value


class Design(Table):
    """`[design]`: the looks of documents; `templates` is a folder that overrides the shipped one file by file.

    `address` is the side of the envelope's window.
    `pdf_in_ubl` puts the page into the XML too (BG-24): who receives by Peppol sees no page otherwise.
    """

    accent_colour: Annotated[
        str, Field(pattern=r"^#[0-9a-fA-F]{6}$"), expecting("write # and six hexadecimal digits, such as #0b5c6b")
    ] = "#0b5c6b"
    footer: Annotated[
        str, Field(max_length=220), expecting("write at most 220 letters: a page's foot has room for three lines")
    ] = ""
    address: Literal["left", "right"] = "left"
    paper: Literal["a4", "letter"] = "a4"
    fold_marks: bool = True
    carried_forward: bool = False
    templates: Path | None = None
    pdf_in_ubl: bool = False


class Billing(Table):
    """`[billing]`: the month and its terms."""

    timezone: Annotated[str, AfterValidator(zone_name)] = "Europe/Amsterdam"
    currency: CurrencyCode = "EUR"
    payment_terms_days: DayCount = 14
    on_exception: Literal["hold", "block"] = "hold"
    opening_balance: WalletMoney = "0.00"
    max_waiting_percent: Annotated[int, Field(ge=0, le=100)] = 25
    issue_date: Literal["run", "period_end"] = "run"
    alert_percent: Annotated[int, Field(ge=1, le=100_000)] = 50
    first_month: (
        Annotated[
            str,
            Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$"),
            expecting('write the month as "YYYY-MM", in quotes, such as "2026-10"'),
        ]
        | None
    ) = None

    @property
    def zone(self) -> ZoneInfo:
        """The seller's time zone, in which a month begins and ends; it was looked up while the file was read."""
        return ZoneInfo(self.timezone)

    def day_of(self, moment: datetime) -> date:
        """The day that a moment is in, in the seller's zone."""
        return moment.astimezone(self.zone).date()


class Numbering(Table):
    """`[numbering]`: the format of each series; its parts are {year} and {number:05d}."""

    invoice: Annotated[str, AfterValidator(_number_format)] = "INV-{year}-{number:05d}"
    credit_note: Annotated[str, AfterValidator(_number_format)] = "CN-{year}-{number:05d}"

    @model_validator(mode="after")
    def _series_differ(self) -> "Numbering":
        if self.invoice.format(year=2026, number=1) == self.credit_note.format(year=2026, number=1):
            raise ValueError("invoice and credit_note have the same format: their numbers would collide")
        return self


class Tax(Table):
    """`[tax]`: decisions of the seller that its tax office knows of."""

    oss: bool = False
    small_business: bool = False
    small_business_reason: str = ""
    vies: Literal["off", "warn", "require"] = "off"
    vies_url: WebAddress = "https://ec.europa.eu/taxation_customs/vies/rest-api"
    vies_days: Annotated[int, Field(ge=1, le=366)] = 30
    vies_timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 20

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "Tax":
        if self.small_business and self.oss:
            raise ValueError("small_business and oss exclude each other: who charges no VAT declares none elsewhere")
        if self.small_business_reason and not self.small_business:
            raise ValueError("small_business_reason says why no VAT is charged: set small_business = true with it")
        return self


class Accounting(AccountingOptions):
    """`[accounting]`: which files a run writes for the books beside sales.csv, and what each format wants to know."""

    formats: tuple[str, ...] = ("hledger",)


class Storage(Table):
    """`[storage]`: where the ledger is."""

    database_url: str = "sqlite:///billing.db"


class Output(Table):
    """`[output]`: where a run writes: a folder, or the address of an object store."""

    directory: Annotated[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://[^\s]+$")] | Path,
        expecting("write a folder, or the address of an object store such as s3://bucket/billing, in quotes"),
    ] = Path("output")


class Run(Table):
    """`[run]`: where documents are rendered: by processes of this machine, or by a Dask cluster."""

    executor: Literal["processes", "dask"] = "processes"
    scheduler: Annotated[
        str,
        Field(pattern=r"^((tcp|tls|ucx|wss?)://[^\s/]+)?$"),
        expecting("write the address of the cluster, such as tcp://10.0.0.5:8786"),
    ] = ""

    @model_validator(mode="after")
    def _a_cluster_has_an_address(self) -> "Run":
        if (self.executor == "dask") != bool(self.scheduler):
            raise ValueError('executor = "dask" and scheduler = "tcp://HOST:8786" go together: set both or none')
        return self


class Monitoring(Table):
    """`[monitoring]`: who is told how a run ended; `ping_failure_url` is by default `ping_url` with /fail behind it."""

    textfile: Annotated[Path, AfterValidator(_prom_file)] | None = None
    ping_url: WebAddress | None = None
    ping_failure_url: WebAddress | None = None


DEFAULT_CATEGORIES = {
    "purchase": "number_setup",
    "renewal": "number_rental",
    "sms": "message",
    "call": "call",
    "refund": "refund",
    "topup": "topup",
}


def _with_default_categories(own: dict[str, str]) -> dict[str, str]:
    """The user's types beside the usual ones; types are compared in lower case.

    A plan's own lines are told from the wallet's by their categories, which are no category of the wallet's therefore.
    """
    for name, category in own.items():
        if category in PLANS_OWN:
            raise ValueError(f"{name} = {category!r}: a plan's own lines have this category; choose another word")
        if own.get(name.lower(), category) != category:
            raise ValueError(f"{name} and {name.lower()} are one type, in capitals or not: leave one of them")
    return DEFAULT_CATEGORIES | {name.lower(): category for name, category in own.items()}


class Settings(Table):
    """The whole of billing.toml."""

    api: Api = Api()
    seller: SellerTable
    design: Design = Design()
    billing: Billing = Billing()
    numbering: Numbering = Numbering()
    categories: Annotated[dict[str, Annotated[str, Field(min_length=1)]], AfterValidator(_with_default_categories)] = (
        DEFAULT_CATEGORIES
    )
    tax: Tax = Tax()
    accounting: Accounting = Accounting()
    storage: Storage = Storage()
    output: Output = Output()
    mail: Mail | None = None
    peppol: Peppol | None = None
    monitoring: Monitoring = Monitoring()
    receivables: ReceivablesTable = ReceivablesTable()
    bank: Bank = Bank()
    reminders: Reminders = Reminders()
    run: Run = Run()
    plans: tuple[Plan, ...] = (Plan(name="standard"),)

    @property
    def balance_reading(self) -> BalanceReading:
        """How the wallet's balance is read; one that names no currency is in that of the rows, or the seller's."""
        table, rows = self.api.balance, self.api.transactions
        currency = rows.currency or self.billing.currency
        return BalanceReading(table.amount, table.currency, table.amount_unit, currency, rows, rows.currencies)

    @model_validator(mode="after")
    def _plans_differ(self) -> "Settings":
        names = [plan.name for plan in self.plans]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two plans are called {twice[0]!r}: give each its own name")
        if not names:
            raise ValueError("there is no plan: leave [[plans]] out for pass-through prices, or add one")
        return self

    @model_validator(mode="after")
    def _rules_name_categories(self) -> "Settings":
        known = dict.fromkeys(self.categories.values())
        for plan in self.plans:
            for place, rule in enumerate(plan.rules, 1):
                if rule.category is not None and rule.category not in known:
                    raise ValueError(
                        f"plan {plan.name!r}, rule {place}: category {rule.category!r} is none of [categories], so the"
                        f" rule would never hold; they are {', '.join(known)}"
                    )
            uses = [category for category in known if category not in (TOPUP, REFUND)]
            minimums = [plan.category_minimum, *(version.category_minimum or {} for version in plan.versions)]
            if foreign := [category for each in minimums for category in each if category not in uses]:
                raise ValueError(
                    f"plan {plan.name!r}, category_minimum: {foreign[0]!r} is no category of use in [categories]; they"
                    f" are {', '.join(uses)}"
                )
        return self

    @model_validator(mode="after")
    def _quantities_are_mapped(self) -> "Settings":
        if "quantity" in self.api.transactions.fields:
            return self
        for plan in self.plans:
            rules = [*plan.rules, *(rule for version in plan.versions for rule in version.rules or ())]
            if any(rule.per == "quantity" for rule in rules):
                raise ValueError(
                    f'plan {plan.name!r} has a rule with per = "quantity", but no field is mapped: set quantity in'
                    " [api.transactions.fields] to the supplier's field that counts units"
                )
        return self

    def plan(self, name: str) -> Plan:
        """The plan of that name; a client without a plan has the first one."""
        return next((plan for plan in self.plans if plan.name == name), self.plans[0])
