"""Causes told from figures alone: each worked out by hand from a wallet of 2,000.00 in and 800.00 out."""

import pytest

from billing_job.month.likely_causes import Figures, likely_causes

TYPES = {"topup": 200_000, "call": -50_000, "sms": -30_000}


def figures(factor: float = 1, *, flipped: tuple[str, ...] = (), change: int = 120_000, **more: object) -> Figures:
    """The true wallet read as so many times too large, with the amounts of some types the other way round."""
    read = {name: int(cents * factor) * (-1 if name in flipped else 1) for name, cents in TYPES.items()}
    by_type = [(name, cents, False) for name, cents in sorted(read.items())]
    return Figures(change, sum(read.values()), by_type, 1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (figures(100, amount_unit="decimal"), ["[api.transactions] amount_unit = \"cents\""]),
        (figures(0.01), ["[api.transactions] amount_unit = \"decimal\""]),
        (figures(10), ["[api.transactions] amount_unit = \"1/1000\""]),
        (figures(100), ["[api.transactions] amount_unit = \"1/10000\""]),
        (figures(1000, amount_unit="decimal"), ["[api.transactions] amount_unit = \"1/1000\""]),
        (figures(10_000), ["[api.transactions] amount_unit = \"1/1000000\""]),
        (figures(0.1), ["[api.transactions] amount_unit = \"1/10\""]),
        (figures(flipped=("topup", "call", "sms")), ["[api.transactions] sign = \"inverted\""]),
        (figures(flipped=("call",), sign="by_type", credit_types=("topup", "call")),
         ["[api.transactions] credit_types = [\"topup\"]"]),
        (figures(flipped=("topup",), sign="by_type"), ["[api.transactions] credit_types = [\"topup\"]"]),
        (figures(flipped=("call", "sms")),
         ["[api.transactions] sign = \"by_type\" credit_types = [\"topup\"]"]),
        (figures(10_000, flipped=("call", "sms"), amount_unit="decimal"),
         ["[api.transactions] amount_unit = \"1/10000\"",
          "[api.transactions] sign = \"by_type\" credit_types = [\"topup\"]"]),
        (figures(change=120_500), []),
        (figures(100, change=120_500, since_change=-70, since_movements=-7000, amount_unit="decimal"),
         ["[api.transactions] amount_unit = \"cents\""]),
        (figures(change=120_500, since_change=-70, since_movements=-70), []),
        (figures(0, change=5), []),
    ],
)  # fmt: skip
def test_a_cause_is_named_with_the_line_that_corrects_it(case: Figures, told: list[str]) -> None:
    """Units by powers of ten, signs, single types and both together; a constant difference has no cause of these."""
    assert [cause.toml.replace("\n", " ") for cause in likely_causes(case)] == told


def test_the_last_place_of_the_balance_hides_what_is_less() -> None:
    """1,234,567 thousandths are 1,234.57 in a balance of two places: the ratio of ten is seen all the same."""
    (cause,) = likely_causes(Figures(123_457, 1_234_567, [("topup", 1_234_567, False)], 1))
    assert (cause.setting, cause.why) == ("amount_unit", "amounts are read 10 times too large")
