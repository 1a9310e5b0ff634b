"""What an answer's status and body mean: a value, or the error that says what to do next.

Everything that an answer says of itself is text from outside: cleaned of the key, on one line, and cut.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from billing_job.core.errors import InsufficientBalance, Invalid, NotFound, RequestRefused, Unauthorized
from billing_job.core.redaction import SHORTEST_SECRET, spellings
from billing_job.didfarm.retry import ODD_ATTEMPTS, Retryable, seconds_asked_for
from billing_job.didfarm.wire_json import Json, parse_json

LONGEST_QUOTE = 300
"""Characters of what a supplier says that we repeat."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer whose body was read whole and parsed."""

    body: Json
    status: int


class Keys:
    """The key in use and those before it: all are cut out of whatever an answer brings back."""

    def __init__(self, key: str):
        self.current = key
        self._spellings = spellings(key)

    def replace(self, key: str) -> bool:
        """Use another key from now on; whether it is another one."""
        changed = key != self.current
        self.current = key
        self._spellings |= spellings(key)
        return changed

    def cut(self, text: str) -> str:
        """The text without any key."""
        for spelling in self._spellings:
            text = text.replace(spelling, "[key]")
        return text

    def cut_within(self, body: Json) -> Json:
        """The same of every text in a body, in place: no row, raw or read, may keep a key that a supplier echoes."""
        wanted = [spelling for spelling in self._spellings if len(spelling) >= SHORTEST_SECRET]
        box = [body]
        open_: list[Json] = [box]
        while open_:  # no recursion: an answer may be nested deeper than Python goes
            holder = open_.pop()
            if isinstance(holder, dict) and any(spelling in name for name in holder for spelling in wanted):
                for name in list(holder):
                    holder[self.cut(name)] = holder.pop(name)
            for place, value in enumerate(holder) if isinstance(holder, list) else holder.items():
                if isinstance(value, str):
                    if any(spelling in value for spelling in wanted):
                        holder[place] = self.cut(value)
                elif isinstance(value, dict | list):
                    open_.append(value)
        return box[0]


def judge(status: int, headers: Mapping[str, str], content: bytes, keys: Keys, now: datetime) -> Answer:
    """Turn status and body into an Answer or the error that says what to do next."""
    if 300 <= status < 400:
        target = keys.cut(headers.get("location", "nowhere"))
        raise RequestRefused(
            f"redirected to {target[:LONGEST_QUOTE]!r}; not followed, it would carry the key there: correct"
            " api.base_url",
            status=status,
        )
    page = web_page(headers, content)
    if page and not 500 <= status < 600 and status not in (401, 404, 408, 425, 429):
        said = f"status {status} with {keys.cut(page)}"
        if 200 <= status < 300 or status == 403:
            # What somebody in between shows does not change within half a minute.
            raise Retryable(said, status=status, attempts=ODD_ATTEMPTS)
        raise RequestRefused(f"{said}; check api.base_url", status=status)
    body: Json = None
    problem = ""
    try:
        body = keys.cut_within(parse_json(content))
    except ValueError as error:
        problem = f"the body is not JSON ({keys.cut(str(error))})" if content.strip() else "the body is empty"
    if 200 <= status < 300:
        if problem and not content.strip():
            raise Retryable(f"status {status}, and {problem}", status=status, attempts=ODD_ATTEMPTS)
        if problem:
            raise Retryable(problem, status=status)
        if isinstance(body, dict) and "error" in body and "data" not in body:
            code, message = error_of(body)
            raise Retryable(f"status {status} with an error in it: {code} {message}".rstrip(), status=status, code=code)
        return Answer(body, status)
    code, message = error_of(body)
    message = message or keys.cut(page)
    said = f"status {status}" + (f" {code}" if code else "") + (f": {message}" if message else "")
    if status in (401, 403):
        remedy = "check DIDFARM_API_KEY or api.key_file" if status == 401 else "ask for a key with the permission"
        raise Unauthorized(f"{said}; {remedy}", status=status, code=code)
    if status in (408, 425, 429) or status >= 500:
        wait = seconds_asked_for(headers, now) if status in (429, 503) or "retry-after" in headers else None
        raise Retryable(said, status=status, code=code, retry_after=wait, harmless=status == 429)
    if status == 422:
        raise (InsufficientBalance if code == "insufficient_balance" else Invalid)(said, status=status, code=code)
    refused = NotFound if status == 404 else RequestRefused
    raise refused(f"{said}; check api.base_url", status=status, code=code)


def error_of(body: Json) -> tuple[str, str]:
    """Code and message of the guide's error body, or of Laravel's own (`message`, `errors`); else empty texts."""
    if not isinstance(body, dict):
        return "", ""
    error = body.get("error")
    code, parts = "", []
    if isinstance(error, dict):
        code = _quoted(error.get("code", ""))
        parts.append(error.get("message"))
    else:
        parts.append(error)
    parts.append(body.get("message"))
    details = body.get("errors")
    if isinstance(details, dict):
        parts += [f"{name}: {text}" for name, texts in details.items() for text in _texts(texts)]
    else:
        parts += _texts(details)
    said = dict.fromkeys(part.strip() for part in parts if isinstance(part, str) and part.strip())
    return code, _quoted("; ".join(said))


def _texts(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [value]
    found = [item.get("detail", item.get("message")) if isinstance(item, dict) else item for item in values]
    return [text for text in found if isinstance(text, str)]


def _quoted(value: Json) -> str:
    """On one line, printable, and cut; the key is gone already, for half a key would stay."""
    text = "".join(character if character.isprintable() else " " for character in str(value))
    return " ".join(text.split())[:LONGEST_QUOTE]


_CHALLENGES = ("just a moment", "cf-chl", "cf_chl", "challenge-platform", "attention required", "checking your browser")
_PORTALS = ("captive", "hotspot", "wifi login", "wi-fi login", "network login", "guest network")


def web_page(headers: Mapping[str, str], content: bytes) -> str:
    """What kind of web page came where JSON was asked for, with its title; empty when it is none."""
    begin = content[:65_536].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not begin.startswith("<"):
        return ""
    lower = begin.lower()
    found = re.search(r"<title[^>]*>(.*?)</title", begin, re.IGNORECASE | re.DOTALL)
    title = _quoted(html.unescape(found[1]))[:80] if found else ""
    called = f" {title!r}" if title else ""
    if headers.get("cf-mitigated") == "challenge" or any(word in lower for word in _CHALLENGES):
        return (
            f"a challenge page{called}, as Cloudflare shows to programs, not JSON: ask the supplier to let this"
            " machine's address through"
        )
    if any(word in lower for word in _PORTALS):
        return f"the page of a captive portal{called}, not JSON: this network wants a login first"
    return (
        f"a web page{called}, not JSON: a proxy, a firewall or a login page answers in the supplier's place, or"
        " api.base_url is not the API's address"
    )
