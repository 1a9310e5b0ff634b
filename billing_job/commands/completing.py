"""What a shell offers after <Tab>: formats, clients, numbers of documents, months, reasons to wait.

It must answer at once and may not complain, so it reads names from files, and neither checks nor opens the ledger.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from billing_job.commands.config_path import config_file

_MONTH = re.compile(r"\d{4}-\d{2}")


def formats(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The accounting formats."""
    from billing_job.accounting.accounts import FORMAT_NAMES

    return [name for name in FORMAT_NAMES if name.startswith(incomplete)]


def client_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The clients of clients.csv, or of clients.xlsx."""
    return _offered(lambda: _clients(_config(context).parent), incomplete)


def months(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The months that have a folder."""
    return _offered(lambda: (folder.name for folder in _months(context)), incomplete)


def document_numbers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The numbers of documents whose files are there."""
    return _offered(
        lambda: (path.stem for folder in _months(context) for path in (folder / "invoices").glob("*.pdf")), incomplete
    )


def waiting_causes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The reasons for which a transaction waits."""
    from billing_job.core.remedies import BY_REASON

    return sorted(name for name in ("unknown_reference", *BY_REASON) if name.startswith(incomplete))


def _offered(names: Callable[[], Iterator[str]], incomplete: str) -> list[str]:
    """Those that begin with what was typed; none where a file is missing or wrong, which the command will say."""
    try:
        return sorted({name for name in names() if name.startswith(incomplete)})
    except (OSError, ValueError):
        return []


def _config(context: click.Context) -> Path:
    given = context.find_root().params.get("config")
    # The shell has not put the home folder in place of ~ yet.
    named = given.expanduser() if given else None
    return config_file(named, Path.cwd(), (os.getuid(), 0)).absolute()


def _clients(folder: Path) -> Iterator[str]:
    from billing_job.config.mapping_columns import CLIENT_COLUMNS
    from billing_job.core.files.csv_reader import csv_rows, table_path

    for row in csv_rows(table_path(folder, "clients"), CLIENT_COLUMNS, ("client_id",), []):
        yield row.cells["client_id"]


def _months(context: click.Context) -> list[Path]:
    import tomllib

    config = _config(context)
    table = tomllib.loads(config.read_text(encoding="utf-8-sig")).get("output", {})
    folder = config.parent.parent / str(table.get("directory", "output"))
    return sorted(path for path in folder.iterdir() if _MONTH.fullmatch(path.name))
