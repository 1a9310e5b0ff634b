"""Settings as TOML, the same for the same values."""

import json
import re
from collections.abc import Mapping

from billing_job.didfarm.wire_json import Json


def toml_text(tables: Mapping[str, Mapping[str, Json]]) -> str:
    """Tables by their dotted names, one after the other.

    >>> print(toml_text({"api.balance": {"amount": "data.balance", "amount_unit": "cents"}}), end="")
    [api.balance]
    amount = "data.balance"
    amount_unit = "cents"
    """
    parts = [
        "\n".join([f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in table.items())])
        for name, table in tables.items()
    ]
    return "\n\n".join(parts) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Json) -> str:
    if isinstance(value, str):
        # A JSON string is one of TOML's but for U+007F, which it must escape.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
