"""Reading `config/billing.toml`, and other files of its plans: what is wrong is told at once, and where paths lead.

Unknown keys and wrong values are refused all together, each with file, key, value and what is expected.
"""

from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from billing_job.billing.rating.plans import Plan
from billing_job.config.problems import problems_of, read_toml
from billing_job.config.settings import Output, Settings, Storage
from billing_job.core.errors import ConfigError


def load_settings(path: Path) -> Settings:
    """Read billing.toml; relative paths in it are relative to its folder's parent.

    ConfigError lists every wrong key with file, key, value and what is expected.
    """
    raw = read_toml(
        path,
        "Point --config or BILLING_JOB_CONFIG to your billing.toml or its folder, or make a first one with"
        " `billing-job init`; `billing-job demo` shows all without one",
    )
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(problems_of(path, error)) from None
    return _with_absolute_paths(settings, path.resolve().parent.parent, path)


def load_plans(path: Path, settings_file: Path) -> dict[str, Plan]:
    """The [[plans]] of a file by their names, held against categories and fields of the settings.

    A whole billing.toml will do: only its plans are read. ConfigError with file, key, value and what is expected.
    """
    tables = read_toml(path, "Write [[plans]] as billing.toml has them into a file, and name it with --plan")
    if foreign := sorted(set(tables) - set(Settings.model_fields)):
        raise ConfigError(
            [f"{path}: {name}: billing.toml knows no such key; only [[plans]] are read here" for name in foreign]
        )
    if not tables.get("plans"):
        raise ConfigError(f"{path}: plans: there is no plan; write [[plans]] as billing.toml has them")
    own = read_toml(settings_file, "")
    try:
        settings = Settings.model_validate({**own, "plans": tables["plans"]})
    except ValidationError as error:
        raise ConfigError(problems_of(path, error)) from None
    return {plan.name: plan for plan in settings.plans}


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
            "api": settings.api.model_copy(
                update={"key_file": absolute(settings.api.key_file), "ca_file": absolute(settings.api.ca_file)}
            ),
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
            "bank": settings.bank.model_copy(update={"inbox": absolute(settings.bank.inbox)}),
            "peppol": settings.peppol
            and settings.peppol.model_copy(
                update={
                    "ca_file": absolute(settings.peppol.ca_file),
                    "key_file": absolute(settings.peppol.key_file),
                }
            ),
            "monitoring": settings.monitoring.model_copy(update={"textfile": absolute(settings.monitoring.textfile)}),
        }
    )
