"""Faults in what the wallet shows: rows that arrive, vanish, move or change between two requests."""

from collections.abc import Callable
from datetime import datetime, timedelta

from billing_job.didfarm.sandbox.faults import Fault
from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.wallet import Wallet

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_TWENTY_DIGITS = -12_345_678_901_234_567_890


def new_rows(wallet: Wallet, count: int) -> list[WireRow]:
    """Transactions as they would arrive next: like the newest debit, a second apart, under the next ids."""
    rows = wallet.rows()
    like = next((row for row in rows if row.get("type") in ("sms", "call")), wallet.newest())
    newest, highest = _moment(wallet.newest()), wallet.highest_id()
    return [_copy(like, highest + step, newest + timedelta(seconds=step)) for step in range(1, count + 1)]


def _prepend_rows(wallet: Wallet, fault: Fault, page_size: int) -> None:
    wallet.add(*new_rows(wallet, fault.number()))


def _prepend_page(wallet: Wallet, fault: Fault, page_size: int) -> None:
    wallet.add(*new_rows(wallet, page_size))


def _delete_row(wallet: Wallet, fault: Fault, page_size: int) -> None:
    wallet.remove(_id_at(wallet, fault.number()))


def _backdate_row(wallet: Wallet, fault: Fault, page_size: int) -> None:
    """The new row is like the nearest older one, so that it belongs to whom that belongs to."""
    moment = _moment(wallet.newest()) - timedelta(days=fault.number())
    older = [
        row for row in wallet.rows() if "created_at" in row and _moment(row) <= moment and row.get("type") != "topup"
    ]
    like = max(older, key=_moment) if older else wallet.newest()
    wallet.add(_copy(like, wallet.highest_id() + 1, moment))


def _reshuffle_ties(wallet: Wallet, fault: Fault, page_size: int) -> None:
    wallet.flip_ties()


def _change_amount(wallet: Wallet, fault: Fault, page_size: int) -> None:
    row = _row_at(wallet, fault.number())
    amount = row["amount"]
    wallet.change(_id_of(row), amount=amount - 1 if isinstance(amount, int) else amount)


def _unknown_field(wallet: Wallet, fault: Fault, page_size: int) -> None:
    wallet.add_field("carrier_note", {"route": "premium", "hops": 2})


def _missing_field(wallet: Wallet, fault: Fault, page_size: int) -> None:
    wallet.drop_field(_id_at(wallet, fault.number(1)), str(fault.values[0]))


def _huge_amount(wallet: Wallet, fault: Fault, page_size: int) -> None:
    wallet.change(_id_at(wallet, fault.number()), amount=_TWENTY_DIGITS)


WALLET_FAULTS: dict[str, Callable[[Wallet, Fault, int], None]] = {
    "prepend_rows": _prepend_rows,
    "prepend_page": _prepend_page,
    "inflow": _prepend_rows,
    "delete_row": _delete_row,
    "backdate_row": _backdate_row,
    "reshuffle_ties": _reshuffle_ties,
    "change_amount": _change_amount,
    "unknown_field": _unknown_field,
    "missing_field": _missing_field,
    "huge_amount": _huge_amount,
}
"""What each fault does to the wallet; the number is the page size."""


def _moment(row: WireRow) -> datetime:
    return datetime.fromisoformat(str(row["created_at"]))


def _copy(row: WireRow, transaction_id: int, moment: datetime) -> WireRow:
    return row | {"id": transaction_id, "created_at": moment.strftime(_TIME_FORMAT)}


def _row_at(wallet: Wallet, position: int) -> WireRow:
    """The row at a position from the top, the last one of a shorter list."""
    return wallet.rows()[: position + 1][-1]


def _id_at(wallet: Wallet, position: int) -> int | str:
    return _id_of(_row_at(wallet, position))


def _id_of(row: WireRow) -> int | str:
    transaction_id = row["id"]
    return transaction_id if isinstance(transaction_id, int) else str(transaction_id)
