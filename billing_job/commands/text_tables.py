"""What commands print for people on standard output: aligned plain text that also survives a pipe."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from billing_job.core.money import grouped_micros_text, grouped_text, money_text, wallet_text
from billing_job.core.screen import Screen, aligned, broken, cut, in_order, longest_piece, padded, width_of
from billing_job.core.sentences import counted, listed

GAP = "  "
SHORTEST = 6
"""Columns that a name is cut to before it is left out."""
TALLEST = 3
"""Lines of the row in the middle; where it would need more, a row is told in lines of its own, not in columns."""


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    short: Sequence[str] = (),
    console: Console | None = None,
) -> str:
    """Columns as wide as their widest cell is on a screen; those named in `right`, numbers, are aligned to the right.

    Where a terminal is too narrow, names, the columns of `short`, are cut with an ellipsis so that a row is one line,
    however long one of them is; the last of them is left out before the first is cut. Other texts are broken between
    words, the widest column first; where even that would not do, each row takes a few lines, with names beside
    its cells. No number is ever broken, nor a word that is no name; in a pipe no line either.
    """
    screen = Screen.of(console or Console())
    if short and screen.width is not None:
        one_line = _on_one_line(columns, rows, right, short, screen)
        if one_line is not None:
            return one_line
    cells = (columns, *rows)
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    if screen.width is not None:
        room = screen.width - len(GAP) * (len(columns) - 1)
        least = [
            width if name in right else longest_piece(column)
            for name, width, column in zip(columns, widths, zip(*cells, strict=True), strict=True)
        ]
        while sum(widths) > room and (
            loose := [place for place in range(len(columns)) if widths[place] > least[place]]
        ):
            widths[max(loose, key=lambda place: widths[place])] -= 1
        if rows and (sum(widths) > room or _height(rows, widths) > TALLEST):
            return "\n".join(in_order(line) for row in rows for line in _card(columns, row, screen.width))
    head, *body = (_lines(row, columns, widths, right) for row in cells)
    lines = [line if screen.width is None else in_order(line) for row in body for line in row]
    return "\n".join([*(screen.painted(line, "head") for line in head), *lines])


def _on_one_line(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str], short: Sequence[str], screen: Screen
) -> str | None:
    """Rows of one line each, with names cut to the room that is left; None where there is none."""
    names = [place for place, name in enumerate(columns) if name in short]
    for gap in (GAP, GAP[:1]):
        widths = [max(map(width_of, column)) for column in zip(columns, *rows, strict=True)]
        room = (screen.width or 0) - sum(widths) - len(gap) * (len(columns) - 1)
        for place in reversed(names[1:] or names):
            given = min(max(-room, 0), max(widths[place] - SHORTEST, 0))
            widths[place] -= given
            room += given
        if room >= 0:
            kept = [[cut(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
            head, *body = (line for row in (columns, *kept) for line in _lines(row, columns, widths, right, gap))
            return "\n".join([screen.painted(head, "head"), *map(in_order, body)])
    if len(names) == 1:
        return None
    # The first of the names is what commands are told: it stays, and is cut only where it is alone.
    left_out = names[-1]
    fewer = [[cell for place, cell in enumerate(row) if place != left_out] for row in (columns, *rows)]
    return _on_one_line(fewer[0], fewer[1:], right, [columns[place] for place in names[:-1]], screen)


def _card(columns: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    """A row as a few lines: its first cell, then each other one with its name."""
    room = width - 2 * len(GAP)
    line = row[0]
    for name, cell in zip(columns[1:], row[1:], strict=True):
        if not cell:
            continue
        part = f"{name} {cell}".lstrip()
        if width_of(line) + 3 + width_of(part) <= (room if line.startswith(GAP) else width):
            line = f"{line}   {part}"
            continue
        yield line
        *above, last = broken(part, room)
        yield from (2 * GAP + each for each in above)
        line = 2 * GAP + last
    yield line


def _height(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """The lines of the row that is in the middle when all are put in order by their lines."""
    heights = (max(len(broken(cell, width or 1)) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return sorted(heights)[len(rows) // 2]


def _lines(
    row: Sequence[str], columns: Sequence[str], widths: Sequence[int], right: Sequence[str], gap: str = GAP
) -> Iterator[str]:
    """A row's lines: one, and more where a cell is broken."""
    parts = [broken(cell, width) if width_of(cell) > width else [cell] for cell, width in zip(row, widths, strict=True)]
    for place in range(max(map(len, parts))):
        cells = (lines[place] if place < len(lines) else "" for lines in parts)
        yield gap.join(
            " " * (width - width_of(cell)) + cell if name in right else padded(cell, width)
            for cell, width, name in zip(cells, widths, columns, strict=True)
        ).rstrip()


def amounts(micros: Iterable[int | None], unknown: str = "unknown") -> list[str]:
    """Amounts of a column without their currency, points one below the other; `unknown` for None."""
    return aligned([unknown if each is None else signed_micros(each) for each in micros])


def signed_micros(micros: int) -> str:
    """Micros with their sign and groups of thousands, without the currency."""
    return f"{'-' if micros < 0 else ''}{grouped_micros_text(micros)}"


def signed(cents: int) -> str:
    """Cents with their sign and groups of thousands, without the currency."""
    return f"{'-' if cents < 0 else ''}{grouped_text(cents)}"


PLACES = ("billed", "excluded", "exceptions", "waiting", "transactions")
"""Where the transactions of a month are, and all of them."""


def reconcile_text(proof: Mapping[str, Any], currency: str, console: Console | None = None) -> str:
    """The wallet's proof: whether it is explained, of what, and month by month where every transaction is."""
    screen = Screen.of(console or Console())
    wallet, gate = proof["wallet"], proof["gate"]
    lines = [*_verdict(wallet, currency, screen), "", *_wallet(wallet, currency), ""]
    if not wallet["matches"] and wallet["balance_micros"] is not None:
        causes = [" ".join(f"{each['setting']}: {each['why']}; {each['toml']}".split()) for each in gate["likely"]]
        said = [f"Likely cause: {cause.removesuffix(';')}" for cause in causes]
        said.append("Other causes: the supplier's history is cut off, or rows are still arriving.")
        lines += [line for text in said for line in screen.wrapped(text, "  ")] + [""]
    lines += [*_months(proof, currency, console), ""]
    said = []
    for name, sentence in (("changed", "changed their content"), ("vanished", "are no longer listed by the supplier")):
        if proof[name]:
            said.append(f"{len(proof[name])} transactions {sentence}: {listed(proof[name], 10)}")
    if gate["proven"]:
        said.append(f"How amounts are read is proven since {gate['proven']['month']} ({gate['proven']['moment']}).")
    for each in gate["decisions"]:
        difference = each["difference"] or "an unknown balance"
        said.append(f"A difference of {difference} was accepted at {each['moment']}: {each['reason']}")
    said += [changed_words(each, currency) for each in proof["billed_row_changed"]]
    lines += [line for text in said for line in screen.wrapped(text, "  ")]
    return "\n".join(lines).rstrip()


def _verdict(wallet: Mapping[str, Any], currency: str, screen: Screen) -> list[str]:
    below = wallet["difference_micros"]
    if wallet["matches"]:
        rest = f"; {wallet_text(-below, currency)} are below its last place and no difference" if below else ""
        return [
            screen.painted(line, "good")
            for line in screen.wrapped(f"The wallet is explained{rest or ' to the cent'}.", "  ")
        ]
    said = (
        "The wallet's balance is not known yet: run `billing-job sync`."
        if wallet["balance_micros"] is None
        else f"The wallet is NOT explained: a difference of {wallet_text(below, currency)}."
    )
    return [screen.painted(line, "bad") for line in screen.wrapped(said, "  ")]


def _wallet(wallet: Mapping[str, Any], currency: str) -> list[str]:
    """The sum from the opening balance to what the supplier says."""
    rows = [
        ("opening balance", wallet["opening_micros"]),
        ("movements", wallet["movements_micros"]),
        ("wallet's balance", wallet["balance_micros"]),
    ]
    if wallet["balance_micros"] is not None and wallet["difference_micros"]:
        rows.append(("difference", wallet["difference_micros"]))
    texts = amounts(micros for _, micros in rows)
    return [f"{name:<18}{currency} {text}".rstrip() for (name, _), text in zip(rows, texts, strict=True)]


def _months(proof: Mapping[str, Any], currency: str, console: Console | None) -> list[str]:
    """Each month's places that hold something, one below the other, and the month in all."""
    shown = []
    for month in (*proof["months"], {**{place: proof[place] for place in PLACES}, "month": "all"}):
        places = [place for place in PLACES if month[place]["count"] or place == PLACES[-1]]
        shown += [
            (
                (month["month"] or "undated") if place == places[0] else "",
                "in all" if place == PLACES[-1] else place,
                f"{month[place]['count']:,}",
                month[place]["micros"],
            )
            for place in places
        ]
    texts = amounts(micros for *_, micros in shown)
    rows = [(*row[:3], text) for row, text in zip(shown, texts, strict=True)]
    columns = ("month", "place", "transactions", currency)
    return table(columns, rows, right=columns[2:], console=console).split("\n")


def changed_words(changed: Mapping[str, Any], currency: str) -> str:
    """Invariant 7 of one transaction: what it was settled at, where, and what it is now."""
    billed, now = money_text(changed["billed_cents"], currency), changed["now_cents"]
    became = "is no longer listed or readable" if now is None else f"reads as {money_text(now, currency)}"
    where = f", {changed['documents']}" if changed["documents"] else ""
    return (
        f"billed_row_changed: transaction {changed['transaction_id']} was settled at {billed}{where}, and now {became}"
    )


def changes_table(changes: Sequence[Mapping[str, Any]], currency: str, console: Console | None = None) -> str:
    """What each client would be billed now, net, beside the month before and the last preview; at last all of them."""
    since_last = any(each["last_preview_cents"] not in (None, each["now_cents"]) for each in changes)
    columns = ["client", "name", "month before", "now", "change", *(["since last preview"] if since_last else [])]
    rows = [_change(each["client_id"], each["client_name"], each, since_last) for each in changes]
    if changes:
        names = ("month_before_cents", "now_cents", "last_preview_cents")
        total = {name: sum(each[name] or 0 for each in changes) for name in names}
        rows.append(_change("in all", counted(len(changes), "client"), total, since_last))
    text = table(columns, rows, right=columns[2:], short=columns[:2], console=console)
    return f"{text}\n\nNet, {currency}"


def coming_table(coming: Sequence[Mapping[str, Any]]) -> str:
    """Charges of one's own that the next month's run bills."""
    columns = ("charge", "client", "description", "net")
    rows = [
        (each["transaction_id"], each["client_id"], each["description"], signed(each["net_cents"])) for each in coming
    ]
    return table(columns, rows, right=columns[3:], short=columns[2:3])


def _change(client_id: str, name: str, change: Mapping[str, Any], since_last: bool) -> tuple[str, ...]:
    before, now, earlier = change["month_before_cents"], change["now_cents"], change["last_preview_cents"]
    since = "" if earlier in (None, now) else f"{'+' if now > earlier else ''}{signed(now - earlier)}"
    return (client_id, name, signed(before), signed(now), percent(before, now), *([since] if since_last else []))


def percent(before: int, now: int) -> str:
    """The change in whole percent; "new" and "gone" where one side is nothing."""
    if before == 0:
        return "new" if now else ""
    if now == 0:
        return "gone"
    change = (abs(now - before) * 200 + abs(before)) // (2 * abs(before))
    return f"{'+' if now >= before else '-'}{change}%"
