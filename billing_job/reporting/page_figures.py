"""The figures of the month's page: amounts as texts, changes, the wallet's proof and where transactions went."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.money import MICROS_PER_CENT, grouped_micros_text, half_away_from_zero
from billing_job.core.sums import Sum
from billing_job.reporting.page_data import MonthSum, Place, Wallet


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure; `micros` is what a chart or a sum reads, None where there is nothing to read."""

    text: str
    micros: int | None = None

    @property
    def cents(self) -> str:
        """Cents with as many places as they need, for a page's script; empty where there is nothing to read."""
        if self.micros is None:
            return ""
        whole, rest = divmod(abs(self.micros), MICROS_PER_CENT)
        places = f".{rest:04d}".rstrip("0") if rest else ""
        return f"{'-' if self.micros < 0 else ''}{whole}{places}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its head and its figures; `strong` for a sum."""

    name: str
    cells: tuple[Cell, ...]
    strong: bool = False


def amount(micros: int) -> Cell:
    """Micros as people read them, with a real minus sign and two to six places: −1,234.50."""
    return Cell(f"{'−' if micros < 0 else ''}{grouped_micros_text(micros)}", micros)


def micros_of(cents: int) -> int:
    """What a document says in whole cents, beside what the wallet says."""
    return cents * MICROS_PER_CENT


def percent(part: int, whole: int) -> str:
    """A part in percent of the whole, one place; a dash where there is no whole."""
    if whole == 0:
        return "–"
    tenths = half_away_from_zero(part * 1000, whole)
    return f"{'−' if tenths < 0 else ''}{abs(tenths) // 10:,}.{abs(tenths) % 10} %"


def month_name(month: str, form: str = "%B %Y") -> str:
    """A month "2026-10" in words."""
    return date.fromisoformat(f"{month}-01").strftime(form)


def signed(micros: int) -> Cell:
    """A change: an amount with its sign either way."""
    return Cell(f"{'+' if micros > 0 else ''}{amount(micros).text}", micros)


def changed_by(now: int, before: int) -> str:
    """A change in percent with its sign; "new" and "gone" where one side is nothing."""
    if before == 0 or now == 0:
        return "new" if now else "gone" if before else "–"
    text = percent(now - before, abs(before))
    return text if text.startswith("−") or now == before else f"+{text}"


def wallet_rows(wallet: Wallet, month: str) -> tuple[Row, ...]:
    """The wallet from its opening balance to what the supplier says it holds."""
    at_start = wallet.opening_micros + wallet.before.micros
    at_end = at_start + sum(part.micros for part in wallet.within.values())
    rows = [
        Row("Opening balance, as configured", (Cell(""), amount(wallet.opening_micros))),
        _movement(f"Movements before {month}", wallet.before),
        Row(f"At the start of {month}", (Cell(""), amount(at_start)), strong=True),
        *(_movement(name, part) for name, part in wallet.within.items()),
        Row(f"At the end of {month}", (Cell(""), amount(at_end)), strong=True),
    ]
    rows += [_movement("Movements since", wallet.after)] if wallet.after.count else []
    rows += [_movement("Movements without a readable date", wallet.undated)] if wallet.undated.count else []
    rows.append(Row("Explained by the ledger", (Cell(""), amount(wallet.explained_micros)), strong=True))
    if wallet.balance is not None and wallet.difference_micros is not None:
        rows.append(Row("Held, as DIDfarm last said", (Cell(""), amount(wallet.balance.micros)), strong=True))
        rows.append(Row("Difference", (Cell(""), amount(wallet.difference_micros)), strong=True))
    return tuple(rows)


def _movement(name: str, movement: Sum) -> Row:
    return Row(name, (Cell(f"{movement.count:,}"), amount(movement.micros)))


def place_rows(places: Sequence[Place], transactions: Sum) -> tuple[Row, ...]:
    """Where every transaction of the month went; the last row is all of them."""
    return (
        *(_movement(place.name, place.sum) for place in places),
        Row("All transactions", (Cell(f"{transactions.count:,}"), amount(transactions.micros)), strong=True),
    )


def change(now: int, before: MonthSum | None, amount_of: Callable[[MonthSum], int]) -> str:
    """How a total compares with the month before: "+4.2 % on September"."""
    if before is None or amount_of(before) == 0:
        return ""
    text = percent(now - amount_of(before), abs(amount_of(before)))
    return f"{text if text.startswith('−') else '+' + text} on {month_name(before.month, '%B')}"
