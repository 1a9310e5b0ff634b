"""The invariants, checked between stages on every run; each check returns what is wrong, an empty list for nothing.

The numbers are those of DESIGN ("Invariants"). Invariant 2 is a database constraint, 6 follows from the tables.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from billing_job.core.categories import is_of_plan
from billing_job.core.columns.row_values import exact_sum
from billing_job.core.document import Document, Kind
from billing_job.core.errors import InvariantBroken
from billing_job.core.money import vat_cents
from billing_job.core.settlement import Bill
from billing_job.core.sums import Sum


def every_transaction_has_a_place(
    in_scope: Sum, attributed: Sum, excluded: Sum, exceptions: Sum, billed: Sum
) -> list[str]:
    """Invariant 1: transactions in scope = attributed + excluded + exceptions + already billed."""
    placed = attributed + excluded + exceptions + billed
    if placed == in_scope:
        return []
    return [f"invariant 1: {in_scope} transactions are in scope, but {placed} were given a place"]


def every_charge_is_on_a_bill(priced: pd.DataFrame, bills: Sequence[Bill]) -> list[str]:
    """Between price and issue: each priced row is settled once, with its cost, and its charge is on its document."""
    rows, cost, charge = len(priced), exact_sum(priced["cost_micros"]), exact_sum(priced["charge_cents"])
    settled = [each for bill in bills for each in bill.settlements if not is_of_plan(each.transaction_id)]
    ids = {(settlement.transaction_id, settlement.part) for settlement in settled}
    settled_cost = sum(settlement.cost_micros for settlement in settled)
    documents = [bill.document for bill in bills if bill.document is not None]
    printed = sum(row.net_cents for document in documents for _, row in document.detail_rows() if row.transaction_id)
    if (rows, cost, charge, rows) == (len(settled), settled_cost, printed, len(ids)):
        return []
    return [
        f"{rows} priced transactions cost {cost} micros and are charged {charge} cents, but {len(ids)} that"
        f" cost {settled_cost} were billed, for {printed}"
    ]


def documents_add_up(documents: Iterable[Document]) -> list[str]:
    """Invariant 3 for each document, to the cent."""
    return [problem for document in documents for problem in document_adds_up(document)]


def document_adds_up(document: Document) -> list[str]:
    """Rows → lines → net; each VAT category → its tax; net + VAT → gross (EN 16931 BR-CO-10, -13, -14, -15, -17)."""
    name = f"invariant 3: {document.number or document.client.client_id}"
    problems = [
        f"{name}, line {line.line}: its rows add up to {sum(row.net_cents for row in line.rows)}, not {line.net_cents}"
        for line in document.lines
        if sum(row.net_cents for row in line.rows) != line.net_cents
    ]
    nets = {total.vat: 0 for total in document.vat_totals}
    for line in document.lines:
        nets[line.vat] = nets.get(line.vat, 0) + line.net_cents
    # Credit notes in part cumulate their VAT, so that together they undo all of it: each may be a cent off its own.
    tolerance = 1 if document.corrects else 0
    problems += [
        f"{name}, VAT {total.vat.category} {total.vat.rate}: {total.net_cents} net, {total.vat_cents} VAT do not follow"
        for total in document.vat_totals
        if nets[total.vat] != total.net_cents
        or abs(vat_cents(total.net_cents, total.vat.rate) - total.vat_cents) > tolerance
    ]
    if len(nets) != len(document.vat_totals) or sum(nets.values()) != document.net_cents:
        problems.append(f"{name}: lines add up to {sum(nets.values())}, not to the net of {document.net_cents}")
    if sum(total.vat_cents for total in document.vat_totals) != document.vat_cents:
        problems.append(f"{name}: the VAT of its categories does not add up to {document.vat_cents}")
    if document.net_cents + document.vat_cents != document.gross_cents:
        problems.append(f"{name}: net and VAT do not add up to {document.gross_cents}")
    gives_back = (document.gross_cents, document.net_cents) < (0, 0)
    if (document.kind is Kind.CREDIT_NOTE) != gives_back:
        problems.append(f"{name}: is a {document.kind} with a gross of {document.gross_cents}")
    return problems


def numbers_have_no_gap(numbers: Iterable[tuple[str, int, int]]) -> list[str]:
    """Invariant 4: (kind, year, number) of every issued document; each series runs 1, 2, 3 and so on."""
    series: dict[tuple[str, int], list[int]] = {}
    for kind, year, number in numbers:
        series.setdefault((kind, year), []).append(number)
    return [
        f"invariant 4: the series {kind} {year} has {len(found)} documents, and its numbers are not 1 to {len(found)}"
        for (kind, year), found in sorted(series.items())
        if sorted(found) != list(range(1, len(found) + 1))
    ]


def raise_if_broken(problems: Sequence[str]) -> None:
    """Stop the run on a broken invariant: an invoice that does not add up must not be issued."""
    if problems:
        raise InvariantBroken("; ".join(problems[:20]) + ". Nothing was issued; please report this as a defect")
