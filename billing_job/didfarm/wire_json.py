"""JSON as it came: parsed without losing a digit, and written again in one way only."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Any
"""A value of a parsed JSON answer, numbers with a fraction as Decimal."""

DEEPEST_ANSWER = 100
"""Levels of an answer that are parsed; what is deeper is kept as its text, within a row that waits."""
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def canonical_json(value: Json) -> str:
    """ASCII JSON with sorted keys; numbers with a fraction keep every digit that came."""
    try:
        return _ENCODER.encode(value)
    except TypeError:
        return _with_decimals(value)


def _with_decimals(value: Json) -> str:
    if isinstance(value, Decimal):
        # 150e0 came as a number with an exponent and must not come back as the integer 150: that would be cents.
        text = str(value)
        return text if set(text) & set(".E") else f"{text}e0"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_with_decimals(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_with_decimals(item) for item in value) + "]"
    return json.dumps(value)


def parse_json(text: str | bytes) -> Json:
    """Parse an answer without losing a digit; ValueError when it is not JSON.

    What is nested beyond DEEPEST_ANSWER becomes the text that it is, so that one such row does not cost the page.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if text.count("[") + text.count("{") > DEEPEST_ANSWER:
        text = _without_depths(text)
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _without_depths(text: str) -> str:
    pieces, level, done, begun = [], 0, 0, 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            level += 1
            if level == DEEPEST_ANSWER + 1:
                begun = token.start()
        elif token[0] in "]}":
            if level == DEEPEST_ANSWER + 1:
                pieces += [text[done:begun], json.dumps(text[begun : token.end()])]
                done = token.end()
            level -= 1
    return "".join((*pieces, text[done:]))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is beyond every number") from None


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


# Made once: for a row of the wallet making one takes as long as using it.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_float=_decimal, parse_constant=_no_constant)
