"""Where the files that ship with the program are: inside the package in a wheel, beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def shipped_templates() -> Path:
    """The folder of templates, style sheets and language catalogues that a user's own folder overrides."""
    return _shipped("templates", "templates")


def shipped_config() -> Path:
    """The folder of the example configuration."""
    return _shipped("example/config", "config")


def _shipped(in_wheel: str, in_checkout: str) -> Path:
    inside = _PACKAGE / in_wheel
    return inside if inside.is_dir() else _PACKAGE.parent / in_checkout


def file_inside(folder: Path, name: str) -> Path | None:
    """The file below the folder, never outside of it, whatever `..` or links the name is made of."""
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
