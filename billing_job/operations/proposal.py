"""`doctor --propose`: the tables of billing.toml that read this supplier, what was seen, and the proof."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from sqlalchemy.engine import make_url

from billing_job.config.api import Api
from billing_job.config.reading import TransactionsReading
from billing_job.config.settings import Settings
from billing_job.core.errors import ExitCode
from billing_job.core.money import micros_from_decimal
from billing_job.core.plain_words import expected
from billing_job.didfarm.dotted_paths import described
from billing_job.didfarm.http import Http
from billing_job.didfarm.proposal.outcomes import Evidence
from billing_job.didfarm.proposal.propose import NotReadable, Proposal, propose
from billing_job.didfarm.proposal.survey import Survey, survey
from billing_job.didfarm.proposal.toml_text import toml_text
from billing_job.ledger.database import open_engine
from billing_job.ledger.mirror import LedgerMirror
from billing_job.month.session import Session, connected
from billing_job.operations.proposal_words import proof_words, seen_words

Verdict = Literal["proven", "not proven", "not readable"]
EXIT_CODES: dict[Verdict, ExitCode] = {
    "proven": ExitCode.DONE,
    "not proven": ExitCode.EXCEPTIONS_WAIT,
    "not readable": ExitCode.INCOMPLETE,
}


@dataclass(frozen=True, slots=True)
class Proposed:
    """The TOML, empty when nothing can be read; what was seen and how it is read; the proof, or why there is none."""

    verdict: Verdict
    toml: str
    seen: tuple[str, ...]
    proof: tuple[str, ...]


def proposed(session: Session) -> Proposed:
    """Look at the supplier as configured and propose how it is read. Errors: those of Http."""
    with connected(session) as http:
        return _proposed(http, session)


def _proposed(http: Http, session: Session) -> Proposed:
    settings = session.settings
    try:
        found = survey(http, lambda: _mirrored(session))
    except NotReadable as error:
        body = http.get("/wallet/transactions", {"page": 1}, lambda body: body)
        return Proposed("not readable", "", (f"the answer is {described(body)}",), (str(error),))
    if not found.rows:
        return _of_an_empty_list(found, settings)
    evidence = Evidence(
        found.rows,
        found.is_whole,
        found.balance,
        micros_from_decimal(settings.billing.opening_balance),
        settings.billing.currency,
        settings.api.transactions.timezone,
    )
    try:
        proposal = propose(evidence, TransactionsReading.model_validate)
    except NotReadable as error:
        shape = f"the answer is {described(found.first)}; a row is {described(found.rows[0])}"
        return Proposed("not readable", "", (shape,), (str(error),))
    text = toml_text(_tables(found, proposal, settings))
    doubts = [*proposal.doubts, *_does_not_load(text)]
    return Proposed(
        "not proven" if doubts else "proven",
        text,
        tuple(seen_words(found, proposal, settings)),
        tuple(proof_words(found, proposal, evidence, doubts)),
    )


def _mirrored(session: Session) -> Sequence[str]:
    """The ledger's copy of the list, as it came; none where there is no ledger yet, and none is made."""
    database = make_url(session.settings.storage.database_url)
    if database.get_backend_name() == "sqlite" and not Path(str(database.database)).exists():
        return ()
    engine = open_engine(session.settings.storage.database_url)
    try:
        return LedgerMirror(engine, session.clock).listed()
    finally:
        engine.dispose()


def _tables(found: Survey, proposal: Proposal, settings: Settings) -> dict[str, dict[str, object]]:
    """The tables by name: the address and limits in force, then what was found."""
    api = settings.api.model_dump(mode="json", exclude={"transactions", "balance"}, exclude_none=True)
    listed: dict[str, object] = {"rows": found.layout.rows, "total": found.layout.total, "paging": found.paging}
    if found.query:
        listed["query"] = dict(found.query)
    if found.paging == "next":
        listed["next"] = found.layout.next
    fields = proposal.transactions["fields"]
    # Words that the user taught stay: they name what nothing in the answers can tell.
    if taught := settings.api.transactions.reference_types:
        proposal.transactions["reference_types"] = {**proposal.transactions.get("reference_types", {}), **taught}
    rows = {key: value for key, value in proposal.transactions.items() if key != "fields"}
    return {
        "api": api,
        "api.transactions": {**listed, **rows},
        "api.transactions.fields": fields,
        "api.balance": proposal.balance,
    }


def _does_not_load(text: str) -> list[str]:
    try:
        Api.model_validate(tomllib.loads(text)["api"])
    except ValidationError as error:
        return [f"these tables do not load: {expected(detail)}" for detail in error.errors()]
    except tomllib.TOMLDecodeError as error:
        return [f"these tables do not load: {error}"]
    return []


def _of_an_empty_list(found: Survey, settings: Settings) -> Proposed:
    """Nothing moved yet: where the list stands is known, how a row is read is not."""
    tables = {
        "api": settings.api.model_dump(mode="json", exclude={"transactions", "balance"}, exclude_none=True),
        "api.transactions": {"rows": found.layout.rows, "total": found.layout.total},
    }
    return Proposed("not proven", toml_text(tables), ("the list is empty",), ("there is no transaction yet to read",))
