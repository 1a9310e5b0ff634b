"""prices.csv: prices of single clients, or of all, from a day on; they come before the rules of the plan."""

import re
from collections.abc import Collection
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from billing_job.billing.rating.plans import Rule
from billing_job.billing.rating.tariff import EVERY_CLIENT, DatedPrice
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import CsvRow, csv_rows

PRICE_COLUMNS = ("client_id", "category", "country", "model", "value", "valid_from")
VALUE_OF = {"markup": "percent", "fixed": "price"}
"""What `value` is for each model; pass_through and absorb have none."""
MODELS = ("pass_through", "markup", "fixed", "absorb")


def load_prices(path: Path, client_ids: Collection[str], categories: Collection[str]) -> tuple[DatedPrice, ...]:
    """Read prices.csv, which may be missing; ConfigError lists every bad row, those that could never hold included."""
    if not path.exists():
        return ()
    problems: list[str] = []
    found: dict[tuple[str, date], DatedPrice] = {}
    for row in csv_rows(path, PRICE_COLUMNS, ("client_id", "model", "valid_from"), problems):
        price = _price(row, client_ids, categories)
        if price is None:
            continue
        known = found.setdefault((price.key, price.valid_from), price)
        if known is not price:
            row.wrong(
                "valid_from", f"this client, category and country have a price of that day already ({known.source})"
            )
    if problems:
        raise ConfigError(problems)
    return tuple(found.values())


def _price(row: CsvRow, client_ids: Collection[str], categories: Collection[str]) -> DatedPrice | None:
    cells = row.cells
    before = len(row.problems)
    if cells["client_id"] != EVERY_CLIENT and cells["client_id"] not in client_ids:
        row.wrong(
            "client_id", f"there is no such client in clients.csv; write its id, or {EVERY_CLIENT} for every client"
        )
    if cells["category"] and cells["category"] not in categories:
        row.wrong("category", f"there is no such category in [categories]; they are {', '.join(categories)}")
    country = cells["country"].upper()
    if country and not re.fullmatch(r"[A-Z]{2}", country):
        row.wrong("country", "write the two-letter code of ISO 3166, such as NL, or leave it empty for every country")
    valid_from = row.read("valid_from", date.fromisoformat, "write the first day of the price as YYYY-MM-DD")
    rule = _rule(row)
    if rule is None or valid_from is None or len(row.problems) > before:
        return None
    return DatedPrice(cells["client_id"], cells["category"], country, rule, valid_from, row.place)


def _rule(row: CsvRow) -> Rule | None:
    model, value = row.cells["model"], row.cells["value"]
    if model not in MODELS:
        row.wrong("model", f"write one of {', '.join(MODELS)}")
        return None
    key = VALUE_OF.get(model)
    if (key is None) != (value == ""):
        row.wrong("value", f"model {model} needs a value" if key else f"model {model} has no value; leave it empty")
        return None
    try:
        return Rule.model_validate({"model": model, **({key: value} if key else {})})
    except ValidationError as error:
        row.wrong("value", str(error.errors()[0]["msg"]).removeprefix("Value error, "))
        return None
