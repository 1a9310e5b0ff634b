"""Plans: what a client pays. Rules are tried in order; each has a condition and a charge model (DESIGN: prices)."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from billing_job.core.toml import (
    LARGEST_DECIMAL,
    DecimalString,
    NumberCountry,
    PositiveDecimal,
    PositiveMoney,
    Table,
    expecting,
)

Model = Literal["pass_through", "markup", "fixed", "package", "graduated", "volume", "absorb"]

KEYS_OF_MODEL: dict[str, frozenset[str]] = {
    "pass_through": frozenset(),
    "markup": frozenset({"percent", "fixed", "per", "round_up"}),
    "fixed": frozenset({"price", "per", "round_up"}),
    "package": frozenset({"included", "included_per", "price", "per", "round_up"}),
    "graduated": frozenset({"tiers", "per", "round_up"}),
    "volume": frozenset({"tiers", "per", "round_up"}),
    "absorb": frozenset(),
}
"""Which keys beside the condition each charge model has."""
_OPTIONAL = frozenset({"percent", "fixed", "per", "round_up", "included_per"})


class Tier(Table):
    """`[[plans.rules.tiers]]`: a price each for the units up to and including `up_to`; the last tier has no end."""

    up_to: Annotated[int, Field(ge=1)] | None = None
    price: PositiveDecimal


class Rule(Table):
    """`[[plans.rules]]`: a condition on the transaction and the charge model that then holds."""

    category: str | None = None
    country: NumberCountry | None = None
    number_type: str | None = None
    prefix: (
        Annotated[str, Field(pattern=r"^\+\d{1,15}$"), expecting("write how the numbers begin, such as +3197")] | None
    ) = None
    trunk: str | None = None
    model: Model
    percent: DecimalString = "0"
    fixed: DecimalString = "0"
    price: PositiveDecimal | None = None
    included: Annotated[int, Field(ge=0)] | None = None
    tiers: tuple[Tier, ...] = ()
    per: Literal["transaction", "quantity"] = "transaction"
    """What is one unit: a transaction, or each of those that its mapped quantity counts."""
    included_per: Literal["client", "number"] = "client"
    """Who has the units included of a month: the client once, or each of its numbers."""
    round_up: Annotated[int, Field(ge=2, le=LARGEST_DECIMAL)] | None = None
    """So much of the quantity is one unit, and what is begun counts whole: 60 makes minutes of seconds."""

    @property
    def matches_all(self) -> bool:
        """Whether the rule has no condition, so that it holds for every transaction."""
        return not any((self.category, self.country, self.number_type, self.prefix, self.trunk))

    @model_validator(mode="after")
    def _own_keys_only(self) -> "Rule":
        known = KEYS_OF_MODEL[self.model]
        given = self.model_fields_set & frozenset().union(*KEYS_OF_MODEL.values())
        if foreign := sorted(given - known):
            raise ValueError(f"model {self.model!r} knows no {', '.join(foreign)}")
        if missing := sorted(known - given - _OPTIONAL):
            raise ValueError(f"model {self.model!r} needs {', '.join(missing)}")
        if self.model == "markup" and Decimal(self.percent) < -100:
            raise ValueError("a markup below -100 percent would pay the client for what it uses")
        if self.round_up is not None and self.per != "quantity":
            raise ValueError('round_up needs per = "quantity": it rounds what the supplier counts in a row')
        if self.tiers and not _rising(self.tiers):
            raise ValueError("tiers need a rising up_to, and the last one none: it holds for all further units")
        return self


def _rising(tiers: tuple[Tier, ...]) -> bool:
    bounds = [tier.up_to for tier in tiers[:-1] if tier.up_to is not None]
    rising = all(low < high for low, high in pairwise(bounds))
    return tiers[-1].up_to is None and len(bounds) == len(tiers) - 1 and rising


class Amounts(dict[str, str]):
    """Amounts by category, of a plan: plans are told apart by all that they say."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


CategoryMinimum = Annotated[dict[str, PositiveMoney], AfterValidator(Amounts)]


class PlanVersion(Table):
    """`[[plans.versions]]`: what a plan asks from a month on; a key that is left out stays as it was before."""

    valid_from: date
    monthly_fee: PositiveMoney | None = None
    minimum: PositiveMoney | None = None
    category_minimum: CategoryMinimum | None = None
    discount_percent: PositiveDecimal | None = None
    rules: tuple[Rule, ...] | None = None

    @model_validator(mode="after")
    def _begins_a_month(self) -> "PlanVersion":
        if self.valid_from.day != 1:
            raise ValueError("valid_from must be the first day of a month: a month has one plan")
        if self.rules is not None:
            _check_rules(self.rules)
        _check_discount(self.discount_percent or "0")
        return self


class Plan(Table):
    """`[[plans]]`: the rules of its clients, and what they pay beside their use."""

    name: Annotated[str, Field(min_length=1)]
    monthly_fee: PositiveMoney = "0.00"
    monthly_fee_prorate: Literal["none", "days"] = "none"
    """Whether a month in which the client has a trunk on some days only owes the fee for these days."""
    minimum: PositiveMoney = "0.00"
    category_minimum: CategoryMinimum = Amounts()
    """What the use of single categories comes to at least in a month, each by itself."""
    discount_percent: PositiveDecimal = "0"
    rules: tuple[Rule, ...] = (Rule(model="pass_through"),)
    versions: tuple[PlanVersion, ...] = ()

    @model_validator(mode="after")
    def _last_matches_all(self) -> "Plan":
        _check_rules(self.rules)
        _check_discount(self.discount_percent)
        days = [version.valid_from for version in self.versions]
        if days != sorted(set(days)):
            raise ValueError("versions must follow each other, each with a later valid_from")
        return self

    def of_month(self, first_day: date) -> "Plan":
        """What the plan asks in the month that begins on this day; it has no versions."""
        changes: dict[str, object] = {"versions": ()}
        for version in self.versions:
            if version.valid_from <= first_day:
                changes |= {name: value for name in _DATED if (value := getattr(version, name)) is not None}
        return self.model_copy(update=changes)


_DATED = ("monthly_fee", "minimum", "category_minimum", "discount_percent", "rules")


def _check_rules(rules: tuple[Rule, ...]) -> None:
    if not rules or not rules[-1].matches_all:
        raise ValueError("the last rule must match all: end the plan with a rule that has a model and no condition")
    unreachable = next((n for n, rule in enumerate(rules[:-1], 1) if rule.matches_all), None)
    if unreachable is not None:
        raise ValueError(f"rule {unreachable} matches all, so the rules after it are never reached")


def _check_discount(percent: str) -> None:
    if Decimal(percent) > 100:
        raise ValueError("a discount above 100 percent would pay the client for what it uses")
