"""The figures of the month's page: amounts as texts, the tables that its charts are drawn from, the wallet's proof."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.money import MICROS_PER_CENT, grouped_micros_text, half_away_from_zero
from billing_job.core.sums import Sum
from billing_job.reporting.page_data import MonthSum, Place, Report, Share, Wallet


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


@dataclass(frozen=True, slots=True)
class Figures:
    """A table that a chart draws: a series in each row, a month in each column, and their sum in the last one."""

    measure: str
    caption: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its figures; where there are several tables the reader chooses which one is drawn."""

    name: str
    title: str
    note: str
    series: tuple[str, ...]
    tables: tuple[Figures, ...]


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
    tenths = half_away_from_zero(part * 1000 if whole > 0 else part * -1000, abs(whole))
    return f"{'−' if tenths < 0 else ''}{abs(tenths) // 10:,}.{abs(tenths) % 10} %"


def month_name(month: str, form: str = "%B %Y") -> str:
    """A month "2026-10" in words."""
    return date.fromisoformat(f"{month}-01").strftime(form)


def charts(report: Report) -> tuple[Chart, ...]:
    """Cost, charge and margin: in all over the months, by client, by category.

    With a single month there is no course of time to draw, so the first one is left out.
    """
    found = (
        Chart("trend", "Charge, cost and margin", "", ("Charge", "Cost", "Margin"), (_trend(report),)),
        _shares("clients", "By client", "Clients", report.by_client, report),
        _shares("categories", "By category", "Categories", report.by_category, report),
    )
    return found if len(report.months) > 1 else found[1:]


def _trend(report: Report) -> Figures:
    months = report.months
    charge, cost = [micros_of(month.charge_cents) for month in months], [month.cost_micros for month in months]
    margin = [charged - paid for charged, paid in zip(charge, cost, strict=True)]
    rows = tuple(_summed(name, micros) for name, micros in (("Charge", charge), ("Cost", cost), ("Margin", margin)))
    return Figures("all", f"Charge, cost and margin by month, {report.currency}", rows)


def _shares(name: str, title: str, plural: str, shares: Sequence[Share], report: Report) -> Chart:
    measures: dict[str, Callable[[Share], Sequence[int]]] = {
        "charge": lambda share: [micros_of(each) for each in share.charge_cents],
        "cost": lambda share: share.cost_micros,
        "margin": lambda share: [micros_of(a) - b for a, b in zip(share.charge_cents, share.cost_micros, strict=True)],
    }
    tables = tuple(
        Figures(
            measure,
            f"{measure.title()} {title.lower()} and month, {report.currency}",
            tuple(_summed(share.name, micros_in(share)) for share in shares),
        )
        for measure, micros_in in measures.items()
    )
    note = f"{plural} with the largest charge of the months shown come first."
    return Chart(name, title, note, tuple(share.name for share in shares), tables)


def _summed(name: str, micros: Sequence[int]) -> Row:
    return Row(name, (*(amount(each) for each in micros), Cell(amount(sum(micros)).text)))


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
