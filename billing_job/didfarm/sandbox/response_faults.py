"""Faults that are another answer altogether: statuses, headers and bodies that no page is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime

from starlette.responses import Response

from billing_job.didfarm.sandbox.faults import Fault
from billing_job.didfarm.sandbox.responses import error_answer, error_body, json_answer

_TOO_MANY = "Too many requests."


def _html_200(fault: Fault, key: str, now: datetime) -> Response:
    return Response("<!doctype html><title>Maintenance</title><p>Back soon.", media_type="text/html")


def _error_200(fault: Fault, key: str, now: datetime) -> Response:
    return json_answer(error_body(500, "Something went wrong."))


def _rate_limit(fault: Fault, key: str, now: datetime) -> Response:
    return error_answer(429, _TOO_MANY, {"Retry-After": str(fault.values[0])})


def _retry_after_date(fault: Fault, key: str, now: datetime) -> Response:
    """Only the server's own Date tells the client that the moment is not an hour away."""
    server_now = now + timedelta(seconds=fault.number(1))
    until = server_now + timedelta(seconds=fault.number(0))
    headers = {"Date": format_datetime(server_now, usegmt=True), "Retry-After": format_datetime(until, usegmt=True)}
    return error_answer(429, _TOO_MANY, headers)


def _rate_limit_bare(fault: Fault, key: str, now: datetime) -> Response:
    return error_answer(429, _TOO_MANY)


def _rate_limit_storm(fault: Fault, key: str, now: datetime) -> Response:
    return error_answer(429, _TOO_MANY, {"Retry-After": "1"})


def _status(fault: Fault, key: str, now: datetime) -> Response:
    return error_answer(fault.number(), "The key is not allowed." if fault.number() < 500 else "Something went wrong.")


def _key_in_error(fault: Fault, key: str, now: datetime) -> Response:
    return error_answer(
        fault.number(), f"Key {key} failed at https://didfarm.com/api/v1/wallet/transactions?api_key={key}"
    )


def _redirect(fault: Fault, key: str, now: datetime) -> Response:
    return Response(status_code=302, headers={"Location": f"{fault.values[0]}?api_key={key}"})


ANSWER_FAULTS: dict[str, Callable[[Fault, str, datetime], Response]] = {
    "html_200": _html_200,
    "error_200": _error_200,
    "rate_limit": _rate_limit,
    "retry_after": _rate_limit,
    "retry_after_date": _retry_after_date,
    "rate_limit_bare": _rate_limit_bare,
    "rate_limit_storm": _rate_limit_storm,
    "server_error": _status,
    "server_error_forever": _status,
    "key_in_error": _key_in_error,
    "redirect": _redirect,
}
"""The answer of each fault to a request for the list, from the fault, the key and the moment (UTC)."""

GATE_FAULTS: dict[str, Callable[[Fault, str, datetime], Response]] = {"unauthorized": _status}
"""The same for faults that strike every request, whatever it asks for."""
