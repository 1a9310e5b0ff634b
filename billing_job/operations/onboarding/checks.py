"""What must be right before an onboarding spends anything: the client's row, and columns for what will be written."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from billing_job.config.csv_edit import missing_columns, read_csv_text, with_rows, write_csv_text
from billing_job.config.mapping import load_mapping
from billing_job.config.mapping_columns import CLIENT_COLUMNS, NUMBER_COLUMNS, TRUNK_COLUMNS
from billing_job.core.errors import ConfigError
from billing_job.operations.onboarding.desk import OnboardingRequest


def check_wish(config_folder: Path, wish: OnboardingRequest, plan_names: Sequence[str]) -> None:
    """ConfigError lists everything that would make the files wrong once the client and its numbers stand in them."""
    problems = []
    if not wish.client_row["name"]:
        problems.append(f"client {wish.client_id} is new: give its --name")
    needed = {
        "clients.csv": (CLIENT_COLUMNS, [column for column, cell in wish.client_row.items() if cell]),
        "trunks.csv": (TRUNK_COLUMNS, ("valid_from", "valid_to")),
        "numbers.csv": (NUMBER_COLUMNS, ("number", "did_number_id", "order_id", "valid_from", "valid_to")),
    }
    for name, (columns, wanted) in needed.items():
        problems += missing_columns(config_folder / name, columns, wanted)
    if not problems:
        problems += _problems_of_row(config_folder, wish, plan_names)
    if problems:
        raise ConfigError(problems)


def _problems_of_row(config_folder: Path, wish: OnboardingRequest, plan_names: Sequence[str]) -> list[str]:
    """Read the files as they will be, with the same eyes that read them later."""
    path = config_folder / "clients.csv"
    known = {client.client_id for client in load_mapping(config_folder, plan_names).clients}
    if wish.client_id in known:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("clients.csv", "trunks.csv"):
            shutil.copy(config_folder / name, folder)
        file = read_csv_text(path, CLIENT_COLUMNS)
        added = with_rows(file, [{"client_id": wish.client_id, **wish.client_row}])
        write_csv_text(Path(folder) / "clients.csv", file, added)
        try:
            load_mapping(Path(folder), plan_names)
        except ConfigError as error:
            return [problem.replace(f"{folder}/", f"{config_folder}/") for problem in error.problems]
    return []
