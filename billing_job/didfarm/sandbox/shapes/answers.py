"""A shape's answers to requests: which rows a page holds, and bytes of what it says."""

import re
from collections.abc import Iterable, Mapping

from starlette.responses import Response

from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.responses import error_body
from billing_job.didfarm.sandbox.shapes.envelopes import cursor_token
from billing_job.didfarm.sandbox.shapes.shape import Listing, Reply, Shape
from billing_job.didfarm.wire_json import canonical_json

LARGEST_PAGE = 100


def list_reply(shape: Shape, rows: Iterable[WireRow], query: Mapping[str, str], url: str) -> Reply:
    """The page that a query asks for, as the shape words it; `rows` are all of the wallet's."""
    unknown = set(query) - {"cursor" if shape.by_cursor else "page", shape.size_key}
    if shape.is_strict and unknown:
        return Reply(error_body(422, f"The parameter {min(unknown)} is unknown."), 422)
    truths = shape.listed(rows)
    size = _whole(query.get(shape.size_key, ""))
    size = min(size, LARGEST_PAGE) if size else shape.page_size
    number = 1 if shape.by_cursor else _whole(query.get("page", "1"))
    if not number:
        return Reply(error_body(422, "The page must be a positive integer."), 422)
    start = (number - 1) * size
    if shape.by_cursor and (token := query.get("cursor")):
        starts = (start for start in range(len(truths) + 1) if cursor_token(start) == token)
        start = next(starts, -1)
        if start < 0:
            return Reply(error_body(422, "The cursor is not valid."), 422)
    shown = [shape.row(truth) for truth in truths[start : start + size]]
    return Reply(shape.envelope(Listing(shown, number, size, len(truths), start, url)))


def answer_of(reply: Reply) -> Response:
    """The reply as HTTP; every digit of a number as it was given."""
    if reply.body is None:
        return Response(status_code=reply.status)
    return Response(canonical_json(reply.body), reply.status, media_type="application/json")


def _whole(text: str) -> int:
    """A positive whole number; 0 when it is none."""
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,8}", text) else 0
