"""`doctor`: is everything there that a run needs, and how is a live answer read?"""

import ctypes.util
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import eu_vat_rates_data

from billing_job.core.errors import BillingJobError, SupplierError
from billing_job.core.moments import local_moment
from billing_job.core.money import micros_text, wallet_text
from billing_job.core.wallet import Trunk
from billing_job.didfarm.dotted_paths import MISSING, at_path
from billing_job.didfarm.page import PATH, Page, order_of, rows_of, validated_page
from billing_job.didfarm.sync import read_balance, read_trunks
from billing_job.didfarm.wire import FIELDS, read_transaction
from billing_job.didfarm.wire_json import Json, canonical_json, parse_json
from billing_job.month.job import Job
from billing_job.month.session import Session, connected

if TYPE_CHECKING:
    from billing_job.didfarm.http import Http

Verdict = Literal["ok", "warning", "wrong"]
Group = Literal["machine", "settings", "clients, trunks and numbers", "DIDfarm"]
GROUPS: tuple[Group, ...] = ("machine", "settings", "clients, trunks and numbers", "DIDfarm")
COLOURS: Mapping[Verdict, str] = {"ok": "green", "warning": "amber", "wrong": "red"}

FONTS = {
    "Latin, Greek, Cyrillic": "A",
    "Arabic": "\u0639",
    "Devanagari": "\u0939",
    "Chinese and Japanese": "\u8a9e",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    verdict: Verdict
    text: str
    group: Group = "machine"


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many are green, amber and red."""
    found = Counter(COLOURS[finding.verdict] for finding in findings)
    return {colour: found[colour] for colour in COLOURS.values()}


def machine() -> Iterator[Finding]:
    """Programs, system libraries and fonts."""
    for name in ("billing-job", "pandas", "httpx", "weasyprint", "factur-x"):
        yield Finding("ok", f"{name} {version(name)}")
    yield Finding(
        "ok", f"VAT rates of the EU as of {eu_vat_rates_data.data_version}, for what vat_rates.csv leaves out"
    )
    if ctypes.util.find_library("harfbuzz-subset"):
        yield Finding("ok", "libharfbuzz-subset is there: fonts are cut fast")
    else:
        yield Finding(
            "warning", "libharfbuzz-subset is missing: PDFs take five times as long; install libharfbuzz-subset0"
        )
    program = shutil.which("fc-list")
    if program is None:
        yield Finding("warning", "fc-list is missing, so fonts cannot be looked up; install fontconfig")
        return
    for script, sample in FONTS.items():
        listed = subprocess.run(
            [program, f":charset={ord(sample):x}", "family"], capture_output=True, text=True, check=False
        )
        if "Noto" in listed.stdout:
            yield Finding("ok", f"a Noto font for {script} is there")
        else:
            yield Finding("warning", f"no Noto font for {script}: install fonts-noto-core and fonts-noto-cjk")


def supplier(job: Job, session: Session, trunks: list[Trunk]) -> Iterator[Finding]:
    """The live API: trunks, balance, and page 1 field by field; each may fail by itself. `trunks` gets them."""
    try:
        with connected(session) as http:
            yield from _trunks(http, session, trunks)
            yield from _balance(http, session)
            query = session.settings.api.transactions.query
            yield from _transactions(job, http.get(PATH, {**query, "page": 1}, lambda body: body))
    except BillingJobError as error:
        yield _live("wrong", str(error))


def _live(verdict: Verdict, text: str) -> Finding:
    return Finding(verdict, text, "DIDfarm")


def _trunks(http: "Http", session: Session, live: list[Trunk]) -> Iterator[Finding]:
    trouble: list[str] = []
    try:
        live += read_trunks(http, trouble.append)
    except SupplierError as error:
        if error.status == 401:
            raise
        yield _live("warning", f"trunks cannot be read; `run` bills without them ({error})")
        return
    yield _live("ok", f"{session.settings.api.base_url} answers; {len(live)} trunks")
    yield from (_live("warning", text) for text in trouble)


def _balance(http: "Http", session: Session) -> Iterator[Finding]:
    try:
        balance = read_balance(http, session.settings.balance_reading)
    except SupplierError as error:
        yield _live("wrong", f"the balance cannot be read, so nothing proves the wallet ({error})")
        return
    yield _live("ok", f"balance: {wallet_text(balance.micros, balance.currency)}")


def _transactions(job: Job, body: Json) -> Iterator[Finding]:
    reading = job.reading()
    try:
        page = validated_page(body, 1, None, reading)
    except ValueError as error:
        yield _live("wrong", f"page 1 of /wallet/transactions: {error}")
        return
    found = body.get("meta") if isinstance(body, dict) else None
    meta = (
        ", ".join(f"{name} = {canonical_json(value)}" for name, value in sorted(found.items()))
        if isinstance(found, dict)
        else "none"
    )
    of_all = "" if page.total is None else f" of {page.total}"
    yield _live("ok", f"page 1 has {len(page.rows)}{of_all} transactions; meta: {meta}")
    order = order_of(page.rows)
    yield _live(
        "ok" if order else "warning", f"order of the list: {(order or 'not to be seen on page 1').replace('_', ' ')}"
    )
    yield from _unreadable(page)
    if page.rows:
        yield from _first_row(job, rows_of(body, reading)[0])


def _unreadable(page: Page) -> Iterator[Finding]:
    for row in [row for row in page.rows if row.problem][:10]:
        yield _live("wrong", f"transaction {row.transaction_id} cannot be read: {row.problem}")


def _when(created_at: int | None, job: Job) -> str:
    """A moment in the seller's zone, by which the month goes."""
    if created_at is None:
        return "no moment"
    zone = job.settings.billing.zone
    return f"{local_moment(created_at, zone):%Y-%m-%d %H:%M:%S} in {zone.key}"


def _first_row(job: Job, raw: Json) -> Iterator[Finding]:
    """How the newest row is read, field by field, and what nobody reads."""
    reading = job.reading()
    row = read_transaction(parse_json(canonical_json(raw)), reading)
    names: dict[str, str] = {field: reading.fields.get(field, field) for field in FIELDS}  # type: ignore[call-overload]
    read_as: dict[str, Any] = {
        "id": row.transaction_id,
        "type": f"{row.type}, category {job.settings.categories.get(row.type, 'UNKNOWN: add it to [categories]')}",
        "amount": f"{micros_text(row.micros or 0)} ({'left' if (row.micros or 0) < 0 else 'came into'} the wallet)",
        "currency": row.currency,
        "description": row.description,
        "reference_type": row.reference_type or "no reference",
        "reference_id": row.reference_id,
        "created_at": _when(row.created_at, job),
    }
    for field, name in names.items():
        found = at_path(raw, name, MISSING)
        there = found is not MISSING
        value = canonical_json(found) if there else "not there"
        yield _live("ok" if there else "warning", f"  {name}: {value} → {read_as[field]}")
    if isinstance(raw, dict):
        rest = sorted(set(raw) - {name.partition(".")[0] for name in (*names.values(), *reading.fields.values())})
        if rest:
            yield _live("ok", f"  kept, but not read: {', '.join(rest)}")
