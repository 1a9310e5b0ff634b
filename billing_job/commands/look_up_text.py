"""What list, show, why and status print for people."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from billing_job.commands.text_tables import table
from billing_job.core.money import decimal_text, grouped_text, money_text, wallet_text
from billing_job.core.screen import Screen, Tone
from billing_job.core.sentences import counted

_KEY = re.compile(r',(?="[^"]*":)')
"""The comma before a key of JSON without blanks, where a narrow screen may break it."""


def documents_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Documents one below the other, and what they come to."""
    if not found:
        return "No document was issued that fits."
    # A single currency stands below the table, not in each of its rows.
    is_one = len({each["currency"] for each in found}) == 1

    def written(cents: int, currency: str) -> str:
        return grouped(cents) if is_one else money_text(cents, currency)

    rows = [
        (
            each["number"],
            each["issue_date"],
            each["client_id"],
            each["client_name"],
            written(each["net_cents"], each["currency"]),
            written(each["gross_cents"], each["currency"]),
            "" if each["open_cents"] is None else written(each["open_cents"], each["currency"]),
            each["state"].replace("_", " "),
        )
        for each in found
    ]
    sums: dict[str, int] = {}
    for each in found:
        sums[each["currency"]] = sums.get(each["currency"], 0) + each["gross_cents"]
    totals = ", ".join(money_text(cents, currency) for currency, cents in sorted(sums.items()))
    columns = ("number", "date", "client", "name", "net", "gross", "open", "state")
    printed = table(columns, rows, right=("net", "gross", "open"), short=("client", "name"))
    return printed + f"\n\n{len(found)} documents, {totals} gross"


def document_rows(found: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Documents as columns and rows for a spreadsheet; amounts as decimals."""
    texts = ("number", "kind", "client_id", "client_name", "month", "issue_date", "due_date", "currency")
    amounts = ("net", "vat", "gross", "credited")
    rows = [
        (
            *(str(each[name]) for name in texts),
            *(decimal_text(each[f"{name}_cents"]) for name in amounts),
            each["corrects"],
            each["state"],
        )
        for each in found
    ]
    return (*texts, *amounts, "corrects", "state"), rows


def document_text(found: Mapping[str, Any]) -> str:
    """A document: who and how much, its lines, what happened, its files."""
    head = found["document"]
    currency = head["currency"]
    title = "Credit note" if head["kind"] == "credit_note" else "Invoice"
    facts = [
        ("client", f"{head['client_id']}, {head['client_name']}"),
        ("month", head["month"]),
        ("issued", f"{head['issue_date']}, due {head['due_date']}"),
        ("amount", f"net {money_text(head['net_cents'], currency)}, VAT {money_text(head['vat_cents'], currency)},"
                   f" gross {money_text(head['gross_cents'], currency)}"),
        ("state", head["state"].replace("_", " ")),
        ("open", "settled before receivables.since" if head["open_cents"] is None
                 else f"{money_text(head['open_cents'], currency)}, paid {money_text(head['paid_cents'], currency)}"),
    ]  # fmt: skip
    if head["corrects"]:
        facts.append(("corrects", head["corrects"]))
    if head["credited_cents"]:
        facts.append(("credited", f"{money_text(head['credited_cents'], currency)} net"))
    lines = [
        (
            str(line["line"]),
            line["category"].replace("_", " "),
            line["number"] or line["description"],
            str(line["quantity"]),
            grouped(line["net_cents"]),
            f"{line['vat_category']} {line['vat_rate']} %",
            line["period_start"][:7],
        )
        for line in found["lines"]
    ]
    columns = ("line", "category", "number", "quantity", "net", "VAT", "month")
    history = [(step["moment"], step["what"], step["detail"]) for step in found["history"]]
    return "\n".join(
        [
            f"{title} {head['number']}",
            *_facts(facts),
            "",
            table(columns, lines, right=("line", "quantity", "net")),
            "",
            table(("when", "what", ""), history),
            *map(_vies, found["vies"]),
            *(f"file  {each['file']}" for each in found["files"]),
        ]
    )


def _vies(answer: Mapping[str, Any]) -> str:
    said = "valid" if answer["valid"] else "NOT valid"
    number = f", consultation number {answer['consultation_number']}" if answer["consultation_number"] else ""
    rests = ": this document rests on it" if answer["relied_on"] else ""
    name = f", {answer['name']}" if answer["name"] else ""
    return f"vies  {answer['asked']}  {answer['vat_id']} {said}{name}{number}{rests}"


def charge_text(found: Mapping[str, Any], currency: str) -> str:
    """A charge's way from its row to a document, in sentences."""
    row = found["charge"]
    said = [
        f"Charge {row['transaction_id']}: {row['description'] or row['category']}, {row['client_id']},"
        f" {money_text(row['net_cents'], currency)} net, {row['document'] or row['state']}",
        *_facts([("billed by", f"the run of {row['run']}"), ("because", row["why"])]),
    ]
    return "\n".join([*said, *_billed(found, currency)])


def _billed(found: Mapping[str, Any], currency: str) -> Iterator[str]:
    """Every settlement of a row, and what credit notes undid."""
    for each in found["settlements"]:
        where = f"on {each['document']}, line {each['line']}" if each["document"] else "on no document"
        freed = f"; freed by {each['freed_by']}" if each["freed_by"] else ""
        yield (
            f"Billed {where}, {each['issue_date'] or each['month']}: cost {wallet_text(each['cost_micros'], currency)},"
            f" charged {grouped(each['net_cents'])} net{freed}"
        )
    for each in found["credited"]:
        yield f"Credited by {each['credit_number']}: {grouped(each['net_cents'])} net"


def why_text(found: Mapping[str, Any]) -> str:
    """A transaction's way from the wire to a document, in sentences."""
    row = found["transaction"]
    currency = row["currency"] or "?"
    amount = "an amount that cannot be read" if row["micros"] is None else wallet_text(row["micros"], currency)
    said = [
        f"Transaction {row['transaction_id']}: {row['type'] or 'no type'}, {amount}, {row['created_at'] or 'undated'}",
        *_facts(
            [
                ("month", row["month"] or "none: it has no readable moment"),
                ("says", row["description"]),
                ("refers to", f"{row['reference_type']} {row['reference_id']}".strip() or "nothing"),
                ("as sent", _KEY.sub(", ", row["versions"][-1]["raw"])),
            ]
        ),
    ]
    if row["problem"]:
        said.append(f"It cannot be read: {row['problem']}")
    if len(row["versions"]) > 1:
        said.append(f"The supplier has sent {len(row['versions'])} versions of it; this is the last one.")
    if row["withdrawn"]:
        said.append("The supplier no longer lists it.")
    if row["billed_at_micros"] is not None:
        was = wallet_text(row["billed_at_micros"], currency)
        said.append(f"It was billed at {was} and waits as billed_row_changed: see `billing-job exceptions`.")
    for part in found["parts"]:
        owner = f"{part['client_id']}'s" if part["client_id"] else "nobody's"
        said.append("")
        said.append(f"It is {owner} ({part['outcome']}): {part['why']}")
        if part["rule"] is not None:
            keys = ", ".join(f"{key} = {value}" for key, value in part["rule"].items())
            said.append(f"Category {part['category']}, priced by the rule: {keys}")
    said += _billed(found, currency)
    said += [
        f"Refunded by transaction {each['transaction_id']} on {each['document_number'] or 'no document'}:"
        f" {grouped(each['net_cents'])} net"
        for each in found["refunds"]
    ]
    said += [
        f"Decided by {each['decided_by']} on {each['decided_at'][:10]}: {each['reason']}" for each in found["decisions"]
    ]
    return "\n".join(said)


def status_text(found: Mapping[str, Any], currency: str) -> str:
    """One screen."""
    wallet, waits, sent = found["wallet"], found["waiting"], found["unsent"]
    stuck = found["not_delivered"]
    balance = wallet["balance_micros"]
    told = "not known: run `billing-job sync`" if balance is None else wallet_text(balance, currency)
    explained = "" if balance is None else ", explained" if wallet["matches"] else ", NOT explained: see `reconcile`"
    run, owed = found["last_run"], found["receivables"]
    late = found["charges"]["late"]
    late_charges = [("charges", f"{late['count']} periods of {money_text(late['cents'], currency)} are left of months"
                                " that were run: see `billing-job charges list`")] if late["count"] else []  # fmt: skip
    facts = [
        ("ledger", f"{found['ledger']['where']}: {found['ledger']['transactions']:,} transactions,"
                   f" {found['ledger']['documents']:,} documents"),
        ("read", found["last_sync"] or "never: run `billing-job sync`"),
        ("wallet", told + explained),
        ("last run", f"{run['month']}, {run['status']}, {run['started']}" if run else "none yet"),
        ("next", f"{found['next_month']}: `billing-job run --month {found['next_month']}`"),
        ("waiting", f"{counted(waits['count'], 'transaction')} of {wallet_text(-waits['micros'], currency)}"
                    + (": see `billing-job exceptions`" if waits["count"] else "")),
        ("unsent", counted(sent["count"], "document")
                   + (": see `billing-job list --state issued`" if sent["count"] else "")),
        ("not delivered", counted(stuck["count"], "document")
                          + (f" of {money_text(stuck['cents'], currency)}, the oldest for {stuck['oldest_days']} days:"
                             " `billing-job send` lists them" if stuck["count"] else "")),
        ("open", f"{money_text(owed['open_cents'], currency)} of {counted(owed['open_documents'], 'document')}, overdue"
                 f" {money_text(owed['overdue_cents'], currency)} of {owed['overdue_documents']}: `billing-job open`"),
        ("bank", f"read up to {owed['newest_statement']}" if owed["newest_statement"]
                 else "no statement was read: `billing-job bank import`"),
        *late_charges,
        *(("charges", sentence) for sentence in found["charges"]["contradictions"]),
    ]  # fmt: skip
    screen = Screen.of(Console())
    words: tuple[tuple[str, Tone], ...] = ((", explained", "good"), (", NOT explained", "bad"))
    text = "\n".join(screen.facts(facts))
    for word, tone in words:
        text = text.replace(word, f", {screen.painted(word[2:], tone)}")
    return text


def _facts(facts: Sequence[tuple[str, str]]) -> list[str]:
    return Screen.of(Console()).facts(facts)


def grouped(cents: int) -> str:
    """Cents with their sign and groups of thousands."""
    return f"{'-' if cents < 0 else ''}{grouped_text(cents)}"
