"""The sandboxed Jinja environment that fills in templates; apart, for who fills in none does not wait for it."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, pass_context
from jinja2.loaders import split_template_path
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from billing_job.core.resources import file_inside


def problems_of_templates(folder: Path, folders: Sequence[Path]) -> list[str]:
    """A sentence for each template of a user's folder that does not compile, with its line."""
    problems = []
    for path in sorted(folder.rglob("*.html")):
        try:
            environment_of(tuple(folders)).get_template(path.relative_to(folder).as_posix())
        except TemplateNotFound as error:
            problems.append(f"{path}: {error.message}")
        except TemplateSyntaxError as error:
            problems.append(f"{path}, line {error.lineno}: {error.message}; correct the template or remove the file")
    return problems


class _Inside(FileSystemLoader):
    """Reads templates of these folders only: a link that leads out of them would print any file of the machine."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The source, the path and whether it is still what it was; TemplateNotFound for what lies elsewhere."""
        for folder in self.searchpath:
            path = Path(folder, *split_template_path(template))
            if path.is_file():
                if file_inside(Path(folder), template) is None:
                    raise TemplateNotFound(template, f"{template}: leads out of {folder}; put the file itself there")
                break
        return super().get_source(environment, template)


@lru_cache(maxsize=8)
def environment_of(folders: tuple[Path, ...]) -> Environment:
    """The environment of these folders, made once a process."""
    environment = ImmutableSandboxedEnvironment(
        loader=_Inside(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["bdi"] = isolated
    return environment


@pass_context
def isolated(context: Context, text: str) -> Markup:
    """The text, escaped, and kept to its own direction where that differs from the page's.

    A Latin name on an Arabic page would otherwise lose its full stop to the wrong end, an amount its sign.
    """
    direction = _direction(text)
    if direction == context["view"].direction:
        return escape(text)
    return Markup('<bdi dir="{}">{}</bdi>').format(direction, text)


def _direction(text: str) -> str:
    """The direction of the first letter that has one; figures run from left to right."""
    if text.isascii():
        return "ltr"
    strong = next((kind for c in text if (kind := unicodedata.bidirectional(c)) in ("L", "R", "AL")), "L")
    return "ltr" if strong == "L" else "rtl"
