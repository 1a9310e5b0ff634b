"""The gate: the wallet's balance proves how the supplier is read before anything is issued by that reading.

Decided on the whole wallet, whatever part of the month a run bills.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from billing_job.config.api import reading_fingerprint
from billing_job.config.reading import TransactionsReading
from billing_job.core.moments import moment_text
from billing_job.core.money import micros_text
from billing_job.core.period import Period
from billing_job.core.sentences import counted
from billing_job.didfarm.wire_amounts import AUTO
from billing_job.ledger.proven_readings import (
    AcceptedDifference,
    ProvenReading,
    accepted_of_reading,
    proof_of_reading,
    record_accepted,
    record_proof,
)
from billing_job.ledger.wallet_figures import TypeSum, amounts_not_read, earlier_look, sums_by_type
from billing_job.month.job import Job
from billing_job.month.likely_causes import Cause, Figures, likely_causes
from billing_job.month.reading_in_effect import fix_what_auto_came_to
from billing_job.month.wallet_proof import WalletProof, wallet_proof


class Because(StrEnum):
    """Why a run issues nothing."""

    NOTHING_STOPS_IT = ""
    UNPROVEN = "unproven"
    WAITING = "waiting"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Gate:
    """What the wallet says of the reading at this moment."""

    reading: str
    """Fingerprint of what decides about money."""
    proof: WalletProof
    proven: ProvenReading | None
    """The first proven month that was issued under this reading."""
    accepted: AcceptedDifference | None
    """A user's decision about this very difference under this reading."""
    moves: bool = True
    """Whether the wallet has movements at all."""
    causes: tuple[Cause, ...] = ()
    """Likely ones, of a difference."""

    @property
    def tells(self) -> bool:
        """Whether the balance can tell readings apart: movements that come to nothing do so in every unit and sign."""
        return tells(self.proof)

    @property
    def says_nothing(self) -> bool:
        """The wallet is explained, and would be by every other reading too; nobody accepted that."""
        return self.proven is None and self.accepted is None and self.moves and self.proof.matches and not self.tells

    @property
    def is_unexplained(self) -> bool:
        """The wallet differs, and nobody accepted that."""
        return not self.proof.matches and self.accepted is None

    @property
    def is_shut(self) -> bool:
        """Nothing may be issued by this reading yet."""
        return self.is_unexplained and self.proven is None


def tells(proof: WalletProof) -> bool:
    """Whether the movements show in the balance at all: they come to one unit of its last place or more."""
    return proof.balance is not None and abs(proof.movements_micros) >= proof.balance.last_place


def why_nothing_is_issued(
    gate: Gate, *, costs_remain: bool, something_waits: bool, too_much_waits: bool, on_exception: str
) -> Because:
    """What stops a run, the wallet first; after the first proven month its difference is an exception among others.

    `costs_remain` says whether a client's rows come to something, which a wrong reading would change.
    """
    if gate.is_shut or (gate.says_nothing and costs_remain):
        return Because.UNPROVEN
    if on_exception == "block" and (something_waits or gate.is_unexplained):
        return Because.BLOCKED
    return Because.WAITING if too_much_waits else Because.NOTHING_STOPS_IT


def gate_of(job: Job) -> Gate:
    """What the ledger's newest balance says of the reading in force."""
    reading, proof = reading_fingerprint(job.settings.api), wallet_proof(job)
    moves = proof.movements_micros != 0 or bool(_by_type(job))
    difference = difference_text(proof)
    known = [each for each in accepted_of_reading(job.engine, reading) if each.difference == difference]
    return Gate(
        reading=reading,
        proof=proof,
        proven=proof_of_reading(job.engine, reading),
        moves=moves,
        accepted=None if (proof.matches and tells(proof)) or not known else known[-1],
        causes=() if proof.matches or proof.balance is None else tuple(_causes(job, proof)),
    )


def _by_type(job: Job) -> tuple[TypeSum, ...]:
    return sums_by_type(job.engine, job.withdrawn(), job.settings.billing.currency)


def difference_text(proof: WalletProof) -> str:
    """The difference as a decision about it is stored; empty where no balance is known."""
    return "" if proof.balance is None else micros_text(proof.difference_micros)


def accept_difference(job: Job, reason: str) -> Gate:
    """Record that the user bills with the wallet's present difference, or though the balance proves nothing.

    Nothing is recorded where there is neither to accept: the gate that is returned has no decision then.
    """
    gate = gate_of(job)
    if gate.proof.matches and not gate.says_nothing:
        return gate
    now = moment_text(job.clock.now())
    record_accepted(job.engine, AcceptedDifference(gate.reading, difference_text(gate.proof), reason, now))
    return gate_of(job)


def open_gate(job: Job, gate: Gate, in_effect: TransactionsReading, month: Period, connection: Connection) -> None:
    """Inside the database transaction that issues a month: a reading that the wallet explains is proven from now on.

    What "auto" came to is fixed with it.
    """
    if gate.proof.matches and gate.tells:
        record_proof(connection, ProvenReading(gate.reading, str(month), moment_text(job.clock.now())))
        fix_what_auto_came_to(connection, in_effect)


def _causes(job: Job, proof: WalletProof) -> list[Cause]:
    """Likely causes of a difference; at last rows without an amount or, where there are none, the opening balance."""
    reading, billing = job.settings.api.transactions, job.settings.billing
    balance, last_place = proof.balance_micros or 0, proof.balance.last_place if proof.balance is not None else 1
    earlier = earlier_look(job.engine, billing.currency)
    figures = Figures(
        change=balance - proof.opening_micros,
        movements=proof.movements_micros,
        by_type=[(each.type, each.micros, each.both_ways) for each in _by_type(job)],
        last_place=last_place,
        since_change=0 if earlier is None else balance - earlier.balance.micros,
        since_movements=0 if earlier is None else proof.movements_micros - earlier.movements_micros,
        amount_unit=job.reading().amount_unit.removeprefix(f"{AUTO}:"),
        sign=reading.sign,
        credit_types=reading.credit_types,
    )
    found = likely_causes(figures)
    if found:
        return found
    if unread := amounts_not_read(job.engine, billing.currency):
        rows = counted(unread, "row")
        why = f"{rows} without an amount that can be read are missing in the sum; `billing-job exceptions` names them"
        return [Cause("api.transactions", why)]
    opening = micros_text(balance - proof.movements_micros)
    same = (
        ""
        if earlier is None or not figures.since_movements or figures.since_change != figures.since_movements
        else f": the difference is the same as at {earlier.fetched}"
    )
    return [
        Cause(
            "opening_balance",
            f"the wallet held another amount before the first row that DIDfarm lists{same}",
            f'[billing]\nopening_balance = "{opening}"',
        )
    ]
