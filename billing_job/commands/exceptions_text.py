"""What `exceptions` prints for people: the queue by what helps, each thing with what is known of it."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from billing_job.core.money import wallet_text
from billing_job.core.sentences import counted, listed
from billing_job.reporting.exceptions_csv import Waiting
from billing_job.reporting.waiting_groups import WaitingGroup, WaitingThing, groups_of

SHOWN = 20
"""Things of a group on the terminal; `--all` shows each one."""


def exceptions_text(found: Sequence[Waiting], currency: str, *, whole: bool) -> str:
    """The exceptions queue, one remedy after the other, the heaviest first."""
    if not found:
        return "Nothing waits."
    said = [line for group in groups_of(found) for line in _group(group, currency, whole=whole)]
    total = wallet_text(sum(each.micros or 0 for each in found), currency)
    return "\n".join([*said, f"{counted(len(found), 'transaction')} wait, {total} in all"])


def _group(group: WaitingGroup, currency: str, *, whole: bool) -> Iterator[str]:
    things = group.things if whole else group.things[:SHOWN]
    yield f"{group.remedy.title}: {counted(group.count, 'transaction')}, {wallet_text(group.micros, currency)}"
    yield f"→ {group.remedy.how}"
    rows = [_row(thing, currency) for thing in things]
    widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    for thing, row in zip(things, rows, strict=True):
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True) if width)
        yield f"  {'  '.join(cells).rstrip()}"
        yield from (f"      {line}" for line in _more(thing))
    if len(group.things) > len(things):
        yield f"  … and {len(group.things) - len(things):,} more: --all, --csv FILE or --xlsx FILE have every one"
    yield ""


def _row(thing: WaitingThing, currency: str) -> tuple[str, ...]:
    unreadable = all(each.micros is None for each in thing.waiting)
    number = thing.first_of("number")
    first, last = thing.days
    return (
        thing.what,
        "" if thing.what.endswith(number) else number,
        counted(len(thing.waiting), "row"),
        "unreadable" if unreadable else wallet_text(thing.micros, currency),
        (first if first == last else f"{first} to {last[5:] if first[:4] == last[:4] else last}") or "undated",
    )


def _more(thing: WaitingThing) -> Iterator[str]:
    """What was said of it, which row of a file is at fault, what would help it, and its transactions."""
    if description := thing.first_of("description"):
        yield f"says {description!r}"
    if source := thing.first_of("source"):
        yield f"by {source}"
    suggestion = thing.first_of("suggestion")
    if suggestion and not suggestion.startswith(("add ", "give type ")):  # which the head of the group says of all
        yield suggestion
    ids = [each.transaction_id for each in thing.waiting]
    if thing.what != f"transaction {ids[0]}":
        yield f"transaction{'s' if len(ids) > 1 else ''} {listed(ids, 5)}"
