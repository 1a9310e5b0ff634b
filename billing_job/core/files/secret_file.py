"""Reading a key or password from a file, and a word of warning when others can read it too."""

import stat
from pathlib import Path

from billing_job.core.console import Console
from billing_job.core.errors import ConfigError
from billing_job.core.redaction import is_secret


def read_secret(path: Path, setting: str, console: Console) -> str:
    """The secret that stands in the file, without the line's end; ConfigError when it cannot be read or is empty.

    It is kept out of everything that is printed from here on. The permission bits of the group are left alone: service
    managers hand credentials out with them.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        if is_secret(path.name):
            raise ConfigError(f"{setting}: names the file that holds the secret; it is not the secret itself") from None
        raise ConfigError(f"{setting} {path}: cannot be read ({error}); correct the path or its permissions") from None
    if not text:
        raise ConfigError(f"{setting} {path}: is empty")
    console.redactor.add(text)
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        console.warn(f"{setting} {path}: every user of this machine can read or change it; run `chmod 600 {path}`")
    return text
