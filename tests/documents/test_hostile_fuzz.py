"""Readers of files and answers against invented input: a value or one of our errors, never anything else.

FUZZ_EXAMPLES sets how many cases each test invents; a few hundred in the suite, a million for a night.
"""

import os
import string
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_job.config.mapping import load_mapping
from billing_job.config.settings import Settings
from billing_job.config.settings_file import load_settings
from billing_job.core.errors import ConfigError
from billing_job.core.toml import Table
from billing_job.delivery.message import Attachment, Letter, ascii_address, message_bytes
from billing_job.didfarm.wire import read_transaction
from billing_job.didfarm.wire_json import parse_json
from billing_job.documents.safe_text import plain_text

fuzzed = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

READING = Settings.model_validate({"seller": {"name": "N", "country": "NL"}}).api.transactions
MOMENT = datetime(2026, 11, 5, 8, 0, tzinfo=UTC)
HEADERS = {
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
    "Auto-Submitted",
    "Content-Language",
    "Content-Type",
    "MIME-Version",
}
SELLER = '[seller]\nname = "N"\ncountry = "NL"\n'
KEYS = {
    "api": ("base_url", "requests_per_minute", "timeout_seconds", "key_file"),
    "billing": ("timezone", "currency", "payment_terms_days", "on_exception", "opening_balance", "issue_date"),
    "numbering": ("invoice", "credit_note"),
    "design": ("accent_colour", "footer", "templates"),
    "mail": ("host", "port", "security", "from", "subject", "bcc", "attach", "per_minute"),
    "monitoring": ("textfile", "ping_url", "ping_failure_url"),
    "storage": ("database_url",),
    "output": ("directory",),
    "plans": ("name", "rules"),
}
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="{}[]:.,/\\%$'\"= \n\t\0" + string.ascii_lowercase, max_size=40),
    st.sampled_from(
        ["{year}", "{number:05d}", "{year.__class__}", "../..", "Europe/Amsterdam", "inf", "NaN", "-0", "1e9"]
    ),
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.floats(), st.booleans()), lambda inner: st.lists(inner, max_size=3), max_leaves=6
)


def toml(value: Any) -> str:
    """A TOML value; texts as basic strings with every special character escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) <= 0xDFFF)
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return str(value)


@fuzzed
@given(st.data())
def test_no_setting_is_too_strange(tmp_path: Path, data: st.DataObject) -> None:
    """Any value under any key: settings that are whole, or a ConfigError that names the file."""
    table = data.draw(st.sampled_from(sorted(KEYS)))
    pairs = data.draw(st.dictionaries(st.sampled_from(KEYS[table]), VALUES, max_size=3))
    head = f"[[{table}]]" if table == "plans" else f"[{table}]"
    lines = "".join(f"{key} = {toml(value)}\n" for key, value in pairs.items())
    _load(tmp_path, f"{SELLER}{head}\n{lines}".encode())


@fuzzed
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="[]{}=\"'#\n\\.,ab1 ", max_size=200).map(str.encode)))
def test_no_file_is_too_strange(tmp_path: Path, content: bytes) -> None:
    """Any bytes at all in place of billing.toml."""
    _load(tmp_path, content)
    _load(tmp_path, SELLER.encode() + content)


def _load(folder: Path, content: bytes) -> None:
    path = folder / "config" / "billing.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    try:
        loaded = load_settings(path)
    except ConfigError as error:
        assert "billing.toml" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(loaded, Table)


CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)


@fuzzed
@given(st.lists(st.lists(CELLS, max_size=6), max_size=4), st.binary(max_size=60))
def test_no_table_is_too_strange(tmp_path: Path, rows: list[list[str]], tail: bytes) -> None:
    """Any cells, quoted or not, and any bytes after them: whole clients, or a ConfigError that names the file."""
    body = "\n".join(",".join(row) for row in rows).encode() + tail
    (tmp_path / "clients.csv").write_bytes(b"client_id,name,country,email,language\n" + body)
    (tmp_path / "trunks.csv").write_bytes(b"trunk,client_id,valid_from,valid_to\n" + body)
    try:
        mapping = load_mapping(tmp_path, ["standard"])
    except ConfigError as error:
        assert ".csv" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert all("/" not in client.client_id for client in mapping.clients)


@fuzzed
@given(
    st.text(max_size=200) | st.binary(max_size=200) | st.text(alphabet='{}[]":,0123456789eE.-nulltrfas\\', max_size=80)
)
def test_no_answer_is_too_strange(body: str | bytes) -> None:
    """Any body: JSON, whose rows are read or set aside with a reason, or a ValueError."""
    try:
        row = parse_json(body)
    except (ValueError, UnicodeDecodeError):
        return
    read = read_transaction(row, READING)
    assert read.problem or read.micros is not None


NAMES = st.text(alphabet=st.characters(exclude_categories=[]), max_size=60)


@fuzzed
@given(NAMES, NAMES, NAMES)
def test_no_name_breaks_a_message(name: str, subject: str, address: str) -> None:
    """Any name, subject and address: a message with exactly one recipient and no header of theirs."""
    recipient = ascii_address(address) or "ap@acme.example"
    letter = Letter(
        message_id="<1@x.example>",
        date=MOMENT,
        sender="a@x.example",
        sender_name=plain_text(name),
        recipient=recipient,
        recipient_name=plain_text(name),
        reply_to="",
        language="en",
        subject=plain_text(subject),
        text=plain_text(name),
        html=plain_text(name),
        attachments=(Attachment("INV-1.pdf", b"x"),),
    )
    message = message_from_bytes(message_bytes(letter), policy=policy.default)
    assert len(message["To"].addresses) == 1
    assert message["To"].addresses[0].addr_spec == recipient
    assert set(message.keys()) == HEADERS
