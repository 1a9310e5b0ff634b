"""What `preview` prints for people: what each client would be billed now, and what the next month brings."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from billing_job.commands.text_tables import signed, table
from billing_job.core.sentences import counted


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
    return (client_id, name, signed(before), signed(now), _percent(before, now), *([since] if since_last else []))


def _percent(before: int, now: int) -> str:
    """The change in whole percent; "new" and "gone" where one side is nothing."""
    if before == 0:
        return "new" if now else ""
    if now == 0:
        return "gone"
    change = (abs(now - before) * 200 + abs(before)) // (2 * abs(before))
    return f"{'+' if now >= before else '-'}{change}%"
