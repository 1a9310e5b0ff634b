"""What two documents of one look have in common, and what sets them apart: the page's shape and its texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

_SPACES = re.compile("[ \t\n\r\f]+")  # what HTML calls white space: a no-break space is none
_VARYING = {
    "img": frozenset({"alt", "src", "data-before", "data-between", "data-after", "data-footer", "data-head"}),
    "tr": frozenset({"data-carried", "data-brought"}),
}
_LOGO = "brand"
BOLD_ROWS = frozenset({"group", "month"})
"""Classes of rows that head others, in bold."""
KEPT = "kept"
"""Class of a row that stays on one page with the next."""
BOLD_CELL = ("first", 1)
"""Class of a row, and the place of its cell that is bold."""


@dataclass(frozen=True, slots=True)
class PageTexts:
    """A page's elements without their texts, and the texts in the order in which they stand.

    `shape` is equal for two pages whose elements and attributes are; `owners` are the texts' elements. `pictures` are
    the images that differ from document to document. `head` holds what stands in the head: title, author, generator.
    """

    shape: tuple[Any, ...]
    texts: tuple[str, ...]
    owners: tuple[Element, ...]
    pictures: tuple[Element, ...]
    alternatives: tuple[str, ...]
    """What says the same as each picture."""
    headings: tuple[str, ...]
    bold: frozenset[int]
    """Which texts of rows that can be drawn are bold: that is no part of the shape."""
    rows: tuple[Element, ...]
    """The rows of the lines' table, its head apart."""
    kept: tuple[bool, ...]
    """Which of them no page may end with: no part of the shape either."""
    sums: tuple[tuple[str, str], ...]
    """What is carried from a page that ends with the row, and brought to the next one."""
    head: dict[str, str]
    running_head: str
    """What stands above all pages but the first."""
    footer: str
    page_number: tuple[str, str, str]
    """What stands before, between and after the page's number and the number of pages."""

    def margin_texts(self, rows: Sequence[int]) -> tuple[str, ...]:
        """The texts in the margins: the footer, the running head, then the number of each page, and its sums.

        `rows` are how many rows of the lines' table the pages up to each one hold.
        """
        before, between, after = self.page_number
        pages = len(rows)
        ends = [self.sums[row - 1] if row else ("", "") for row in (0, *rows)]
        return (
            self.footer,
            self.running_head,
            *(f"{before}{page}{between}{pages}{after}" for page in range(1, pages + 1)),
            *(carried for carried, _ in ends[1:]),
            *(brought for _, brought in ends[:-1]),
        )


def drawable_rows(root: Element) -> set[Element]:
    """The rows of the lines' table that need no layout: plain texts, and not among the last ones, which show where."""
    found = set(rows_of_lines(root))
    found.difference_update(root.iterfind(".//table[@class='lines']/tbody[@class='last']/tr"))
    return {row for row in found if not any(len(cell) or not cell.text for cell in row)}


def rows_of_lines(root: Element) -> list[Element]:
    """The rows of a document's lines, on whatever page."""
    return root.findall(".//table[@class='lines']/tbody/tr")


def page_texts(root: Element) -> PageTexts:
    """Read a page of the shipped templates."""
    head, body = root
    shape: list[Any] = [tuple(root.get(name) for name in ("lang", "dir", "style")), *(each.tag for each in head)]
    texts: list[str] = []
    owners: list[Element] = []
    pictures: list[Element] = []
    headings: list[str] = []
    bold: set[int] = set()
    drawable = drawable_rows(root)
    rows = tuple(rows_of_lines(root))

    def read(element: Element) -> None:
        if element in drawable:
            read_row(element)
            return
        if element.tag == "img" and element.get("class") != _LOGO:
            pictures.append(element)
        first = len(texts)
        shape.append((element.tag, *_fixed_attributes(element), len(element), keep(element.text, element)))
        for child in element:
            read(child)
            shape.append(keep(child.tail, element))
        if element.tag in ("h1", "h2"):
            headings.append("".join(texts[first:]).strip(" "))

    def read_row(row: Element) -> None:
        kinds = row.get("class", "").split()
        shape.append((row.tag, len(row)))
        for place, cell in enumerate(row):
            if keep(cell.text, cell) and _is_bold(kinds, place):
                bold.add(len(texts) - 1)

    def keep(text: str | None, owner: Element) -> bool:
        if not text:
            return False
        collapsed = _SPACES.sub(" ", text)
        if collapsed == " ":
            return False
        texts.append(collapsed)
        owners.append(owner)
        return True

    read(body)
    get = root.attrib.get
    return PageTexts(
        tuple(shape),
        tuple(texts),
        tuple(owners),
        tuple(pictures),
        tuple(picture.get("alt", "") for picture in pictures),
        tuple(headings),
        frozenset(bold),
        rows,
        tuple(KEPT in row.get("class", "").split() for row in rows),
        tuple((row.get("data-carried", ""), row.get("data-brought", "")) for row in rows),
        _head(head),
        get("data-head", ""),
        get("data-footer", ""),
        (get("data-before", ""), get("data-between", ""), get("data-after", "")),
    )


def _fixed_attributes(element: Element) -> list[tuple[str, str]]:
    """Those that pages of one shape have in common; a chart's size is one, a code's is set by the style sheet."""
    varying = _VARYING.get(element.tag, ()) if element.get("class") != _LOGO else ()
    return [item for item in element.items() if item[0] not in varying]


def _is_bold(kinds: Sequence[str], place: int) -> bool:
    return not BOLD_ROWS.isdisjoint(kinds) or (BOLD_CELL[0] in kinds and place == BOLD_CELL[1])


def _head(head: Element) -> dict[str, str]:
    found = {each.get("name", ""): each.get("content", "") for each in head.iterfind("meta")}
    return {**found, "title": head.findtext("title", "")}
