"""`init`: a first configuration from what the supplier and the ledger know; nothing that stands is ever changed.

What the program cannot know (the seller, a client's country, a number's trunk) is left open in a way that is refused or
ignored until the user fills it in: nobody is billed by a guess.
"""

import csv
import io
import json
import os
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from billing_job.config.api import Api
from billing_job.config.mapping_columns import CLIENT_COLUMNS, NUMBER_COLUMNS, TRUNK_COLUMNS
from billing_job.config.problems import problems_of
from billing_job.core.errors import ConfigError, OutputError
from billing_job.core.files.csv_reader import csv_rows, table_path
from billing_job.core.phone import country_of, e164
from billing_job.core.wallet import Trunk

_PHONES = re.compile(r"\+[1-9]\d{6,14}(?!\d)")
_SETTING = re.compile(r'^(\w+) = "[^"]*"( *)(# .*)?$')
PLANS = """\
[[plans]]                                # what clients pay; docs/pricing.md
name = "standard"
[[plans.rules]]
model = "pass_through"                   # at cost, until you choose your own prices; the example's are below

"""


@dataclass(frozen=True, slots=True)
class Known:
    """What clients.csv and trunks.csv say already."""

    client_of_name: Mapping[str, str] = field(default_factory=dict)
    """Name and id, case-folded → id."""
    trunks: frozenset[str] = frozenset()
    """Uuids and numeric ids."""


def api_of(path: Path, base_url: str | None) -> Api:
    """`[api]` of a billing.toml that need not be complete yet, the defaults where there is none; `base_url` wins."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("api", {}) if path.exists() else {}
        api = Api.model_validate(table | ({} if base_url is None else {"base_url": base_url}))
    except ValidationError as error:
        raise ConfigError(problems_of(path, error, "api")) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    base = path.resolve().parent.parent
    files = {"key_file": api.key_file, "ca_file": api.ca_file}
    return api.model_copy(update={name: file and base / file.expanduser() for name, file in files.items()})


def known_in(folder: Path) -> Known:
    """Read clients.csv and trunks.csv as far as they go; ConfigError when one cannot be read as a table."""
    problems: list[str] = []

    def rows(name: str, columns: Sequence[str]) -> list[dict[str, str]]:
        path = table_path(folder, name.removesuffix(".csv"))
        return [row.cells for row in csv_rows(path, columns, (), problems)] if path.exists() else []

    clients, trunks = rows("clients.csv", CLIENT_COLUMNS), rows("trunks.csv", TRUNK_COLUMNS)
    if problems:
        raise ConfigError(problems)
    names = {row[column].casefold(): row["client_id"] for column in ("name", "client_id") for row in clients}
    return Known(names, frozenset(row["trunk"] for row in trunks if row["trunk"]))


def clients_and_trunks(trunks: Iterable[Trunk], known: Known) -> dict[str, list[list[str]]]:
    """The rows that clients.csv and trunks.csv lack: a client for each name of a trunk, for that is the guide's advice.

    Trunks of one name are one client's, and each trunk's name stands beside it as a note. The country stays empty: a
    row without one is refused.
    """
    client_of = dict(known.client_of_name)
    rows: dict[str, list[list[str]]] = {"clients.csv": [], "trunks.csv": []}
    for trunk in trunks:
        if {trunk.uuid, trunk.trunk_id} & known.trunks:
            continue
        name = " ".join(trunk.name.split()) or trunk.uuid
        if name.casefold() not in client_of:
            client_id = _client_id(name, {taken.casefold() for taken in client_of.values()})
            client_of[name.casefold()] = client_id
            cells = {"client_id": client_id, "name": name}
            rows["clients.csv"].append([cells.get(column, "") for column in CLIENT_COLUMNS])
        rows["trunks.csv"].append([trunk.uuid, client_of[name.casefold()], "", "", name])
    return rows


def _client_id(name: str, taken: set[str]) -> str:
    """A short word from a name, such as mueller-sohne-gmbh; with a number behind it where it is another client's."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    word = re.sub(r"[\W_]+", "-", plain).strip("-")[:40].strip("-") or "client"
    choices = (word, *(f"{word}-{number}" for number in range(2, len(taken) + 3)))
    return next(choice for choice in choices if choice not in taken)


@dataclass(frozen=True, slots=True)
class Seen:
    """A reference that no row knows: to a number or an order, and what came with it first."""

    reference_type: str
    reference_id: str
    description: str
    moved: str = ""
    """When, and how much: "2026-10-07, -EUR 1.50"."""


@dataclass(frozen=True, slots=True)
class _Number:
    number: str = ""
    did_number_id: str = ""
    order_id: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        return self.number or (f"did {self.did_number_id}" if self.did_number_id else f"order {self.order_id}")


def number_rows(references: Iterable[Seen], trunks: Sequence[str] = ()) -> list[list[str]]:
    """Rows of numbers.csv for what was seen in the wallet: each a comment until somebody confirms it.

    Numbers named in descriptions join what several references say of one number. What was moved for it, when and with
    which words, stands behind it as a note; its trunk is filled in where there is only one.
    """
    found: dict[str, _Number] = {}
    for seen in references:
        named = list(dict.fromkeys(_PHONES.findall(seen.description)))
        note = ": ".join(part for part in (seen.moved, " ".join(seen.description.split())) if part)
        if seen.reference_type == "order":
            candidates = [_Number(number, order_id=seen.reference_id, note=note) for number in named]
            candidates = candidates or [_Number(order_id=seen.reference_id, note=note)]
        else:
            number = e164(seen.reference_id)
            did = "" if number else seen.reference_id
            candidates = [_Number(number or (named[0] if len(named) == 1 else ""), did, note=note)]
        for candidate in candidates:
            known = found.get(candidate.key, candidate)
            found[candidate.key] = replace(
                known,
                did_number_id=known.did_number_id or candidate.did_number_id,
                order_id=known.order_id or candidate.order_id,
            )
    rows = []
    for each in found.values():
        cells = {
            "number": f"#{each.number}",
            "did_number_id": each.did_number_id,
            "order_id": each.order_id,
            "country": country_of(each.number) if each.number else "",
            "trunk": trunks[0] if len(trunks) == 1 else "",
            "notes": each.note,
        }
        rows.append([cells.get(column, "") for column in NUMBER_COLUMNS])
    return rows


def settings_text(shipped: str, base_url: str | None, seller: Mapping[str, str] | None = None) -> str:
    """billing.toml: the shipped text with every comment, and the example's plans as a comment.

    Of the seller it holds what is known by now; everything else is left open.
    """
    known = seller or {}
    head, _, example = shipped.partition("[[plans]]")
    lines = []
    in_seller = False
    for line in head.splitlines():
        in_seller = line.startswith("[seller]") or (in_seller and not line.startswith("["))
        match = _SETTING.match(line)
        if in_seller and match:
            comment = match[3] or ("# fill in; it is required" if match[1] == "name" else "")
            line = f"{match[1]} = {_quoted(known.get(match[1], ''))}".ljust(41 if comment else 0) + comment
        elif base_url is not None and line.startswith("base_url = "):
            line = f'base_url = "{base_url}"'
        lines.append(line)
    commented = [f"# {line}".rstrip() for line in ("[[plans]]" + example).splitlines()]
    return "\n".join(lines) + "\n" + PLANS + "\n".join(commented) + "\n"


def _quoted(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's as well."""
    return json.dumps(text, ensure_ascii=False)


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV file as the user will go on writing it."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue()


def write_new(folder: Path, files: Mapping[str, str], empty: Mapping[str, str]) -> list[str]:
    """Write those files that are not there yet, for their owner alone; returns their names.

    A file that still holds nothing but its first row, as `empty` has it, is as good as none.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in files.items():
            path = folder / name
            if name in empty and text != empty[name] and path.is_file() and path.read_text("utf-8") == empty[name]:
                path.unlink()
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            written.append(name)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror})") from None
    return written
