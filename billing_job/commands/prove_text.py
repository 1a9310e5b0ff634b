"""What `reconcile` prints for people: the wallet's proof, month by month, and what changed since it was billed."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from billing_job.commands.text_tables import amounts, table
from billing_job.core.money import money_text, wallet_text
from billing_job.core.screen import Screen
from billing_job.core.sentences import listed

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
    if changed["now_micros"] == changed["billed_micros"]:
        became = "has another type, reference or moment"
    where = f", {changed['documents']}" if changed["documents"] else ""
    return (
        f"billed_row_changed: transaction {changed['transaction_id']} was settled at {billed}{where}, and now {became}"
    )
