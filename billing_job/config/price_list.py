"""prices.csv: prices of single clients, or of all, from a day on; they come before the rules of the plan."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from billing_job.billing.rating.plans import Rule
from billing_job.billing.rating.tariff import EVERY_CLIENT, DatedPrice
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import Row, known, typed_rows
from billing_job.core.toml import Day, NumberCountry

VALUE_OF = {"markup": "percent", "fixed": "price"}
"""What `value` is for each model; pass_through and absorb have none."""


def _rule(value: str, info: ValidationInfo) -> dict[str, Any]:
    model = info.data.get("model")
    if model is None:  # which is said of the model
        return {"model": "absorb"}
    key = VALUE_OF.get(model)
    if (key is None) != (value == ""):
        raise ValueError(f"model {model} needs a value" if key else f"model {model} has no value; leave it empty")
    return {"model": model, **({key: value} if key else {})}


class PriceRow(Row):
    """A row of prices.csv."""

    client_id: Annotated[
        str,
        known("clients", f"there is no such client in clients.csv; write its id, or {EVERY_CLIENT} for every client"),
    ]
    category: Annotated[str, known("categories", "there is no such category in [categories]; they are {names}")] = ""
    country: NumberCountry = ""
    model: Literal["pass_through", "markup", "fixed", "absorb"]
    value: Annotated[Rule, BeforeValidator(_rule)] = Field("", validate_default=True)
    valid_from: Day


_ONE_PRICE = ("client_id", "category", "country", "valid_from")


def load_prices(path: Path, client_ids: Collection[str], categories: Collection[str]) -> tuple[DatedPrice, ...]:
    """Read prices.csv, which may be missing; ConfigError lists every bad row, those that could never hold included."""
    problems: list[str] = []
    clients = {EVERY_CLIENT, *client_ids}
    rows = typed_rows(path, PriceRow, problems, optional=True, once=_ONE_PRICE, clients=clients, categories=categories)
    prices = tuple(
        DatedPrice(cells.client_id, cells.category, cells.country, cells.value, cells.valid_from, row.place)
        for row, cells in rows
    )
    if problems:
        raise ConfigError(problems)
    return prices
