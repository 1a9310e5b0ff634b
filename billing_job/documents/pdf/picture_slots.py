"""The pictures that differ from document to document: charts of rectangles, and a payment code of black and white."""

import struct
from base64 import b64decode
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from billing_job.documents.pdf.glyph_runs import CannotBeShown

_PNG, _SVG = "data:image/png;base64,", "data:image/svg+xml;base64,"
_RECT = "{http://www.w3.org/2000/svg}rect"
_GREY_OF_ONE_BIT = (1, 0, 0, 0, 0)


def is_chart(picture: Element) -> bool:
    """Whether a picture is drawn with lines and colours, not shown as an image object."""
    return picture.get("src", "").startswith(_SVG)


class PictureSize:
    """In the place of a picture's image while a layout is made: WeasyPrint asks it how large it is.

    CannotBeShown where a picture of the page is none of ours.
    """

    def __init__(self, picture: Element):
        self._is_chart = is_chart(picture)
        if not picture.get("src", "").startswith((_PNG, _SVG)):
            raise CannotBeShown("a picture of a template's own")
        data = b64decode(picture.get("src", "").partition(",")[2])
        if self._is_chart:
            root = ElementTree.fromstring(data)  # noqa: S314 - our own chart
            self._size = int(root.get("width", "")), int(root.get("height", ""))
        else:
            self._size = struct.unpack(">II", data[16:24])

    def get_intrinsic_size(self, resolution: float, font_size: float) -> tuple[float, float, float]:
        """Width, height and their ratio; those of a PNG in pixels of so many to a CSS pixel."""
        width, height = self._size
        scale = 1 if self._is_chart else resolution
        return width / scale, height / scale, width / height


def chart_operators(picture: Element, width: float, height: float) -> bytes | None:
    """What draws a chart's rectangles; None when the chart has another size in CSS pixels."""
    root = ElementTree.fromstring(b64decode(picture.get("src", "").removeprefix(_SVG)))  # noqa: S314 - our own chart
    size = (root.get("width", ""), root.get("height", ""))
    if size != (f"{width:.0f}", f"{height:.0f}"):
        return None
    drawn = []
    for each in root:
        if each.tag != _RECT:
            raise CannotBeShown(each.tag)
        red, green, blue = (int(each.get("fill", "")[place : place + 2], 16) / 255 for place in (1, 3, 5))
        place = " ".join(each.get(name, "") for name in ("x", "y", "width", "height"))
        drawn.append(f"{red:.4f} {green:.4f} {blue:.4f} rg {place} re f\n")
    return "".join(drawn).encode()


def code_object(picture: Element) -> bytes:
    """The image object of a PNG of one bit a pixel: a PDF reads its rows as they stand in the file.

    ISO 32000-1, 7.4.4.4: predictor 15 is PNG's own.
    """
    data = b64decode(picture.get("src", "").removeprefix(_PNG))
    width, height, *kind = struct.unpack(">IIBBBBB", data[16:29])
    if tuple(kind) != _GREY_OF_ONE_BIT:
        raise CannotBeShown("a picture in colours")
    rows = bytearray()
    place = 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            rows += data[place + 8 : place + 8 + length]
        place += 12 + length
    entries = b"/Type /XObject/Subtype /Image/Width %d/Height %d/ColorSpace /DeviceGray/BitsPerComponent 1" % (
        width,
        height,
    )
    entries += b"/Filter /FlateDecode/DecodeParms <</Predictor 15/Colors 1/BitsPerComponent 1/Columns %d>>" % width
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(rows), rows)
