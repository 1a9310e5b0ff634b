"""Invariant 5: opening balance and movements against the wallet's balance."""

from dataclasses import dataclass

from billing_job.core.money import MICROS_PER_CENT, cents_from_decimal
from billing_job.ledger.transactions import last_balance
from billing_job.ledger.withdrawals import wallet_movements
from billing_job.month.job import Job


@dataclass(frozen=True, slots=True)
class WalletProof:
    """Invariant 5: opening balance + all movements = the balance, in cents.

    `balance_cents` is None before a sync, and when the balance is in another currency.
    """

    opening_cents: int
    movements_cents: int
    balance_cents: int | None
    matches: bool

    @property
    def difference_cents(self) -> int:
        """What the balance has more than opening and movements explain."""
        return (self.balance_cents or 0) - self.opening_cents - self.movements_cents


def wallet_proof(job: Job) -> WalletProof:
    """Compare the ledger with the balance as last fetched; one in another currency proves nothing and is none."""
    opening = cents_from_decimal(job.settings.billing.opening_balance)
    movements = wallet_movements(job.engine, job.withdrawn())
    balance = last_balance(job.engine)
    is_ours = balance is not None and balance.currency == job.settings.billing.currency
    cents = balance.micros // MICROS_PER_CENT if balance is not None and is_ours else None
    return WalletProof(opening, movements, cents, matches=opening + movements == cents)
