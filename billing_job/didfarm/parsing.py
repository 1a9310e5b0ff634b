"""Reading the supplier's answers into models; a ValueError names what an answer lacks.

The guide shows the answers of search, trunk creation and balance, and uses those of checkout in its Node.js example.
The others it leaves open: of them only what we need is asked for.
"""

from contextlib import suppress

from billing_job.core.text import storable
from billing_job.core.wallet import Balance
from billing_job.didfarm.dotted_paths import at_path
from billing_job.didfarm.models import (
    BoughtNumber,
    Credentials,
    NewTrunk,
    Offer,
    Offers,
    Purchase,
    SentMessage,
    SipTrunk,
    Submission,
)
from billing_job.didfarm.next_page import next_page
from billing_job.didfarm.wire_amounts import Marks, Number, PlainMarks, places_of, read_number, to_micros
from billing_job.didfarm.wire_json import Json
from billing_job.didfarm.wire_reading import BalanceReading


def read_offers(body: Json) -> Offers:
    """{"data": [offer, …], "meta": {"total": 48, "page": 1}}."""
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise ValueError("it has no list `data`")
    meta = body.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    offers = tuple(_offer(row) for row in rows)
    return Offers(
        offers, _whole(meta.get("total", len(offers)), "meta.total"), _whole(meta.get("page", 1), "meta.page")
    )


def _offer(row: Json) -> Offer:
    if not isinstance(row, dict):
        raise ValueError("an offer is not an object")
    return Offer(
        number=_text(row, "number"),
        country=_text(row, "country"),
        number_type=_text(row, "type"),
        city=_optional(row, "city"),
        monthly_rate_cents=_whole(row.get("monthly_rate"), "monthly_rate"),
        setup_fee_cents=_whole(row.get("setup_fee", 0), "setup_fee"),
        sms_enabled=row.get("sms_enabled") is True,
        requires_regulatory=row.get("requires_regulatory") is True,
    )


def read_purchase(body: Json) -> Purchase:
    """{"data": {"order_id": 1042, "items": [{"number": "+31…", "did_number_id": 42}], "requires_regulatory": true}}."""
    data = _data(body)
    items = data.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("it has no list `data.items`")
    return Purchase(
        order_id=_text(data, "order_id"),
        numbers=tuple(BoughtNumber(_optional(item, "number"), _text(item, "did_number_id")) for item in items),
        requires_regulatory=any(part.get("requires_regulatory") is True for part in (body, data, *items)),
    )


def read_sip_trunks(body: Json) -> tuple[tuple[SipTrunk, ...], str]:
    """{"data": [trunk, …]}, or the list alone, and the link or cursor of its next page, empty where it names none.

    A trunk may lack its id or its uuid; those with neither are left out.
    """
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it has no list `data`")
    trunks = tuple(_sip_trunk(row) for row in rows)
    return tuple(trunk for trunk in trunks if trunk.uuid or trunk.trunk_id), next_page(body, "") or ""


def _sip_trunk(row: dict[str, Json]) -> SipTrunk:
    return SipTrunk(
        trunk_id=_optional(row, "id"),
        uuid=_optional(row, "uuid"),
        name=_optional(row, "name"),
        sip_server=_optional(row, "sip_server"),
        username=_optional(row, "username"),
        status=_optional(row, "status"),
    )


def read_new_trunk(body: Json) -> NewTrunk:
    """{"data": {"uuid": …, "name": …, "sip_server": …, "username": …, "password": …, "status": "provisioning"}}."""
    data = _data(body)
    _text(data, "uuid")
    return NewTrunk(_sip_trunk(data), read_credentials(body))


def read_credentials(body: Json) -> Credentials:
    """The part of such an answer that a PBX registers with."""
    data = _data(body)
    return Credentials(
        _optional(data, "uuid"), _optional(data, "sip_server"), _optional(data, "username"), _text(data, "password")
    )


def read_balance(body: Json, reading: BalanceReading) -> Balance:
    """{"balance": "142.50", "currency": "EUR"}, with or without `data` around it, or what the reading says."""
    inner = body["data"] if isinstance(body, dict) and isinstance(body.get("data"), dict) else body
    if reading.amount:
        value = at_path(body, reading.amount)
    else:
        value = inner.get("balance") if isinstance(inner, dict) else inner
    name = reading.amount or "balance"
    if isinstance(value, dict):
        raise ValueError(
            f"{name} is an object of {', '.join(value) or 'nothing'}: set [api.balance] amount to the path of a number"
        )
    try:
        number = balance_number(value, reading.marks)
        micros = to_micros(number, reading.amount_unit)
    except ValueError as error:
        raise ValueError(f"{name} {error} ([api.balance] amount and amount_unit say how it is read)") from None
    currency = at_path(body, reading.currency) if reading.currency else at_path(inner, "currency")
    word = currency.strip() if isinstance(currency, str) else ""
    code = reading.currencies.get(word, word).upper()
    if not code and (currency is not None or not reading.otherwise):
        raise ValueError(f"{reading.currency or 'currency'} is {currency!r}: set [api.balance] currency to its path")
    return Balance(micros, code or reading.otherwise, places_of(number, reading.amount_unit))


def balance_number(value: Json, marks: Marks) -> Number:
    """A balance that is written as the rows are, or else as the guide shows it: "142.50"."""
    try:
        return read_number(value, marks)
    except ValueError:
        with suppress(ValueError):
            return read_number(value, PlainMarks())
        raise


def read_sent_message(body: Json) -> SentMessage:
    """Whatever it is, it was accepted."""
    data = _inside(body)
    return SentMessage(_optional(data, "id"), _optional(data, "status"))


def read_submission(body: Json) -> Submission:
    """Whatever it is, it was accepted."""
    data = _inside(body)
    return Submission(_optional(data, "id"), _optional(data, "status"))


def read_nothing(body: Json) -> None:
    """An answer of which nothing is needed but that it came."""


def _data(body: Json) -> dict[str, Json]:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise ValueError("it has no object `data`")
    return data


def _inside(body: Json) -> dict[str, Json]:
    data = body.get("data", body) if isinstance(body, dict) else {}
    return data if isinstance(data, dict) else {}


def _text(row: dict[str, Json], name: str) -> str:
    value = _optional(row, name)
    if not value:
        raise ValueError(f"{name} is missing")
    return value


def _optional(row: dict[str, Json], name: str) -> str:
    """A string or an integer as text; empty for anything else."""
    value = row.get(name)
    if isinstance(value, str):
        return storable(value.strip())
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _whole(value: Json, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is {value!r}, not a whole number from 0 on")
    return value
