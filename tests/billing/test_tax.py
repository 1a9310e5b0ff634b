"""VAT treatment by countries, VAT id and decisions; rates by the last day of the period."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing_job.billing.invoicing.tax import TaxRules, Untaxable, vat_id_check, vat_of
from billing_job.config.mapping import load_vat_rates
from billing_job.core.document import Vat
from billing_job.core.parties import Client
from billing_job.core.register import VatRate
from billing_job.core.resources import shipped_config

SHIPPED = load_vat_rates(shipped_config() / "vat_rates.csv")
DUTCH = TaxRules("NL", "NL861994772B01", False, (), SHIPPED)
OCTOBER = date(2026, 10, 31)


def client(country: str, vat_id: str = "", treatment: str = "") -> Client:
    return Client("acme", "Acme", country, vat_id=vat_id, tax_treatment=treatment)


@pytest.mark.parametrize(
    ("who", "category", "rate", "code"),
    [
        (client("NL"), "S", "21", ""),
        (client("NL", "NL004495445B01"), "S", "21", ""),
        (client("DE", "DE136695976"), "AE", "0", "VATEX-EU-AE"),
        (client("GR", "EL094259216"), "AE", "0", "VATEX-EU-AE"),
        (client("CH"), "O", "0", "VATEX-EU-O"),
        (client("GB", "GB980780684"), "O", "0", "VATEX-EU-O"),
        (client("DE", "", "S"), "S", "21", ""),
        (client("DE", "", "OSS"), "S", "19", ""),
        (client("NL", "", "O"), "O", "0", "VATEX-EU-O"),
        (client("NL", "", "E"), "E", "0", ""),
        (client("NL", "", "Z"), "Z", "0", ""),
        (client("DE", "DE1", "AE"), "AE", "0", "VATEX-EU-AE"),
    ],
)
def test_a_dutch_seller(who: Client, category: str, rate: str, code: str) -> None:
    """Own country, EU with a VAT id, outside the EU, and every tax_treatment that overrides."""
    vat = vat_of(who, DUTCH, OCTOBER)
    assert isinstance(vat, Vat)
    assert (vat.category, vat.rate, vat.exemption_code) == (category, Decimal(rate), code)
    if category == "AE":
        assert "Article 196" in vat.exemption_reason


@pytest.mark.parametrize(
    ("who", "rules", "asked"),
    [
        (client("DE"), DUTCH, "tax.oss = true"),
        (client("DE", "DE136695977"), DUTCH, "DE136695977"),
        (client("DE", "FR40303265045"), DUTCH, "FR40303265045"),
        (client("DE", "", "AE"), DUTCH, "fill in vat_id"),
        (client("DE", "DE136695976"), replace(DUTCH, seller_vat_id=""), "seller.vat_id"),
        (client("US"), replace(DUTCH, seller_country="US", shipped_rates=()), "vat_rates.csv"),
    ],
)
def test_what_needs_a_decision(who: Client, rules: TaxRules, asked: str) -> None:
    """Nothing is guessed: the answer names what to fill in or to decide."""
    answer = vat_of(who, rules, OCTOBER)
    assert isinstance(answer, Untaxable)
    assert asked in answer.reason


def test_one_stop_shop_charges_the_consumers_rate() -> None:
    """With oss = true a client in the EU without a VAT id pays its own country's rate; one with an id still none."""
    rules = replace(DUTCH, oss=True)
    consumer, firm = vat_of(client("HU"), rules, OCTOBER), vat_of(client("DE", "DE136695976"), rules, OCTOBER)
    assert isinstance(consumer, Vat)
    assert isinstance(firm, Vat)
    assert (consumer.category, consumer.rate, firm.category) == ("S", Decimal(27), "AE")


@pytest.mark.parametrize(
    ("country", "last_day_before", "before", "after"),
    [
        ("EE", date(2025, 6, 30), "22", "24"),
        ("FI", date(2024, 8, 31), "24", "25.5"),
        ("RO", date(2025, 7, 31), "19", "21"),
        ("SK", date(2024, 12, 31), "20", "23"),
    ],
)
def test_rates_change_on_their_day(country: str, last_day_before: date, before: str, after: str) -> None:
    """The rate of the period's last day holds, on both sides of every change the shipped rates must know."""
    consumer = client(country, "", "OSS")
    rates = [vat_of(consumer, DUTCH, day) for day in (last_day_before, OCTOBER)]
    assert [vat.rate for vat in rates if isinstance(vat, Vat)] == [Decimal(before), Decimal(after)]


def test_the_users_rates_win() -> None:
    """A row in the user's vat_rates.csv replaces the shipped one from its day on; before it the shipped one holds."""
    rules = replace(DUTCH, rates=(VatRate("NL", "S", Decimal("22.5"), date(2026, 10, 1)),))
    rates = [vat_of(client("NL"), rules, day) for day in (date(2026, 9, 30), OCTOBER)]
    assert [vat.rate for vat in rates if isinstance(vat, Vat)] == [Decimal(21), Decimal("22.5")]


def test_the_check_of_a_vat_id() -> None:
    """valid and invalid are by format and check digits of the client's own country; no id, no check."""
    found = [
        vat_id_check(client(*who))
        for who in (("DE", "DE136695976"), ("DE", "DE136695977"), ("FR", "DE136695976"), ("DE",))
    ]
    assert found == ["valid", "invalid", "invalid", ""]
