"""`doctor`: is everything there that a run needs, and how is a live answer read?"""

import ctypes.util
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import eu_vat_rates_data

from billing_job.billing.attribution.event_facts import disagreements
from billing_job.billing.invoicing.tax import has_valid_vat_id
from billing_job.core.countries import EU
from billing_job.core.errors import BillingJobError, SupplierError
from billing_job.core.money import micros_text, wallet_text
from billing_job.didfarm.page import PATH, Page, order_of, rows_of, validated_page
from billing_job.didfarm.shape import MISSING, at_path
from billing_job.didfarm.sync import read_balance, read_trunks
from billing_job.didfarm.wire import FIELDS, Json, canonical_json, parse_json, read_transaction
from billing_job.documents.accent import READABLE, accent_of, contrast_on_white
from billing_job.month.job import Job
from billing_job.month.session import Session, connected
from billing_job.month.units_set_by_hand import units_set_by_hand

if TYPE_CHECKING:
    from billing_job.didfarm.http import Http

Verdict = Literal["ok", "warning", "wrong"]

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


def configuration(job: Job) -> Iterator[Finding]:
    """The configuration, as far as reading it did not refuse it already."""
    mapping = job.mapping
    yield Finding(
        "ok",
        f"{len(mapping.clients)} clients, {len(mapping.trunks)} trunk and {len(mapping.numbers)} number assignments,"
        f" {len(job.settings.plans)} plans",
    )
    names = job.assignments().trunk_names
    for problem in disagreements(mapping.numbers, job.number_events(), names, job.settings.billing.zone):
        yield Finding("warning", problem)
    if doubt := units_set_by_hand(job):
        yield Finding("warning", doubt)
    seller = job.settings.seller
    for key in ("street", "city", "vat_id", "registration_id", "iban", "email"):
        if not getattr(seller, key) and not (key == "vat_id" and seller.tax_number):
            yield Finding(
                "warning", f"seller.{key} is empty; most countries want it on an invoice, or e-invoicing does"
            )
    yield from _looks(job)
    nameless = [
        client.client_id
        for client in mapping.clients
        if client.einvoice in ("auto", "peppol") and not (client.buyer_reference or client.purchase_order)
    ]
    if nameless:
        yield Finding(
            "ok",
            f"{len(nameless)} clients ({', '.join(nameless[:3])}{', …' if len(nameless) > 3 else ''}) have neither"
            " buyer_reference nor purchase_order: to Peppol the reference (BT-10) is attention, or the client's name",
        )
    with_trunk = {fact.client_id for fact in mapping.trunks}
    for client in mapping.clients:
        if client.client_id not in with_trunk:
            yield Finding(
                "warning", f"client {client.client_id} has no trunk in trunks.csv, so nothing can be billed to it"
            )
        if client.vat_id and client.country in EU and not has_valid_vat_id(client):
            yield Finding("warning", f"client {client.client_id}: VAT id {client.vat_id} is not valid")


def _looks(job: Job) -> Iterator[Finding]:
    """What would not be seen on white paper."""
    from billing_job.documents.logo import is_lost_on_white  # pictures are slow to load

    accent = accent_of(job.seller)
    contrast = contrast_on_white(accent)
    if contrast < READABLE:
        yield Finding(
            "warning",
            f"design.accent_colour {accent} has a contrast of {contrast:.1f} on white, letters need {READABLE}:"
            " headings are printed in the text's colour, lines and bars in yours; choose a darker one",
        )
    if is_lost_on_white(job.seller.logo):
        logo = job.settings.seller.logo
        yield Finding("warning", f"seller.logo {logo} cannot be seen on white paper: use a dark one")


def supplier(job: Job, session: Session) -> Iterator[Finding]:
    """The live API: trunks, balance, and page 1 field by field; each may fail by itself."""
    try:
        with connected(session) as http:
            yield from _trunks(http, session)
            yield from _balance(http, session)
            query = session.settings.api.transactions.query
            yield from _transactions(job, http.get(PATH, {**query, "page": 1}, lambda body: body))
    except BillingJobError as error:
        yield Finding("wrong", str(error))


def _trunks(http: "Http", session: Session) -> Iterator[Finding]:
    trouble: list[str] = []
    try:
        trunks = read_trunks(http, trouble.append)
    except SupplierError as error:
        if error.status == 401:
            raise
        yield Finding("warning", f"trunks cannot be read; `run` bills without them ({error})")
        return
    yield Finding("ok", f"{session.settings.api.base_url} answers; {len(trunks)} trunks")
    yield from (Finding("warning", text) for text in trouble)


def _balance(http: "Http", session: Session) -> Iterator[Finding]:
    try:
        balance = read_balance(http, session.settings.balance_reading)
    except SupplierError as error:
        yield Finding("wrong", f"the balance cannot be read, so nothing proves the wallet ({error})")
        return
    yield Finding("ok", f"balance: {wallet_text(balance.micros, balance.currency)}")


def _transactions(job: Job, body: Json) -> Iterator[Finding]:
    reading = job.reading()
    try:
        page = validated_page(body, 1, None, reading)
    except ValueError as error:
        yield Finding("wrong", f"page 1 of /wallet/transactions: {error}")
        return
    found = body.get("meta") if isinstance(body, dict) else None
    meta = (
        ", ".join(f"{name} = {canonical_json(value)}" for name, value in sorted(found.items()))
        if isinstance(found, dict)
        else "none"
    )
    of_all = "" if page.total is None else f" of {page.total}"
    yield Finding("ok", f"page 1 has {len(page.rows)}{of_all} transactions; meta: {meta}")
    order = order_of(page.rows)
    yield Finding(
        "ok" if order else "warning", f"order of the list: {(order or 'not to be seen on page 1').replace('_', ' ')}"
    )
    yield from _unreadable(page)
    if page.rows:
        yield from _first_row(job, rows_of(body, reading)[0])


def _unreadable(page: Page) -> Iterator[Finding]:
    for row in [row for row in page.rows if row.problem][:10]:
        yield Finding("wrong", f"transaction {row.transaction_id} cannot be read: {row.problem}")


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
        "created_at": f"{row.created_at} microseconds since 1970, UTC",
    }
    for field, name in names.items():
        found = at_path(raw, name, MISSING)
        there = found is not MISSING
        value = canonical_json(found) if there else "not there"
        yield Finding("ok" if there else "warning", f"  {name}: {value} → {read_as[field]}")
    if isinstance(raw, dict):
        rest = sorted(set(raw) - {name.partition(".")[0] for name in (*names.values(), *reading.fields.values())})
        if rest:
            yield Finding("ok", f"  kept, but not read: {', '.join(rest)}")
