"""WeasyPrint for many documents of one look: what every one of them needs is worked out once a process.

WeasyPrint forgets everything with each document. Its own seams (a parsed tree, a style sheet, `Document`, `StyleFor`)
allow to keep what two documents from the same templates have in common; the version is pinned, so those seams hold
still. Only the shipped templates come here: they are well-formed XML and no rule of theirs changes a style afterwards.
"""

import warnings
from functools import partial
from typing import Any
from xml.etree import ElementTree

import cssselect2  # type: ignore[import-untyped]
import weasyprint
from weasyprint.css import StyleFor
from weasyprint.css.targets import TargetCollector
from weasyprint.document import LayoutContext
from weasyprint.images import get_image_from_uri
from weasyprint.pdf import generate_pdf
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

_MOST_STYLES = 5_000
"""A process that serves many sellers meets their colours one by one; beyond this it starts afresh."""
_UNUSED = frozenset({"marker", "footnote-call", "footnote-marker", "note-call", "note-marker", "note-callback"})
"""Pseudo-elements that WeasyPrint's own sheet gives to every element; the shipped pages have no lists and no notes."""
_OF_A_PAGE = ("overflow", "counter_set", "counter_reset", "counter_increment")
"""What WeasyPrint writes into the style of a page or margin box while it makes it."""
_INLINE = (1, 0, 0)
"""The specificity of a style attribute."""


class Tree(weasyprint.HTML):  # type: ignore[misc]
    """A page that is well-formed XML: read by expat, which takes a twentieth of an HTML parser's time."""

    def __init__(self, xhtml: str, base_url: str, url_fetcher: URLFetcher):
        self.base_url = base_url
        self.url_fetcher = url_fetcher
        self.media_type = "print"
        self.etree_element = ElementTree.fromstring(xhtml)  # noqa: S314 - our own template, escaped
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(self.etree_element)


class Look:
    """A style sheet, its fonts and every style that its documents have had so far."""

    def __init__(self, style_sheet: weasyprint.CSS, font_config: FontConfiguration):
        self.style_sheet = style_sheet
        self.font_config = font_config
        self.styles: dict[Any, Any] = {}


class _SharedStyles(StyleFor):  # type: ignore[misc]
    """The styles of one document's elements, taken from those of earlier documents where the same rules apply."""

    def __init__(self, html: Tree, sheets: Any, look: Look, target_collector: TargetCollector):
        self._known = look.styles
        super().__init__(html, sheets, False, look.font_config, target_collector)

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


class _Typeset(weasyprint.Document):  # type: ignore[misc]
    @classmethod
    def _build_layout_context(
        cls, html: Tree, font_config: FontConfiguration, counter_style: Any, color_profiles: Any, options: Any
    ) -> LayoutContext:
        look: Look = options["look"]
        for styles in html._ua_counter_style():
            counter_style.update(styles)
        sheets = [(sheet, "user agent", None) for sheet in html._ua_stylesheets()]
        sheets.append((look.style_sheet, "user", None))
        collector = TargetCollector()
        images = partial(get_image_from_uri, cache={}, url_fetcher=html.url_fetcher, options=options)
        return LayoutContext(
            _SharedStyles(html, sheets, look, collector), images, font_config, counter_style, collector
        )


def laid_out(tree: Tree, look: Look) -> weasyprint.Document:
    """Make the pages; the same picture and the same tags as those of `weasyprint.HTML.render`."""
    if len(look.styles) > _MOST_STYLES:
        look.styles.clear()
    options = {**weasyprint.DEFAULT_OPTIONS, "look": look}
    return _Typeset._render(tree, look.font_config, None, None, options)


def drawn(document: weasyprint.Document, options: dict[str, Any]) -> Any:
    """The pages as the objects of a pydyf PDF, to be finished and written."""
    with warnings.catch_warnings():
        # WeasyPrint 70 leaves closing its sRGB profile to the garbage collector, which says so.
        warnings.simplefilter("ignore", ResourceWarning)
        return generate_pdf(document, None, 1, **options)
