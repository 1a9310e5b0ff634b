"""Templates: a user's folder overrides file by file; a mistake in it is told with its place, never printed around."""

import ast
import string
from dataclasses import fields
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import billing_job.documents
from billing_job.core.errors import ConfigError, DocumentError
from billing_job.core.resources import shipped_templates
from billing_job.documents.document_files import document_files
from billing_job.documents.html import document_pages
from billing_job.documents.templates import load_templates
from billing_job.documents.translations import LOCALES, labels_for
from billing_job.documents.view import DocumentView
from tests.support.sample_documents import LANGUAGES, SELLER, document, standard_lines

INVOICE = document(standard_lines())
EXTENDS = '{% extends "base.html" %}{% block payment %}'


def user_folder(tmp_path: Path, **files: str) -> Path:
    """A user's folder; `invoice_html="…"` becomes invoice.html."""
    for name, text in files.items():
        (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return tmp_path


def rendered(tmp_path: Path, **files: str) -> bytes:
    return document_files(INVOICE, load_templates(user_folder(tmp_path, **files)))["pdf"]


def test_one_file_is_overridden(tmp_path: Path) -> None:
    """The user's invoice.html counts; base.html, the style sheet and the languages are still the shipped ones."""
    templates = load_templates(user_folder(tmp_path, invoice_html=EXTENDS + "<p>Dank u</p>{% endblock %}"))
    page = next(document_pages(INVOICE, templates))
    assert "<p>Dank u</p>" in page
    assert "Total including VAT" in page


def test_one_word_is_overridden(tmp_path: Path) -> None:
    """A catalogue of the user's with one word changes that word and leaves the others."""
    catalogue = tmp_path / "locales" / "en" / "LC_MESSAGES" / "billing.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid "Invoice"\nmsgstr "Tax invoice"\n', encoding="utf-8")
    labels = labels_for(load_templates(tmp_path), "en")
    assert (labels("Invoice"), labels("Credit note")) == ("Tax invoice", "Credit note")


def test_a_wrong_placeholder_is_named(tmp_path: Path) -> None:
    """A translation that asks for what it is not given is an error that names the message, not a stack trace."""
    catalogue = tmp_path / "locales" / "en" / "LC_MESSAGES" / "billing.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid "Please pay by {date}."\nmsgstr "Pay by {day}."\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'Please pay by {date}\.' may only have the placeholders"):
        next(document_pages(INVOICE, load_templates(tmp_path)))


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ view.nothing }}", "nothing"),
        ("{{ unknown }}", "'unknown' is undefined"),
        ("{{ view.rows + 1 }}", "invoice.html"),
        ("{{ view.__class__.__mro__ }}", "unsafe"),
        ('{% include "../../etc/passwd" %}', "passwd"),
    ],
)
def test_a_mistake_in_a_template_names_the_document(tmp_path: Path, template: str, says: str) -> None:
    """Unknown variables, impossible expressions and attempts to break out stop the document with its number."""
    with pytest.raises(DocumentError, match="INV-2026-00001: .*" + says):
        rendered(tmp_path, invoice_html=EXTENDS + template + "{% endblock %}")


def test_a_syntax_error_is_found_before_the_run(tmp_path: Path) -> None:
    """A template that does not compile is a configuration error with file and line."""
    with pytest.raises(ConfigError, match=r"invoice\.html, line 2: .*endblock"):
        load_templates(user_folder(tmp_path, invoice_html="{% block payment %}\n{% endblok %}"))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A templates folder that is not there is a configuration error."""
    with pytest.raises(ConfigError, match="nowhere: there is no such folder"):
        load_templates(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("stamp.png", "stamp.png, which is in none of the template folders"),
        ("../stamp.png", "only data: addresses"),
        ("https://example.org/stamp.png", "only data: addresses"),
        ("file:///etc/passwd", "only data: addresses"),
        ("data:image/png;base64,AAAA", "Failed to load image"),
    ],
)
def test_an_image_that_cannot_be_loaded_stops_the_page(tmp_path: Path, image: str, says: str) -> None:
    """Missing, remote, foreign and broken images are errors that name them; nothing is left out in silence."""
    with pytest.raises(DocumentError, match="INV-2026-00001: .*" + says):
        rendered(tmp_path, invoice_html=f'{EXTENDS}<img src="{image}" alt="stamp">{{% endblock %}}')


def test_an_image_of_the_folder_is_loaded(tmp_path: Path) -> None:
    """A picture beside the user's template is found by its name."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
    (tmp_path / "stamp.svg").write_text(svg)
    assert rendered(tmp_path, invoice_html=EXTENDS + '<img src="stamp.svg" alt="stamp">{% endblock %}')


def test_free_text_is_never_markup() -> None:
    """Names with tags and template code come out as the text they are; a hostile colour does not reach the style."""
    seller = {field.name: getattr(SELLER, field.name) for field in fields(SELLER)}
    evil = type(SELLER)(**{**seller, "name": "<script>{{7*7}}</script>", "accent_colour": "red; background: url(x)"})
    page = next(document_pages(document(standard_lines(), seller=evil), load_templates(None)))
    assert "&lt;script&gt;{{7*7}}&lt;/script&gt;" in page
    assert "url(x)" not in page


def used_messages() -> set[str]:
    """Every text that the package asks the catalogues for."""
    found = set()
    for path in Path(billing_job.documents.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "labels":
                found |= {
                    each.value
                    for each in ast.walk(node.args[0])
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value[-1:] != ":"
                }
    return found - {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_are_whole(language: str) -> None:
    """Each language has every message that the code uses, in words of its own, with the same placeholders."""
    with (shipped_templates() / "locales" / language / "LC_MESSAGES" / "billing.po").open("rb") as file:
        words = {str(message.id): str(message.string) for message in read_po(file) if message.id}
    assert used_messages() <= set(words)
    assert all(words.values())
    for message, text in words.items():
        assert placeholders(text) == placeholders(message), message


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_has_the_same_messages() -> None:
    """No catalogue has a message that another lacks."""
    keys = {tuple(sorted(labels_for(load_templates(None), language).words)) for language in LOCALES}
    assert len(keys) == 1


def test_templates_use_only_the_view() -> None:
    """Every name that the shipped templates take from the view is one of its fields, and all fields are used."""
    text = "".join(path.read_text(encoding="utf-8") for path in (shipped_templates()).glob("*e.html"))
    used = {part.split(".")[1].split(" ")[0].strip("}|%)\"'") for part in text.split() if part.startswith("view.")}
    assert used <= {field.name for field in fields(DocumentView)}
