"""Numbers change hands: moved to another client, or a client that leaves; a day in the user's files decides who pays.

A day begins at midnight in the seller's zone: what the wallet shows before it is the old client's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from billing_job.config.csv_edit import (
    Cells,
    missing_columns,
    read_csv_text,
    with_changes,
    with_rows,
    write_csv_text,
)
from billing_job.config.mapping_columns import NUMBER_COLUMNS, TRUNK_COLUMNS
from billing_job.core.errors import ConfigError
from billing_job.core.phone import e164_as_written
from billing_job.core.register import NumberAssignment, Register, TrunkAssignment
from billing_job.operations.onboarding.onboard import open_trunk


@dataclass(frozen=True, slots=True)
class Move:
    """A number that goes from one trunk to another on a day."""

    number: str
    did_number_id: str
    from_trunk: str
    to_trunk: str
    to_client: str
    day: date


@dataclass(frozen=True, slots=True)
class Leaving:
    """What ends when a client leaves on a day: its numbers (E.164, or the did_number_id) and trunks."""

    client_id: str
    numbers: tuple[str, ...]
    trunks: tuple[str, ...]
    day: date


def planned_move(mapping: Register, number: str, client_id: str, day: date) -> Move:
    """What moving a number would change; ConfigError when it is nobody's then, or the client has no trunk."""
    wanted = e164_as_written(number) or number
    rows = [row for row in mapping.numbers if wanted in (row.number, row.did_number_id) and row.holds_on(day)]
    if not rows:
        raise ConfigError(f"{wanted}: numbers.csv gives it to no trunk on {day}, so there is nothing to move")
    row = rows[0]
    if row.valid_from == day:
        raise ConfigError(
            f"{row.source}: {wanted} came to trunk {row.trunk} on {day} itself; correct that row, or move it later"
        )
    trunk = open_trunk(mapping, client_id, day)
    if trunk is None:
        raise ConfigError(f"client {client_id} has no trunk in trunks.csv on {day}; `billing-job onboard` makes one")
    if trunk.trunk == row.trunk:
        raise ConfigError(f"{row.source}: {wanted} is on trunk {row.trunk} of client {client_id} already")
    return Move(row.number or wanted, row.did_number_id, row.trunk, trunk.trunk, client_id, day)


def check_move(config_folder: Path) -> None:
    """ConfigError where numbers.csv cannot take a move: before DIDfarm is told to route anything."""
    _need(config_folder / "numbers.csv", NUMBER_COLUMNS, ("trunk", "valid_from", "valid_to"))


def write_move(config_folder: Path, move: Move) -> None:
    """End the number's row on the day, and add one for the new trunk from that day on: one change of the file."""
    check_move(config_folder)
    path = config_folder / "numbers.csv"
    file = read_csv_text(path, NUMBER_COLUMNS)
    added: list[Cells] = []

    def change(cells: Cells) -> Cells | None:
        names = {e164_as_written(cells.get("number", "")) or "", cells.get("did_number_id", "")} - {""}
        if not names & {move.number, move.did_number_id} or not _covers(cells, move.day):
            return None
        added.append({**cells, "trunk": move.to_trunk, "valid_from": move.day.isoformat()})
        return {**cells, "valid_to": move.day.isoformat()}

    text = with_changes(file, change)
    write_csv_text(path, file, with_rows(replace(file, text=text), added))


def planned_leaving(mapping: Register, client_id: str, day: date) -> Leaving:
    """What a client still holds on a day; ConfigError when there is no such client or it began only then."""
    if all(client.client_id != client_id for client in mapping.clients):
        raise ConfigError(f"client {client_id}: there is no such client in clients.csv")
    trunks = [fact for fact in mapping.trunks if fact.client_id == client_id and _is_open_after(fact, day)]
    names = {fact.trunk for fact in trunks}
    numbers = [fact for fact in mapping.numbers if fact.trunk in names and _is_open_after(fact, day)]
    begun: Sequence[TrunkAssignment | NumberAssignment] = [*trunks, *numbers]
    late = [fact.source for fact in begun if fact.valid_from is not None and fact.valid_from >= day]
    if late:
        raise ConfigError(
            f"{', '.join(late)}: begins on {day} or later; correct the row, or let the client leave later"
        )
    return Leaving(
        client_id,
        tuple(fact.number or fact.did_number_id or f"order {fact.order_id}" for fact in numbers),
        tuple(fact.trunk for fact in trunks),
        day,
    )


def write_leaving(config_folder: Path, leaving: Leaving) -> None:
    """End the client's numbers and then its trunks on the day; a second call changes nothing."""
    files = (("numbers.csv", NUMBER_COLUMNS), ("trunks.csv", TRUNK_COLUMNS))
    for name, columns in files:
        _need(config_folder / name, columns, ("trunk", "valid_to"))
    for name, columns in files:
        path = config_folder / name
        file = read_csv_text(path, columns)

        def change(cells: Cells) -> Cells | None:
            is_theirs = cells["trunk"] in leaving.trunks and cells.get("client_id", leaving.client_id) == (
                leaving.client_id
            )
            is_open = not cells["valid_to"] or date.fromisoformat(cells["valid_to"]) > leaving.day
            return {**cells, "valid_to": leaving.day.isoformat()} if is_theirs and is_open else None

        text = with_changes(file, change)
        if text != file.text:
            write_csv_text(path, file, text)


def _is_open_after(fact: NumberAssignment | TrunkAssignment, day: date) -> bool:
    return fact.valid_to is None or fact.valid_to > day


def _covers(cells: Cells, day: date) -> bool:
    start, end = (date.fromisoformat(cells[name]) if cells[name] else None for name in ("valid_from", "valid_to"))
    return (start is None or start <= day) and (end is None or day < end)


def _need(path: Path, columns: Sequence[str], needed: Sequence[str]) -> None:
    if problems := missing_columns(path, columns, needed):
        raise ConfigError(problems)
