"""The user's word on who is who: clients.csv, trunks.csv, numbers.csv beside billing.toml, and what the law says of it.

Every bad row is reported with file, row and column, all files at once.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import repeat
from pathlib import Path

from billing_job.config.mapping_columns import (
    ClientRow,
    ExchangeRateRow,
    NumberRow,
    RateRow,
    ReferenceRow,
    ReverseChargeRow,
    TrunkRow,
)
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_columns import typed_columns
from billing_job.core.files.csv_reader import CsvRow, table_path, typed_rows
from billing_job.core.money import micros_from_decimal
from billing_job.core.parties import Client
from billing_job.core.phone import country_of
from billing_job.core.register import (
    BuyerReferences,
    DomesticReverseCharge,
    ExchangeRate,
    NumberColumns,
    Register,
    TrunkAssignment,
    VatRate,
    overlaps,
    told,
)
from billing_job.documents.einvoice.leitweg_id import is_leitweg_id, is_meant_as_leitweg_id

_A_DAY = ("country", "valid_from")


def load_mapping(folder: Path, plan_names: Sequence[str]) -> Register:
    """Read the files of a configuration folder; all but clients.csv and trunks.csv may be missing.

    ConfigError lists every bad row of all of them.
    """
    problems: list[str] = []
    key = ("client_id", "valid_from")
    dated = tuple(typed_rows(folder / "references.csv", ReferenceRow, problems, optional=True, once=key))
    by_date = {each.client_id for _, each in dated if each.buyer_reference}
    with_channels = tuple(_clients(table_path(folder, "clients"), plan_names, by_date, problems))
    clients = tuple(client for client, _ in with_channels)
    # Who is a client is only known once clients.csv is right; until then it is no fault to name one that is not.
    known_clients = None if problems else {client.client_id for client in clients}
    trunks = tuple(_trunks(table_path(folder, "trunks"), known_clients, problems))
    numbers = _numbers(table_path(folder, "numbers"), problems)
    rates = tuple(_rates(folder / "vat_rates.csv", problems))
    reverse_charges = tuple(
        DomesticReverseCharge(**vars(each))
        for _, each in typed_rows(
            folder / "domestic_reverse_charge.csv", ReverseChargeRow, problems, optional=True, once=_A_DAY
        )
    )
    exchange_rates = tuple(
        ExchangeRate(**vars(each))
        for _, each in typed_rows(
            folder / "exchange_rates.csv", ExchangeRateRow, problems, optional=True, once=("currency", "valid_from")
        )
    )
    references = tuple(_references(dated, {client.client_id: client for client in clients}, problems))
    problems += overlaps("trunk", [trunk.trunk for trunk in trunks], trunks)
    problems += overlaps("number", told(numbers, "number"), numbers)
    problems += overlaps("did_number_id", told(numbers, "did_number_id"), numbers)
    if problems:
        raise ConfigError(_by_rows(problems))
    channels = {client.client_id: channel for client, channel in with_channels if channel}
    return Register(clients, trunks, numbers, rates, reverse_charges, exchange_rates, channels, references)


def _by_rows(problems: Sequence[str]) -> list[str]:
    """Complaints file by file, those of a file by its rows, as somebody goes through it to correct them."""
    files: dict[str, int] = {}
    order: list[tuple[int, int, int]] = []
    for problem in problems:
        file, _, rest = problem.partition(", row ")
        row = re.match(r"\d+", rest)
        order.append((files.setdefault(file, len(files)), int(row[0]) if row else 0, len(order)))
    return [problems[place] for *_, place in sorted(order)]


def load_vat_rates(path: Path) -> tuple[VatRate, ...]:
    """The rates of one file; ConfigError lists every bad row."""
    problems: list[str] = []
    rates = tuple(_rates(path, problems))
    if problems:
        raise ConfigError(problems)
    return rates


def _clients(
    path: Path, plan_names: Sequence[str], by_date: Collection[str], problems: list[str]
) -> Iterator[tuple[Client, str]]:
    """Each client, and the channel that its row names."""
    table = typed_columns(path, ClientRow, problems, plans=plan_names)
    # In the order of the fields, as they are told positionally: by names it takes twice the time.
    columns = (table.cells.get(each.name, repeat(each.default)) for each in fields(Client))
    first: dict[str, int] = {}
    for row, client in enumerate(map(Client, *columns)):
        same = first.setdefault(client.client_id.casefold(), row)
        if same != row:
            place = table.places[same].removeprefix(f"{path}, ")
            problems.append(table.wrong(row, "client_id", f"is a client already at {place}"))
        if problem := _reference_problem(client, client.buyer_reference, is_dated=client.client_id in by_date):
            problems.append(table.wrong(row, "buyer_reference", problem))
        yield client, table.cells["channel"][row]


def _references(
    rows: Sequence[tuple[CsvRow, ReferenceRow]], clients: Mapping[str, Client], problems: list[str]
) -> Iterator[BuyerReferences]:
    """The rows of references.csv."""
    for row, each in rows:
        client = clients.get(each.client_id)
        if client is None:
            problems.append(
                row.wrong("client_id", "there is no such client in clients.csv; add it there or correct it")
            )
        elif problem := _reference_problem(client, each.buyer_reference, is_dated=True):
            problems.append(row.wrong("buyer_reference", problem))
        yield BuyerReferences(**vars(each))


def _reference_problem(client: Client, reference: str, *, is_dated: bool) -> str:
    """What XRechnung asks of the buyer's reference: an authority finds its invoices by nothing else."""
    if client.einvoice != "xrechnung" or (is_dated and not reference):
        return ""
    if not reference:
        return "XRechnung needs it: write the Leitweg-ID of the authority, or the reference that the buyer gave"
    if is_meant_as_leitweg_id(reference) and not is_leitweg_id(reference):
        return "this Leitweg-ID has a wrong form or wrong check digits: copy it again from the order"
    return ""


def _trunks(path: Path, clients: Collection[str] | None, problems: list[str]) -> Iterator[TrunkAssignment]:
    table = typed_columns(path, TrunkRow, problems, clients=clients)
    cells = table.cells
    return map(
        TrunkAssignment,
        cells["valid_from"], cells["valid_to"], table.places, cells["trunk"], cells["client_id"],
    )  # fmt: skip


def _numbers(path: Path, problems: list[str]) -> NumberColumns:
    table = typed_columns(path, NumberRow, problems, optional=True)
    cells = table.cells
    for row, names in enumerate(zip(cells["number"], cells["did_number_id"], cells["order_id"], strict=True)):
        if not any(names):
            expected = "fill in number, did_number_id or order_id: the row says nothing without one of them"
            problems.append(table.wrong(row, "number", expected))
    named = zip(cells["country"], cells["number"], strict=True)
    return NumberColumns(
        {
            "valid_from": cells["valid_from"],
            "valid_to": cells["valid_to"],
            "source": table.places,
            "number": cells["number"],
            "did_number_id": cells["did_number_id"],
            "order_id": cells["order_id"],
            "country": [country or country_of(number) for country, number in named],
            "number_type": cells["number_type"],
            "trunk": cells["trunk"],
            "price_micros": [micros_from_decimal(price) if price else None for price in cells["price"]],
        }
    )


def _rates(path: Path, problems: list[str]) -> Iterator[VatRate]:
    rows = typed_rows(path, RateRow, problems, optional=True, once=_A_DAY)
    return (VatRate(rate.country, rate.category, rate.rate, rate.valid_from) for _, rate in rows)
