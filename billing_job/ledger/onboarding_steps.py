"""How far an onboarding is: a row for each step, only ever added."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from billing_job.core.moments import moment_text
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import onboarding_steps

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
