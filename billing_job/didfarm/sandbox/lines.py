"""Held numbers and trunks as the sandbox's account keeps them and the wire shows them; how it says no."""

from dataclasses import dataclass

from billing_job.didfarm.sandbox.holdings import Number, Trunk

SIP_SERVER = "sip.didfarm.com"


class Refusal(Exception):
    """The supplier says no: a status, a code of the guide's error format, and why."""

    def __init__(self, status: int, message: str, code: str = ""):
        self.status = status
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Line:
    """A held number: where its calls go, and whether it may be live and is."""

    number: Number
    trunk_id: int | None
    is_approved: bool
    is_live: bool


def number_wire(number: Number, trunk: Trunk | None) -> dict[str, object]:
    """The data of the guide's payload example."""
    return {
        "number": number.number,
        "country": number.country,
        "type": number.number_type,
        "trunk_uuid": None if trunk is None else trunk.uuid,
        "order_id": number.order_id,
    }


def trunk_wire(trunk: Trunk, *, is_active: bool) -> dict[str, object]:
    """A trunk as the guide shows it, without its password."""
    return {
        "id": trunk.trunk_id,
        "uuid": trunk.uuid,
        "name": trunk.name,
        "sip_server": SIP_SERVER,
        "username": trunk.username,
        "status": "active" if is_active else "provisioning",
    }
