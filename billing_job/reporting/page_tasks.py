"""What is well about the month, what to do about the rest, and the queue by what would help, in texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.core.sentences import counted, listed
from billing_job.reporting.page_data import Report
from billing_job.reporting.page_figures import Cell, amount
from billing_job.reporting.waiting_groups import WaitingGroup, WaitingThing

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
    """What one thing that lacks something has waiting, in texts."""

    ids: str
    days: str
    what: str
    number: str
    """The number that it is about, where `what` does not name it."""
    amount: Cell
    reason: str
    help: str
    source: str
    """The rows of the files that are at fault."""
    description: str
    age_days: int


@dataclass(frozen=True, slots=True)
class WaitingSection:
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


def tasks_of(report: Report, groups: Sequence[WaitingGroup]) -> tuple[Task, ...]:
    """What to do about the month: first what nothing may be sent before, at last to send."""
    month, tasks = str(report.month), []
    wallet = wallet_verdict(report)
    if not wallet.good:
        known = report.wallet.balance is not None
        command = "billing-job reconcile" if known else "billing-job sync"
        tasks.append(Task(wallet.text, "what it may come from stands under To look at", command, "wallet", "The proof"))
    for place, group in enumerate(groups, 1):
        weighs = f"{report.currency} {amount(group.micros).text}, {_oldest(group)}"
        link = f"{counted(group.count, 'transaction')}, {weighs}"
        tasks.append(Task(group.remedy.title, group.remedy.how, _command(group, month), f"wait-{place}", link))
    if report.anomalies:
        title = f"Look at {counted(len(report.anomalies), 'thing')} that may be wrong"
        command = next((each.command for each in report.anomalies if each.command), "")
        tasks.append(Task(title, "nothing forbids them", command, "anomalies", "To look at"))
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


def _oldest(group: WaitingGroup) -> str:
    oldest = max(each.age_days for thing in group.things for each in thing.waiting)
    return f"the oldest waits for {counted(oldest, 'day')}"


def _command(group: WaitingGroup, month: str) -> str:
    """What is typed once a file has been completed; empty where the remedy itself names a command."""
    return "" if "`" in group.remedy.how else f"billing-job run --month {month}"


def waiting_sections(groups: Sequence[WaitingGroup], month: str) -> tuple[WaitingSection, ...]:
    """Every group with its whole count and sum, and as many of its entries as the page has room for."""
    shown, room = [], WAITING_SHOWN
    for place, group in enumerate(groups, 1):
        things = group.things[: max(room, LEAST_SHOWN)]
        room -= len(things)
        hidden = len(group.things) - len(things)
        shown.append(
            WaitingSection(
                name=f"wait-{place}",
                title=group.remedy.title,
                how=group.remedy.how,
                command=_command(group, month),
                count=counted(group.count, "transaction"),
                oldest=_oldest(group),
                sum=amount(group.micros),
                rows=tuple(map(_waiting_view, things)),
                hidden=f"{counted(hidden, 'more row')} of this kind stand in exceptions.csv." if hidden else "",
            )
        )
    return tuple(shown)


def _waiting_view(thing: WaitingThing) -> WaitingView:
    number = thing.first_of("number")
    first, last = thing.days
    unreadable = all(each.micros is None for each in thing.waiting)
    description = thing.first_of("description")
    return WaitingView(
        ids=listed([each.transaction_id for each in thing.waiting], 2),
        days=first if first == last else f"{first} to {last[5:] if first[:4] == last[:4] else last}",
        what=thing.what,
        number="" if thing.what.endswith(number) else number,
        amount=Cell("unreadable") if unreadable else amount(thing.micros),
        reason=thing.waiting[0].reason.replace("_", " "),
        help=thing.first_of("suggestion"),
        source=thing.first_of("source"),
        description=f"it says “{description}”" if description else "",
        age_days=max(each.age_days for each in thing.waiting),
    )
