"""The user's files on who is asked for money and how: mandates.csv, reminder_holds.csv, interest_rates.csv."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from billing_job.config.mapping_columns import ValidFrom, ValidTo
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import Row, known, typed_rows
from billing_job.core.resources import shipped_config
from billing_job.core.toml import Country, Day, expecting
from billing_job.receivables.interest import InterestRate, half_year_end
from billing_job.receivables.mandates import Mandate, Scheme, checked_bic, checked_iban, checked_mandate_id
from billing_job.receivables.reminder_plan import Hold, HoldKind


@dataclass(frozen=True, slots=True)
class ReceivablesFiles:
    """What these files say."""

    mandates: tuple[Mandate, ...]
    holds: tuple[Hold, ...]
    interest_rates: tuple[InterestRate, ...]
    """The user's own, then those that the program ships: the first that fits holds."""


MANDATES, HOLDS, INTEREST_RATES = "mandates.csv", "reminder_holds.csv", "interest_rates.csv"

Client = Annotated[str, known("clients", "there is no such client in clients.csv; add it there or correct the id")]


class MandateRow(Row):
    """A row of mandates.csv."""

    client_id: Client
    mandate_id: Annotated[str, AfterValidator(checked_mandate_id)]
    signed_on: Annotated[Day, expecting("write the day of the signature as YYYY-MM-DD")]
    iban: Annotated[str, AfterValidator(checked_iban)]
    bic: Annotated[str, AfterValidator(checked_bic)] = ""
    holder: str = ""
    scheme: Annotated[
        Literal["core", "b2b"], BeforeValidator(str.lower), expecting("write core or b2b, or leave it empty for core")
    ] = "core"
    valid_from: ValidFrom | None = None
    valid_to: ValidTo | None = None
    type: Annotated[
        Literal["recurrent", "one_off"],
        BeforeValidator(str.lower),
        expecting("write recurrent or one_off, or leave it empty for recurrent"),
    ] = "recurrent"


class HoldRow(Row):
    """A row of reminder_holds.csv."""

    client_id: Client
    document: str = ""
    kind: Annotated[Literal["hold", "dispute"], BeforeValidator(str.lower), expecting("write hold or dispute")] = "hold"
    reason: str
    valid_from: ValidFrom | None = None
    valid_to: ValidTo | None = None


class InterestRateRow(Row):
    """A row of interest_rates.csv; without valid_to it holds until the end of its half-year."""

    country: Country
    rate: Annotated[Decimal, Field(ge=0, le=100, max_digits=9), expecting("write the rate in percent, such as 10.15")]
    valid_from: Annotated[Day, expecting("write the first day as YYYY-MM-DD")]
    valid_to: ValidTo | None = None
    source: str
    published: Annotated[Day, expecting("write the day of the publication as YYYY-MM-DD")] | None = None


def load_receivables_files(folder: Path, names: Mapping[str, str] | None) -> ReceivablesFiles:
    """Read all of them; ConfigError lists every bad row. `names` are the clients by id, None while unknown."""
    problems: list[str] = []
    mandates = tuple(_mandates(folder / MANDATES, names, problems))
    problems += _overlaps(mandates)
    holds = tuple(_holds(folder / HOLDS, names, problems))
    rates = [*_rates(folder / INTEREST_RATES, problems), *_rates(shipped_config() / INTEREST_RATES, problems)]
    if problems:
        raise ConfigError(problems)
    return ReceivablesFiles(mandates, holds, tuple(rates))


def _mandates(path: Path, names: Mapping[str, str] | None, problems: list[str]) -> Iterator[Mandate]:
    owner: dict[str, str] = {}
    for row, each in typed_rows(path, MandateRow, problems, optional=True, clients=names):
        if owner.setdefault(each.mandate_id, each.client_id) != each.client_id:
            problems.append(row.wrong("mandate_id", f"is a mandate of {owner[each.mandate_id]}: give each its own id"))
        cells = vars(each) | {
            "holder": each.holder or (names or {}).get(each.client_id, ""),
            "scheme": Scheme(each.scheme),
        }
        yield Mandate(**cells, source=row.place)


def _overlaps(mandates: tuple[Mandate, ...]) -> Iterator[str]:
    """Two mandates of one client at one time: which of them the money is collected by must not be chance."""
    for place, after in enumerate(mandates):
        for before in mandates[:place]:
            if before.client_id == after.client_id and before.overlaps(after):
                yield (
                    f"{after.source}: {after.client_id} has two mandates at one time (also {before.source}): end the"
                    " earlier one with valid_to = the day the later one begins"
                )


def _holds(path: Path, names: Mapping[str, str] | None, problems: list[str]) -> Iterator[Hold]:
    for row, each in typed_rows(path, HoldRow, problems, optional=True, clients=names):
        if each.kind == "dispute" and each.valid_to is None:
            problems.append(row.wrong("valid_to", "a dispute has an end: write the day on which you look at it again"))
        yield Hold(**(vars(each) | {"kind": HoldKind(each.kind), "source": row.place}))


def _rates(path: Path, problems: list[str]) -> list[InterestRate]:
    """The rates of one file, the latest first."""
    rates = [
        InterestRate(**(vars(each) | {"valid_to": each.valid_to or half_year_end(each.valid_from)}))
        for _, each in typed_rows(path, InterestRateRow, problems, optional=True, once=("country", "valid_from"))
    ]
    return sorted(rates, key=lambda rate: rate.valid_from, reverse=True)
