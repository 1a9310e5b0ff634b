"""What cannot be seen on white paper: the page prints headings in ink instead, and `doctor` says so."""

import io
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from billing_job.documents.accent import INK, contrast_on_white, heading_colour
from billing_job.documents.html import document_pages
from billing_job.documents.logo import is_lost_on_white
from billing_job.documents.templates import load_templates
from billing_job.operations.doctor_files import settings
from tests.support.desk import Desk
from tests.support.sample_documents import SELLER, document, standard_lines


@pytest.mark.parametrize(
    ("colour", "contrast", "is_readable"),
    [
        ("#ffffff", "1.00", False),
        ("#000000", "21.00", True),
        # The greys on either side of 4.5, as WCAG's own tables have them.
        ("#777777", "4.48", False),
        ("#767676", "4.54", True),
        ("#ffcc00", "1.51", False),
    ],
)
def test_headings_fall_back_to_ink(colour: str, contrast: str, is_readable: bool) -> None:
    """Below a contrast of 4.5 a colour draws lines and bars, and no letters."""
    seller = replace(SELLER, accent_colour=colour)
    assert f"{contrast_on_white(colour):.2f}" == contrast
    assert heading_colour(seller) == (colour if is_readable else INK)
    page = next(document_pages(document(standard_lines(), seller=seller), load_templates(None)))
    assert f"--accent: {colour}; --heading: {colour if is_readable else INK}" in page


@pytest.mark.parametrize(("colour", "lost"), [("white", True), ("#f4f4f4", True), ("teal", False)])
def test_a_logo_for_a_dark_ground_is_known(colour: str, lost: bool) -> None:
    """White on nothing, as PNG and as SVG; with anything dark in it it can be seen."""
    out = io.BytesIO()
    picture = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    picture.paste(colour, (5, 5, 30, 15))
    picture.save(out, "PNG")
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><path fill="{colour}" d="M0 0h9v9z"/></svg>'
    for kind, content in (("png", out.getvalue()), ("svg+xml", svg.encode())):
        assert is_lost_on_white(f"data:image/{kind};base64,{b64encode(content).decode()}") is lost
    assert not is_lost_on_white("")


def test_doctor_tells_of_it(tmp_path: Path) -> None:
    """The colour, its contrast and the remedy."""
    desk = Desk(tmp_path, '[design]\naccent_colour = "#ffcc00"\n')
    with desk.job() as job:
        texts = [finding.text for finding in settings(job) if finding.verdict == "warning"]
    assert any("#ffcc00 has a contrast of 1.5 on white" in text for text in texts)
