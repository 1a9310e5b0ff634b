"""The CSV files that describe a world to the job: its clients, trunks and numbers (DESIGN: configuration)."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from billing_job.core.errors import OutputError
from billing_job.core.parties import Client
from billing_job.didfarm.sandbox.world import World

CLIENT_COLUMNS = (
    "client_id",
    "name",
    "street",
    "postal_code",
    "city",
    "country",
    "vat_id",
    "registration_id",
    "email",
    "language",
    "plan",
    "payment_terms_days",
    "tax_treatment",
    "detail",
    "peppol_id",
)
TRUNK_COLUMNS = ("trunk", "client_id", "valid_from", "valid_to")
NUMBER_COLUMNS = ("number", "did_number_id", "order_id", "country", "number_type", "trunk", "valid_from", "valid_to")


def config_files(world: World) -> dict[str, str]:
    """The text of clients.csv, trunks.csv and numbers.csv by name, every column written."""
    start = world.month.previous.previous.first_day
    numbers = (
        (
            held.number.number,
            held.number.did_number_id,
            held.number.order_id,
            held.number.country,
            held.number.number_type,
            held.trunk.uuid,
            held.valid_from,
            held.valid_to,
        )
        for held in world.assignments
    )
    return {
        "clients.csv": _csv(CLIENT_COLUMNS, map(_client_row, world.clients)),
        "trunks.csv": _csv(TRUNK_COLUMNS, ((trunk.uuid, trunk.client_id, start, None) for trunk in world.trunks)),
        "numbers.csv": _csv(NUMBER_COLUMNS, numbers),
    }


def write_config(world: World, folder: Path) -> None:
    """Write the files of `config_files` into a folder; OutputError, and nothing written, when one of them exists."""
    files = {folder / name: text for name, text in config_files(world).items()}
    for path in files:
        if path.exists():
            raise OutputError(f"{path} exists: a world's files never replace yours. Choose an empty folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
    except OSError as error:
        raise OutputError(f"{folder}: cannot write the world's files: {error.strerror or error}") from error


def _client_row(client: Client) -> Sequence[object]:
    values = dict(zip((field.name for field in fields(client)), astuple(client), strict=True))
    return [values[column] for column in CLIENT_COLUMNS]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Comma-separated, one line a row, no value for what is open or unset."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
