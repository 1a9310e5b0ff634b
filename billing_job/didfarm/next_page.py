"""The page after a page, where the answer names it: Laravel's links and cursors, and where a setting says they stand.

A link's address is never used, only its path and query: the key goes to `api.base_url` and nowhere else.
"""

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urljoin, urlsplit

from billing_job.core.errors import RequestRefused
from billing_job.didfarm.dotted_paths import MISSING, Json, UnexpectedShape, value_at

PLACES = (
    "next_page_url",
    "links.next",
    "meta.next_page_url",
    "meta.links.next",
    "next_cursor",
    "meta.next_cursor",
    "next",
    "meta.next",
)
"""Laravel: a paginator as it is, with a resource around it, cursorPaginate in both ways; then what others write."""
LONGEST_LINK = 4_000


def next_page(body: Json, place: str) -> str | None:
    """The link or cursor at a dotted path, or where Laravel has it; empty at the end, None where no such place is."""
    places = (place,) if place else PLACES
    found = [(each, value) for each in places if (value := value_at(body, each)) is not MISSING]
    if not found:
        return None
    values = [(each, value.get("href") if isinstance(value, dict) else value) for each, value in found]
    where, named = next(((each, value) for each, value in values if value not in (None, "", False)), ("", None))
    if named is None:
        return ""
    if isinstance(named, bool) or not isinstance(named, int | str) or len(str(named)) > LONGEST_LINK:
        raise UnexpectedShape(
            f"the next page is {str(named)[:80]!r}, neither a link nor a cursor: look at api.transactions.next"
        )
    link = str(named)
    # What is called a cursor is one though it is a row's id, which would be a page, or base64 that begins with a slash.
    is_link = "://" in link or link.startswith("?") or (link.startswith("/") and "?" in link)
    return f"?{urlencode({'cursor': link})}" if "cursor" in where.lower() and not is_link else link


def request_of(link: str, base_url: str, path: str, query: Mapping[str, str]) -> tuple[str, dict[str, str | int]]:
    """Path and parameters of the request that a link or cursor stands for; an empty one is the first page.

    `path` is the list's own, below base_url. RequestRefused where a link leads to another host or out of base_url.
    """
    if not link:
        return path, dict(query)
    if not (link.startswith(("/", "?")) or "://" in link):
        return path, {**query, ("page" if link.isascii() and link.isdigit() else "cursor"): link}
    base = urlsplit(base_url)
    try:
        target = urlsplit(urljoin(base_url + path, link))
        same = (target.hostname, _port(target)) == (base.hostname, _port(base))
    except ValueError:
        raise RequestRefused(f"GET {path}: its link to the next page, {link[:200]!r}, is no address") from None
    # Behind a proxy that ends TLS an application often takes itself to be at http://; the request stays at ours.
    same = same or (target.hostname == base.hostname and target.scheme == "http" and target.port is None)
    below = base.path.rstrip("/") + "/"
    strays = ".." in unquote(target.path).split("/")
    if not same or strays or target.username is not None or not target.path.startswith(below):
        raise RequestRefused(
            f"GET {path}: its link to the next page leads to {_shown(link)!r}, not below {base_url}; not followed, for"
            " it would carry the key there. Correct api.base_url if that is the supplier's right address"
        )
    params: dict[str, str | int] = {**query, **dict(parse_qsl(target.query, keep_blank_values=True))}
    return "/" + target.path.removeprefix(below), params


def _port(parts: SplitResult) -> int | None:
    return parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _shown(link: str) -> str:
    """Where a link leads, without its query."""
    return link.partition("?")[0][:200]
