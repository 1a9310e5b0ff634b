"""The endpoints of the guide beyond billing: numbers, checkout, routing, trunks, messages, regulatory documents."""

import email
import email.policy
import json
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing_job.didfarm.sandbox.account import Account
from billing_job.didfarm.sandbox.fault_plan import FaultPlan
from billing_job.didfarm.sandbox.lines import Refusal
from billing_job.didfarm.sandbox.responses import error_answer, json_answer
from billing_job.didfarm.sandbox.shapes.answers import answer_of
from billing_job.didfarm.sandbox.shapes.shape import Shape
from billing_job.didfarm.sandbox.wire_faults import WIRE_FAULTS

PREFIX = "/api/v1"
SEARCH_PAGE_SIZE = 20
POST_FAULTS = {
    "lost_checkout": "/wallet/checkout",
    "lost_trunk": "/portal/sip-trunks",
    "lost_routing": "/portal/did-routing",
    "lost_message": "/messages/send",
}
"""Faults that carry a POST out and then reset the connection, and the path that each one strikes."""


def portal_routes(account: Account, faults: FaultPlan, shape: Shape) -> list[Route]:  # noqa: C901 - a small function a route
    """The routes; a POST answers with 201 what it made, or with the guide's error body."""

    async def search(request: Request) -> Response:
        query = request.query_params
        if not query.get("country") or not query.get("type"):
            return error_answer(422, "The country and type fields are required.")
        number = query.get("page", "1")
        if not (number.isascii() and number.isdigit() and 0 < int(number) < 10**9):
            return error_answer(422, "The page must be a positive integer.")
        found = account.search(query["country"], query["type"], query.get("city", ""))
        start = (int(number) - 1) * SEARCH_PAGE_SIZE
        page = [offer.wire() for offer in found[start : start + SEARCH_PAGE_SIZE]]
        return json_answer({"data": page, "meta": {"total": len(found), "page": int(number)}})

    async def trunks(request: Request) -> Response:
        return answer_of(shape.trunks(account.trunks()))

    def checkout(body: Mapping[str, object]) -> dict[str, object]:
        items = body.get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Refusal(422, "The items field must be a list.")
        return account.checkout(items)

    async def regenerate(request: Request) -> Response:
        return _done(lambda: account.regenerate_credentials(request.path_params["uuid"]), 200)

    async def regulatory(request: Request) -> Response:
        fields, files = form_of(request.headers.get("Content-Type", ""), await request.body())
        return _done(lambda: account.submit_regulatory(fields.get("did_number_id"), files), 201)

    def post(path: str, action: Callable[[Mapping[str, object]], Mapping[str, object]], status: int = 201) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                body = json.loads(await request.body())
            except ValueError:
                body = None
            if not isinstance(body, dict):
                return error_answer(422, "The body must be a JSON object.")
            answer = _done(lambda: action(body), status)
            names = [name for name, struck in POST_FAULTS.items() if struck == path]
            fault = faults.first(names, None) if answer.status_code < 300 else None
            return WIRE_FAULTS["reset"](fault, answer) if fault else answer

        return Route(f"{PREFIX}{path}", endpoint, methods=["POST"])

    return [
        Route(f"{PREFIX}/numbers/search", search, methods=["GET"]),
        post("/wallet/checkout", checkout),
        post(
            "/portal/did-routing", lambda body: account.route(body.get("did_number_id"), body.get("sip_trunk_id")), 200
        ),
        Route(f"{PREFIX}/portal/sip-trunks", trunks, methods=["GET"]),
        post("/portal/sip-trunks", lambda body: account.create_trunk(body.get("name"), body.get("auth_type"))),
        Route(f"{PREFIX}/portal/sip-trunks/{{uuid}}/regenerate-credentials", regenerate, methods=["POST"]),
        post("/messages/send", lambda body: account.send_message(body.get("from"), body.get("to"), body.get("body"))),
        Route("/api/regulatory/submit", regulatory, methods=["POST"]),
    ]


def _done(action: Callable[[], Mapping[str, object]], status: int) -> Response:
    try:
        return json_answer({"data": action()}, status)
    except Refusal as refusal:
        return error_answer(refusal.status, refusal.message, code=refusal.code)


def form_of(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Fields and files of a multipart form by name; both empty when it is none."""
    message = email.message_from_bytes(
        b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body, policy=email.policy.HTTP
    )
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = str(part.get_param("name", "", header="Content-Disposition"))
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if part.get_filename() is None:
            fields[name] = content.decode("utf-8", "replace")
        else:
            files[name] = content
    return fields, files
