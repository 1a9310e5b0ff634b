"""What an onboarding records: each step it has done, and the numbers it bought; rows are only ever added.

A purchase is the one place that ties a phone number to its did_number_id by itself.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from billing_job.core.moments import moment_text
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import bought_numbers, onboarding_steps

DONE = "done"
"""The step that ends an onboarding; the next one of the same client starts afresh."""

Steps = dict[str, Any]
"""Step → the value it was last recorded with."""


def record_step(engine: Engine, client_id: str, step: str, value: Any, now: datetime) -> None:
    """Record a step with a JSON value."""
    text = json.dumps(value, ensure_ascii=False)
    with transaction(engine) as connection:
        row = (client_id, step, text, moment_text(now))
        add(connection, onboarding_steps, ("client_id", "step", "value", "recorded"), [row])


def steps_under_way(engine: Engine, client_id: str) -> Steps:
    """The steps of the client's onboarding that is not done yet; empty when there is none."""
    query = select(onboarding_steps).where(onboarding_steps.c.client_id == client_id).order_by(onboarding_steps.c.seq)
    steps: Steps = {}
    with transaction(engine) as connection:
        for row in connection.execute(query):
            if row.step == DONE:
                steps = {}
            else:
                steps[row.step] = json.loads(row.value)
    return steps


def save_bought(engine: Engine, order_id: str, did_number_ids: dict[str, str], now: datetime) -> None:
    """Record an order's numbers, each with its did_number_id; what is recorded already stays as it is."""
    with transaction(engine) as connection:
        known = select(bought_numbers.c.number).where(bought_numbers.c.order_id == order_id)
        recorded = set(connection.execute(known).scalars())
        rows = [
            (number, did_number_id, order_id, moment_text(now))
            for number, did_number_id in did_number_ids.items()
            if number not in recorded
        ]
        add(connection, bought_numbers, ("number", "did_number_id", "order_id", "recorded"), rows)


def bought_ids(engine: Engine) -> dict[tuple[str, str], str]:
    """Number and order → did_number_id."""
    with transaction(engine) as connection:
        rows = connection.execute(select(bought_numbers))
        return {(row.number, row.order_id): row.did_number_id for row in rows}
