"""Onboarding a client in the guide's four steps, and into the user's files: search, trunk, purchase, routing.

The trunk comes before the purchase: numbers without a trunk whose id routing can name would be bought for nothing.

Each step is recorded before and after it is taken, so that a second call goes on where the first one stopped: nothing
is bought twice, no second trunk is made. A password is handed over when the trunk is made and stored nowhere.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from billing_job.config.csv_edit import read_csv_text, with_rows, write_csv_text
from billing_job.config.mapping_columns import CLIENT_COLUMNS, NUMBER_COLUMNS, TRUNK_COLUMNS
from billing_job.core.errors import ConfigError, MayHaveHappened, SupplierError
from billing_job.core.money import decimal_text
from billing_job.core.register import Register, TrunkAssignment
from billing_job.didfarm.checkout import ask, buy, new_orders, offers, orders_of
from billing_job.didfarm.models import BoughtNumber, Offer, Purchase, SipTrunk
from billing_job.ledger.onboarding import DONE, Steps, record_step, save_bought, steps_under_way
from billing_job.operations.onboarding.desk import Onboarded, OnboardingContext, OnboardingRequest
from billing_job.operations.onboarding.record import (
    Checkout,
    checkout_from,
    checkout_value,
    purchase_from,
    purchase_value,
)

CHECKOUT, BOUGHT, TRUNK_ASKED, TRUNK, MAPPED, ROUTED = "checkout", "bought", "trunk_asked", "trunk", "mapped", "routed"
_CLOCKS_DIFFER = timedelta(minutes=5)
"""A purchase just after midnight by our clock may be one of the day before by the supplier's."""


def onboard(
    desk: OnboardingContext, wish: OnboardingRequest, did_number_ids: Mapping[str, str], *, anew: bool = False
) -> Onboarded:
    """Take the steps that are left; `did_number_ids` tell what a lost checkout's answer would have told.

    `anew` forgets a checkout whose fate is not known, once its user has seen that it bought nothing. Errors: those of
    Client; ConfigError where something must be looked up first.
    """
    steps = steps_under_way(desk.engine, wish.client_id)
    if anew and BOUGHT not in steps:
        steps = {step: value for step, value in steps.items() if step != CHECKOUT}
    resumed = bool(steps)
    known = _known_purchase(desk, steps, wish, did_number_ids)
    wanted = () if known else _wanted(desk, wish)
    trunk, is_new = _trunk(desk, steps, wish)
    checkout, purchase = known or _bought(desk, wish, wanted)
    if MAPPED not in steps:
        _write_mapping(desk, wish, checkout, purchase, trunk, is_new=is_new)
        _record(desk, wish, MAPPED, True)
    for number in purchase.numbers:
        desk.client.route(number.did_number_id, trunk.trunk_id)  # the same route twice is one route
        _record(desk, wish, ROUTED, number.did_number_id)
    _record(desk, wish, DONE, True)
    return Onboarded(
        client_id=wish.client_id,
        order_id=purchase.order_id,
        numbers=purchase.numbers,
        trunk_uuid=trunk.uuid,
        trunk_is_new=is_new,
        cents=checkout.asked.cents,
        requires_regulatory=purchase.requires_regulatory,
        valid_from=checkout.day,
        resumed=resumed,
    )


def _record(desk: OnboardingContext, wish: OnboardingRequest, step: str, value: Any) -> None:
    record_step(desk.engine, wish.client_id, step, value, desk.clock.now())


def _known_purchase(
    desk: OnboardingContext, steps: Steps, wish: OnboardingRequest, did_number_ids: Mapping[str, str]
) -> tuple[Checkout, Purchase] | None:
    """What an earlier call bought, or what became of a checkout that it sent; None when nothing is bought yet."""
    if not steps.get(CHECKOUT):
        return None
    checkout = checkout_from(steps[CHECKOUT])
    if BOUGHT in steps:
        return checkout, purchase_from(steps[BOUGHT])
    purchase = _what_became_of(desk, checkout, did_number_ids)
    if purchase is None:
        return None
    _record_purchase(desk, wish, purchase)
    return checkout, purchase


def _wanted(desk: OnboardingContext, wish: OnboardingRequest) -> tuple[Offer, ...]:
    """Search, and ask whether to buy."""
    wanted = tuple(islice(offers(desk.client, wish.country, wish.number_type, wish.city), wish.count))
    if len(wanted) < wish.count:
        where = " ".join(filter(None, (wish.country, wish.number_type, wish.city)))
        raise ConfigError(f"{len(wanted)} numbers {where} are on sale, {wish.count} are wanted")
    desk.talk.confirm(wanted, sum(offer.first_cents for offer in wanted))
    return wanted


def _bought(desk: OnboardingContext, wish: OnboardingRequest, wanted: tuple[Offer, ...]) -> tuple[Checkout, Purchase]:
    """Buy, recorded before and after."""
    now = desk.clock.now()
    asked = ask(desk.client, wanted, now)
    checkout = Checkout(
        asked=asked,
        prices={offer.number: offer.first_cents for offer in wanted},
        requires_regulatory=any(offer.requires_regulatory for offer in wanted),
        day=_day(now, desk.zone),
    )
    _record(desk, wish, CHECKOUT, checkout_value(checkout))
    try:
        purchase = buy(desk.client, asked)
    except MayHaveHappened:
        raise
    except SupplierError:
        _record(desk, wish, CHECKOUT, None)  # it certainly bought nothing: the next call begins anew
        raise
    _record_purchase(desk, wish, purchase)
    return checkout, purchase


def _record_purchase(desk: OnboardingContext, wish: OnboardingRequest, purchase: Purchase) -> None:
    _record(desk, wish, BOUGHT, purchase_value(purchase))
    ids = {number.number: number.did_number_id for number in purchase.numbers}
    save_bought(desk.engine, purchase.order_id, ids, desk.clock.now())


def _what_became_of(desk: OnboardingContext, checkout: Checkout, did_number_ids: Mapping[str, str]) -> Purchase | None:
    """The purchase whose answer was lost; None when its numbers are still on sale, so that nothing was bought."""
    orders = new_orders(desk.client, checkout.asked)
    rows = orders_of(checkout.asked, orders)
    numbers = [item.number for item in checkout.asked.items]
    if len(rows) == 1:
        missing = [number for number in numbers if number not in did_number_ids]
        if missing:
            raise ConfigError(
                f"order {rows[0].reference_id} bought {', '.join(numbers)}, but the answer that named their"
                " did_number_id was lost. Look it up in the portal (My Numbers), then run this again with "
                + " ".join(f"--did-number-id {number}=ID" for number in missing)
            )
        bought = tuple(BoughtNumber(number, did_number_ids[number]) for number in numbers)
        return Purchase(rows[0].reference_id, bought, checkout.requires_regulatory)
    item = checkout.asked.items[0]
    if not orders and any(offer.number == item.number for offer in offers(desk.client, item.country, item.number_type)):
        return None
    seen = "no new order" if not orders else "new orders " + ", ".join(row.reference_id for row in orders)
    raise ConfigError(
        f"a checkout of {', '.join(numbers)} got no answer, and the wallet shows {seen}. Look in the portal whether it"
        " was carried out; if it was not, run this again with --anew"
    )


def _trunk(desk: OnboardingContext, steps: Steps, wish: OnboardingRequest) -> tuple[SipTrunk, bool]:
    """The client's trunk, and whether this onboarding made it."""
    if TRUNK in steps:
        known = steps[TRUNK]
        return _listed(desk, known["uuid"]), known["is_new"]
    held = open_trunk(desk.mapping, wish.client_id, _day(desk.clock.now(), desk.zone))
    if held is not None:
        trunk = _listed(desk, held.trunk)
        _record(desk, wish, TRUNK, {"uuid": trunk.uuid, "is_new": False})
        return trunk, False
    name = wish.client_row["name"]
    made = None
    if TRUNK_ASKED in steps:
        before = steps[TRUNK_ASKED]
        made = next((t for t in desk.client.trunks() if t.name == name and t.uuid not in before), None)
    if made is not None:  # its password was lost with the answer, and nobody uses it yet
        desk.talk.hand_over(desk.client.regenerate_credentials(made.uuid))
    else:
        _record(desk, wish, TRUNK_ASKED, [trunk.uuid for trunk in desk.client.trunks()])
        new = desk.client.create_trunk(name)
        desk.talk.hand_over(new.credentials)
        made = new.trunk if new.trunk.trunk_id else _listed(desk, new.trunk.uuid)
    _record(desk, wish, TRUNK, {"uuid": made.uuid, "is_new": True})
    return made, True


def _listed(desk: OnboardingContext, name: str) -> SipTrunk:
    """The trunk of a uuid or id as the supplier lists it; ConfigError where routing could not name it."""
    trunk = next((trunk for trunk in desk.client.trunks() if name in (trunk.uuid, trunk.trunk_id)), None)
    if trunk is None:
        raise ConfigError(
            f"trunk {name}: DIDfarm lists none of that name; correct trunks.csv if it stands there. Nothing was bought"
        )
    if not trunk.trunk_id:
        raise ConfigError(
            f"trunk {name}: DIDfarm's list of trunks shows no id for it, by which a number is put on it. Nothing was"
            " bought; ask DIDfarm for the id and put the numbers on the trunk in its portal"
        )
    return trunk


def open_trunk(mapping: Register, client_id: str, day: date) -> TrunkAssignment | None:
    """A trunk that is the client's on a day and has no end; the first of them in the file."""
    return next(
        (
            fact
            for fact in mapping.trunks
            if fact.client_id == client_id and fact.valid_to is None and fact.holds_on(day)
        ),
        None,
    )


def _write_mapping(
    desk: OnboardingContext,
    wish: OnboardingRequest,
    checkout: Checkout,
    purchase: Purchase,
    trunk: SipTrunk,
    *,
    is_new: bool,
) -> None:
    """Add what is not there yet: client, trunk, numbers; a second call adds nothing."""
    day = checkout.day.isoformat()
    kinds = {item.number: item for item in checkout.asked.items}
    if all(client.client_id != wish.client_id for client in desk.mapping.clients):
        _add(desk.config_folder / "clients.csv", CLIENT_COLUMNS, [{"client_id": wish.client_id, **wish.client_row}])
    if is_new and all(fact.trunk not in (trunk.uuid, trunk.trunk_id) for fact in desk.mapping.trunks):
        row = {"trunk": trunk.uuid, "client_id": wish.client_id, "valid_from": day}
        _add(desk.config_folder / "trunks.csv", TRUNK_COLUMNS, [row])
    known = {fact.did_number_id for fact in desk.mapping.numbers if fact.valid_to is None}
    rows = [
        {
            "number": number.number,
            "did_number_id": number.did_number_id,
            "order_id": purchase.order_id,
            "country": kinds[number.number].country,
            "number_type": kinds[number.number].number_type,
            "trunk": trunk.uuid,
            "valid_from": day,
            "price": decimal_text(checkout.prices[number.number]),
        }
        for number in purchase.numbers
        if number.did_number_id not in known
    ]
    _add(desk.config_folder / "numbers.csv", NUMBER_COLUMNS, rows)


def _add(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    if rows:
        file = read_csv_text(path, columns)
        write_csv_text(path, file, with_rows(file, rows))


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return (moment - _CLOCKS_DIFFER).astimezone(zone).date()
