"""Whose trunk is whose in a month by the files, and who bore that month by the ledger."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from billing_job.core.period import Period
from billing_job.core.register import TrunkAssignment
from billing_job.core.settlement import Owner, TrunkMonth


@dataclass(frozen=True)
class TrunkMonths:
    """The files' assignments of trunks, and what was recorded of their months."""

    trunks: Sequence[TrunkAssignment]
    borne: Mapping[tuple[str, str, str], str]
    """(trunk, since, month) → the client that bore or owes it."""

    @cached_property
    def of_clients(self) -> dict[str, list[TrunkAssignment]]:
        """Each client's assignments."""
        found: dict[str, list[TrunkAssignment]] = {}
        for fact in self.trunks:
            found.setdefault(fact.client_id, []).append(fact)
        return found

    def held(self, client_id: str, month: str) -> list[tuple[str, str, str]]:
        """The keys in `borne` of the trunks that a client has in a month."""
        facts = self.of_clients.get(client_id, ())
        return [(fact.trunk, _since(fact.valid_from), month) for fact in facts if _holds_in(month, fact)]

    def bearers(self, client_id: str, month: str) -> set[str]:
        """Who bore the month of the trunks that a client has in it."""
        return {found for key in self.held(client_id, month) if (found := self.borne.get(key)) is not None}

    def bearers_of_trunk(self, trunk: str, month: str) -> Collection[str]:
        """Who bore a trunk's month, whosever the trunk is by now."""
        return self._of_trunks_and_months.get((trunk, month), ())

    def ever_bore(self, client_id: str) -> set[str]:
        """Who bore any month of the trunks that are a client's, from the day on which they are."""
        own = {(fact.trunk, _since(fact.valid_from)) for fact in self.of_clients.get(client_id, ())}
        return {id_ for key in own for id_ in self._of_trunks_since.get(key, ())}

    @cached_property
    def owners(self) -> set[Owner]:
        """Clients and the months that they bore."""
        return {(client_id, month) for (_, _, month), client_id in self.borne.items()}

    def to_record(self, month: str, clients: Collection[str] | None) -> list[TrunkMonth]:
        """The trunks that clients have in a month, to be recorded with whoever bears it; None stands for all."""
        return [
            TrunkMonth(fact.trunk, _since(fact.valid_from), month, fact.client_id)
            for fact in self.trunks
            if _holds_in(month, fact) and (clients is None or fact.client_id in clients)
        ]

    @cached_property
    def _of_trunks_since(self) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for (trunk, since, _), client_id in self.borne.items():
            found.setdefault((trunk, since), set()).add(client_id)
        return found

    @cached_property
    def _of_trunks_and_months(self) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for (trunk, _, month), client_id in self.borne.items():
            found.setdefault((trunk, month), set()).add(client_id)
        return found


def _holds_in(month: str, fact: TrunkAssignment) -> bool:
    period = Period.parse(month)
    return fact.overlaps(period.first_day, period.last_day)


def _since(day: date | None) -> str:
    return "" if day is None else day.isoformat()
