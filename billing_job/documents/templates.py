"""Where templates, style sheets and language catalogues come from: the user's folder first, then the shipped one."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, pass_context
from jinja2.loaders import split_template_path
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from billing_job.core.errors import ConfigError
from billing_job.core.resources import shipped_templates


@dataclass(frozen=True, slots=True)
class Templates:
    """The folders to look in, first hit wins; nothing but paths, so a worker process rebuilds it at no cost."""

    folders: tuple[Path, ...]

    def find(self, name: str) -> Path | None:
        """The file of that name, "invoice.css" or "locales/nl/LC_MESSAGES/billing.po"; None when no folder has it."""
        return next((path for folder in self.folders if (path := _inside(folder, name)) is not None), None)

    @property
    def environment(self) -> Environment:
        """The sandboxed Jinja environment of these folders, made once a process."""
        return _environment(self.folders)


def load_templates(user_folder: Path | None) -> Templates:
    """The shipped templates, overridden file by file by those of the user's folder.

    ConfigError names a folder that is missing and every template of the user that does not compile, with its line.
    """
    shipped = shipped_templates()
    if user_folder is None:
        return Templates((shipped,))
    if not user_folder.is_dir():
        raise ConfigError(
            f"design.templates: {user_folder}: there is no such folder; create it, or correct or remove the key"
        )
    templates = Templates((user_folder.resolve(), shipped))
    problems = []
    for path in sorted(user_folder.rglob("*.html")):
        try:
            templates.environment.get_template(path.relative_to(user_folder).as_posix())
        except TemplateNotFound as error:
            problems.append(f"{path}: {error.message}")
        except TemplateSyntaxError as error:
            problems.append(f"{path}, line {error.lineno}: {error.message}; correct the template or remove the file")
    if problems:
        raise ConfigError(problems)
    return templates


def _inside(folder: Path, name: str) -> Path | None:
    """The file below the folder, never outside of it, whatever `..` or links the name is made of."""
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


class _Inside(FileSystemLoader):
    """Reads templates of these folders only: a link that leads out of them would print any file of the machine."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The source, the path and whether it is still what it was; TemplateNotFound for what lies elsewhere."""
        for folder in self.searchpath:
            path = Path(folder, *split_template_path(template))
            if path.is_file():
                if _inside(Path(folder), template) is None:
                    raise TemplateNotFound(template, f"{template}: leads out of {folder}; put the file itself there")
                break
        return super().get_source(environment, template)


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...]) -> Environment:
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
