"""The lines of CII and UBL: factur-x writes one of each shape, and the others are filled into what it wrote.

factur-x builds a tree for each line, a quarter of a millisecond in each of the two files. Lines of one shape differ in
their texts alone: that which is an attribute, a code or a day belongs to the shape. The bytes are those that factur-x
would write; `tests/documents/test_xml_lines.py` compares them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

_FIGURES = ("BT-129", "BT-131", "BT-146")
"""Quantity, net and price: factur-x wants numbers there."""
_TEXTS = ("BT-126", "BT-153", "BT-154")
_ATTRIBUTES, _NAME, _VALUE = "BG-32", "BT-160", "BT-161"
_FREE = (*_FIGURES, *_TEXTS, _ATTRIBUTES)
_MOST = 1_000
"""A process that serves many sellers starts afresh beyond these."""

Shape = tuple[Any, ...]


class Syntax(NamedTuple):
    """A kind of file: what writes it, and how its lines begin and end, blanks before and line feed after included."""

    generate: Callable[[dict[str, Any]], bytes]
    line: re.Pattern[str]


class _Form(NamedTuple):
    """A line with gaps, as %s, and whose they are."""

    text: str
    slots: tuple[str, ...]


_FORMS: dict[tuple[Any, ...], _Form] = {}


def xml_of(syntax: Syntax, terms: dict[str, Any]) -> bytes:
    """The file of a document's business terms, which factur-x may change; texts are those of `plain_text`."""
    lines: Sequence[Mapping[str, Any]] = terms["BG-25"]
    kind = (syntax.line, terms["BT-3"], terms["BT-5"])
    cells = [_cells(line) for line in lines]
    shapes = [(*kind, *_shape(line, filled)) for line, filled in zip(lines, cells, strict=True)]
    fresh = {shape: (line, filled) for line, filled, shape in zip(lines, cells, shapes, strict=True)}
    missing = [shape for shape in fresh if shape not in _FORMS]
    terms["BG-25"] = [*lines[:1], *(_with_gaps(*fresh[shape]) for shape in missing)]
    written = syntax.generate(terms).decode()
    blocks = list(syntax.line.finditer(written))
    forms = {shape: _form(block[0], fresh[shape][1]) for shape, block in zip(missing, blocks[1:], strict=True)}
    known = {shape: forms.get(shape) or _FORMS[shape] for shape in fresh}
    if len(_FORMS) + len(forms) > _MOST:
        _FORMS.clear()
    _FORMS.update(forms)
    filled_lines = [
        known[shape].text % tuple([escape(filled[slot]) for slot in known[shape].slots])
        for shape, filled in zip(shapes, cells, strict=True)
    ]
    return "".join((written[: blocks[0].start()], *filled_lines, written[blocks[-1].end() :])).encode()


def _cells(line: Mapping[str, Any]) -> dict[str, str]:
    """What a line puts into gaps; what is empty leaves none."""
    cells = {term: line[term] for term in (*_FIGURES, *_TEXTS) if line.get(term)}
    for place, attribute in enumerate(line[_ATTRIBUTES]):
        cells[f"{_VALUE}/{place}"] = attribute[_VALUE]
    return cells


def _shape(line: Mapping[str, Any], cells: Mapping[str, str]) -> Shape:
    fixed = [item for item in line.items() if item[0] not in _FREE]
    return (*fixed, *cells, *(attribute[_NAME] for attribute in line[_ATTRIBUTES]))


def _gap(slot: str, place: int) -> str:
    return str(900_000_000 + place) if slot in _FIGURES else f"gap {slot} {place}"


def _with_gaps(line: Mapping[str, Any], cells: Mapping[str, str]) -> dict[str, Any]:
    """The line for factur-x, with what can be told again in the place of each text."""
    gaps = {slot: _gap(slot, place) for place, slot in enumerate(cells)}
    attributes = [{**attribute, _VALUE: gaps[f"{_VALUE}/{place}"]} for place, attribute in enumerate(line[_ATTRIBUTES])]
    own = {slot: gap for slot, gap in gaps.items() if slot in line}
    return {**line, **own, _ATTRIBUTES: attributes}


def _form(block: str, cells: Mapping[str, str]) -> _Form:
    slots = {_gap(slot, place): slot for place, slot in enumerate(cells)}
    gaps = re.compile("|".join(f"(?<=>){re.escape(gap)}(?=<)" for gap in slots))
    found = tuple(slots[gap] for gap in gaps.findall(block))
    if sorted(found) != sorted(cells):
        raise ValueError(f"factur-x wrote {found} of a line's {tuple(cells)}")
    return _Form(gaps.sub("%s", block.replace("%", "%%")), found)
