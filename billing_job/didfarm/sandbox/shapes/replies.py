"""How a supplier may answer when asked for the balance and for the trunks."""

from collections.abc import Callable, Mapping, Sequence

from billing_job.didfarm.sandbox.responses import error_body
from billing_job.didfarm.sandbox.shapes.rows import CURRENCY, Worded, decimals
from billing_job.didfarm.sandbox.shapes.shape import BalanceReply, Json, Reply

TrunkRows = Sequence[Mapping[str, object]]
TWO_PLACES = decimals(2)


def balance(body: Callable[[Json], Json], worded: Worded = TWO_PLACES) -> BalanceReply:
    """The worded balance, in whatever stands around it."""
    return lambda micros: Reply(body(worded(micros)))


def guides_balance(micros: int) -> Reply:
    """As the guide has it: {"balance": "142.50", "currency": "EUR"}."""
    return Reply({"balance": TWO_PLACES(micros), "currency": CURRENCY})


def no_balance(micros: int) -> Reply:
    """There is no such address."""
    return Reply(error_body(404, "There is nothing here."), 404)


def guides_trunks(trunks: TrunkRows) -> Reply:
    """{"data": [trunk, …]}."""
    return Reply({"data": list(trunks)})


def bare_trunks(trunks: TrunkRows) -> Reply:
    """The list alone."""
    return Reply(list(trunks))


def no_trunks(status: int) -> Callable[[TrunkRows], Reply]:
    """A refusal, or with 204 nothing at all."""

    def reply(trunks: TrunkRows) -> Reply:
        return Reply(None, status) if status == 204 else Reply(error_body(status, "Not for this key."), status)

    return reply


def trunks_without(name: str) -> Callable[[TrunkRows], Reply]:
    """Trunks that lack a field."""
    return lambda trunks: Reply({"data": [{key: trunk[key] for key in trunk if key != name} for trunk in trunks]})
