"""What commands print for people on standard output: aligned plain text that also survives a pipe."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from billing_job.core.money import money_text, wallet_text
from billing_job.core.sentences import listed


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), console: Console | None = None
) -> str:
    """Columns as wide as their widest cell is on a screen; those named in `right`, numbers, are aligned to the right.

    Where a terminal is too narrow, the widest other column is broken between words; a pipe's lines are never broken.
    """
    console = console or Console()
    rows = (columns, *rows)
    widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    if console.is_terminal:
        place = max(range(len(columns)), key=lambda place: (columns[place] not in right, widths[place]))
        room = console.width - sum(widths) - 2 * (len(columns) - 1) + widths[place]
        longest_word = max(cell_len(word) for row in rows for word in ("", *row[place].split()))
        widths[place] = min(widths[place], max(room, longest_word))
        rows = [part for row in rows for part in _broken(row, place, widths[place], console)]
    lines = (
        "  ".join(
            " " * (width - cell_len(cell)) + cell if name in right else set_cell_size(cell, width)
            for cell, width, name in zip(cells, widths, columns, strict=True)
        ).rstrip()
        for cells in rows
    )
    return "\n".join(lines)


def _broken(row: Sequence[str], place: int, width: int, console: Console) -> Iterator[list[str]]:
    """The row, and under it what is left of its cell at this place."""
    cells = list(row)
    for part in Text(row[place]).wrap(console, width):
        cells[place] = part.plain
        yield cells
        cells = [""] * len(row)


def reconcile_table(proof: Mapping[str, Any], currency: str) -> str:
    """The wallet's proof, month by month."""
    places = ("transactions", "billed", "excluded", "exceptions", "waiting")
    rows = [
        (
            month["month"] or "undated",
            *(f"{month[place]['count']:,} / {wallet_text(month[place]['micros'], currency)}" for place in places),
        )
        for month in proof["months"]
    ]
    rows.append(
        ("all", *(f"{proof[place]['count']:,} / {wallet_text(proof[place]['micros'], currency)}" for place in places))
    )
    wallet, gate = proof["wallet"], proof["gate"]
    balance = wallet["balance_micros"]
    lines = [
        table(("month", *places), rows, right=places),
        "",
        f"opening balance   {wallet_text(wallet['opening_micros'], currency):>20}",
        f"movements         {wallet_text(wallet['movements_micros'], currency):>20}",
        f"wallet's balance  {'unknown' if balance is None else wallet_text(balance, currency):>20}",
    ]
    if wallet["matches"]:
        below = wallet["difference_micros"]
        rest = (
            f"; {wallet_text(-below, currency)} are below its last place and no difference" if below else " to the cent"
        )
        lines.append(f"The wallet is explained{rest}.")
    elif balance is not None:
        lines.append(f"difference        {wallet_text(wallet['difference_micros'], currency):>20}")
        causes = [" ".join(f"{each['setting']}: {each['why']}; {each['toml']}".split()) for each in gate["likely"]]
        lines += [f"Likely cause: {cause.removesuffix(';')}" for cause in causes]
        lines.append("Other causes: the supplier's history is cut off, or rows are still arriving.")
    for name, sentence in (("changed", "changed their content"), ("vanished", "are no longer listed by the supplier")):
        if proof[name]:
            lines.append(f"{len(proof[name])} transactions {sentence}: {listed(proof[name], 10)}")
    if gate["proven"]:
        lines.append(f"How amounts are read is proven since {gate['proven']['month']} ({gate['proven']['moment']}).")
    for each in gate["decisions"]:
        difference = each["difference"] or "an unknown balance"
        lines.append(f"A difference of {difference} was accepted at {each['moment']}: {each['reason']}")
    lines += [changed_words(each, currency) for each in proof["billed_row_changed"]]
    return "\n".join(lines)


def changed_words(changed: Mapping[str, Any], currency: str) -> str:
    """Invariant 7 of one transaction: what it was settled at, where, and what it is now."""
    billed, now = money_text(changed["billed_cents"], currency), changed["now_cents"]
    became = "is no longer listed or readable" if now is None else f"reads as {money_text(now, currency)}"
    where = f", {changed['documents']}" if changed["documents"] else ""
    return (
        f"billed_row_changed: transaction {changed['transaction_id']} was settled at {billed}{where}, and now {became}"
    )


def changes_table(changes: Sequence[Mapping[str, Any]], currency: str) -> str:
    """What each client would be billed now, net, beside the month before and the last preview."""
    rows = []
    for change in changes:
        before, now, earlier = change["month_before_cents"], change["now_cents"], change["last_preview_cents"]
        rows.append(
            (
                str(change["client_id"]),
                money_text(before, currency),
                money_text(now, currency),
                percent(before, now),
                "" if earlier in (None, now) else f"{money_text(now - earlier, currency)} since the last preview",
            )
        )
    return table(("client", "month before", "now", "change", ""), rows, right=("month before", "now", "change"))


def percent(before: int, now: int) -> str:
    """The change in whole percent; "new" and "gone" where one side is nothing."""
    if before == 0:
        return "new" if now else ""
    if now == 0:
        return "gone"
    change = (abs(now - before) * 200 + abs(before)) // (2 * abs(before))
    return f"{'+' if now >= before else '-'}{change}%"
