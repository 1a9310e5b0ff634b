"""Invariant 5: opening balance and movements against the wallet's balance."""

from dataclasses import dataclass

from billing_job.core.money import cents_from_decimal
from billing_job.ledger.transactions import last_balance, wallet_movements
from billing_job.month.job import Job


@dataclass(frozen=True, slots=True)
class WalletProof:
    """Invariant 5: opening balance + all movements = the balance; cents, `balance_cents` None before a sync."""

    opening_cents: int
    movements_cents: int
    balance_cents: int | None
    matches: bool

    @property
    def difference_cents(self) -> int:
        """What the balance has more than opening and movements explain."""
        return (self.balance_cents or 0) - self.opening_cents - self.movements_cents


def wallet_proof(job: Job) -> WalletProof:
    """Compare the ledger with the balance as last fetched."""
    opening = cents_from_decimal(job.settings.billing.opening_balance)
    movements = wallet_movements(job.engine)
    balance = last_balance(job.engine)
    matches = (
        balance is not None
        and balance.currency == job.settings.billing.currency
        and opening + movements == balance.cents
    )
    return WalletProof(opening, movements, None if balance is None else balance.cents, matches)
