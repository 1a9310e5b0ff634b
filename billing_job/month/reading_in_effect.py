"""The reading in effect: the settings, and what `amount_unit = "auto"` comes to for all the rows of the ledger."""

import hashlib
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from billing_job.config.reading import TransactionsReading
from billing_job.core.moments import local_moment
from billing_job.core.sentences import counted
from billing_job.didfarm.wire import read_stored
from billing_job.didfarm.wire_amounts import AUTO, FORMS, decided
from billing_job.ledger.readings import (
    amount_forms,
    days_without_time,
    fix_amount_unit,
    read_again,
    unit_or_forms,
)

UNITS = ("cents", "decimal")
"""What `auto` can come to."""


def reading_in_effect(engine: Engine, reading: TransactionsReading) -> TransactionsReading:
    """The settings, with "auto" as what it came to: "auto:cents", or the forms that leave it open."""
    if reading.amount_unit != AUTO:
        return reading
    unit, forms = unit_or_forms(engine)
    came_to = unit or decided(each.form for each in forms)
    return reading.model_copy(update={"amount_unit": f"{AUTO}:{came_to}"}) if came_to else reading


def read_as_settings_say(engine: Engine, reading: TransactionsReading) -> TransactionsReading:
    """Read all stored rows anew where settings changed or `auto` came to something else; the reading in effect.

    Other fields can mean other forms of amounts, which change what auto comes to: then all are read once more.
    """
    while True:
        in_effect = reading_in_effect(engine, reading)
        fingerprint = hashlib.sha256(in_effect.model_dump_json().encode()).hexdigest()
        if not read_again(engine, lambda raw: read_stored(raw, in_effect), fingerprint):  # noqa: B023 - called at once
            return in_effect


def fix_what_auto_came_to(connection: Connection, in_effect: TransactionsReading) -> None:
    """Fix the unit that "auto" came to, in the database transaction that records the first proven month."""
    unit = in_effect.amount_unit.removeprefix(f"{AUTO}:")
    if unit in UNITS and in_effect.amount_unit != unit:
        fix_amount_unit(connection, unit)


def doubts(engine: Engine, in_effect: TransactionsReading, sellers_zone: ZoneInfo) -> Iterator[str]:
    """What a user should know of the reading: amounts that disagree, and days that begin in another day's evening."""
    if in_effect.amount_unit.startswith(AUTO) and in_effect.amount_unit.removeprefix(f"{AUTO}:") not in (AUTO, *UNITS):
        forms = "; ".join(
            f"{FORMS[each.form]} in {counted(each.count, 'row')} (such as transaction {each.example})"
            for each in amount_forms(engine)
        )
        yield (
            f'amount_unit = "auto" does not tell cents from euros: {forms}. None of them is billed; set'
            ' api.transactions.amount_unit to "cents" or "decimal"'
        )
    count, example, moment = days_without_time(engine)
    if count:
        day = local_moment(moment, ZoneInfo(in_effect.timezone)).date()
        if local_moment(moment, sellers_zone).date() != day:
            yield (
                f"a day without a time in {counted(count, 'row')} (such as transaction {example}): midnight"
                f" in {in_effect.timezone} is the day before in {sellers_zone.key}: set api.transactions.timezone"
                f' = "{sellers_zone.key}" if the supplier means your days'
            )
