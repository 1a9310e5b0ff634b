"""Statements, bank entries, decisions about them and payments: only ever added."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, select

from billing_job.core.bank_entry import Balances, IdentifiedEntry, Statement, entry_from_json, entry_to_json, surest
from billing_job.core.claim import Payment
from billing_job.core.decision import BankDecision
from billing_job.ledger.bank_tables import bank_decisions, bank_entries, bank_statements, payments
from billing_job.ledger.chain import add

_STATEMENT_COLUMNS = (
    "file_name", "file_sha256", "format", "account", "statement", "first_day", "last_day", "opening_cents",
    "closing_cents", "imported",
)  # fmt: skip
_ENTRY_COLUMNS = ("entry", "identity", "statement_seq", "account", "day", "cents", "currency", "body")
_DECISION_COLUMNS = ("entry", "action", "documents", "client_id", "reason", "decided_at", "decided_by")
_PAYMENT_COLUMNS = (
    "entry", "document_number", "client_id", "cents", "charges_cents", "day", "kind", "rule", "why", "bank_reason",
    "recorded", "recorded_by",
)  # fmt: skip


def entries_in(connection: Connection) -> list[IdentifiedEntry]:
    """Every entry once, as the file that told most of it did, in the surest form, in the order in which they came."""
    query = (
        select(bank_entries.c.entry, bank_entries.c.identity, bank_entries.c.body, bank_statements.c.format)
        .join(bank_statements, bank_statements.c.seq == bank_entries.c.statement_seq)
        .order_by(bank_entries.c.seq)
    )
    latest: dict[str, tuple[str, str, str]] = {}
    for row in connection.execute(query):
        before = latest.pop(row.entry, None)
        latest[row.entry] = (row.identity, row.body, surest(row.format, before[2]) if before else row.format)
    return [
        IdentifiedEntry(entry, identity, entry_from_json(body), form)
        for entry, (identity, body, form) in latest.items()
    ]


def balances_in(connection: Connection) -> list[Balances]:
    """The statements that tell both of their balances, each once."""
    query = select(bank_statements).where(
        bank_statements.c.opening_cents.is_not(None),
        bank_statements.c.closing_cents.is_not(None),
        bank_statements.c.first_day.is_not(None),
    )
    found = {
        Balances(
            row.account,
            row.statement,
            date.fromisoformat(row.first_day),
            date.fromisoformat(row.last_day),
            row.opening_cents,
            row.closing_cents,
        ): None
        for row in connection.execute(query.order_by(bank_statements.c.seq))
    }
    return list(found)


def bank_decisions_in(connection: Connection) -> dict[str, list[BankDecision]]:
    """Entry → what was decided about it, the latest last."""
    found: dict[str, list[BankDecision]] = defaultdict(list)
    for row in connection.execute(select(bank_decisions).order_by(bank_decisions.c.seq)):
        numbers = tuple(json.loads(row.documents))
        found[row.entry].append(
            BankDecision(row.entry, row.action, numbers, row.client_id, row.reason, row.decided_at, row.decided_by)
        )
    return dict(found)


def known_files_in(connection: Connection) -> set[str]:
    """The SHA-256 of every file that was read."""
    return set(connection.execute(select(bank_statements.c.file_sha256).distinct()).scalars())


def add_statement(connection: Connection, statement: Statement, file_name: str, sha256: str, now: str) -> int:
    """Add a statement; returns its row number."""
    row = (
        file_name,
        sha256,
        statement.format,
        statement.account,
        statement.name,
        None if statement.first_day is None else statement.first_day.isoformat(),
        None if statement.last_day is None else statement.last_day.isoformat(),
        statement.opening_cents,
        statement.closing_cents,
        now,
    )
    return add(connection, bank_statements, _STATEMENT_COLUMNS, [row])[0]


def add_entries(connection: Connection, entries: Iterable[tuple[IdentifiedEntry, int]]) -> None:
    """Add entries, each with the row number of its statement; one that is there already is told more of."""
    rows = [
        (
            each.id,
            each.identity,
            statement,
            each.entry.account,
            each.entry.day.isoformat(),
            each.entry.cents,
            each.entry.currency,
            entry_to_json(each.entry),
        )
        for each, statement in entries
    ]
    add(connection, bank_entries, _ENTRY_COLUMNS, rows)


def add_bank_decision(connection: Connection, decision: BankDecision) -> None:
    """Add what a user decided about an entry; earlier decisions stay on record."""
    row = (
        decision.entry,
        decision.action,
        json.dumps(decision.documents),
        decision.client_id,
        decision.reason,
        decision.decided_at,
        decision.decided_by,
    )
    add(connection, bank_decisions, _DECISION_COLUMNS, [row])


def bring_payments(
    connection: Connection,
    before: Mapping[str, Sequence[Payment]],
    after: Mapping[str, Sequence[Payment]],
    now: str,
    decided_by: Mapping[str, str],
) -> tuple[list[Payment], list[Payment]]:
    """Add the rows that turn the payments in force from one state into another; returns those that are new, and gone.

    What is booked otherwise is taken back by a row of the other sign. `decided_by` says of an entry that a user decided
    about just now who that was; whatever follows from it is booked by the rules.
    """
    rows = []
    new: list[Payment] = []
    gone: list[Payment] = []
    for entry in sorted(before.keys() | after.keys()):
        old, wanted = before.get(entry, ()), after.get(entry, ())
        if _facts(old) == _facts(wanted):
            continue
        who = decided_by.get(entry, "")
        rows += [_row(payment, -1, now, who) for payment in old]
        rows += [_row(payment, 1, now, who) for payment in wanted]
        new += wanted
        gone += old
    add(connection, payments, _PAYMENT_COLUMNS, rows)
    return new, gone


def _facts(found: Sequence[Payment]) -> list[tuple[str, str, int, int, str]]:
    """What makes payments other payments: not the words in which they are explained."""
    return sorted((one.document or "", one.client_id, one.cents, one.charges_cents, one.kind) for one in found)


def _row(payment: Payment, sign: int, now: str, who: str) -> tuple[object, ...]:
    return (
        payment.entry,
        payment.document,
        payment.client_id,
        sign * payment.cents,
        sign * payment.charges_cents,
        payment.day.isoformat(),
        payment.kind.value,
        payment.rule,
        payment.why,
        payment.bank_reason,
        now,
        who,
    )
