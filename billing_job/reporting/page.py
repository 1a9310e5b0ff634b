"""The month's page: one HTML file that needs nothing beside it and runs nothing but its own script."""

import base64
import hashlib
import re
from dataclasses import dataclass

from jinja2 import TemplateError, TemplateSyntaxError
from markupsafe import Markup

from billing_job.core.errors import DocumentError
from billing_job.core.text import visible
from billing_job.documents.templates import Templates
from billing_job.reporting.page_data import Report
from billing_job.reporting.page_view import report_view

TEMPLATE, STYLE_SHEET, SCRIPT = "report.html", "report.css", "report.js"


# What would end the element that the text stands in.
_ENDS_EARLY = re.compile(r"</(?:script|style)|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inline:
    """A script or style sheet that stands in the page, and the hash by which the page's policy knows it."""

    text: Markup
    source: str
    """As Content-Security-Policy writes it: 'sha256-…'."""


def report_html(report: Report, templates: Templates) -> bytes:
    """The page, UTF-8; the same report gives the same bytes.

    Its policy admits the script and the style sheet by their hashes, images from data: addresses, and nothing
    else: a name that slipped through the escaping could still neither run nor load anything. DocumentError names the
    template that is missing or wrong.
    """
    style = _inline(STYLE_SHEET, templates)
    script = _inline(SCRIPT, templates)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {script.source}",
            f"style-src {style.source}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    try:
        page = (
            templates.environment.overlay(finalize=_shown)
            .get_template(TEMPLATE)
            .render(view=report_view(report), policy=policy, style=style.text, script=script.text)
        )
    except TemplateSyntaxError as error:
        raise DocumentError(f"template {error.filename or TEMPLATE}, line {error.lineno}: {error.message}") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # All but the first: what an expression in a user's template can do to the view's texts.
        raise DocumentError(f"template {TEMPLATE}: {error}; correct the template") from error
    return page.encode()


def _shown(value: object) -> object:
    """Names and descriptions without characters that nobody sees, such as those that turn a line round."""
    return visible(value) if type(value) is str else value


def _inline(name: str, templates: Templates) -> Inline:
    path = templates.find(name)
    if path is None:
        raise DocumentError(f"template {name}: there is no such file; install the program again")
    # HTML parsers read every line end as \n, and the hash is taken of what they read.
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\r", "\n")
    ends = _ENDS_EARLY.search(text)
    if ends is not None:
        raise DocumentError(f"template {name}: must not hold {ends[0]!r}, which would end it early inside the page")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Inline(Markup(text), f"'sha256-{digest}'")  # noqa: S704 - the program's own files, or the user's
