"""Units that prove each other: where rows and balance both count in what a user set, the proof fits whatever it is."""

from billing_job.core.money import wallet_text
from billing_job.core.sentences import counted
from billing_job.didfarm.wire_amounts import AUTO, decided
from billing_job.ledger.readings import amount_forms
from billing_job.ledger.wallet_figures import TypeRange, ranges_by_type
from billing_job.month.job import Job

FEWEST = 5
"""Amounts from which on it tells something that all of them are round."""
MOST_TYPES = 4
MICROS = 1_000_000


def units_set_by_hand(job: Job) -> str:
    """What to look at where the balance cannot tell a wrong unit; empty where it can, or where all looks usual.

    A balance with decimals is a witness of its own. Whole numbers in a unit that `[api.balance]` names are none: ten
    times too much on both sides fits as well. Usual are cents of which some are not a whole euro.
    """
    rows, balance = job.settings.api.transactions, job.settings.api.balance
    unit = job.reading().amount_unit.removeprefix(f"{AUTO}:")
    came_to = decided(each.form for each in amount_forms(job.engine))
    both = balance.amount_unit != "decimal"
    if not both and not (rows.amount_unit == "decimal" and came_to == "cents"):
        return ""
    found = ranges_by_type(job.engine, job.settings.billing.currency, 100 * _micros(unit))
    all_round = sum(each.count for each in found) >= FEWEST and not any(each.not_round for each in found)
    if not found or (both and unit == "cents" and not all_round):
        return ""
    said = [f'api.transactions.amount_unit is "{rows.amount_unit}", api.balance.amount_unit "{balance.amount_unit}"']
    if came_to == "cents" and unit != "cents":
        said.append('"auto" would read whole numbers as cents')
    if all_round:
        said.append(f"each of {counted(sum(each.count for each in found), 'amount')} is a multiple of 100 of that unit")
    return (
        f"rows and balance are counted in units that were set by hand, so they fit even if both are wrong"
        f" ({'; '.join(said)}): look whether you know these amounts: {_amounts(found, job.settings.billing.currency)}"
    )


def _micros(unit: str) -> int:
    if unit in ("cents", "decimal"):
        return MICROS // 100 if unit == "cents" else MICROS
    return MICROS // int(unit.removeprefix("1/")) if unit.startswith("1/") else MICROS // 100


def _amounts(found: list[TypeRange], currency: str) -> str:
    """Each type with its smallest and its largest amount."""
    words = []
    for each in found[:MOST_TYPES]:
        low, high = (wallet_text(micros, currency) for micros in (each.smallest, each.largest))
        words.append(f"{each.type} {low}" + (f" to {high}" if high != low else ""))
    return ", ".join(words)
