"""Which of the armed faults strike now."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from billing_job.didfarm.sandbox.faults import Fault


@dataclass(slots=True)
class _Armed:
    fault: Fault
    list_requests: int = 0
    """Requests for the list since it was armed."""
    struck: int = 0

    def strike(self) -> bool:
        """Whether it may strike once more; counts that it does."""
        if self.fault.times is not None and self.struck >= self.fault.times:
            return False
        self.struck += 1
        return True


class FaultPlan:
    """The faults of a running sandbox; more can be armed, and all be cleared, while it runs."""

    def __init__(self, faults: Iterable[Fault] = ()):
        self._armed = [_Armed(fault) for fault in faults]

    def add(self, *faults: Fault) -> None:
        """Arm more faults; what they count, they count from now on."""
        self._armed = [*self._armed, *(_Armed(fault) for fault in faults)]

    def clear(self) -> None:
        """Forget every fault; what they changed in the wallet stays."""
        self._armed = []

    def before_list_request(self, names: Collection[str]) -> list[Fault]:
        """All of these faults whose request has come; call it once before each request for the list is answered."""
        due = []
        for armed in self._armed:
            armed.list_requests += 1
            if armed.fault.name in names and armed.list_requests >= armed.fault.at and armed.strike():
                due.append(armed.fault)
        return due

    def on_page(self, names: Collection[str], page: int) -> list[Fault]:
        """All of these faults that strike this page of the list."""
        return [armed.fault for armed in self._armed if _aims_at(armed, names, page) and armed.strike()]

    def first(self, names: Collection[str], page: int | None) -> Fault | None:
        """The first of these faults that strikes; the others keep waiting. `page` is None outside the list."""
        for armed in self._armed:
            if _aims_at(armed, names, page) and armed.strike():
                return armed.fault
        return None


def _aims_at(armed: _Armed, names: Collection[str], page: int | None) -> bool:
    # A page's request has been counted by now; one that is stopped at the gate has not.
    request = armed.list_requests + (page is None)
    return armed.fault.name in names and armed.fault.page in (None, page) and request >= armed.fault.at
