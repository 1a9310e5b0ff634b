"""How the sandbox words an answer: JSON bodies, and the guide's one shape for every error."""

import json

from starlette.responses import Response

ERROR_CODES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    422: "validation_error",
    429: "rate_limited",
    500: "server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}


def json_answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON as the supplier sends it; integers of any length stay exact."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, media_type="application/json")


def error_body(status: int, message: str, code: str = "") -> dict[str, object]:
    """The guide's error format (guide: Error Responses); the code follows from the status unless one is given."""
    return {"error": {"code": code or ERROR_CODES.get(status, "error"), "message": message, "status": status}}


def error_answer(status: int, message: str, headers: dict[str, str] | None = None, *, code: str = "") -> Response:
    """An error with its status and the guide's body."""
    return json_answer(error_body(status, message, code), status, headers)
