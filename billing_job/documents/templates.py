"""Where templates, style sheets and language catalogues come from: the user's folder first, then the shipped one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from billing_job.core.errors import ConfigError
from billing_job.core.resources import file_inside, shipped_templates

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Templates:
    """The folders to look in, first hit wins; nothing but paths, so a worker process rebuilds it at no cost."""

    folders: tuple[Path, ...]

    def find(self, name: str) -> Path | None:
        """The file of that name, "invoice.css" or "locales/nl/LC_MESSAGES/billing.po"; None when no folder has it."""
        return next((path for folder in self.folders if (path := file_inside(folder, name)) is not None), None)

    @property
    def environment(self) -> Environment:
        """The sandboxed Jinja environment of these folders, made once a process."""
        from billing_job.documents.template_environment import environment_of

        return environment_of(self.folders)


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
    from billing_job.documents.template_environment import problems_of_templates

    templates = Templates((user_folder.resolve(), shipped))
    problems = problems_of_templates(user_folder, templates.folders)
    if problems:
        raise ConfigError(problems)
    return templates
