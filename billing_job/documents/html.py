"""A document as the HTML page that becomes its PDF."""

from jinja2 import TemplateError, TemplateSyntaxError

from billing_job.core.document import Document, Kind
from billing_job.core.errors import DocumentError
from billing_job.documents.compose import document_view
from billing_job.documents.templates import Templates

_TEMPLATES = {Kind.INVOICE: "invoice.html", Kind.CREDIT_NOTE: "credit_note.html"}


def document_html(document: Document, templates: Templates) -> str:
    """The page of a document, from `invoice.html` or `credit_note.html`.

    DocumentError names the document, the template and what is wrong with it: an unknown variable, a forbidden call.
    """
    name = _TEMPLATES[document.kind]
    try:
        return templates.environment.get_template(name).render(view=document_view(document, templates))
    except TemplateSyntaxError as error:
        raise DocumentError(
            f"{document_name(document)}: template {error.filename or name}, line {error.lineno}: {error.message}"
        ) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # All but the first: what an expression in a user's template can do to the view's texts.
        raise DocumentError(f"{document_name(document)}: template {name}: {error}; correct the template") from error


def document_name(document: Document) -> str:
    """How messages call a document: by its number, a draft by its client."""
    return document.number or f"draft for client {document.client.client_id}"
