"""What a client is called in a program's address book: the account of its party row, or what the format makes of it."""

import hashlib
from collections.abc import Callable, Mapping

from billing_job.accounting.accounts import Accounts
from billing_job.accounting.journal import Journal
from billing_job.core.errors import ConfigError
from billing_job.core.parties import Client

_DIGITS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_TAIL = 5


def short_code(text: str, length: int) -> str:
    """A text of at most so many characters: a longer one keeps its beginning and gets five of a fingerprint of itself.

    The same text gives the same code in every month.
    """
    if len(text) <= length:
        return text
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    tail = "".join(_DIGITS[number // len(_DIGITS) ** place % len(_DIGITS)] for place in range(_TAIL))
    return text[: length - _TAIL] + tail


def party_codes(
    journal: Journal, accounts: Accounts, format_name: str, otherwise: Callable[[Client], str]
) -> Mapping[str, str]:
    """The code by client id; ConfigError when two clients would share one and be mixed up in the program."""
    clients = journal.clients()
    codes = {
        client_id: accounts.party(format_name, client_id) or otherwise(client) for client_id, client in clients.items()
    }
    owners: dict[str, list[str]] = {}
    for client_id, code in codes.items():
        owners.setdefault(code.casefold(), []).append(client_id)
    problems = [
        f"{accounts.source}: clients {' and '.join(ids)} would both be {codes[ids[0]]!r} in format {format_name}: add a"
        f" row with kind party, client_id, format {format_name} and an account of its own for each"
        for ids in owners.values()
        if len(ids) > 1
    ]
    if problems:
        raise ConfigError(problems)
    return codes
