"""What clients pay under every charge model: whole months against fractions that walk the rows one by one."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.books import OCTOBER, Books, job_of, plans, rounded
from tests.support.desk import billed_here

CATEGORY = {"call": "call", "sms": "message", "renewal": "number_rental"}
NUMBERS = {"42": ("+31201234567", "NL", "trk_a"), "43": ("+4930123456", "DE", "trk_b")}
OWNERS = {"trk_a": "acme", "trk_b": "bruno"}
DETAILS = ("category", "number", "transaction")


@st.composite
def uses(draw: st.DrawFn, row_id: int) -> dict[str, Any]:
    """A cost of a trunk or of a number, some of them at one moment, so that ids decide who came first."""
    kind, name = draw(st.sampled_from([("trunk", "trk_a"), ("trunk", "trk_b"), ("number", "42"), ("number", "43")]))
    day = draw(st.integers(1, 4))
    return {
        "id": row_id,
        "type": draw(st.sampled_from(list(CATEGORY))),
        "amount": -draw(st.one_of(st.integers(0, 60), st.integers(0, 10**9))),
        "currency": "EUR",
        "description": "",
        "reference_type": kind,
        "reference_id": name,
        "created_at": f"2026-10-0{day}T12:00:00Z",
    }


@st.composite
def months(draw: st.DrawFn) -> Books:
    """Two clients of one plan each, a trunk and a number each, and up to twenty uses."""
    return Books(
        clients=tuple(
            {
                "client_id": client,
                "name": client,
                "country": "NL",
                "plan": plan,
                "detail": draw(st.sampled_from(DETAILS)),
            }
            for client, plan in (("acme", "standard"), ("bruno", "other"))
        ),
        trunks=tuple({"trunk": trunk, "client_id": client} for trunk, client in OWNERS.items()),
        numbers=tuple(
            {"number": number, "did_number_id": did, "trunk": trunk} for did, (number, _, trunk) in NUMBERS.items()
        ),
        plans=tuple(draw(plans(name)) for name in ("standard", "other")),
        wire=tuple(draw(uses(n)) for n in range(95, 95 + draw(st.integers(1, 20)))),
    )


def facts_of(row: Mapping[str, Any]) -> dict[str, str]:
    """What rules and lines ask of a row."""
    number, country, trunk = NUMBERS.get(row["reference_id"], ("", "", row["reference_id"]))
    category = CATEGORY[row["type"]]
    return {"category": category, "number": number, "country": country, "trunk": trunk, "client": OWNERS[trunk]}


def rule_for(plan: Mapping[str, Any], facts: Mapping[str, str]) -> int:
    return next(
        place
        for place, rule in enumerate(plan["rules"])
        if all(facts[name] == rule[name] for name in ("category", "country", "trunk") if name in rule)
        and facts["number"].startswith(rule.get("prefix", ""))
    )


def charge(rule: Mapping[str, Any], cost: int, position: int, units: int) -> Fraction:
    """Cents for one use; `position` counts from 1."""
    if rule["model"] == "markup":
        return cost * (1 + Fraction(rule["percent"]) / 100) + 100 * Fraction(rule["fixed"])
    if rule["model"] == "package":
        return Fraction(0) if position <= rule["included"] else 100 * Fraction(rule["price"])
    if rule["model"] in ("graduated", "volume"):
        reached = position if rule["model"] == "graduated" else units
        tier = next(tier for tier in rule["tiers"] if reached <= tier.get("up_to", reached))
        return 100 * Fraction(tier["price"])
    return {"pass_through": Fraction(cost), "fixed": 100 * Fraction(rule.get("price", "0"))}[rule["model"]]


def expected_lines(month: Books, client: Mapping[str, str], plan: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """(category, number, cents) of a client's lines: its uses, then fee, discount and minimum."""
    mine = [(row, facts_of(row)) for row in month.wire if facts_of(row)["client"] == client["client_id"]]
    mine.sort(key=lambda pair: (pair[0]["created_at"], pair[0]["id"]))
    of_rule: dict[int, list[int]] = defaultdict(list)
    for row, facts in mine:
        of_rule[rule_for(plan, facts)].append(row["id"])
    sums: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    for row, facts in mine:
        place = rule_for(plan, facts)
        if plan["rules"][place]["model"] == "absorb":
            continue
        line = {
            "category": (facts["category"], ""),
            "number": (facts["category"], facts["number"], facts["trunk"]),
            "transaction": (facts["category"], facts["number"], row["id"]),
        }[client["detail"]]
        counted = of_rule[place]
        sums[line] += charge(plan["rules"][place], -row["amount"], counted.index(row["id"]) + 1, len(counted))
    for (category, number, *_), exact in sums.items():
        yield category, number, rounded(exact)
    fee = rounded(100 * Fraction(plan["monthly_fee"]))
    net = sum(rounded(exact) for exact in sums.values()) + fee
    discount = rounded(max(net, 0) * Fraction(plan["discount_percent"]) / 100)
    least = rounded(100 * Fraction(plan["minimum"]))
    missing = max(0, least - (net - discount)) if least else 0  # no minimum is not a minimum of nothing: refunds stand
    for category, cents in (("monthly_fee", fee), ("discount", -discount), ("minimum", missing)):
        if cents:
            yield category, "", cents


@given(months())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_line_is_what_fractions_give(month: Books) -> None:
    """Pass-through, markup, fixed, packages, tiers, absorbed; fee, discount, minimum: each line rounded once."""
    with job_of(month) as job:
        billed = {document.client.client_id: document for document in billed_here(job, OCTOBER).new}
    for client, plan in zip(month.clients, month.plans, strict=True):
        expected = list(expected_lines(month, client, plan))
        if not any(cents for _, _, cents in expected):
            assert client["client_id"] not in billed
            continue
        document = billed[client["client_id"]]
        by_category = client["detail"] == "category"
        found = [(line.category, "" if by_category else line.number, line.net_cents) for line in document.lines]
        assert sorted(found) == sorted(expected)
