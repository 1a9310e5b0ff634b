"""What a user is told instead of the words that pydantic has for its programmers."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

_BY_TYPE: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "missing": "it is required; add it",
    "extra_forbidden": "this key is unknown; remove it or check its spelling",
    "literal_error": lambda context: f"write {context['expected']}",
    "enum": lambda context: f"write {context['expected']}",
    "string_type": "write it as text, in quotes",
    "string_too_short": "it must not be empty",
    "string_too_long": lambda context: f"write at most {context['max_length']} characters",
    "bool_type": "write true or false, without quotes",
    "bool_parsing": "write true or false, without quotes",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_parsing_size": "the number is too large",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "finite_number": "write a number",
    "decimal_type": "write a number, such as 25.5",
    "decimal_parsing": "write a number, such as 25.5",
    "greater_than": lambda context: f"it must be more than {context['gt']}",
    "greater_than_equal": lambda context: f"it must be {context['ge']} or more",
    "less_than": lambda context: f"it must be less than {context['lt']}",
    "less_than_equal": lambda context: f"it must be {context['le']} or less",
    "too_short": "the list must not be empty",
    "tuple_type": 'write a list, such as ["one", "two"]',
    "list_type": 'write a list, such as ["one", "two"]',
    "set_type": 'write a list, such as ["one", "two"]',
    "dict_type": "write a table, or { name = value } on one line",
    "model_type": "write a table: its name in brackets on a line of its own, its keys below",
    "model_attributes_type": "write a table: its name in brackets on a line of its own, its keys below",
    "path_type": "write the path of a file or folder, in quotes",
    "date_type": "write the day as YYYY-MM-DD",
    "date_parsing": "write the day as YYYY-MM-DD",
    "date_from_datetime_parsing": "write the day as YYYY-MM-DD",
}


def expected(detail: ErrorDetails) -> str:
    """What to write instead of a wrong value."""
    if detail["type"] in ("value_error", "assertion_error"):  # our own words
        return str(detail["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    words = _BY_TYPE.get(detail["type"], "it is not what belongs here; docs and config/billing.toml show an example")
    return words if isinstance(words, str) else words(detail.get("ctx", {}))
