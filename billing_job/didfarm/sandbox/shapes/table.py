"""The shapes by name: amounts, directions, moments, currency and status in rows; around them, see `around_rows`."""

from collections.abc import Iterator

from billing_job.didfarm.sandbox.shapes.around_rows import SHAPES_AROUND_ROWS, shape
from billing_job.didfarm.sandbox.shapes.rows import (
    CLASS_NAMES,
    added,
    after,
    amount,
    amount_object,
    attributes,
    changed,
    columns,
    decimals,
    direction,
    epoch,
    integers,
    local_as,
    mail_date,
    moment,
    negated,
    nested,
    number,
    number_with_point,
    renamed,
    status,
    texts,
    unsigned,
    utc_as,
    with_offset,
    without,
)
from billing_job.didfarm.sandbox.shapes.shape import Shape

CENTS, THOUSANDTHS, TEN_THOUSANDTHS, MICROS = (integers(each) for each in (10_000, 1_000, 100, 1))
PLAIN = "plain"
"""What the settings expect by default."""
SECONDS = "%Y-%m-%d %H:%M:%S"


def _amounts() -> Iterator[Shape]:
    yield shape(PLAIN, "As the settings expect it by default: signed whole cents, data and meta.")
    yield shape("decimal-text", 'Amounts as texts with two places: "-1.50".', amount(decimals(2)))
    yield shape(
        "minor-text", 'Whole cents as texts, as a common Laravel wallet stores them: "-3800".', amount(texts(CENTS))
    )
    yield shape("thousandths", "Whole thousandths: -1505 is -1.505.", amount(THOUSANDTHS), fraction=5_000)
    yield shape("ten-thousandths", "Whole ten-thousandths: -15025.", amount(TEN_THOUSANDTHS), fraction=2_500)
    yield shape("millionths", "Whole millionths: -1500125.", amount(MICROS), fraction=125)
    yield shape("millionths-text", 'Whole millionths as texts: "-1500125".', amount(texts(MICROS)), fraction=125)
    yield shape("number", "JSON numbers as PHP writes them: -1.5, and 25 without a point.", amount(number))
    yield shape("cents-with-point", "Cents as JSON numbers with a point: -150.0.", amount(number_with_point(10_000)))
    yield shape(
        "four-places", 'Four places in amounts and balance: "-0.0725".', amount(decimals(4)), fraction=2_500, places=4
    )
    yield shape("six-places", "Six places in amounts and balance.", amount(decimals(6)), fraction=125, places=6)
    yield shape("thousands-comma", 'Thousands with a comma: "1,250.00".', amount(decimals(2, thousands=",")))
    yield shape("decimal-comma", 'A decimal comma: "-1,50".', amount(decimals(2, mark=",")))
    yield shape("european", 'Points and a comma: "1.250,00".', amount(decimals(2, mark=",", thousands=".")))
    yield shape("thousands-space", 'Thousands with a space: "1 250.00".', amount(decimals(2, thousands=" ")))
    yield shape("thousands-apostrophe", "Thousands with an apostrophe.", amount(decimals(2, thousands="'")))
    yield shape("unicode-minus", "The minus sign of typography, U+2212.", amount(decimals(2, minus="\N{MINUS SIGN}")))
    yield shape("plus-sign", 'What came in has a plus: "+50.00".', amount(decimals(2, plus="+")))
    yield shape("amount-object", 'An object: {"amount": "-1.50", "currency": "EUR"}.', amount_object(decimals(2)))
    yield shape("value-object", 'An object of cents: {"value": -150, …}.', amount_object(CENTS, "value"))
    yield shape("attributes", "JSON:API: the fields below `attributes`.", attributes)
    yield shape("amount-cents", "The name tells the unit: amount_cents.", amount(CENTS, "amount_cents"))


def _directions() -> Iterator[Shape]:
    unsigned_cents, unsigned_text = amount(unsigned(CENTS)), amount(unsigned(decimals(2)))
    yield shape("by-type", "Unsigned cents; the type tells the direction.", unsigned_cents)
    yield shape("by-type-text", "Unsigned texts with two places; the type tells the direction.", unsigned_text)
    yield shape(
        "direction",
        "Unsigned cents and a direction: debit or credit.",
        unsigned_cents,
        direction("direction", "debit", "credit"),
    )
    yield shape("direction-letters", "Unsigned texts and a letter: D or C.", unsigned_text, direction("dc", "D", "C"))
    yield shape(
        "direction-signs", "Unsigned texts and a sign beside them: - or +.", unsigned_text, direction("sign", "-", "+")
    )
    yield shape(
        "direction-in-type",
        "type is debit or credit, the kind stands in category.",
        unsigned_cents,
        renamed(type="category"),
        direction("type", "debit", "credit"),
    )
    yield shape(
        "direction-flag",
        "Unsigned cents and is_credit, true or false.",
        unsigned_cents,
        direction("is_credit", False, True),
    )
    yield shape(
        "direction-and-sign", "Signed cents, and a direction that says the same.", direction("direction", "out", "in")
    )
    yield shape(
        "deposit-withdraw",
        "bavix/laravel-wallet: deposit or withdraw, signed cents as texts, the kind in meta.",
        amount(texts(CENTS)),
        nested("meta", type="kind", description="title", reference_type="reference_type", reference_id="reference_id"),
        direction("type", "withdraw", "deposit"),
    )
    yield shape(
        "columns-null",
        "Columns debit and credit; the other one is null.",
        columns(decimals(2), "debit", "credit", None),
    )
    yield shape(
        "columns-zero",
        "Columns debit and credit; the other one is 0.00.",
        columns(decimals(2), "debit", "credit", "0.00"),
    )
    yield shape(
        "columns-cents",
        "Columns amount_out and amount_in in cents; the other one is 0.",
        columns(CENTS, "amount_out", "amount_in", 0),
    )
    yield shape("inverted", "What left the wallet is positive.", amount(negated(CENTS)))


def _moments() -> Iterator[Shape]:
    yield shape("offset", "Moments with the seller's offset: 2026-10-05T16:30:00+02:00.", moment(with_offset))
    yield shape("microseconds", "As Laravel writes them: .000000Z.", moment(utc_as("%Y-%m-%dT%H:%M:%S.000000Z")))
    yield shape("naive-utc", "2026-10-05 14:30:00, which is UTC.", moment(utc_as(SECONDS)))
    yield shape("naive-local", "2026-10-05 16:30:00, which is the seller's time.", moment(local_as(SECONDS)))
    yield shape("epoch", "Seconds since 1970.", moment(epoch(1)))
    yield shape("epoch-text", "Seconds since 1970 as a text.", moment(lambda at: str(epoch(1)(at))))
    yield shape("epoch-milliseconds", "Milliseconds since 1970.", moment(epoch(1000)))
    yield shape("day-first", "05/10/2026 14:30:00.", moment(utc_as("%d/%m/%Y %H:%M:%S")))
    yield shape("month-first", "10/05/2026 14:30:00.", moment(utc_as("%m/%d/%Y %H:%M:%S")))
    yield shape("dotted-day", "05.10.2026 14:30.", moment(utc_as("%d.%m.%Y %H:%M")))
    yield shape("date-only", "2026-10-05, without a time.", moment(utc_as("%Y-%m-%d")))
    yield shape("mail-date", "Mon, 05 Oct 2026 14:30:00 +0000.", moment(mail_date))
    yield shape(
        "two-moments",
        "date is the day of booking, updated_at is later than all.",
        moment(utc_as("%Y-%m-%dT%H:%M:%SZ"), "date"),
        added(updated_at="2026-11-05T00:00:00Z"),
    )


def _names() -> Iterator[Shape]:
    yield shape("class-names", "References as Laravel's class names.", changed("reference_type", _class_name))
    yield shape("did-order", "References did_order, did_number, sip_trunk.", changed("reference_type", _prefixed))
    yield shape(
        "nested-reference",
        "reference.type and reference.id.",
        nested("reference", reference_type="type", reference_id="id"),
    )
    yield shape(
        "camel-case",
        "createdAt, referenceType, referenceId.",
        renamed(created_at="createdAt", reference_type="referenceType", reference_id="referenceId"),
    )
    yield shape(
        "morphs",
        "Laravel's morphs: referenceable_type and referenceable_id.",
        changed("reference_type", _class_name),
        renamed(reference_type="referenceable_type", reference_id="referenceable_id"),
    )
    yield shape("no-reference", "Rows name nothing that they are about.", without("reference_type", "reference_id"))
    yield shape(
        "other-names",
        "transaction_id, kind, value, memo, booked_at.",
        renamed(id="transaction_id", type="kind", amount="value", description="memo", created_at="booked_at"),
    )
    yield shape("id-text", "Ids as texts.", changed("id", str))
    yield shape(
        "uuid", "Ids are uuids, the number stands beside them.", lambda row, truth: row | {"uuid": f"tx_{row['id']}"}
    )
    yield shape("quantity", "A field quantity.", added(quantity=1))


def _currencies() -> Iterator[Shape]:
    yield shape("no-currency", "Rows name no currency.", without("currency"))
    yield shape("lower-case-currency", "eur in small letters.", changed("currency", lambda word: str(word).lower()))
    yield shape("currency-symbol", "€ in place of EUR.", changed("currency", lambda word: "€"))
    yield shape("currency-code", "The field is called currency_code.", renamed(currency="currency_code"))
    yield shape(
        "currency-object", 'currency is an object: {"code": "EUR"}.', changed("currency", lambda word: {"code": word})
    )


def _states() -> Iterator[Shape]:
    yield shape(
        "pending", "A status; what is pending moved nothing.", status("status", "completed", "pending"), idle="pending"
    )
    yield shape("failed", "A status; what failed moved nothing.", status("status", "success", "failed"), idle="failed")
    yield shape(
        "cancelled",
        "A state; what was cancelled moved nothing.",
        status("state", "settled", "cancelled"),
        idle="cancelled",
    )
    yield shape(
        "reversed",
        "A status; what was reversed moved nothing.",
        status("status", "posted", "reversed"),
        idle="reversed",
    )
    yield shape("unconfirmed", "confirmed: false moved nothing.", status("confirmed", True, False), idle="unconfirmed")
    yield shape(
        "deleted",
        "What has a deleted_at moved nothing.",
        status("deleted_at", None, "2026-10-31T10:00:00Z"),
        idle="deleted",
    )
    yield shape("all-completed", "A status that is the same everywhere.", added(status="completed"))


def _running_balances() -> Iterator[Shape]:
    yield shape("after-text", 'balance_after beside cents: "142.50".', after(decimals(2)))
    yield shape("after-cents", "balance_after in cents as well.", after(CENTS))
    yield shape(
        "after-by-type",
        "Unsigned cents, and running_balance tells the direction.",
        amount(unsigned(CENTS)),
        after(decimals(2), "running_balance"),
    )
    yield shape(
        "after-minor-text", "Cents as texts in amount and balance_after.", amount(texts(CENTS)), after(texts(CENTS))
    )


def _class_name(word: object) -> object:
    return CLASS_NAMES.get(str(word), word)


def _prefixed(word: object) -> object:
    return {"order": "did_order", "number": "did_number", "trunk": "sip_trunk"}.get(str(word), word)


SHAPES: dict[str, Shape] = {
    found.name: found
    for found in (
        *_amounts(),
        *_directions(),
        *_moments(),
        *_names(),
        *_currencies(),
        *_states(),
        *_running_balances(),
        *SHAPES_AROUND_ROWS,
    )
}
"""Every shape by its name."""
