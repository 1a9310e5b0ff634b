"""`config/billing.toml` as frozen settings: defaults, checks and where relative paths lead.

Unknown keys and wrong values are refused all at once, each with file, key, value and what is expected.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError as StdnumError

from billing_job.accounting.options import AccountingOptions
from billing_job.billing.rating.plans import Plan
from billing_job.config.mail import Mail
from billing_job.config.reading import BalanceReading, TransactionsReading, zone_name
from billing_job.core.errors import ConfigError
from billing_job.core.toml import Country, DayCount, Table, WalletMoney, WebAddress


def _number_format(value: str) -> str:
    try:
        issued = {value.format(year=year, number=number) for year in (2026, 2027) for number in (1, 99_999, 100_000)}
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"it must hold {{year}} and {{number:05d}} and no other braces ({error})") from None
    if len(issued) != 6:
        raise ValueError("it must hold {year} and {number:05d}: without both, two documents would get one number")
    if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}", number) for number in issued):
        raise ValueError("a number is a file name too: only letters, digits, '.', '_' and '-', at most 30 of them")
    return value


def _iban(value: str) -> str:
    if not value:
        return value
    try:
        return str(stdnum_iban.validate(value, check_country=False))
    except StdnumError:
        raise ValueError("its check digits are wrong: copy the IBAN again from the bank") from None


def _prom_file(value: Path) -> Path:
    if value.suffix != ".prom":
        raise ValueError("the collector reads files that end in .prom only")
    return value


class Api(Table):
    """`[api]`: the supplier's address and our manners."""

    base_url: WebAddress = "https://didfarm.com/api/v1"
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    key_file: Path | None = None
    transactions: TransactionsReading = TransactionsReading()
    balance: BalanceReading = BalanceReading()


class SellerTable(Table):
    """`[seller]`: who the invoices come from."""

    name: Annotated[str, Field(min_length=1)]
    country: Country
    legal_name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    vat_id: str = ""
    registration_id: str = ""
    email: str = ""
    phone: str = ""
    iban: Annotated[str, AfterValidator(_iban)] = ""
    bic: str = ""
    logo: Path | None = None


class Design(Table):
    """`[design]`: the looks of documents; `templates` is a folder that overrides the shipped one file by file."""

    accent_colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#0b5c6b"
    footer: str = ""
    templates: Path | None = None


class Billing(Table):
    """`[billing]`: the month and its terms."""

    timezone: Annotated[str, AfterValidator(zone_name)] = "Europe/Amsterdam"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    payment_terms_days: DayCount = 14
    on_exception: Literal["hold", "block"] = "hold"
    opening_balance: WalletMoney = "0.00"
    issue_date: Literal["run", "period_end"] = "run"
    alert_percent: Annotated[int, Field(ge=1, le=100_000)] = 50
    first_month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The seller's time zone, in which a month begins and ends; it was looked up while the file was read."""
        return ZoneInfo(self.timezone)


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

    directory: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://[^\s]+$")] | Path = Path("output")


class Run(Table):
    """`[run]`: where documents are rendered: by processes of this machine, or by a Dask cluster."""

    executor: Literal["processes", "dask"] = "processes"
    scheduler: Annotated[str, Field(pattern=r"^((tcp|tls|ucx|wss?)://[^\s/]+)?$")] = ""

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
    """The user's types beside the usual ones; types are compared in lower case."""
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
    monitoring: Monitoring = Monitoring()
    run: Run = Run()
    plans: tuple[Plan, ...] = (Plan(name="standard"),)

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
        return self

    def plan(self, name: str) -> Plan:
        """The plan of that name; a client without a plan has the first one."""
        return next((plan for plan in self.plans if plan.name == name), self.plans[0])


def load_settings(path: Path) -> Settings:
    """Read billing.toml; relative paths in it are relative to its folder's parent.

    ConfigError lists every wrong key with file, key, value and what is expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file. Point --config or BILLING_JOB_CONFIG to your billing.toml, or run"
            " `billing-job demo` to get a working example"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}). Check the path, its permissions and that it is UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: is not valid TOML: it is nested too deeply") from None
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(problems_of(path, error)) from None
    return _with_absolute_paths(settings, path.resolve().parent.parent, path)


_EXPECTED = {
    "extra_forbidden": "this key is unknown; remove it or check its spelling",
    "missing": "this key is required; add it",
}


def problems_of(path: Path, error: ValidationError, *within: str) -> list[str]:
    """One line for each wrong key of the file, or of the table `within` it."""
    return [_problem(path, detail, within) for detail in error.errors()]


def _problem(path: Path, detail: ErrorDetails, within: tuple[str, ...]) -> str:
    location = [*within, *(part for part in detail["loc"] if part != "[key]")]
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in location) or "the file"
    expected = _EXPECTED.get(detail["type"], str(detail["msg"]).removeprefix("Value error, "))
    value = detail["input"]
    shown = "" if detail["type"] == "missing" or isinstance(value, dict | Table) else f" = {value!r}"
    return f"{path}: {key}{shown}: {expected}"


def _with_absolute_paths(settings: Settings, base: Path, path: Path) -> Settings:
    try:
        url = make_url(settings.storage.database_url)
    except ArgumentError:
        raise ConfigError(
            f"{path}: storage.database_url: it is not a database URL such as sqlite:///billing.db"
        ) from None
    if url.get_backend_name() != "sqlite" and url.drivername != "postgresql+psycopg":
        raise ConfigError(
            f"{path}: storage.database_url: only sqlite:///FILE and postgresql+psycopg://HOST/DATABASE are supported,"
            f" not {url.drivername}"
        )
    if not url.database or url.database == ":memory:":
        raise ConfigError(f"{path}: storage.database_url: name a file or database: invoices must outlive the run")
    if url.password is not None:
        raise ConfigError(
            f"{path}: storage.database_url: a password has no place in this file; use PGPASSWORD or ~/.pgpass"
        )
    is_file = url.get_backend_name() == "sqlite"

    def absolute(relative: Path | None) -> Path | None:
        return None if relative is None else base / relative.expanduser()

    directory = settings.output.directory
    return settings.model_copy(
        update={
            "api": settings.api.model_copy(update={"key_file": absolute(settings.api.key_file)}),
            "seller": settings.seller.model_copy(update={"logo": absolute(settings.seller.logo)}),
            "design": settings.design.model_copy(update={"templates": absolute(settings.design.templates)}),
            "storage": Storage(database_url=f"sqlite:///{base / url.database}") if is_file else settings.storage,
            "output": Output(directory=directory if isinstance(directory, str) else base / directory.expanduser()),
            "mail": settings.mail
            and settings.mail.model_copy(
                update={
                    "ca_file": absolute(settings.mail.ca_file),
                    "password_file": absolute(settings.mail.password_file),
                }
            ),
            "monitoring": settings.monitoring.model_copy(update={"textfile": absolute(settings.monitoring.textfile)}),
        }
    )
