"""The layouts of a process: a document finds the one of its shape, or becomes the first of a new one."""

from functools import partial
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from weasyprint.urls import URLFetcher

from billing_job.documents.pdf.cached_layout import CachedLayout, Differs, FilledTexts, filling
from billing_job.documents.pdf.glyph_runs import CannotBeShown, Fonts
from billing_job.documents.pdf.layout_capture import captured_layout
from billing_job.documents.pdf.page_shape import PageTexts, page_texts
from billing_job.documents.pdf.shared_styles import Look, Tree, document_of, laid_out
from billing_job.documents.pdf.table_rows import take_out

_MOST_PARAGRAPHS = 100_000
"""Paragraphs of all layouts that are kept, of the shapes used last: about 80 MB, some 800 pages."""
_MOST_OF_A_SHAPE = 20
"""Layouts of one shape, which differ in where texts break: a document tries them one by one."""


class LayoutCache:
    """The layouts of one look, by the shape of their pages."""

    def __init__(self, look: Look, base_url: str, url_fetcher: URLFetcher, options: dict[str, Any]):
        self.fonts = Fonts()
        self._look = look
        self._base_url = base_url
        self._url_fetcher = url_fetcher
        self.options = options
        self._of_shape: dict[tuple[Any, ...], list[CachedLayout]] = {}

    def fill(self, xhtml: str) -> tuple[CachedLayout, FilledTexts, PageTexts]:
        """A document's layout and what it puts there; CannotBeShown when it has to be made the ordinary way."""
        root = ElementTree.fromstring(xhtml)  # noqa: S314 - our own template, escaped
        page = page_texts(root)
        layouts = self._of_shape.get(page.shape, [])
        for layout in layouts:
            try:
                found = layout, filling(layout, page), page
            except Differs:
                continue
            self._keep(page.shape, layouts)
            return found
        layout = self._made(root, page, xhtml)
        try:
            found = layout, filling(layout, page), page
        except Differs:
            raise CannotBeShown(page.head.get("title", "")) from None
        self._keep(page.shape, [*layouts, layout][-_MOST_OF_A_SHAPE:])
        self._forget_old_ones()
        return found

    def clear(self) -> None:
        """Forget every layout."""
        self._of_shape.clear()

    def _keep(self, shape: tuple[Any, ...], layouts: list[CachedLayout]) -> None:
        """As those that were used last."""
        self._of_shape.pop(shape, None)
        self._of_shape[shape] = layouts

    def _forget_old_ones(self) -> None:
        kept = sum(len(layout.paragraphs) for layouts in self._of_shape.values() for layout in layouts)
        while kept > _MOST_PARAGRAPHS and len(self._of_shape) > 1:
            oldest = self._of_shape.pop(next(iter(self._of_shape)))
            kept -= sum(len(layout.paragraphs) for layout in oldest)

    def _made(self, root: Element, page: PageTexts, xhtml: str) -> CachedLayout:
        """The layout of a page that was read; read once more where its rows, which were taken out, must be laid out."""
        try:
            taken = take_out(root)
            try:
                return self._captured(root, page, taken)
            except Differs:
                if not taken:
                    raise
            root = ElementTree.fromstring(xhtml)  # noqa: S314 - our own template, escaped
            return self._captured(root, page_texts(root), {})
        except Differs:
            raise CannotBeShown(page.head.get("title", "")) from None

    def _captured(self, root: Element, page: PageTexts, taken: dict[Element, list[Element]]) -> CachedLayout:
        tree = Tree(root, self._base_url, self._url_fetcher)
        pages = laid_out(tree, self._look, page.pictures)
        return captured_layout(
            pages, partial(document_of, tree=tree, look=self._look), page, taken, self.fonts, self.options
        )
