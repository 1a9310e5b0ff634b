"""Decisions about exceptions that come back in the file of `exceptions --csv` or `--xlsx`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import Row, typed_rows
from billing_job.core.money import cents_from_decimal
from billing_job.core.toml import as_text

YES = ("yes", "x", "true", "1", "ja", "oui")


def _is_yes(word: str) -> bool:
    if word.lower() not in YES:
        raise ValueError("write yes, or leave it empty")
    return True


def _net(value: str) -> int:
    cents = cents_from_decimal(value.replace(",", "."))
    if cents <= 0:
        raise ValueError("write what the client gets back, more than 0.00")
    return cents


YesOrNothing = Annotated[bool, BeforeValidator(_is_yes)]


class DecisionRow(Row):
    """A row: the columns of the queue, which are only read over, and those of a decision."""

    transaction_id: Annotated[str, AfterValidator(as_text)]
    created_at: str = ""
    type: str = ""
    reference_type: str = ""
    reference_id: str = ""
    amount: str = ""
    reason: str = ""
    suggestion: str = ""
    first_seen: str = ""
    age_days: str = ""
    number: str = ""
    description: str = ""
    source: str = ""
    client_id: str = ""
    house: YesOrNothing = False
    accept: YesOrNothing = False
    net: Annotated[int | None, BeforeValidator(_net)] = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class FiledDecision:
    """One decision of the file, and the row that says so."""

    transaction_id: str
    client_id: str
    accepts: bool
    amount_cents: int | None
    why: str
    place: str


def read_decisions(path: Path, reason: str) -> list[FiledDecision]:
    """The rows in which something is decided; `reason` is why where a row does not say so itself.

    ConfigError lists every bad row, and says so when nothing is decided in any.
    """
    problems: list[str] = []
    found = list(_decisions(path, reason, problems))
    if problems:
        raise ConfigError(problems)
    if not found:
        raise ConfigError(f"{path}: nothing is decided in it: fill in client_id, house or accept of a row")
    return found


def _decisions(path: Path, reason: str, problems: list[str]) -> Iterator[FiledDecision]:
    first: dict[str, str] = {}
    for row, cells in typed_rows(path, DecisionRow, problems):
        verdicts = bool(cells.client_id) + cells.house + cells.accept
        if not verdicts and cells.net is None and not cells.why:
            continue
        place = first.setdefault(cells.transaction_id, row.place)
        if place != row.place:
            problems.append(row.wrong("transaction_id", f"is decided in {place} already: leave one of the two"))
        elif verdicts != 1:
            problems.append(row.wrong("client_id", "say who pays: a client_id, yes under house, or yes under accept"))
        elif not (cells.why or reason):
            problems.append(row.wrong("why", "say why in a few words, or give --reason for all rows"))
        else:
            yield FiledDecision(
                cells.transaction_id, cells.client_id, cells.accept, cells.net, cells.why or reason, row.place
            )
