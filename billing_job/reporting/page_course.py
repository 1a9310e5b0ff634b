"""The course of the months on the page: the trend, the largest clients and categories, and who changed most."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from billing_job.reporting.page_charts import (
    LyingBar,
    Spark,
    UprightBar,
    lying_bars,
    middles,
    short_amount,
    spark,
    upright_bars,
    zero_line,
)
from billing_job.reporting.page_data import Report, Share
from billing_job.reporting.page_figures import Cell, Row, amount, changed_by, micros_of, month_name, percent, signed


@dataclass(frozen=True, slots=True)
class Figures:
    """A table behind a chart: a series in each row, a month in each column, and their sum in the last one."""

    measure: str
    caption: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A client or category of the month: its charge as a bar, what is left of it, and its course over the months."""

    name: str
    bar: LyingBar | None
    """None for all others together: their bar would dwarf the named ones."""
    charge: str
    margin: Cell
    margin_percent: str
    spark: Spark | None
    change: str
    is_less: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """The largest of a kind with their figures; `zero` is where their bars begin."""

    name: str
    title: str
    row_head: str
    rows: tuple[Ranked, ...]
    tables: tuple[Figures, ...]


@dataclass(frozen=True, slots=True)
class TrendMonth:
    """A month of the trend: its bars, the figure above the first of them, and the words below."""

    name: str
    year: str
    middle: str
    charge_bar: UprightBar
    cost_bar: UprightBar
    charge: str
    label_at: int
    margin: str
    is_loss: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """Charge and cost of the months side by side, and their figures; `zero` in pixels from the plot's top."""

    months: tuple[TrendMonth, ...]
    zero: int
    table: Figures


@dataclass(frozen=True, slots=True)
class Moved:
    """A client whose charge changed: before, now and the difference."""

    name: str
    before: Cell
    now: Cell
    change: Cell
    percent: str


def trend(report: Report) -> Trend | None:
    """Charge and cost over the months; with a single month there is no course of time to draw."""
    months = report.months
    if len(months) < 2:
        return None
    charge, cost = [micros_of(month.charge_cents) for month in months], [month.cost_micros for month in months]
    margin = [charged - paid for charged, paid in zip(charge, cost, strict=True)]
    rows = tuple(_summed(name, micros) for name, micros in (("Charge", charge), ("Cost", cost), ("Margin", margin)))
    pairs = list(zip(charge, cost, strict=True))
    shown = tuple(
        TrendMonth(
            name=month_name(month.month, "%b"),
            year=month.month[:4] if place == 0 or month.month.endswith("-01") else "",
            middle=middle,
            charge_bar=bars[0],
            cost_bar=bars[1],
            charge=short_amount(charge[place]),
            label_at=(bars[0].top if charge[place] >= 0 else zero_line(pairs)) - 5,
            margin=short_amount(margin[place]),
            is_loss=margin[place] < 0,
        )
        for place, (month, middle, bars) in enumerate(
            zip(months, middles(len(months)), upright_bars(pairs), strict=True)
        )
    )
    table = Figures("all", f"Charge, cost and margin by month, {report.currency}", rows)
    return Trend(shown, zero_line(pairs), table)


def rankings(report: Report) -> tuple[Ranking, ...]:
    """The month's largest clients and categories."""
    return (
        _ranking("clients", "Clients", "Client", report.by_client, report),
        _ranking("kinds", "Categories", "Category", report.by_category, report),
    )


def _ranking(name: str, title: str, row_head: str, shares: Sequence[Share], report: Report) -> Ranking:
    measures: dict[str, Callable[[Share], Sequence[int]]] = {
        "charge": lambda share: [micros_of(each) for each in share.charge_cents],
        "cost": lambda share: share.cost_micros,
        "margin": lambda share: [micros_of(a) - b for a, b in zip(share.charge_cents, share.cost_micros, strict=True)],
    }
    tables = tuple(
        Figures(
            measure,
            f"{measure.title()} by {row_head.lower()} and month, {report.currency}",
            tuple(_summed(share.name, micros_in(share)) for share in shares),
        )
        for measure, micros_in in measures.items()
    )
    named = [share for share in shares if not share.is_rest]
    bars = [*lying_bars([share.charge_cents[-1] for share in named]), *[None] * (len(shares) - len(named))]
    rows = (_ranked(share, bar) for share, bar in zip(shares, bars, strict=True))
    return Ranking(name, title, row_head, tuple(rows), tables)


def _ranked(share: Share, bar: LyingBar | None) -> Ranked:
    charge = micros_of(share.charge_cents[-1])
    margin = charge - share.cost_micros[-1]
    has_course = len(share.charge_cents) > 1
    changed = changed_by(share.charge_cents[-1], share.charge_cents[-2]) if has_course else ""
    return Ranked(
        name=share.name,
        bar=bar,
        charge=amount(charge).text,
        margin=amount(margin),
        margin_percent=percent(margin, charge),
        spark=spark(share.charge_cents) if has_course else None,
        change=changed,
        is_less=has_course and share.charge_cents[-1] < share.charge_cents[-2],
    )


def moved(report: Report) -> tuple[Moved, ...]:
    """The clients whose charge changed most since the month before."""
    return tuple(
        Moved(
            mover.name,
            amount(micros_of(mover.before_cents)),
            amount(micros_of(mover.now_cents)),
            signed(micros_of(mover.change_cents)),
            changed_by(mover.now_cents, mover.before_cents),
        )
        for mover in report.movers
    )


def _summed(name: str, micros: Sequence[int]) -> Row:
    return Row(name, (*(amount(each) for each in micros), Cell(amount(sum(micros)).text)))
