"""A file of plans beside billing.toml, for what months would come to under others; its tables are billing.toml's."""

from pathlib import Path

from pydantic import ValidationError

from billing_job.billing.rating.plans import Plan
from billing_job.config.problems import problems_of, read_toml
from billing_job.config.settings import Settings
from billing_job.core.errors import ConfigError


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
