"""What is well about the month, what to do about the rest, and the queue by what would help, in texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.core.sentences import counted
from billing_job.reporting.page_data import Report
from billing_job.reporting.page_figures import Cell, amount
from billing_job.reporting.remedies import Group, Item, ids_text

WAITING_SHOWN = 200
"""Entries of the queue on the page, and at least LEAST_SHOWN of each remedy; all rows are in exceptions.csv."""
LEAST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that is well (`good`) or wants attention, and the section that says more."""

    good: bool
    text: str
    section: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: what, where, the command to type, and the section that says more."""

    title: str
    how: str
    command: str
    section: str
    section_name: str


@dataclass(frozen=True, slots=True)
class WaitingView:
    """What waits for one reason under one reference, in texts."""

    ids: str
    day: str
    reference: str
    amount: Cell
    reason: str
    suggestion: str
    age_days: int


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """All that one remedy helps; `hidden` tells of what is not on the page, and is empty when all of it is."""

    name: str
    title: str
    how: str
    command: str
    count: str
    oldest: str
    sum: Cell
    rows: tuple[WaitingView, ...]
    hidden: str


def wallet_verdict(report: Report) -> Verdict:
    """Whether opening balance and movements explain what the wallet holds."""
    wallet = report.wallet
    if wallet.balance is None:
        return Verdict(False, "The wallet's balance is not known yet", "wallet")
    if not wallet.balance.shows(wallet.explained_micros):
        off = amount(wallet.difference_micros or 0).text
        return Verdict(False, f"The wallet is off by {report.currency} {off}", "wallet")
    return Verdict(
        True, f"The wallet is {wallet.balance.how_exact(wallet.explained_micros, report.currency)}", "wallet"
    )


def waiting_verdict(report: Report) -> Verdict:
    """How much waits, and for how long."""
    if not report.waiting:
        return Verdict(True, "No transaction waits", "exceptions")
    waits = "waits" if len(report.waiting) == 1 else "wait"
    oldest = max(each.age_days for each in report.waiting)
    text = f"{counted(len(report.waiting), 'transaction')} {waits}, the oldest for {counted(oldest, 'day')}"
    return Verdict(False, text, "exceptions")


def anomaly_verdict(report: Report) -> tuple[Verdict, ...]:
    """That something is to be looked at; nothing when there is nothing."""
    count = len(report.anomalies)
    return (Verdict(False, f"{counted(count, 'thing')} to look at", "anomalies"),) if count else ()


def tasks_of(report: Report, groups: Sequence[Group]) -> tuple[Task, ...]:
    """What to do about the month: first what nothing may be sent before, at last to send."""
    month, tasks = str(report.month), []
    wallet = wallet_verdict(report)
    if not wallet.good:
        known = report.wallet.balance is not None
        command = "billing-job reconcile" if known else "billing-job sync"
        tasks.append(Task(wallet.text, "what it may come from stands under To look at", command, "wallet", "The proof"))
    for group in groups:
        count, total = counted(len(group.rows), "transaction"), amount(group.micros).text
        how = f"{group.remedy.how}: {count}, {report.currency} {total}, {_oldest(group)}"
        section = f"wait-{group.remedy.name}"
        tasks.append(Task(group.remedy.title, how, group.command(month), section, counted(len(group.items), "row")))
    if report.anomalies:
        title = f"Look at {counted(len(report.anomalies), 'thing')} that may be wrong"
        tasks.append(Task(title, "nothing forbids them", "billing-job why TRANSACTION", "anomalies", "To look at"))
    if report.documents:
        what = counted(len(report.documents), "document")
        tasks.append(
            Task(
                f"Send what has not left of {what}",
                "each goes out once; --dry-run shows what would leave",
                f"billing-job send --month {month} --dry-run",
                "documents",
                "Documents",
            )
        )
    return tuple(tasks)


def _oldest(group: Group) -> str:
    return f"the oldest waits for {counted(group.oldest_days, 'day')}"


def waiting_groups(groups: Sequence[Group], month: str) -> tuple[WaitingGroup, ...]:
    """Every group with its whole count and sum, and as many of its entries as the page has room for."""
    shown, room = [], WAITING_SHOWN
    for group in groups:
        items = group.items[: max(room, LEAST_SHOWN)]
        room -= len(items)
        hidden = len(group.items) - len(items)
        shown.append(
            WaitingGroup(
                name=f"wait-{group.remedy.name}",
                title=group.remedy.title,
                how=group.remedy.how,
                command=group.command(month),
                count=counted(len(group.rows), "transaction"),
                oldest=_oldest(group),
                sum=amount(group.micros),
                rows=tuple(_waiting_view(item) for item in items),
                hidden=f"{counted(hidden, 'more row')} of this kind stand in exceptions.csv." if hidden else "",
            )
        )
    return tuple(shown)


def _waiting_view(item: Item) -> WaitingView:
    first, micros = item.first, item.micros
    return WaitingView(
        ids=ids_text(item.rows),
        day=first.created_at[:10],
        reference=f"{first.reference_type} {first.reference_id}".strip() or first.type,
        amount=Cell("unreadable") if micros is None else amount(micros),
        reason=first.reason.replace("_", " "),
        suggestion=first.suggestion,
        age_days=first.age_days,
    )
