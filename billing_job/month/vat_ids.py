"""The VAT ids of clients before VIES: who is asked, what is recorded, and what it means for a reverse charge."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing_job.billing.invoicing.tax import Untaxable, has_valid_vat_id, vat_of
from billing_job.core.countries import EU, taxed_as
from billing_job.core.document import Vat
from billing_job.core.errors import ExitCode
from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.core.vat_evidence import RecordedAnswer, VatIdAnswer, answer_json
from billing_job.ledger.month_terms import recorded_terms
from billing_job.ledger.vies_answers import latest_answers, record_answer
from billing_job.month.job import Job
from billing_job.month.preconditions import check_clients
from billing_job.month.session import CommandResult, Session, locked_job
from billing_job.month.vies import NoAnswer, Vies

CHECK_SCHEMA = "billing-job/vat-check@1"


@dataclass(frozen=True, slots=True)
class CheckedId:
    """What is known of a client's VAT id: the last answer, and why there is no new one where it was asked in vain."""

    client: Client
    answer: VatIdAnswer | None
    unanswered: str = ""
    asked_now: bool = False

    @property
    def state(self) -> str:
        """valid, invalid, unanswered, malformed, none, or outside: VIES knows the ids of the EU alone."""
        if not self.client.vat_id:
            return "none"
        if taxed_as(self.client.country) not in EU:
            return "outside"
        if self.answer is None:
            return "unanswered" if self.unanswered or has_valid_vat_id(self.client) else "malformed"
        return "valid" if self.answer.valid else "invalid"

    @property
    def waits(self) -> bool:
        """Whether somebody has to look: it is not known to be valid, or it could not be asked again."""
        return self.state not in ("valid", "none", "outside") or bool(self.unanswered)


def check_vat_ids(session: Session, only: Sequence[str], *, again: bool) -> CommandResult:
    """`vat check`: ask about the ids without a fresh yes, of some clients or with `again` in any case."""
    with locked_job(session, makes_ledger=True) as job:
        check_clients(job, only)
        clients = [client for id_, client in job.clients.items() if not only or id_ in only]
        if not job.seller.vat_id:
            session.console.warn("seller.vat_id is empty: VIES is asked without a requester, and gives no number")
        checked = list(_checked(job, session, clients, always=again or bool(only)))
    for each in checked:
        (session.console.warn if each.waits else session.console.info)(_sentence(each))
    waits = any(each.waits for each in checked)
    object_ = {"schema": CHECK_SCHEMA, "checked": [_json(each) for each in checked]}
    return CommandResult(ExitCode.EXCEPTIONS_WAIT if waits else ExitCode.DONE, object_)


def ask_before_reverse_charge(job: Job, session: Session, month: Period, only: Collection[str]) -> None:
    """Ask about the clients that the month is about to reverse-charge for the first time, as [tax] vies says.

    What is answered is recorded; what is not answered is said, and changes nothing that is known.
    """
    if job.settings.tax.vies == "off":
        return
    recorded = recorded_terms(job.engine, {str(month)})
    clients = [
        client
        for id_, client in job.clients.items()
        if (not only or id_ in only)
        and (id_, str(month)) not in recorded
        and rests_on_vies(client, job, vat_of(client, job.tax_rules, month.last_day))
    ]
    for each in _checked(job, session, clients, always=False):
        if each.waits:
            session.console.warn(_sentence(each))


def rests_on_vies(client: Client, job: Job, vat: Vat | Untaxable) -> bool:
    """Whether the client is taxed by reverse charge because it has a VAT id of another member state (Article 196)."""
    country, home = taxed_as(client.country), taxed_as(job.seller.country)
    abroad = country != home and country in EU and home in EU
    return isinstance(vat, Vat) and vat.category == "AE" and client.tax_treatment != "DRC" and abroad


def without_evidence(client: Client, known: Mapping[str, RecordedAnswer]) -> Untaxable | None:
    """What `vies = "require"` says of a reverse charge; None where the last thing that VIES said is yes."""
    recorded = known.get(client.vat_id)
    if recorded is None:
        return Untaxable(
            f'VIES has not confirmed VAT id {client.vat_id} of client {client.client_id}, which tax.vies = "require"'
            f" wants before a reverse charge: ask with `billing-job vat check --client {client.client_id}`, or again"
            " later where it gave no answer"
        )
    if not recorded.answer.valid:
        return Untaxable(
            f"VIES said on {recorded.answer.asked[:10]} that VAT id {client.vat_id} of client {client.client_id} is not"
            " valid: correct vat_id in clients.csv, or choose a tax_treatment for it"
        )
    return None


def _checked(job: Job, session: Session, clients: Sequence[Client], *, always: bool) -> Iterator[CheckedId]:
    tax, known = job.settings.tax, latest_answers(job.engine)
    requester = job.seller.vat_id if taxed_as(job.seller.country) in EU else ""
    vies = Vies(tax.vies_url, requester, job.clock, tax.vies_timeout_seconds, session.transport)
    asked: dict[str, VatIdAnswer | NoAnswer] = {}
    for client in clients:
        recorded = known.get(client.vat_id)
        before = recorded.answer if recorded else None
        fresh = before is not None and before.is_fresh(requester, job.clock.now(), tax.vies_days)
        if not has_valid_vat_id(client) or taxed_as(client.country) not in EU or (fresh and not always):
            yield CheckedId(client, before)
            continue
        if client.vat_id not in asked:
            asked[client.vat_id] = vies.ask(client.vat_id)
            if isinstance(answer := asked[client.vat_id], VatIdAnswer):
                record_answer(job.engine, answer)
        answer = asked[client.vat_id]
        if isinstance(answer, VatIdAnswer):
            yield CheckedId(client, answer, asked_now=True)
        else:
            yield CheckedId(client, before, answer.reason, asked_now=True)


def _sentence(each: CheckedId) -> str:
    client, answer = each.client, each.answer
    who = f"client {client.client_id}, VAT id {client.vat_id}"
    if each.unanswered:
        kept = (
            "nothing is known of it yet" if answer is None else f"the answer of {answer.asked[:10]} holds: {each.state}"
        )
        return f"{who}: no answer: {each.unanswered}; {kept}"
    if answer is None:
        words = {
            "none": "has no VAT id",
            "outside": "is not of the EU: VIES does not know it",
            "malformed": "is not of the client's EU country, or its check digits are wrong: not asked",
            "unanswered": "was not asked",
        }
        return f"{who if client.vat_id else f'client {client.client_id}'}: {words[each.state]}"
    number = f", consultation number {answer.consultation_number}" if answer.consultation_number else ""
    return f"{who}: {each.state} on {answer.asked[:10]}{number}{f', {answer.name}' if answer.name else ''}"


def _json(each: CheckedId) -> dict[str, Any]:
    answer = each.answer
    return {
        "client_id": each.client.client_id,
        "vat_id": each.client.vat_id,
        "state": each.state,
        "asked_now": each.asked_now,
        "unanswered": each.unanswered,
        **answer_json(answer),
    }
