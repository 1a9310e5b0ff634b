"""The bank's side of a ledger without the ledger: files come in, decisions are taken, and what is open follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from billing_job.core.bank_entry import BankEntry, EntryPart, IdentifiedEntry, Statement
from billing_job.core.claim import Claim, FirstDay, LateClaim, Offer, Payment
from billing_job.core.decision import Action, BankDecision
from billing_job.core.document import Kind
from billing_job.receivables.duplicates import check_same, identified, in_its_direction, possible_duplicates
from billing_job.receivables.late_claims import unpaid_claims
from billing_job.receivables.matching import Evidence, Matched, matched
from billing_job.receivables.open_items import EVERYTHING, receivables
from tests.support.issued_documents import ACCOUNT, NOV_1, NOV_15

YEAR_END = date(2026, 12, 31)


def claim(number: str, cents: int, client: str = "acme", *, issued: date = NOV_1, corrects: str = "") -> Claim:
    """An invoice, or below zero a credit note."""
    return Claim(number, Kind.INVOICE if cents > 0 else Kind.CREDIT_NOTE, client, issued, NOV_15, cents, corrects)


def entry(cents: int, text: str = "", *, day: int = 20, ref: str = "", iban: str = "", **part: object) -> BankEntry:
    """An entry of one payment on a day of November."""
    one = EntryPart(cents, iban=iban, text=text, **part)  # type: ignore[arg-type]
    return BankEntry(ACCOUNT, date(2026, 11, day), cents, "EUR", ref, (one,))


@dataclass
class MemoryBank:
    """What `bank import`, `match` and `undo` do, in memory."""

    claims: Sequence[Claim]
    first_day: FirstDay = EVERYTHING
    mandates: Sequence[tuple[str, str]] = ()
    collected: Sequence[str] = ()
    late: Sequence[LateClaim] = ()
    offers: Sequence[Offer] = ()
    known: dict[str, IdentifiedEntry] = field(default_factory=dict)
    decisions: dict[str, list[BankDecision]] = field(default_factory=dict)
    recorded: Mapping[str, Sequence[Payment]] = field(default_factory=dict)
    outcome: Matched = field(default_factory=lambda: Matched({}, ()))

    def file(self, *entries: BankEntry, format: str = "camt053") -> "MemoryBank":
        """Import a file of one statement."""
        for _, told in identified([Statement(format, ACCOUNT, "", entries)]):
            each = in_its_direction(told, self.known)
            before = self.known.get(each.id)
            if before is not None:
                check_same(before.entry, each.entry)
            self.known[each.id] = each if before is None else each.joined(before)
        return self.settle()

    def decide(self, place: int, action: Action, *documents: str, client: str = "") -> "MemoryBank":
        """Decide about the entry of that place."""
        id_ = list(self.known)[place]
        self.decisions.setdefault(id_, []).append(BankDecision(id_, action, documents, client, "", "", "me"))
        return self.settle()

    def settle(self) -> "MemoryBank":
        """Work out what every entry comes to, in whatever order they came."""
        evidence = Evidence(
            self.claims, self.first_day, self.first_day.currency or "EUR", self.mandates, self.collected,
            self.decisions, possible_duplicates(self.known.values()), self.recorded, self.late, self.offers,
        )  # fmt: skip
        self.outcome = matched(list(self.known.values()), evidence)
        self.recorded = self.outcome.payments
        return self

    @property
    def payments(self) -> list[Payment]:
        return [payment for own in self.recorded.values() for payment in own]

    @property
    def open(self) -> dict[str, int]:
        """Document → open cents, `client+` → its credit balance."""
        found = receivables(self.claims, self.payments, YEAR_END, self.first_day)
        balances = {f"{client}+": cents for client, cents in found.credit_balances.items()}
        return {item.number: item.open_cents for item in found.open_items} | balances

    @property
    def beside(self) -> dict[str, int]:
        """Document → what is left of what reminders claimed beside it."""
        return {number: claim.cents for number, claim in unpaid_claims(self.late, self.payments, YEAR_END).items()}

    @property
    def waits(self) -> list[tuple[int, str]]:
        return [(one.cents, one.reason) for one in self.outcome.waiting]
