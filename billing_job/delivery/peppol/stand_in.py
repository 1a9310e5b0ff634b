"""A stand-in for access points of both kinds and for the Peppol Directory, to try deliveries out on loopback.

It speaks what `phoss_ap` and `e_invoice_be` speak, and misbehaves towards the participants that it is told to.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing_job.delivery.peppol.access_point import PARTICIPANT_SCHEME
from billing_job.didfarm.listening import address_of, listener_on
from billing_job.didfarm.sandbox.faults import parse_fault
from billing_job.didfarm.sandbox.loopback import HOST, LoopbackServer
from billing_job.didfarm.sandbox.wire_faults import WIRE_FAULTS
from billing_job.documents.einvoice.profiles import SPECIFICATIONS, Profile

FAULTS: Mapping[str, str] = {
    "absent": "the network knows no such participant",
    "unlisted": "nobody lists the participant, though it can be reached",
    "rejected": "the access point refuses the document by its rules",
    "undelivered": "the document is taken, and never reaches its receiver",
    "late": "the document is taken, and its receipt comes after three questions",
    "lost": "the document is taken and sent, and the connection breaks before the answer",
    "cut": "the connection breaks before the document is taken",
    "busy": "too many requests (429), nothing is taken",
    "down": "the access point is out of order (503), nothing is taken",
    "duplicate": "the document is taken, and the answer says that it was there already (409)",
    "odd": "the document is taken, and the answer is a page of HTML",
    "lookup_down": "nobody answers who can be reached",
    "lookup_odd": "the answer to a look-up has another shape",
}
LATE = 3
"""Questions for a fate before the receipt of a late document is there."""
_KINDS = tuple(
    f"urn:oasis:names:specification:ubl:schema:xsd:{root}-2::{root}##{SPECIFICATIONS[Profile.PEPPOL]}::2.1"
    for root in ("Invoice", "CreditNote")
)
_HTML = Response("<html><body>Welcome!</body></html>", media_type="text/html")


@dataclass(slots=True)
class Taken:
    """A document that the stand-in has; `sent` is how often it went to its receiver, `asked` how often for its fate."""

    reference: str
    receiver: str
    content: bytes
    sent: int = 0
    asked: int = 0


@dataclass(slots=True)
class StandIn:
    """What it has taken, and which fault it plays to whom; the empty participant is everybody else."""

    key: str
    faults: dict[str, str] = field(default_factory=dict)
    taken: dict[str, Taken] = field(default_factory=dict)
    submissions: int = 0

    def fault(self, participant: str) -> str:
        """The fault that it plays to a participant."""
        return self.faults.get(participant, self.faults.get("", ""))

    @property
    def sent(self) -> list[Taken]:
        """What reached its receiver, or is on its way there."""
        return [each for each in self.taken.values() if each.sent]


Answerer = Callable[[Request], Awaitable[Response]]


def stand_in_app(state: StandIn) -> Starlette:
    """The ASGI app of a stand-in: phoss AP, e-invoice.be and the Peppol Directory on one address."""
    return Starlette(routes=[*_phoss_ap(state), *_e_invoice_be(state), _directory(state)])


def _guarded(state: StandIn, answer: Answerer) -> Answerer:
    """The answer to who has the key."""

    async def endpoint(request: Request) -> Response:
        given = request.headers.get("X-Token") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != state.key:
            return JSONResponse({"error": "Invalid or missing API token"}, 401)
        try:
            return await answer(request)
        except ClientDisconnect:  # the sender was stopped in the middle of it
            return Response(status_code=400)

    return endpoint


def _phoss_ap(state: StandIn) -> list[Route]:
    async def submit(request: Request) -> Response:
        state.submissions += 1
        receiver = request.path_params["receiver"].removeprefix(f"{PARTICIPANT_SCHEME}::")
        fault = state.fault(receiver)
        if refusal := _refused_before(fault):
            return refusal
        reference = request.query_params.get("sbdhInstanceID", "")
        known = state.taken.setdefault(reference, Taken(reference, receiver, await request.body()))
        if fault in ("absent", "rejected"):
            return JSONResponse({"overallSuccess": False}, 422)
        known.sent = 1  # the same reference a second time is one document
        return _answered(fault, {"sbdhInstanceIdentifier": reference, "overallSuccess": True})

    async def status(request: Request) -> Response:
        known = state.taken.get(request.path_params["reference"])
        if known is None:
            return JSONResponse({"error": "not found"}, 404)
        known.asked += 1
        fault = state.fault(known.receiver)
        if not known.sent:
            word = "permanently_failed" if fault == "absent" else "rejected"
        elif fault == "late" and known.asked <= LATE:
            word = "sending"
        else:
            word = "permanently_failed" if fault == "undelivered" else "sent"
        return JSONResponse({"sbdhInstanceID": known.reference, "status": word, "errorDetails": None})

    path = "/api/outbound/submit/{sender}/{receiver}/{document_type:path}/{process}/{country}"
    return [
        Route(path, _guarded(state, submit), methods=["POST"]),
        Route("/api/outbound/status/{reference}", _guarded(state, status)),
    ]


def _directory(state: StandIn) -> Route:
    async def search(request: Request) -> Response:
        participant = request.query_params.get("participant", "").removeprefix(f"{PARTICIPANT_SCHEME}::")
        fault = state.fault(participant)
        if strange := _odd_lookup(fault):
            return strange
        kinds = [{"scheme": "busdox-docid-qns", "value": kind} for kind in _KINDS]
        entry = {"participantID": {"scheme": PARTICIPANT_SCHEME, "value": participant}, "docTypes": kinds}
        matches = [] if fault in ("absent", "unlisted") else [entry]
        return JSONResponse({"version": "1.0", "total-result-count": len(matches), "matches": matches})

    return Route("/search/1.0/json", search)


def _e_invoice_be(state: StandIn) -> list[Route]:
    async def validate(request: Request) -> Response:
        fault = state.fault(request.query_params.get("peppol_id", ""))
        if strange := _odd_lookup(fault):
            return strange
        return JSONResponse({"is_valid": fault != "absent", "dns_valid": True, "supported_document_types": []})

    async def draft(request: Request) -> Response:
        content = _uploaded(await request.body(), request.headers["Content-Type"])
        name = f"doc_{len(state.taken) + 1:05d}"
        state.taken[name] = Taken(name, "", content)
        return JSONResponse({"id": name, "state": "DRAFT"}, 201)

    async def send(request: Request) -> Response:
        state.submissions += 1
        query = request.query_params
        known = state.taken[request.path_params["name"]]
        known.receiver = f"{query['receiver_peppol_scheme']}:{query['receiver_peppol_id']}"
        fault = state.fault(known.receiver)
        if refusal := _refused_before(fault):
            return refusal
        if fault == "rejected":
            return JSONResponse({"detail": "the document breaks a rule"}, 422)
        known.sent += 1
        word = "TRANSIT" if fault == "late" else _state(known, fault)
        return _answered(fault, {"id": known.reference, "state": word})

    async def document(request: Request) -> Response:
        known = state.taken.get(request.path_params["name"])
        if known is None:
            return JSONResponse({"detail": "not found"}, 404)
        known.asked += 1
        return JSONResponse({"id": known.reference, "state": _state(known, state.fault(known.receiver))})

    return [
        Route("/api/validate/peppol-id", _guarded(state, validate)),
        Route("/api/documents/ubl", _guarded(state, draft), methods=["POST"]),
        Route("/api/documents/{name}/send", _guarded(state, send), methods=["POST"]),
        Route("/api/documents/{name}", _guarded(state, document)),
    ]


def _state(known: Taken, fault: str) -> str:
    if not known.sent:
        return "DRAFT"
    if fault == "late" and known.asked <= LATE:
        return "TRANSIT"
    return "FAILED" if fault == "undelivered" else "SENT"


def _refused_before(fault: str) -> Response | None:
    """The answer to a request of which nothing is taken."""
    match fault:
        case "busy":
            return JSONResponse({"error": "too many requests"}, 429, {"Retry-After": "1"})
        case "down":
            return Response("upstream is away", 503)
        case "cut":
            return _broken("reset")
        case _:
            return None


def _answered(fault: str, body: Mapping[str, Any]) -> Response:
    """The answer to a document that was taken."""
    if fault == "lost":
        return _broken("truncated_length")
    if fault == "duplicate":
        return JSONResponse({"error": "this document was submitted before"}, 409)
    return _HTML if fault == "odd" else JSONResponse(dict(body))


def _odd_lookup(fault: str) -> Response | None:
    if fault == "lookup_down":
        return Response("upstream is away", 503)
    return JSONResponse({"is_valid": "yes", "matches": "none"}) if fault == "lookup_odd" else None


def _broken(name: str) -> Response:
    """The connection ends before the answer does, in the way that a fault of the wire is called."""
    return WIRE_FAULTS[name](parse_fault(name), JSONResponse({"half": "an answer"}))


def _uploaded(body: bytes, content_type: str) -> bytes:
    """The one file of a multipart body."""
    boundary = b"--" + content_type.rpartition("boundary=")[2].encode()
    part = body.split(boundary)[1]
    return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


class RunningStandIn:
    """A stand-in on a free port while the `with` block runs; `url` is where it is, `state` what it knows."""

    def __init__(self, key: str, port: int = 0):
        self.state = StandIn(key)
        self._port = port
        self.url = ""

    def __enter__(self) -> "RunningStandIn":
        listener = listener_on(HOST, self._port)
        self.url = address_of(listener)
        self._server = LoopbackServer(stand_in_app(self.state))
        self._thread = self._server.start(listener, "access point")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join()
