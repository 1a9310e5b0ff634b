"""The logo: a PNG or a self-contained SVG becomes a data: URL, anything else is refused with its name and a remedy."""

import io
from pathlib import Path

import pytest
import weasyprint  # noqa: F401  # it makes Pillow accept truncated pictures, as it does in a run
from PIL import Image

from billing_job.core.errors import ConfigError
from billing_job.documents.logo import MAX_BYTES, logo_data_url

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'


def png(size: tuple[int, int] = (40, 20)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, "teal").save(out, "PNG")
    return out.getvalue()


def test_png_and_svg_are_carried_whole(tmp_path: Path) -> None:
    """Both kinds come back as data: URLs, an SVG also with the DOCTYPE that drawing programs write."""
    (tmp_path / "logo.png").write_bytes(png())
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    (tmp_path / "logo.svg").write_text(doctype + SVG.format('<use xlink:href="#a"/>'))
    assert logo_data_url(tmp_path / "logo.png").startswith("data:image/png;base64,")
    assert logo_data_url(tmp_path / "logo.svg").startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "neither PNG nor SVG"),
        (b"\xff\xd8\xff\xe0 a photograph", "neither PNG nor SVG"),
        (png()[:-40], "not a readable PNG"),
        (b"x" * (MAX_BYTES + 1), "make it smaller"),
        (png((3000, 3000)), "scale it below"),
        (b"<html/>", "not <svg>"),
        (SVG.format('<image href="http://example.org/x.png"/>').encode(), "refers to 'http://example.org/x.png'"),
        (SVG.format('<image xlink:href="file:///etc/passwd"/>').encode(), "refers to 'file:///etc/passwd'"),
        (SVG.format("<script>alert(1)</script>").encode(), "<script>"),
        (SVG.format('<rect style="fill: url(http://example.org/x)"/>').encode(), "its style refers"),
        (b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + SVG.format("<text>&a;</text>").encode(), "entities"),
    ],
)
def test_what_is_no_logo_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """Broken, huge, remote or active files are an error that names the file, never a page without its logo."""
    path = tmp_path / "logo"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="logo .*" + says) as error:
        logo_data_url(path)
    assert str(path) in str(error.value)


def uses_of_uses() -> str:
    """A drawing of 10 to the 11th rectangles in less than two kilobytes."""
    groups = "".join(f'<g id="g{n}">{f"""<use href="#g{n - 1}"/>""" * 10}</g>' for n in range(1, 12))
    return f'<defs><g id="g0"><rect width="1" height="1"/></g>{groups}</defs><use href="#g11"/>'


REPEATED = (
    '<linearGradient id="g" spreadMethod="repeat" gradientUnits="userSpaceOnUse" x2="0.000001">'
    '<stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>'
    '<rect width="9" height="9" fill="url(#g)"/>'
)


@pytest.mark.parametrize("drawing", [uses_of_uses(), REPEATED])
def test_a_logo_that_takes_for_ever_is_refused(drawing: str, tmp_path: Path) -> None:
    """A few hundred bytes that ask for hours or gigabytes: named and refused before anything is issued."""
    (tmp_path / "logo.svg").write_text(SVG.format(drawing))
    with pytest.raises(ConfigError, match=r"logo .*logo.svg: it cannot be drawn within 2 s"):
        logo_data_url(tmp_path / "logo.svg")


def test_a_logo_of_repeated_parts_is_fine(tmp_path: Path) -> None:
    """A pattern of dots, a symbol used twice: what drawing programs write."""
    dots = '<defs><pattern id="p" width="1" height="1" patternUnits="userSpaceOnUse"><circle r="0.3"/></pattern></defs>'
    (tmp_path / "logo.svg").write_text(SVG.format(dots + '<rect width="9" height="9" fill="url(#p)"/>'))
    assert logo_data_url(tmp_path / "logo.svg").startswith("data:image/svg+xml;base64,")


def test_a_missing_logo_is_named(tmp_path: Path) -> None:
    """A path that leads nowhere says so and which setting to correct."""
    with pytest.raises(ConfigError, match=r"nowhere.svg: No such file or directory; correct seller.logo"):
        logo_data_url(tmp_path / "nowhere.svg")
