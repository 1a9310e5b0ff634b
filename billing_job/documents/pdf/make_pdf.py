"""HTML becomes a PDF/A-3a that is also PDF/UA-1, with the machine-readable files embedded."""

import contextlib
import gc
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import weasyprint
from weasyprint.pdf import VARIANTS
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from billing_job.core.errors import DocumentError
from billing_job.core.resources import shipped_templates
from billing_job.documents.pdf.filled_layout import filled_layout_file
from billing_job.documents.pdf.glyph_runs import CannotBeShown
from billing_job.documents.pdf.layout_cache import LayoutCache
from billing_job.documents.pdf.page_shape import rows_of_lines
from billing_job.documents.pdf.pdf_objects import file_bytes
from billing_job.documents.pdf.shared_styles import Look, drawn
from billing_job.documents.pdf.table_rows import opens_whole, row_counts, table_on
from billing_job.documents.pdf.xmp import complete_metadata
from billing_job.documents.templates import Templates

# Relative addresses in a template mean files of the template folders, wherever those are: the real path stays out.
_BASE = "file:///templates/"
_LOGGER = logging.getLogger("weasyprint")
_STYLE_SHEET = "invoice.css"
_OWN_LOOK = (_STYLE_SHEET, "page.html", "base.html", "payment.html", "invoice.html", "credit_note.html")
_FACTURX = "factur-x.xml"
_VARIANT = "pdf/a-3a"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file to embed in the PDF; `relationship` is its AFRelationship (ISO 19005-3)."""

    name: str
    content: bytes
    description: str
    relationship: str


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """Without the garbage collector, which finds nothing in the hundred thousand objects of a page that is being made.

    They are freed together afterwards, as soon as it runs again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_no_collector()
def pdf_bytes(
    html: str,
    templates: Templates,
    *,
    day: date,
    embedded: Sequence[Embedded],
    what: str,
    closer: Iterable[str] = (),
    cached: bool = True,
) -> bytes:
    """The PDF of a page, dated `day` at midnight UTC: the same document gives the same bytes whenever it is made.

    `closer` are other arrangements of the page, each taking less room: of all, the first one counts whose page one has
    what it is meant to have, or the last one. `cached` keeps its layout for the next page of the same shape: of
    documents, of which a month has thousands. Loads nothing but data: addresses and files of the template folders.
    DocumentError names `what` and the file that is missing, cannot be read or lies elsewhere.
    """
    moment = datetime.combine(day, time(), UTC)
    facturx = any(file.name == _FACTURX for file in embedded)
    failures = _Failures()
    _LOGGER.addHandler(failures)
    shared = shared_by_documents(templates.folders)
    attachments = [
        weasyprint.Attachment(
            string=file.content,
            url_fetcher=shared.fetcher,
            name=file.name,
            description=file.description,
            created=moment,
            modified=moment,
            relationship=file.relationship,
        )
        for file in embedded
    ]
    try:
        tried = (_made(page, shared, day, facturx, cached=cached and shared.is_ours) for page in chain((html,), closer))
        content = _first_whole(tried).file(attachments)
    except FatalURLFetchingError as error:
        raise DocumentError(f"{what}: {error.__cause__ or error}") from error
    finally:
        _LOGGER.removeHandler(failures)
    if failures.messages:
        # A layout made now would leave out the same image from every other document, and nobody would say so again.
        shared.layouts.clear()
        raise DocumentError(f"{what}: {'; '.join(failures.messages)}")
    return content


class _Made(NamedTuple):
    """A page that is laid out: whether page one has all that it is meant to have, and its file with attachments."""

    opens_whole: bool
    file: Callable[[Sequence[weasyprint.Attachment]], bytes]


def _first_whole(tried: Iterable[_Made]) -> _Made:
    """None is laid out after the first one that opens whole."""
    for made in tried:
        if made.opens_whole:
            break
    return made


def _made(html: str, shared: "_Shared", day: date, facturx: bool, *, cached: bool) -> _Made:
    made = _on_cached_layout(html, shared.layouts, day, facturx) if cached else None
    return made or _of_its_own(html, shared, day, facturx)


def _on_cached_layout(html: str, layouts: LayoutCache, day: date, facturx: bool) -> _Made | None:
    """A page of the shipped templates; None when it has more than texts and glyphs can show."""
    try:
        layout, filling, page = layouts.fill(html)
    except CannotBeShown:
        return None

    def file(attachments: Sequence[weasyprint.Attachment]) -> bytes:
        return filled_layout_file(
            layout, filling, page, layouts.fonts, day=day, attachments=attachments, facturx=facturx,
            options=layouts.options,
        )  # fmt: skip

    return _Made(layout.opens_whole, file)


def _of_its_own(html: str, shared: "_Shared", day: date, facturx: bool) -> _Made:
    """Any page, laid out whole."""
    source = weasyprint.HTML(string=html, base_url=_BASE, url_fetcher=shared.fetcher)
    document = source.render(stylesheets=[shared.look.style_sheet], font_config=shared.look.font_config)
    document.metadata.created = document.metadata.modified = f"{day.isoformat()}T00:00:00Z"

    def file(attachments: Sequence[weasyprint.Attachment]) -> bytes:
        document.metadata.attachments = list(attachments)
        pdf = drawn(document, _options())
        complete_metadata(pdf, facturx=facturx)
        return file_bytes(pdf)

    page_boxes = [page._page_box for page in document.pages]
    counts = row_counts([table_on(box) for box in page_boxes], rows_of_lines(source.etree_element))
    return _Made(opens_whole(page_boxes, counts), file)


def _options() -> dict[str, Any]:
    """What WeasyPrint is told to make PDF/A-3a: its defaults, and what the variant sets in their place."""
    _, variant = VARIANTS[_VARIANT]
    own = {name: variant.get(name) if value is None else value for name, value in weasyprint.DEFAULT_OPTIONS.items()}
    return {**own, "pdf_variant": _VARIANT}


def warm_up(templates: Templates) -> None:
    """Read style sheet and fonts before the first document, which says what is wrong with them."""
    with contextlib.suppress(DocumentError):
        shared_by_documents(templates.folders)


class _Failures(logging.Handler):
    """Keeps what WeasyPrint only logs: an image it could not decode would otherwise be left out without a word."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class _TemplateFiles(URLFetcher):  # type: ignore[misc]
    """Loads data: addresses and files of the template folders; anything else stops the document."""

    def __init__(self, templates: Templates):
        super().__init__(allowed_protocols=("data",), fail_on_errors=True)
        self._templates = templates

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        if url.startswith("data:"):
            return super().fetch(url, headers)
        if not url.startswith(_BASE):
            raise ValueError(f"{url}: only data: addresses and files of the templates folder may be loaded")
        name = unquote(urlsplit(url).path).removeprefix("/templates/")
        path = self._templates.find(name)
        if path is None:
            folders = ", ".join(str(folder) for folder in self._templates.folders)
            raise ValueError(f"the template needs {name}, which is in none of the template folders ({folders})")
        return URLFetcherResponse(url, path.read_bytes())


@dataclass(frozen=True)
class _Shared:
    """What every document of a process uses again: reading fonts and style sheet once saves a third of a short page."""

    fetcher: _TemplateFiles
    look: Look
    layouts: LayoutCache
    is_ours: bool
    """The page's templates and style sheet are the shipped ones, which `shared_styles` knows."""


@lru_cache(maxsize=4)
def shared_by_documents(folders: tuple[Path, ...]) -> _Shared:
    """The style sheet, fonts and layouts that all documents of these template folders share in a process."""
    templates = Templates(folders)
    fetcher, font_config = _TemplateFiles(templates), FontConfiguration()
    path = templates.find(_STYLE_SHEET)
    if path is None:
        raise DocumentError(f"{_STYLE_SHEET} is in none of the template folders")
    try:
        style_sheet = weasyprint.CSS(
            string=path.read_text(encoding="utf-8"), base_url=_BASE, url_fetcher=fetcher, font_config=font_config
        )
    except FatalURLFetchingError as error:
        raise DocumentError(f"{path}: {error.__cause__ or error}; correct the style sheet") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read ({error}); save it as UTF-8") from None
    is_ours = all(templates.find(name) == (shipped_templates() / name).resolve() for name in _OWN_LOOK)
    look = Look(style_sheet, font_config)
    return _Shared(fetcher, look, LayoutCache(look, _BASE, fetcher, _options()), is_ours)
