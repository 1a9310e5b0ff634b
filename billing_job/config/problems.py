"""What is wrong with a TOML file, one line a key; values that are secrets, or might be, are never repeated."""

import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from billing_job.core.errors import ConfigError
from billing_job.core.plain_words import expected
from billing_job.core.redaction import is_secret

_NOTHING_TO_SHOW = ("extra_forbidden", "missing")
_TWICE = re.compile(r"^Cannot declare \((.*)\) twice( \(at line \d+, column \d+\))")
_LISTS = ("plans", "plans.rules", "reminders.levels")
"""Tables of which there may be several."""
_SECRET_NAME = re.compile(r"key|token|bearer|auth|secret|passw|passphrase|credential|pin\b|pwd", re.IGNORECASE)
_SECRETS_BELONG = {
    "mail": "set SMTP_PASSWORD, or mail.password_file to a file that holds it",
    "smtp": "set SMTP_PASSWORD, or mail.password_file to a file that holds it",
    "storage": "set PGPASSWORD, or use ~/.pgpass",
    "webhook": "set DIDFARM_WEBHOOK_SECRET",
    "webhooks": "set DIDFARM_WEBHOOK_SECRET",
}
_KEY_BELONGS = "set DIDFARM_API_KEY, or api.key_file to a file that holds it"


def read_toml(path: Path, remedy: str) -> dict[str, Any]:
    """The tables of a file; ConfigError where it cannot be read, with the remedy where there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file. {remedy}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}). Check the path, its permissions and that it is UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as error:
        # What a word processor makes of quotation marks, or what stands in none.
        remedy = '; write text in straight quotes, such as "EUR"' if "Invalid value" in str(error) else ""
        if "Cannot overwrite a value" in str(error):
            remedy = "; this key is there twice: remove one of the two"
        if twice := _TWICE.search(str(error)):
            table = ".".join(re.findall(r"'([^']*)'", twice[1]))
            how = f"begin each with [[{table}]]" if table in _LISTS else "put its keys below one of the two headings"
            raise ConfigError(f"{path}: table {table} is there twice{twice[2]}: {how}") from None
        raise ConfigError(f"{path}: is not valid TOML: {error}{remedy}") from None
    except RecursionError:
        raise ConfigError(f"{path}: is not valid TOML: it is nested too deeply") from None


def problems_of(path: Path, error: ValidationError, *within: str) -> list[str]:
    """One line for each wrong key of the file, or of the table `within` it."""
    return [_problem(path, detail, within) for detail in error.errors()]


def _problem(path: Path, detail: ErrorDetails, within: tuple[str, ...]) -> str:
    location = [*within, *(part for part in detail["loc"] if part != "[key]")]
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in location)
    names = [part for part in location if isinstance(part, str)] or [""]
    if _SECRET_NAME.search(names[-1]):
        belongs = _SECRETS_BELONG.get(names[0].lower(), _KEY_BELONGS)
        return f"{path}: {key}: {expected(detail)}. A secret has no place in this file: {belongs}"
    return f"{path}: {key}{_shown(detail)}: {expected(detail)}" if key else f"{path}: {expected(detail)}"


def _shown(detail: ErrorDetails) -> str:
    """The wrong value of a known key; a table or list may hold a secret somewhere inside, so may an unknown key."""
    value = detail["input"]
    if (
        detail["type"] in _NOTHING_TO_SHOW
        or not isinstance(value, str | int | float | date | time)
        or is_secret(str(value))
    ):
        return ""
    return f" = {_without_userinfo(repr(value))}"


def _without_userinfo(text: str) -> str:
    """An address may hold a password or a key, which is not said again."""
    text = re.sub(r"(//)[^/\s'\"]*@", r"\1[user]@", text)
    return re.sub(r"(://[^\s'\"?]*\?)[^\s'\"]*", r"\1[query]", text)
