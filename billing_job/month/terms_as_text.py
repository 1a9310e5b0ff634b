"""A month's plan and prices as they are recorded: text in the ledger, whatever the files say by now."""

import json
from datetime import date

from billing_job.billing.rating.plans import Plan, Rule
from billing_job.billing.rating.tariff import EVERY_CLIENT, DatedPrice, MonthTariff
from billing_job.core.toml import AS_RECORDED


def terms_text(tariff: MonthTariff) -> str:
    """A month's plan and prices as they are recorded."""
    prices = [
        {
            "client_id": price.client_id,
            "category": price.category,
            "country": price.country,
            "rule": price.rule.model_dump(mode="json", exclude_defaults=True),
            "valid_from": price.valid_from.isoformat(),
            "source": price.source,
        }
        for price in tariff.prices
    ]
    plan = tariff.plan.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"plan": plan, "prices": prices}, sort_keys=True, ensure_ascii=False)


def plan_and_prices(text: str, client_id: str) -> MonthTariff:
    """Recorded terms; own prices are the client's whatever it is called by now."""
    body = json.loads(text)
    prices = tuple(
        DatedPrice(
            price["client_id"] if price["client_id"] == EVERY_CLIENT else client_id,
            price["category"],
            price["country"],
            Rule.model_validate(price["rule"], context=AS_RECORDED),
            date.fromisoformat(price["valid_from"]),
            price["source"],
        )
        for price in body["prices"]
    )
    return MonthTariff(Plan.model_validate(body["plan"], context=AS_RECORDED), prices)
