"""WeasyPrint for many documents of one look: what every one of them needs is worked out once a process.

WeasyPrint forgets everything with each document. Its own seams (a parsed tree, a style sheet, `Document`, `StyleFor`)
allow to keep what two documents from the same templates have in common; the version is pinned, so those seams hold
still. Only the shipped templates come here: they are well-formed XML and no rule of theirs changes a style afterwards.
"""

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import cssselect2  # type: ignore[import-untyped]
import weasyprint
from weasyprint.css import StyleFor
from weasyprint.css.counters import CounterStyle
from weasyprint.css.targets import TargetCollector
from weasyprint.document import Page
from weasyprint.formatting_structure.build import build_formatting_structure
from weasyprint.images import get_image_from_uri
from weasyprint.layout import LayoutContext, layout_document
from weasyprint.pdf import generate_pdf
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from billing_job.documents.pdf.picture_slots import PictureSize

_MOST_STYLES = 5_000
"""A process that serves many sellers meets their colours one by one; beyond this it starts afresh."""
_MOST_PLACES = 20_000
"""Of elements: one page has some 150, of which another page of the seller shares nearly all."""
_UNUSED = frozenset({"marker", "footnote-call", "footnote-marker", "note-call", "note-marker", "note-callback"})
"""Pseudo-elements that WeasyPrint's own sheet gives to every element; the shipped pages have no lists and no notes."""
_PRINTED = frozenset({"alt", "src", "content"})
"""Attributes that say what is printed, beside those in data-; no selector asks for them."""
_OF_A_PAGE = ("overflow", "counter_set", "counter_reset", "counter_increment")
"""What WeasyPrint writes into the style of a page or margin box while it makes it."""
_INLINE = (1, 0, 0)
"""The specificity of a style attribute."""


class Tree(weasyprint.HTML):  # type: ignore[misc]
    """A page that is well-formed XML: read by expat, which takes a twentieth of an HTML parser's time."""

    def __init__(self, root: Element, base_url: str, url_fetcher: URLFetcher):
        self.base_url = base_url
        self.url_fetcher = url_fetcher
        self.media_type = "print"
        self.etree_element = root
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root)


class Look:
    """A style sheet, its fonts and every style that its documents have had so far."""

    def __init__(self, style_sheet: weasyprint.CSS, font_config: FontConfiguration):
        self.style_sheet = style_sheet
        self.font_config = font_config
        self.styles: dict[Any, Any] = {}
        self.places: dict[Any, _Place] = {}

    def forget(self) -> None:
        """Start afresh."""
        self.styles.clear()
        self.places.clear()


class _Place:
    """Where elements stand that all selectors take for one; `styles` are theirs, by pseudo-element, once known."""

    __slots__ = ("styles",)

    def __init__(self) -> None:
        self.styles: dict[str | None, Any] | None = None


def _places(root: Element, known: dict[Any, _Place]) -> list[tuple[Element, _Place]]:
    """Each element with its place: its parent's, tag and attributes, and as much of its siblings as selectors ask for.

    These are `:first-child`, `:nth-child(2)` and `+`; `tests/documents/test_cached_layout.py` holds the sheets to that.
    """
    found: list[tuple[Element, _Place]] = []

    def add(element: Element, above: _Place | None, order: int, before: object) -> None:
        own = tuple(item for item in element.items() if item[0] not in _PRINTED and not item[0].startswith("data-"))
        key = (above, element.tag, own, min(order, 2), before)
        place = known.get(key)
        if place is None:
            place = known[key] = _Place()
        found.append((element, place))
        before = None
        for number, child in enumerate(element):
            add(child, place, number, before)
            before = (child.tag, child.get("class"))

    add(root, None, 0, None)
    return found


class _SharedStyles(StyleFor):  # type: ignore[misc]
    """The styles of one document's elements, taken from those of earlier documents where the same rules apply."""

    def __init__(self, html: Tree, sheets: Any, look: Look, target_collector: TargetCollector):
        self._known = look.styles
        places = _places(html.etree_element, look.places)
        if all(place.styles is not None for _, place in places):
            # As StyleFor begins; the rules are not asked again.
            self._cascaded_styles: dict[Any, Any] = {}
            self.initial_page_sizes: dict[str, Any] = {"box": None, "area": None}
            self._sheets, self.font_config = sheets, look.font_config
            self._computed_styles = {
                (element, kind): style for element, place in places for kind, style in (place.styles or {}).items()
            }
            return
        super().__init__(html, sheets, False, look.font_config, target_collector)
        of_element: dict[Any, dict[str | None, Any]] = {}
        for (element, kind), style in self.get_computed_styles().items():
            of_element.setdefault(element, {})[kind] = style
        for element, place in places:
            place.styles = of_element[element]

    def set_computed_styles(
        self,
        element: Any,
        parent: Any,
        root: Any = None,
        pseudo_type: str | None = None,
        base_url: str | None = None,
        target_collector: TargetCollector | None = None,
    ) -> None:
        if pseudo_type in _UNUSED:
            return
        own = partial(super().set_computed_styles, element, parent, root, pseudo_type, base_url, target_collector)
        computed = self.get_computed_styles()
        declared = self.get_cascaded_styles().get((element, pseudo_type), {})
        is_page = not isinstance(element, ElementTree.Element)
        above = root if is_page else parent
        key = (
            is_page,
            None if above is None or element is root else id(computed[above, None]),
            pseudo_type,
            *(() if is_page else (element.get(name) for name in ("style", "lang", "id"))),
            # The values of the sheets live as long as the look does, so their ids name them. Those of attributes are
            # made for each document: the attributes' texts stand for them.
            tuple(
                (name, id(value), weight[0], weight[1], tuple(weight[2]))
                for name, (value, weight) in declared.items()
                if weight[2] != _INLINE and name not in ("lang", "anchor")
            ),
        )
        known = self._known.get(key)
        if known is None:
            own()
            self._known[key] = computed[element, pseudo_type]
        elif is_page:
            computed[element, pseudo_type] = _fresh(known, computed[parent, None])
        else:
            computed[element, pseudo_type] = known


def _fresh(style: Any, parent_style: Any) -> Any:
    """The style of another page, without what was written into it."""
    copy = style.copy()
    copy.parent_style = parent_style
    for name in _OF_A_PAGE:
        copy.pop(name, None)
    return copy


def laid_out(tree: Tree, look: Look, pictures: Sequence[Element]) -> list[Any]:
    """The boxes of the pages that WeasyPrint makes; the same picture and the same tags as those of `HTML.render`.

    Of these `pictures` only the size is known.
    """
    if len(look.styles) > _MOST_STYLES or len(look.places) > _MOST_PLACES:
        look.forget()
    counter_style = CounterStyle()
    for styles in tree._ua_counter_style():
        counter_style.update(styles)
    sheets = [(sheet, "user agent", None) for sheet in tree._ua_stylesheets()]
    sheets.append((look.style_sheet, "user", None))
    # A slot needs a picture's size only; of others, a logo, WeasyPrint makes an image.
    sizes = {picture.get("src"): PictureSize(picture) for picture in pictures}
    options = weasyprint.DEFAULT_OPTIONS
    images = partial(get_image_from_uri, cache=sizes, url_fetcher=tree.url_fetcher, options=options)
    targets = TargetCollector()
    styles = _SharedStyles(tree, sheets, look, targets)
    context = LayoutContext(styles, images, look.font_config, counter_style, targets)
    root = build_formatting_structure(
        tree.etree_element, styles, context.get_image_from_uri, tree.base_url, targets, counter_style, context.footnotes
    )
    return list(layout_document(tree, root, context))


def document_of(pages: list[Page], tree: Tree, look: Look) -> weasyprint.Document:
    """Pages as a document; all that is told of it but its language stands in each file (`filled_layout`)."""
    metadata = DocumentMetadata(lang=tree.etree_element.get("lang"))
    intent = weasyprint.DEFAULT_OPTIONS["output_intent"]
    return weasyprint.Document(pages, metadata, tree.url_fetcher, look.font_config, {}, intent)


def drawn(document: weasyprint.Document, options: dict[str, Any]) -> Any:
    """The pages as the objects of a pydyf PDF, to be finished and written."""
    with warnings.catch_warnings():
        # WeasyPrint 70 leaves closing its sRGB profile to the garbage collector, which says so.
        warnings.simplefilter("ignore", ResourceWarning)
        return generate_pdf(document, None, 1, **options)
