"""Invariant 5: opening balance and movements against the wallet's balance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing_job.core.money import cents_of, micros_from_decimal
from billing_job.core.wallet import Balance
from billing_job.ledger.last_look import last_balance
from billing_job.ledger.withdrawals import wallet_movements, withdrawn
from billing_job.month.session import OpenLedger

if TYPE_CHECKING:
    from billing_job.month.job import Job


@dataclass(frozen=True, slots=True)
class WalletProof:
    """Invariant 5: opening balance + all movements = the balance, in micros, to the last place that it shows.

    `balance` is None before a sync, and when the balance is in another currency.
    """

    opening_micros: int
    movements_micros: int
    balance: Balance | None

    @property
    def balance_micros(self) -> int | None:
        """What the supplier says is in the wallet."""
        return None if self.balance is None else self.balance.micros

    @property
    def explained_micros(self) -> int:
        """What opening and movements come to."""
        return self.opening_micros + self.movements_micros

    @property
    def difference_micros(self) -> int:
        """What the balance has more than opening and movements explain."""
        return (self.balance_micros or 0) - self.explained_micros

    @property
    def matches(self) -> bool:
        """Whether the balance is explained: less than one unit of its last shown place is no difference."""
        return self.balance is not None and self.balance.shows(self.explained_micros)

    def how_exact(self, currency: str) -> str:
        """In words, how exactly a balance that matches is explained."""
        return "" if self.balance is None else self.balance.how_exact(self.explained_micros, currency)

    def figures(self) -> dict[str, int | bool | None]:
        """What programs are told: exact micros, the cents that they round to, and whether it matches."""
        amounts = {
            "opening": self.opening_micros,
            "movements": self.movements_micros,
            "balance": self.balance_micros,
        }
        cents = {f"{name}_cents": None if each is None else cents_of(each) for name, each in amounts.items()}
        return {**cents, "matches": self.matches, **{f"{name}_micros": each for name, each in amounts.items()}}


def wallet_proof(ledger: Job | OpenLedger) -> WalletProof:
    """Compare the ledger with the balance as last fetched; one in another currency proves nothing and is none."""
    currency = ledger.settings.billing.currency
    opening = micros_from_decimal(ledger.settings.billing.opening_balance)
    movements = wallet_movements(ledger.engine, withdrawn(ledger.engine, opening, currency), currency)
    balance = last_balance(ledger.engine)
    known = balance is not None and balance.currency == currency
    return WalletProof(opening, movements, balance if known else None)
