"""Pages and texts from the templates: a document as the HTML that becomes its PDF."""

from collections.abc import Iterator
from functools import lru_cache

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplateSyntaxError

from billing_job.core.document import Document, Kind
from billing_job.core.errors import DocumentError
from billing_job.documents.compose import document_views
from billing_job.documents.templates import Templates

_TEMPLATES = {Kind.INVOICE: "invoice.html", Kind.CREDIT_NOTE: "credit_note.html"}
LETTER_TEMPLATE = "letter.html"


def document_pages(document: Document, templates: Templates) -> Iterator[str]:
    """The page, from `invoice.html` or `credit_note.html`, in each arrangement that may have room, the roomiest first.

    DocumentError names the document, the template and what is wrong with it: an unknown variable, a forbidden call.
    """
    for view in document_views(document, templates):
        yield rendered(_TEMPLATES[document.kind], templates, document_name(document), view=view)


def rendered(name: str, templates: Templates, what: str, *, autoescape: bool = True, **values: object) -> str:
    """What a template makes of the values; DocumentError names `what`, the template and what is wrong with it."""
    environment = templates.environment if autoescape else _text_environment(templates)
    try:
        return environment.get_template(name).render(**values)
    except TemplateNotFound as error:
        raise DocumentError(f"{what}: template {error} is missing") from error
    except TemplateSyntaxError as error:
        raise DocumentError(
            f"{what}: template {error.filename or name}, line {error.lineno}: {error.message}"
        ) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # All but the first: what an expression in a user's template can do to the view's texts.
        raise DocumentError(f"{what}: template {name}: {error}; correct the template") from error


@lru_cache(maxsize=8)
def _text_environment(templates: Templates) -> Environment:
    """The same sandbox, but text is not HTML: an ampersand stays one."""
    return templates.environment.overlay(autoescape=False)


def document_name(document: Document) -> str:
    """How messages call a document: by its number, a draft by its client."""
    return document.number or f"draft for client {document.client.client_id}"
