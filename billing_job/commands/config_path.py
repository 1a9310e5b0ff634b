"""Where billing.toml is: as --config says, wherever it stands on the line, or found upwards from the current folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

NAME = "billing.toml"
USUAL = Path("config") / NAME
OPTION = "--config"


def config_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with every --config moved before the command; what stands after -- stays as it is.

    The word after --reason and its like is a value, whatever it says, but nobody gives --config as a reason.
    """
    before: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            rest += [word, *left]
            break
        if word == OPTION and left:
            before += [word, left.pop(0)]
        elif word.startswith(f"{OPTION}="):
            before.append(word)
        else:
            rest.append(word)
    return before + rest


def config_file(given: Path | None, here: Path, owners: Sequence[int], *, upwards: bool = True) -> Path:
    """The file: a folder stands for the billing.toml in it or in its config/; None is looked for from `here` upwards.

    A file that belongs to another user is not taken without being named: it says where the API key is sent to.
    """
    if given is not None:
        if given.is_dir() or (not given.suffix and not given.exists()):
            inside = (given / NAME, given / USUAL)
            return next((path for path in inside if path.exists()), given / NAME)
        return given
    if upwards:
        for folder in (here, *here.parents):
            found = folder / USUAL
            if found.is_file() and found.stat().st_uid in owners:
                return USUAL if folder == here else found
    return USUAL


def meant_month(error: click.ClickException) -> str:
    """What to add to the complaint about a word too many: where it is a month, it lacks --month before it."""
    found = re.search(r"unexpected extra argument \((\d{4}-\d\d)\)", error.message)
    context = error.ctx if isinstance(error, click.UsageError) else None
    takes = context is not None and any("--month" in parameter.opts for parameter in context.command.params)
    return f"A month is given as --month {found[1]}\n" if found and takes else ""
