"""Texts as the glyphs that a PDF shows: shaped once a process by Pango, as WeasyPrint would shape them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from weasyprint.pdf.fonts import Font
from weasyprint.text.ffi import FROM_UNITS, ffi, pango
from weasyprint.text.fonts import get_pango_font_key
from weasyprint.text.line_break import Layout, line_size, split_first_line

_MOST_TEXTS = 2_000
"""Texts that a face remembers; numbers and amounts never come twice, so beyond this it starts afresh."""
_LOOK = (
    "font_family", "font_size", "font_style", "font_stretch", "font_weight", "font_variant_ligatures",
    "font_variant_position", "font_variant_caps", "font_variant_numeric", "font_variant_alternates",
    "font_variant_east_asian", "font_feature_settings", "font_variation_settings", "font_language_override",
    "font_kerning", "lang", "direction", "letter_spacing", "word_spacing", "overflow_wrap", "white_space",
    "text_decoration_line", "tab_size", "hyphens", "word_break",
)  # fmt: skip
"""The properties on which a text's glyphs, its width and its lines depend."""


class CannotBeShown(Exception):
    """A text needs more than glyphs of outline fonts: a picture of an emoji, or a letter that no font has."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The glyphs that one font gives a text: what each stands for, and its width in thousandths of the font's size."""

    key: int
    size: float
    used: dict[int, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Run:
    """A text on one line: CSS pixels; `operators` sets the font and shows the glyphs."""

    width: float
    height: float
    baseline: float
    operators: bytes
    glyphs: tuple[Glyphs, ...]

    @property
    def measures(self) -> tuple[float, float]:
        """The height of its letters and their baseline: what a line's place on the page depends on."""
        return self.height, self.baseline


class Face:
    """Texts of one style: font, size, language, direction."""

    def __init__(self, style: Any, fonts: "Fonts"):
        self._style = style
        self._layout = Layout(style)
        pango.pango_layout_set_single_paragraph_mode(self._layout.layout, True)
        self._fonts = fonts
        self._runs: dict[str, Run] = {}
        self._extents = ffi.new("PangoRectangle *")
        self.wraps = style["white_space"] not in ("nowrap", "pre")

    def run(self, text: str) -> Run:
        """The text on one line, however wide; CannotBeShown when it needs more than glyphs."""
        run = self._runs.get(text)
        if run is None:
            if len(self._runs) >= _MOST_TEXTS:
                self._runs.clear()
            run = self._runs[text] = self._shaped(text)
        return run

    def lines(self, text: str, width: float) -> list[str]:
        """The text broken into lines of at most that width in CSS pixels, where WeasyPrint breaks it."""
        found = []
        rest: bytes = text.encode()
        while rest:
            layout, _, resume, *_ = split_first_line(rest.decode(), self._style, None, width, 0)
            found.append(layout.text.strip(" "))
            rest = rest[resume:] if resume else b""
        return found

    def _shaped(self, text: str) -> Run:
        layout = self._layout
        layout.set_text(text)
        line, _ = layout.get_first_line()
        width, height = line_size(line, self._style)
        baseline = pango.pango_layout_get_baseline(layout.layout) * FROM_UNITS
        operators: list[str] = []
        glyphs = []
        run = line.runs[0]
        while run != ffi.NULL:
            glyphs.append(self._glyphs(run.data, text, operators))
            run = run.next
        return Run(width, height, baseline, "".join(operators).encode(), tuple(glyphs))

    def _glyphs(self, item: Any, text: str, operators: list[str]) -> Glyphs:
        """The glyphs of one font, written as TJ (ISO 32000-1, 9.4.3): kerning in thousandths between strings."""
        pango_font = item.item.analysis.font
        key, size, name = self._fonts.of(pango_font)
        string = item.glyphs
        count = string.num_glyphs
        encoded = text.encode()
        offset, length, clusters = item.item.offset, item.item.length, string.log_clusters
        backwards = item.item.analysis.level % 2
        used: dict[int, tuple[str, int]] = {}
        shown = [f"/{name} {_number(size)} Tf\n[<"]
        for place, each in enumerate(string.glyphs[0:count]):
            glyph = each.glyph
            geometry = each.geometry
            advance = geometry.width
            if glyph == pango.PANGO_GLYPH_EMPTY:
                shown.append(f">{_number(-advance / size)}<")
                continue
            if glyph & pango.PANGO_GLYPH_UNKNOWN_FLAG:
                raise CannotBeShown(text)
            known = used.get(glyph)
            if known is None:
                start = clusters[place]
                if backwards:
                    end = length if place == 0 else clusters[place - 1]
                else:
                    end = length if place == count - 1 else clusters[place + 1]
                pango.pango_font_get_glyph_extents(pango_font, glyph, ffi.NULL, self._extents)
                logical = round(self._extents.width * 1000 * FROM_UNITS / size)
                known = used[glyph] = encoded[offset + start : offset + end].decode(), logical
            across, up = geometry.x_offset / size, geometry.y_offset / 1000
            if up:
                shown.append(f">] TJ\n{_number(-up)} Ts\n[{_number(-across)}<{glyph:04x}>] TJ\n0 Ts\n[<")
            else:
                if across:
                    shown.append(f">{_number(-across)}<")
                shown.append(f"{glyph:04x}")
            kerning = int(known[1] + across - advance * 1000 * FROM_UNITS / size)
            if kerning:
                shown.append(f">{kerning}<")
        shown.append(">] TJ\n")
        operators.append("".join(shown).replace("<>", "").replace("[] TJ\n", ""))
        return Glyphs(key, size, used)


class Fonts:
    """The fonts that texts of a process have needed so far, and the faces that show them."""

    def __init__(self) -> None:
        self._faces: dict[tuple[Any, ...], Face] = {}
        self._found: dict[tuple[int, float], Font] = {}
        self._files: dict[int, bytes] = {}

    def face(self, style: Any) -> Face:
        """The face for a computed style; styles that look the same share one."""
        key = tuple(str(style[name]) for name in _LOOK)
        face = self._faces.get(key)
        if face is None:
            face = self._faces[key] = Face(style, self)
        return face

    def of(self, pango_font: Any) -> tuple[int, float, str]:
        """A font's key, size and name; CannotBeShown when its glyphs are pictures."""
        key, description, size = get_pango_font_key(pango_font)
        font = self._found.get((key, size))
        if font is None:
            font = self._found[key, size] = Font(pango_font, description, size)
            # A font's file is held once, not once a size.
            font.file_content = self._files.setdefault(key, font.file_content)
        if font.bitmap or font.png or font.svg or font.colr:
            raise CannotBeShown(font.family)
        return key, size, font.hash

    def used(self, runs: Iterable[Run]) -> dict[int, Font]:
        """The fonts of one document, each with the glyphs that its texts use, to embed."""
        found: dict[int, Font] = {}
        for run in {id(run): run for run in runs}.values():
            for glyphs in run.glyphs:
                font = found.get(glyphs.key)
                if font is None:
                    font = found[glyphs.key] = _fresh(self._found[glyphs.key, glyphs.size])
                for glyph, (text, width) in glyphs.used.items():
                    if glyph not in font.widths:
                        font.widths[glyph] = width
                        font.to_unicode[glyph] = text
        return found


def _fresh(font: Font) -> Font:
    """The font without the glyphs of an earlier document."""
    copy = Font.__new__(Font)
    copy.__dict__.update(font.__dict__)
    copy.widths, copy.to_unicode, copy.missing, copy.variations = {}, {}, {}, dict(font.variations)
    return copy


def _number(value: float) -> str:
    return f"{value:f}".rstrip("0").rstrip(".")
