"""Countries are those of ISO 3166 and no others."""

import pytest

from billing_job.billing.rating.plans import Plan
from billing_job.core.countries import countries, country, numbering_country
from billing_job.core.toml import AS_RECORDED


def test_all_249_countries() -> None:
    """What ISO 3166 assigns today, and none of the codes that it reserves or leaves to users."""
    assert len(countries()) == 249
    assert {"NL", "GB", "GR", "MC", "XX", "UK", "EL", "EU", "XI", "XK", "AN", "ZZ"} & countries() == {
        "NL", "GB", "GR", "MC",
    }  # fmt: skip
    assert country(" nl ") == "NL"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("UK", "write GB"), ("EL", "write GR"), ("XI", "write GB"),
        ("EU", "ISO 3166"), ("XX", "ISO 3166"), ("XK", "ISO 3166"), ("NLD", "ISO 3166"), ("", "ISO 3166"),
    ],
)  # fmt: skip
def test_other_codes_are_refused(code: str, said: str) -> None:
    """With the code that was meant, where there is one."""
    with pytest.raises(ValueError, match=said):
        country(code)


def test_the_country_of_a_number() -> None:
    """Kosovo's numbers have a plan of their own, so that a price may name it; what is no plan's is refused."""
    assert numbering_country("xk") == "XK"
    with pytest.raises(ValueError, match="write GB"):
        numbering_country("UK")


def test_recorded_terms_stay_readable() -> None:
    """A rule that a ledger recorded before is read as it was written."""
    plan = {"name": "p", "rules": [{"country": "UK", "model": "absorb"}, {"model": "pass_through"}]}
    assert Plan.model_validate(plan, context=AS_RECORDED).rules[0].country == "UK"
