"""The faults that the sandbox can play: their names, arguments, and when each one strikes.

A fault is written NAME[:ARG[,ARG]...]. Besides its own arguments every fault takes `page=N` or `page=all` (which page
of the list it strikes; the wallet changes whatever the page), `at=N` (from which request for the list on, counted from
when it was armed), `times=N`, and `forever`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from billing_job.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its arguments; `values` are the ones of its own kind, in order."""

    name: str
    values: tuple[int | str, ...] = ()
    page: int | None = 2
    """The page it strikes; None is any."""
    at: int = 1
    """The request for the list, counted from when the fault was armed, from which on it may strike."""
    times: int | None = 1
    """None is for ever."""

    def number(self, position: int = 0) -> int:
        """The value at a position that is an integer by its kind."""
        return int(self.values[position])


@dataclass(frozen=True, slots=True)
class _Parameter:
    """An argument of one kind of fault; `page` and `times` set the fields of those names."""

    name: str
    default: int | str
    pattern: str = r"\d+"


@dataclass(frozen=True, slots=True)
class _Kind:
    text: str
    parameters: tuple[_Parameter, ...] = ()
    page: int | None = 2
    at: int = 1
    times: int | None = 1


_PAGE = _Parameter("page", 2, r"[1-9]\d*")
_ROWS = _Parameter("rows", 3, r"[1-9]\d*")
_SECONDS = _Parameter("seconds", 2)
_POSITION = _Parameter("position", 0)

_KINDS: dict[str, _Kind] = {
    # The wallet changes between two requests.
    "prepend_rows": _Kind("ROWS new transactions arrive in the middle of a walk", (_ROWS,), at=2),
    "prepend_page": _Kind("a whole page of new transactions arrives at once in the middle of a walk", at=2),
    "inflow": _Kind(
        "ROWS new transactions arrive before each of 10 requests for the list",
        (_Parameter("rows", 1, r"[1-9]\d*"),),
        at=2,
        times=10,
    ),
    "delete_row": _Kind(
        "the row at POSITION of the list (0 is the first) vanishes in the middle of a walk", (_POSITION,), at=2
    ),
    "backdate_row": _Kind(
        "a transaction dated DAYS before the newest appears in the middle of a walk", (_Parameter("days", 40),), at=2
    ),
    "reshuffle_ties": _Kind(
        "rows of the same moment change places before each of 10 requests for the list", at=2, times=10
    ),
    "change_amount": _Kind("the row at POSITION shows one cent less, under the same id", (_POSITION,), at=2),
    "unknown_field": _Kind("every row carries a field that nobody announced"),
    "missing_field": _Kind(
        "the row at POSITION lacks FIELD", (_Parameter("field", "amount", r"\w+"), _Parameter("position", 5))
    ),
    "huge_amount": _Kind("the row at POSITION has an amount of 20 digits", (_Parameter("position", 5),)),
    # A page is wrong.
    "duplicate_id": _Kind("page PAGE shows its first row twice, and its second not at all", (_PAGE,)),
    "short_page": _Kind("page PAGE holds only half of its rows", (_PAGE,)),
    "empty_page": _Kind("page PAGE holds no rows", (_PAGE,)),
    "stale_total": _Kind("meta.total is ROWS too low", (_ROWS,)),
    "bad_total": _Kind(
        "meta.total is HOW: missing, null, string or negative",
        (_Parameter("how", "missing", "missing|null|string|negative"),),
    ),
    "wrong_page": _Kind("meta.page of page PAGE names the page after it", (_PAGE,)),
    "clamp_page": _Kind("a page past the end is answered with the last page", page=None, times=None),
    "page_size": _Kind("the page is cut at SIZE rows a page", (_Parameter("size", 50, r"[1-9]\d*"),)),
    "null_data": _Kind("data of page PAGE is null", (_PAGE,)),
    # The whole answer is another one.
    "html_200": _Kind("page PAGE is an HTML page with status 200", (_PAGE,)),
    "error_200": _Kind("page PAGE is an error body with status 200", (_PAGE,)),
    "rate_limit": _Kind("429 with Retry-After SECONDS", (_SECONDS,)),
    "retry_after": _Kind(
        "429 with Retry-After VALUE, for example 0, -1, 1.5, 3600 or garbage",
        (_Parameter("value", "garbage", r"[ -~]*"),),
    ),
    "retry_after_date": _Kind(
        "429 with Retry-After as a date SECONDS ahead, by a server clock that is OFF seconds fast, as its Date says",
        (_SECONDS, _Parameter("off", 3600, r"-?\d+")),
    ),
    "rate_limit_bare": _Kind("429 without Retry-After"),
    "rate_limit_storm": _Kind("TIMES answers in a row are 429 with Retry-After 1", (_Parameter("times", 10),)),
    "server_error": _Kind(
        "TIMES answers in a row have status STATUS", (_Parameter("status", 503, "5\\d\\d"), _Parameter("times", 3))
    ),
    "server_error_forever": _Kind(
        "every answer has status STATUS", (_Parameter("status", 500, "5\\d\\d"),), page=None, times=None
    ),
    "unauthorized": _Kind(
        "the key is refused with STATUS, whatever is asked for",
        (_Parameter("status", 401, "401|403"),),
        page=None,
        times=None,
    ),
    "key_in_error": _Kind(
        "an error of status STATUS repeats the key and a URL that holds it", (_Parameter("status", 500, "[45]\\d\\d"),)
    ),
    "redirect": _Kind(
        "a redirect to URL, with the key in its query",
        (_Parameter("url", "https://elsewhere.example/api/v1/wallet/transactions", r"https?://\S+"),),
    ),
    # The bytes on the wire are wrong.
    "truncated_length": _Kind("the body of page PAGE stops half way, short of its Content-Length", (_PAGE,)),
    "truncated_chunked": _Kind("the body of page PAGE stops half way, without its last chunk", (_PAGE,)),
    "reset": _Kind("the connection is reset before an answer"),
    "hang": _Kind("no answer comes, and the connection stays open"),
    "lost_checkout": _Kind("a checkout is carried out, then the connection is reset before the answer", page=None),
    "lost_trunk": _Kind("a trunk is made, then the connection is reset before the answer", page=None),
    "lost_routing": _Kind("a number is routed, then the connection is reset before the answer", page=None),
    "lost_message": _Kind("a message is sent, then the connection is reset before the answer", page=None),
    "slow_drip": _Kind("the body comes a byte every MILLISECONDS", (_Parameter("milliseconds", 200, r"[1-9]\d*"),)),
}

FAULTS: Mapping[str, str] = MappingProxyType({name: kind.text for name, kind in _KINDS.items()})
"""What each fault does, by name; capitals are its arguments."""

_OPTION = re.compile(r"(?P<name>page|at|times)=(?P<value>all|[1-9]\d*)")


def usage(name: str) -> str:
    """How a fault is written, with its defaults, for example `server_error:503,3`."""
    defaults = ",".join(str(parameter.default) for parameter in _KINDS[name].parameters)
    return f"{name}:{defaults}" if defaults else name


def parse_fault(text: str) -> Fault:
    """Read NAME[:ARG[,ARG]...]; ConfigError lists the names, or says which argument is wrong and how it is written."""
    name, _, rest = text.partition(":")
    kind = _KINDS.get(name)
    if kind is None:
        raise ConfigError(f"fault {name!r} is not known; the sandbox can play: {', '.join(_KINDS)}")
    words = [word.strip() for word in rest.split(",")] if rest else []
    own = [word for word in words if word != "forever" and not _OPTION.fullmatch(word)]
    if len(own) > len(kind.parameters):
        raise ConfigError(f"fault {text!r} has too many arguments; written in full it is {usage(name)}")
    fault = Fault(name, page=kind.page, at=kind.at, times=kind.times)
    for position, parameter in enumerate(kind.parameters):
        fault = _with_argument(fault, text, parameter, own[position] if position < len(own) else str(parameter.default))
    for word in words:
        if option := _OPTION.fullmatch(word):
            fault = _with_option(fault, text, option["name"], option["value"])
    return replace(fault, times=None) if "forever" in words else fault


def _with_argument(fault: Fault, text: str, parameter: _Parameter, word: str) -> Fault:
    if not re.fullmatch(parameter.pattern, word):
        raise ConfigError(f"fault {text!r}: {word!r} is not a {parameter.name}; for example {usage(fault.name)}")
    value = int(word) if isinstance(parameter.default, int) else word
    if parameter.name == "page":
        return replace(fault, page=int(value))
    if parameter.name == "times":
        return replace(fault, times=int(value))
    return replace(fault, values=(*fault.values, value))


def _with_option(fault: Fault, text: str, name: str, value: str) -> Fault:
    if value == "all":
        if name != "page":
            raise ConfigError(f"fault {text!r}: only page can be all, {name} is a number")
        return replace(fault, page=None)
    if name == "page":
        return replace(fault, page=int(value))
    return replace(fault, at=int(value)) if name == "at" else replace(fault, times=int(value))
