"""Billed months once more under other plans or prices, by the stages that billed them, in a ledger apart.

What happened stays: whose each transaction is, what was billed together with what, in which order, what was credited
and freed, and each charge of one's own. What a client pays for its use is worked out anew, run by run.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from billing_job.core.categories import CHARGE, is_of_plan, plan_charge_id, plan_charge_of
from billing_job.core.columns.schema import empty
from billing_job.core.document import Kind, Vat
from billing_job.core.files.pieces import Pieces
from billing_job.core.moments import moment_text
from billing_job.core.money import half_away_from_zero
from billing_job.core.period import Period
from billing_job.core.settlement import Bill, Key, Owner
from billing_job.core.sums import Sum
from billing_job.ledger.billing_steps import (
    BilledAmount,
    Credited,
    Freed,
    Issued,
    Recorded,
    Settled,
    SettlementKey,
    Step,
    billed_of_periods,
)
from billing_job.ledger.documents import latest_clients
from billing_job.ledger.freed import freed_months
from billing_job.ledger.issuing import issue
from billing_job.ledger.ledger_apart import Open, copy_documents, copy_terms, ledger_apart, open_settlements, store
from billing_job.ledger.month_terms import all_terms, recorded_terms
from billing_job.month.attributing import PLACED
from billing_job.month.client_months import client_months_of
from billing_job.month.client_rows import by_client
from billing_job.month.job import Job
from billing_job.month.other_terms import Instead, OtherClientMonths, present_names
from billing_job.month.own_charges import OwnCharges
from billing_job.month.pipeline import billed_owners
from billing_job.month.placed import Placed
from billing_job.month.refund_rows import NOTHING_TAXED
from billing_job.month.replayed_rows import attributed_again, originals_of, own_row
from billing_job.month.run_bills import bills_of_run, taken_up

_NUMBERS = {Kind.INVOICE: "invoice {year}-{number}", Kind.CREDIT_NOTE: "credit note {year}-{number}"}


class Replay:
    """A ledger apart in a folder, in which the months from `first` to `last` are billed once more."""

    def __init__(self, job: Job, first: Period, last: Period, instead: Instead, steps: Sequence[Step], folder: Path):
        self._real, self._first, self._last, self._instead = job, str(first), str(last), instead
        self._steps, self._engine = steps, ledger_apart(folder)
        self._facts = job.assignments()
        settled = [row for step in steps if isinstance(step, Issued) for row in step.rows]
        months = {row.settlement.month for row in settled} | {row.period for row in settled}
        self._client_months = client_months_of(job, months)
        self._months = months
        self.names = present_names(self._client_months, {row.client_id for row in settled})
        departed = latest_clients(job.engine, set(self.names.values()) - set(job.clients)).values()
        mapping = replace(job.mapping, clients=(*job.mapping.clients, *departed))
        self._job = replace(job, engine=self._engine, mapping=mapping)
        recorded = {row[1] for step in steps if isinstance(step, Recorded) for row in step.rows}
        self._terms = all_terms(job.engine, months | recorded)
        self._was = {
            (self.names.get(client_id, client_id), month): generations[0]
            for (client_id, month), generations in sorted(self._terms.items())
        }
        """What months were billed by, as far as they are billed once more."""
        self._settled = {row.key: row for row in settled if self._first <= row.period <= self._last}
        self._credited: dict[SettlementKey, int] = defaultdict(int)
        self._given: dict[Key, int] = defaultdict(int)
        self._freed: set[SettlementKey] = set()
        self._rows_of: dict[str, set[SettlementKey]] = defaultdict(set)
        """Document → what it settles, of the months that are billed once more."""
        for row in self._settled.values():
            if row.document_number:
                self._rows_of[row.document_number].add(row.key)
        self._beside: dict[str, list[Key]] = {}
        """Document → fee and minimum of its client and run in the ledger apart."""
        self._corrected = self._with_corrected_prices(settled)
        self._asked: set[Owner] = set()
        """Clients' months whose terms were recorded so far: those that owed nothing by them may owe something now."""
        self._older = {row.key for row in settled if row.period < self._first}
        copy_terms(job.engine, self._engine)
        refunded = {row.gives_back[0] for row in self._settled.values()}
        copy_documents(
            job.engine,
            self._engine,
            {
                row.document_number
                for row in settled
                if row.document_number and row.period < self._first and row.key[0] in refunded
            },
        )

    def play(self) -> dict[tuple[str, str], BilledAmount]:
        """(client, month of the run) → what is billed now."""
        try:
            for place, step in enumerate(self._steps):
                if isinstance(step, Recorded):
                    self._record(step, self._steps[place + 1 :])
                elif isinstance(step, Issued):
                    self._free_before(step)
                    if step.period < self._first:
                        store(self._engine, step)
                    elif step.period <= self._last:
                        self._bill(step)
                elif isinstance(step, Credited):
                    self._credit(step)
                else:
                    self._free(step.rows)
            return billed_of_periods(self._engine, self._first, self._last)
        finally:
            self._engine.dispose()

    def _with_corrected_prices(self, rows: Sequence[Settled]) -> set[Owner]:
        """Clients' months of which a freed row was billed again at another price: the recorded terms held no longer."""
        terms = {
            row.key: (row.client_id, one.cost_micros, one.charge_cents, one.discount_millionths)
            for row in rows
            for one in (row.settlement,)
        }
        found = set()
        for row in rows:
            before = terms.get((*row.key[:2], row.generation - 1))
            if before and before[:2] == terms[row.key][:2] and before != terms[row.key]:
                found.add((self.names[row.client_id], row.settlement.month))
        return found

    def _record(self, step: Recorded, following: Sequence[Step]) -> None:
        """What older runs recorded is as it was; of the months in question each batch records its own."""
        then = next((each.period for each in following if isinstance(each, Issued)), self._last)
        older = tuple(row for row in step.rows if row[1] < self._first)
        store(self._engine, Recorded(older if then < self._first else ()))
        for client_id, name, generation, *_ in step.rows:
            self._was[self.names.get(client_id, client_id), name] = self._terms[client_id, name][generation]
        months = {row[1] for row in step.rows if self._first <= row[1] <= self._last}
        self._asked |= {(self.names.get(row[0], row[0]), row[1]) for row in step.rows if row[1] in months}
        for month in sorted(months - {row.period for row in self._settled.values()}):
            self._bill(Issued(month, ()))  # nobody owed anything in it

    def _bill(self, step: Issued) -> None:
        rows = [row._replace(client_id=self.names[row.client_id]) for row in step.rows]
        month = Period.parse(step.period)
        client_months = self._client_months_now()
        clients = {row.client_id for row in rows}
        asked = {owner for owner in self._asked if owner[1] == step.period}
        self._asked -= asked
        clients |= {client_id for client_id, _ in asked}
        uses = [row for row in rows if not row.key[0].startswith(CHARGE)]
        own = [own_row(row) for row in rows if row.key[0].startswith(CHARGE) and not is_of_plan(row.key[0])]
        refunded = originals_of(self._engine, uses)
        left_out = client_months.left_out(month) | client_months.freed_since(month)
        vat: dict[Owner, Vat] = {}
        billed_owners_now = {(client_id, step.period) for client_id in clients}
        billed_owners_now |= {(row.client_id, row.settlement.month) for row in rows}
        billed_owners_now |= {(one.client_id, one.month) for one in refunded.values()}
        for owner in billed_owners_now | {owner for owner in left_out if owner[0] in clients}:
            taxed = client_months.vat(*owner) if owner[0] in self._job.clients else NOTHING_TAXED
            if isinstance(taxed, Vat):
                vat[owner] = taxed
            elif owner in billed_owners_now:
                vat[owner] = NOTHING_TAXED
        frame = attributed_again(self._real, self._facts, uses)
        placed = Placed(
            month,
            Pieces.of(frame),
            self._facts,
            client_months,
            vat,
            {},
            Sum(),
            refunded,
            empty(PLACED),
            OwnCharges(),
            left_out,
        )
        found = [
            bill for lot in bills_of_run(self._job, placed, by_client([frame]), sorted(clients), own) for bill in lot
        ]
        owners = billed_owners(found) | {(client_id, str(month)) for client_id in clients} | taken_up(placed, clients)
        issue(
            self._engine,
            [found],
            step.period,
            _NUMBERS,
            closes=False,
            now=moment_text(self._real.clock.now()),
            today=date.max,
            terms=lambda: client_months.fresh_terms(owners),
        )
        self._note(rows, found)

    def _client_months_now(self) -> OtherClientMonths:
        real = self._client_months
        recorded = recorded_terms(self._engine, self._months)
        facts, freed = (real.borne, real.closed, real.vies), freed_months(self._engine)
        return OtherClientMonths(
            self._job, recorded, *facts, self._was, self._first, self._instead, self._corrected, freed=freed
        )

    def _note(self, rows: Sequence[Settled], found: Sequence[Bill]) -> None:
        """Keep what refunds gave back so far, and which fees and minimums stand beside which document's rows."""
        for row in rows:
            self._given[row.gives_back] -= row.settlement.net_cents
        beside: dict[str, list[Key]] = defaultdict(list)
        for bill in found:
            beside[bill.client_id] += [
                (one.transaction_id, one.part) for one in bill.settlements if is_of_plan(one.transaction_id)
            ]
        for row in rows:
            if row.document_number and beside.get(row.client_id):
                self._beside[row.document_number] = beside.pop(row.client_id)

    def _credit(self, step: Credited) -> None:
        """Where all that was left of a row was given back, so is all that is left of it now; else the same part."""
        mine = [(key, net) for key, net in step.rows if key in self._settled]
        now, found = self._standing(key for key, _ in mine), []
        for key, net in mine:
            before, was = self._credited[key], self._settled[key].settlement.net_cents
            self._credited[key] = before + net
            one = now.get(key)
            if one is None:
                continue
            cents = _part(one.net_cents, before + net, was) - _part(one.net_cents, before, was)
            found.append((one.key, cents if self._left(key) else one.left_cents))
        found += [
            (one.key, one.left_cents)
            for one in self._beside_whole([key for key, _ in mine], lambda key: not self._left(key))
        ]
        older = [row for row in step.rows if row[0] in self._older]
        store(self._engine, Credited((*older, *(row for row in found if row[1]))))

    def _free(self, keys: Collection[SettlementKey]) -> None:
        """Free what credit notes freed, with fee and minimum of a document of which nothing is left."""
        fresh = [key for key in keys if key not in self._freed]
        self._freed |= set(fresh)
        mine = [key for key in fresh if key in self._settled]
        now = self._standing(mine)
        beside = self._beside_whole(mine, self._freed.__contains__)
        # What came to nothing could not be credited; now it may come to something.
        rest = [now[key] for key in mine if key in now and not self._settled[key].settlement.net_cents]
        store(self._engine, Credited(tuple((one.key, one.left_cents) for one in (*rest, *beside) if one.left_cents)))
        freed = [*(key for key in fresh if key in self._older), *(now[key].key for key in mine if key in now)]
        store(self._engine, Freed((*freed, *(one.key for one in beside))))

    def _free_before(self, step: Issued) -> None:
        """What is billed again was freed before, also where an older program's ledger does not tell the order."""
        self._free(
            [(id_, part, generation - 1) for id_, part, generation in (row.key for row in step.rows) if generation > 1]
        )

    def _left(self, key: SettlementKey) -> int:
        """What was left of a settlement at this step of its history."""
        return self._settled[key].settlement.net_cents - self._credited[key] - self._given[key[:2]]

    def _standing(self, keys: Iterable[SettlementKey]) -> dict[SettlementKey, Open]:
        """What stands in the ledger apart for settlements: a fee or minimum may have another part by now."""
        wanted = list(keys)
        found = open_settlements(self._engine, {id_ for key in wanted for id_ in self._ids_of(key)})
        standing = {}
        for key in wanted:
            part: Key | None = key[:2]
            if is_of_plan(key[0]):
                document = self._settled[key].document_number or ""
                part = next((one for one in self._beside.get(document, ()) if one[0] in self._ids_of(key)), None)
            if part in found:
                standing[key] = found[part]
        return standing

    def _ids_of(self, key: SettlementKey) -> set[str]:
        """The id of a settlement; of a fee or minimum also under what its client is called by now."""
        if not is_of_plan(key[0]):
            return {key[0]}
        one = self._settled[key].settlement
        account, category = plan_charge_of(key[0], one.month)
        return {key[0], plan_charge_id(one.category, self.names.get(account, account), one.month, category)}

    def _beside_whole(self, keys: Iterable[SettlementKey], is_done: Callable[[SettlementKey], bool]) -> list[Open]:
        """Fees and minimums that stand in the ledger apart alone, beside documents of which all is done."""
        found: list[Key] = []
        for document in sorted({self._settled[key].document_number or "" for key in keys} - {""}):
            if all(is_done(key) for key in self._rows_of[document]):
                known = {id_ for key in self._rows_of[document] for id_ in self._ids_of(key)}
                found += [part for part in self._beside.get(document, ()) if part[0] not in known]
        standing = open_settlements(self._engine, {id_ for id_, _ in found})
        return [standing[part] for part in found if part in standing]


def _part(cents: int, part: int, whole: int) -> int:
    """As much of an amount as the part is of the whole, cents."""
    return half_away_from_zero(cents * part, whole) if whole else 0
