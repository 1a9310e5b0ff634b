"""What `bank` prints for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from billing_job.commands.text_tables import table
from billing_job.core.money import money_text
from billing_job.month.narration import other_books

_WORDS = 60
"""Of an entry's own text: enough to know it again."""


def report_text(found: Mapping[str, Any], currency: str) -> str:
    """What an import or a decision came to: files, what is booked, what waits."""
    said = [
        f"{one['file']}: {one['entries']} {'entry' if one['entries'] == 1 else 'entries'} of {one['account']},"
        f" {one['new']} new, {money_text(one['cents'], currency)}"
        for one in found.get("files", ())
    ]
    for one in found["matched"]:
        what = one["document"] or f"credit balance of {one['client_id']}"
        reason = f" ({one['bank_reason']})" if one["bank_reason"] else ""
        kind = one["kind"].replace("_", " ")
        said.append(f"{one['entry']}: {kind} {money_text(one['cents'], currency)}, {what}: {one['why']}{reason}")
    for one in found["waiting"]:
        told = one["reason"].replace("_", " ")
        said.append(f"{one['entry']} waits: {money_text(one['cents'], currency)}, {told}; {one['suggestion']}")
    said += map(other_books, found["books"])
    return "\n".join(said) or "Nothing changed."


def entries_text(found: Sequence[Mapping[str, Any]], currency: str) -> str:
    """Entries one below the other."""
    if not found:
        return "No entry of the bank fits."
    rows = [
        (
            one["entry"],
            one["day"],
            money_text(one["cents"], one["currency"]),
            one["state"].replace("_", " "),
            ", ".join(each["document"] or f"{each['client_id']}'s balance" for each in one["payments"]),
            one["name"],
            one["suggestion"] or one["text"][:_WORDS],
        )
        for one in found
    ]
    total = money_text(sum(one["cents"] for one in found if one["currency"] == currency), currency)
    columns = ("entry", "day", "amount", "state", "pays", "name", "")
    return table(columns, rows, right=("amount",)) + f"\n\n{len(found)} in all, {total}"
