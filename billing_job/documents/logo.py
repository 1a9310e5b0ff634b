"""The seller's logo, read once and carried by every document as a data: URL, so that a page never needs the file."""

import io
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path

from lxml import etree
from PIL import Image, UnidentifiedImageError

from billing_job.core.errors import ConfigError

MAX_BYTES = 512 * 1024
MAX_PIXELS = 4_000_000
"""More is never seen on paper, and every document carries it."""

DRAWING_SECONDS = 2.0
"""Of a processor; logos take a few hundredths, and every document that needs a page of its own draws it again."""
DRAWING_BYTES = 1 << 29

_REPEATING = frozenset({"use", "pattern", "marker", "mask", "image", "textPath"})
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_REMOTE_STYLE = re.compile(r"@import|url\(\s*['\"]?(?!#|data:)", re.IGNORECASE)


def logo_data_url(path: Path, seconds: float = DRAWING_SECONDS) -> str:
    """The PNG or SVG file as a data: URL; ConfigError names the file, what is wrong with it and the remedy.

    An SVG must be complete in itself: scripts, entities and references to other files are refused, because the page
    could not load them and would be printed without a word. One that repeats parts of itself is drawn once, by a
    process that may take so many seconds.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ConfigError(f"logo {path}: {reason}; correct seller.logo or remove it") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"logo {path}: {len(content)} bytes; make it smaller than {MAX_BYTES // 1024} KiB")
    if content.startswith(_PNG):
        _check_png(path, content)
        return "data:image/png;base64," + b64encode(content).decode()
    _check_svg(path, content, seconds)
    return "data:image/svg+xml;base64," + b64encode(content).decode()


def _check_png(path: Path, content: bytes) -> None:
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ConfigError(
                    f"logo {path}: {width} × {height} pixels; scale it below {MAX_PIXELS:,} pixels in all"
                )
            image.load()
        # Pillow fills up what is missing once WeasyPrint is imported, so that half a logo would pass.
        if _PNG_END not in content:
            raise ValueError("it ends too early")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ConfigError(f"logo {path}: not a readable PNG ({error}); save it again as PNG or SVG") from error


def _check_svg(path: Path, content: bytes, seconds: float) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ConfigError(f"logo {path}: neither PNG nor SVG ({error}); save it as one of the two") from error
    if etree.QName(root).localname != "svg":
        raise ConfigError(f"logo {path}: its root is <{etree.QName(root).localname}>, not <svg>; save it as PNG or SVG")
    for problem in _svg_problems(root):
        raise ConfigError(f"logo {path}: {problem}; save it as plain SVG with everything embedded")
    if _repeats_itself(root):
        _check_drawing(path, content, seconds)


def _repeats_itself(root: etree._Element) -> bool:
    """Whether the drawing may be much larger than its file: uses of uses, patterns, gradients over and over."""
    return any(
        etree.QName(element).localname in _REPEATING or element.get("spreadMethod", "pad") != "pad"
        for element in root.iter(etree.Element)
    )


def _check_drawing(path: Path, content: bytes, seconds: float) -> None:
    program = f"from billing_job.documents.pdf.draw_picture import draw; draw({seconds}, {DRAWING_BYTES})"
    try:
        drawn = subprocess.run(
            [sys.executable, "-c", program], input=content, capture_output=True, timeout=60, check=False
        )
        is_drawn = drawn.returncode == 0
    except subprocess.TimeoutExpired:
        is_drawn = False
    if not is_drawn:
        raise ConfigError(
            f"logo {path}: it cannot be drawn within {seconds:g} s and {DRAWING_BYTES >> 20} MiB; save it without"
            " repeated parts and patterns, or as PNG"
        )


def _svg_problems(root: etree._Element) -> list[str]:
    dtd = root.getroottree().docinfo.internalDTD
    problems = ["it defines entities"] if dtd is not None and any(True for _ in dtd.iterentities()) else []
    for element in root.iter(etree.Element):
        name = etree.QName(element).localname
        if name in ("script", "foreignObject"):
            problems.append(f"it contains <{name}>")
        for attribute in ("href", _XLINK):
            target = element.get(attribute, "")
            if target and name != "a" and not target.startswith(("#", "data:")):
                problems.append(f"it refers to {target!r}")
        style = (element.text or "") if name == "style" else element.get("style", "")
        if _REMOTE_STYLE.search(style):
            problems.append("its style refers to another file")
    return problems


_COLOUR = re.compile(r"(?:fill|stroke|stop-color)\s*[:=]\s*[\"']?\s*(#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}|white|black)\b")
_NEARLY_WHITE = 235
"""Of 255: the darkest grey of a picture that nobody sees on paper."""


def is_lost_on_white(logo: str) -> bool:
    """Whether nothing of a logo (a data: URL of ours) can be seen on paper: it was drawn for a dark ground."""
    if not logo:
        return False
    content = b64decode(logo.partition(",")[2])
    if logo.startswith("data:image/png"):
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            drawn = image.convert("RGBA")
        paper = Image.new("RGBA", drawn.size, "white")
        shades = Image.alpha_composite(paper, drawn).convert("L").histogram()
        return not any(shades[:_NEARLY_WHITE])
    named = {"white": "#ffffff", "black": "#000000"}
    found = {named.get(each, each) for each in _COLOUR.findall(content.decode("utf-8", "replace"))}
    wide = {each if len(each) == 7 else "#" + "".join(2 * digit for digit in each[1:]) for each in found}
    return bool(wide) and all(min(int(each[at : at + 2], 16) for at in (1, 3, 5)) >= _NEARLY_WHITE for each in wide)
