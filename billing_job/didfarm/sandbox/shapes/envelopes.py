"""What stands around the rows: plain lists, Laravel's paginators, and what other frameworks do."""

from base64 import urlsafe_b64encode

from billing_job.didfarm.sandbox.shapes.shape import Envelope, Json, Listing


def data_and_meta(page: Listing) -> Json:
    """As the guide's search answers: {"data": […], "meta": {"total": …, "page": …}}."""
    return {"data": page.rows, "meta": {"total": page.total, "page": page.number}}


def bare_list(page: Listing) -> Json:
    """Nothing around the rows."""
    return page.rows


def length_aware(page: Listing) -> Json:
    """Laravel's paginate(): total and links beside data."""
    return {
        "current_page": page.number,
        "data": page.rows,
        "first_page_url": page_url(page, 1),
        "from": page.start + 1 if page.rows else None,
        "last_page": page.last_page,
        "last_page_url": page_url(page, page.last_page),
        "links": [{"url": page_url(page, 1), "label": "1", "active": page.number == 1}],
        "next_page_url": _next_url(page),
        "path": page.url,
        "per_page": page.size,
        "prev_page_url": page_url(page, page.number - 1) if page.number > 1 else None,
        "to": page.start + len(page.rows) if page.rows else None,
        "total": page.total,
    }


def length_aware_resource(page: Listing) -> Json:
    """Laravel's paginate() in a resource collection: links and meta."""
    return {
        "data": page.rows,
        "links": {
            "first": page_url(page, 1),
            "last": page_url(page, page.last_page),
            "prev": page_url(page, page.number - 1) if page.number > 1 else None,
            "next": _next_url(page),
        },
        "meta": {
            "current_page": page.number,
            "from": page.start + 1 if page.rows else None,
            "last_page": page.last_page,
            "path": page.url,
            "per_page": page.size,
            "to": page.start + len(page.rows) if page.rows else None,
            "total": page.total,
        },
    }


def simple(page: Listing) -> Json:
    """Laravel's simplePaginate(): no total."""
    return {
        "current_page": page.number,
        "data": page.rows,
        "first_page_url": page_url(page, 1),
        "from": page.start + 1 if page.rows else None,
        "next_page_url": _next_url(page),
        "path": page.url,
        "per_page": page.size,
        "prev_page_url": page_url(page, page.number - 1) if page.number > 1 else None,
        "to": page.start + len(page.rows) if page.rows else None,
    }


def simple_resource(page: Listing) -> Json:
    """Laravel's simplePaginate() in a resource collection."""
    return {
        "data": page.rows,
        "links": {"first": page_url(page, 1), "last": None, "prev": None, "next": _next_url(page)},
        "meta": {"current_page": page.number, "path": page.url, "per_page": page.size},
    }


def cursor(page: Listing) -> Json:
    """Laravel's cursorPaginate(): the next page is a cursor, numbers mean nothing."""
    token = _token(page)
    return {
        "data": page.rows,
        "path": page.url,
        "per_page": page.size,
        "next_cursor": token,
        "next_page_url": None if token is None else f"{page.url}?cursor={token}",
        "prev_cursor": None,
        "prev_page_url": None,
    }


def cursor_resource(page: Listing) -> Json:
    """Laravel's cursorPaginate() in a resource collection."""
    token = _token(page)
    return {
        "data": page.rows,
        "links": {"first": None, "last": None, "prev": None, "next": token and f"{page.url}?cursor={token}"},
        "meta": {"path": page.url, "per_page": page.size, "next_cursor": token, "prev_cursor": None},
    }


def cursor_only(page: Listing) -> Json:
    """A cursor and no link: {"transactions": […], "paging": {"next": "…"}}."""
    return {"transactions": page.rows, "paging": {"next": _token(page)}}


def keyed(rows: str, total: str = "", **others: Json) -> Envelope:
    """The rows under a dotted path, the total under another, and what else stands there."""

    def envelope(page: Listing) -> Json:
        body: dict[str, Json] = dict(others)
        _put(body, rows, page.rows)
        if total:
            _put(body, total, page.total)
        return body

    return envelope


def counted_results(page: Listing) -> Json:
    """Django REST framework: count, next, previous, results."""
    previous = page_url(page, page.number - 1) if page.number > 1 else None
    return {"count": page.total, "next": _next_url(page), "previous": previous, "results": page.rows}


def linked(page: Listing) -> Json:
    """{"data": […], "links": {"next": …}}, and no word of totals or page numbers."""
    return {"data": page.rows, "links": {"next": _next_url(page)}}


def page_url(page: Listing, number: int) -> str:
    """The address of a page."""
    return f"{page.url}?page={number}"


def _next_url(page: Listing) -> str | None:
    return page_url(page, page.number + 1) if page.has_more else None


def _token(page: Listing) -> str | None:
    return cursor_token(page.start + len(page.rows)) if page.has_more else None


def cursor_token(start: int) -> str:
    """An opaque word for the row that a page begins with."""
    return urlsafe_b64encode(f"start:{start}".encode()).decode().rstrip("=")


def _put(body: dict[str, Json], path: str, value: Json) -> None:
    *outer, last = path.split(".")
    for key in outer:
        inner = body.setdefault(key, {})
        assert isinstance(inner, dict)  # noqa: S101 - paths of one shape never cross
        body = inner
    body[last] = value
