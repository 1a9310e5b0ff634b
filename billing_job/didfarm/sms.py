"""Sending a message out of the wallet once: when the answer is lost, the wallet is read instead of sending again."""

from collections.abc import Collection
from datetime import datetime, timedelta

from billing_job.core.errors import MayHaveHappened
from billing_job.core.moments import microseconds, utc_text
from billing_job.core.wallet import Transaction
from billing_job.didfarm.client import Client
from billing_job.didfarm.models import SentMessage

_LOOK_BACK = timedelta(minutes=10)
"""How far the wallet is read for messages: more than our clock and the supplier's may differ."""


def send_once(
    client: Client, sender: str, recipient: str, text: str, *, message_types: Collection[str], now: datetime
) -> SentMessage:
    """Send one SMS (guide: Send Messages for Clients).

    MayHaveHappened, when the answer is lost, says which messages the wallet paid for in the minutes around it;
    `message_types` are the transaction types that stand for messages.
    """
    try:
        return client.send_message(sender, recipient, text)
    except MayHaveHappened as error:
        rows = [row for row in client.movements_since(microseconds(now - _LOOK_BACK)) if row.type in message_types]
        raise MayHaveHappened(f"{error}. {_what_the_wallet_shows(rows)}", status=error.status) from None


def _what_the_wallet_shows(rows: Collection[Transaction]) -> str:
    if not rows:
        return "The wallet shows no message in the ten minutes before and since: it was probably not sent"
    paid = ", ".join(
        f"transaction {row.transaction_id} at {utc_text(row.created_at or 0)[11:]} ({row.description})" for row in rows
    )
    return f"The wallet shows {len(rows)} messages in the ten minutes before and since: {paid}. Is yours among them?"
