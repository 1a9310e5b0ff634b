"""How every kind of client is taxed: the table of countries, VAT ids and One Stop Shop, overrides, small businesses."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing_job.billing.invoicing.tax import TaxRules, Untaxable, vat_id_check, vat_of, written_vat_id
from billing_job.billing.invoicing.untaxed_at_home import REASONS, small_business_vat
from billing_job.config.mapping import load_vat_rates
from billing_job.core.document import Vat
from billing_job.core.errors import ConfigError
from billing_job.core.parties import Client
from billing_job.core.register import VatRate
from billing_job.core.resources import shipped_config
from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.einvoice.ubl import ubl_xml
from billing_job.documents.legal_mentions import vat_mentions
from billing_job.documents.templates import load_templates
from billing_job.documents.translations import labels_for
from tests.support.desk import Desk, row
from tests.support.invoice_rules import complaints

RATES = load_vat_rates(shipped_config() / "vat_rates.csv")
OCTOBER = date(2026, 10, 31)
SELLER_IDS = {"NL": "NL861994772B01", "DE": "DE136695976", "BE": "BE0403170701"}
GOOD = {"NL": "NL004495445B01", "DE": "DE906360830", "BE": "BE0428759497", "FR": "FR40303265045"}
BAD = {"NL": "NL004495446B01", "DE": "DE136695977", "BE": "BE0428759498", "FR": "FR41303265045"}
ARTICLE_196 = "Article 196 of Council Directive 2006/112/EC"


def rules(seller: str, *, oss: bool = False, exemption: Vat | None = None, rates: tuple[VatRate, ...] = ()) -> TaxRules:
    known = SELLER_IDS.get(seller, "")
    return TaxRules(seller, known, oss, rates, RATES, exemption, (), "" if known else "12 345 678")


def buyer(country: str, vat_id: str, treatment: str = "") -> Client:
    return Client("acme", "Acme", country, vat_id=vat_id, tax_treatment=treatment)


@pytest.mark.parametrize(
    ("seller", "country", "vat_id", "oss", "expected"),
    [
        # At home the standard rate, whatever the VAT id says and whatever is decided about other countries.
        ("NL", "NL", GOOD["NL"], False, "S 21"),
        ("NL", "NL", BAD["NL"], True, "S 21"),
        ("NL", "NL", "", False, "S 21"),
        ("DE", "DE", GOOD["DE"], True, "S 19"),
        ("DE", "DE", "", False, "S 19"),
        ("BE", "BE", GOOD["BE"], False, "S 21"),
        ("BE", "BE", "", True, "S 21"),
        # A business elsewhere in the EU pays its own VAT; the check digits decide that it is one.
        ("NL", "DE", GOOD["DE"], False, "AE 0"),
        ("NL", "DE", GOOD["DE"], True, "AE 0"),
        ("NL", "BE", GOOD["BE"], False, "AE 0"),
        ("NL", "FR", GOOD["FR"], True, "AE 0"),
        ("DE", "NL", GOOD["NL"], False, "AE 0"),
        ("DE", "FR", GOOD["FR"], False, "AE 0"),
        ("BE", "NL", GOOD["NL"], True, "AE 0"),
        # Everybody else in the EU pays the VAT of the own country with One Stop Shop, and waits without.
        ("NL", "DE", "", True, "S 19"),
        ("NL", "DE", BAD["DE"], True, "S 19"),
        ("NL", "FR", "", True, "S 20"),
        ("DE", "NL", BAD["NL"], True, "S 21"),
        ("BE", "DE", "", True, "S 19"),
        ("NL", "DE", "", False, "?"),
        ("NL", "BE", BAD["BE"], False, "?"),
        ("DE", "FR", "", False, "?"),
        ("DE", "FR", BAD["FR"], False, "?"),
        ("BE", "NL", "", False, "?"),
        # Outside the EU no VAT of ours is due, with or without an id.
        ("NL", "GB", "", False, "O 0"),
        ("NL", "GB", "GB980780684", True, "O 0"),
        ("NL", "CH", "CHE107787577", False, "O 0"),
        ("DE", "US", "", True, "O 0"),
        ("DE", "NO", "NO995525828", False, "O 0"),
        ("BE", "CH", "", True, "O 0"),
        ("BE", "NO", "", False, "O 0"),
    ],
)
def test_the_table(seller: str, country: str, vat_id: str, oss: bool, expected: str) -> None:
    """Seller, buyer, VAT id and OSS give category and rate, the EN 16931 code, the wording, or a question."""
    answer = vat_of(buyer(country, vat_id), rules(seller, oss=oss), OCTOBER)
    if expected == "?":
        assert isinstance(answer, Untaxable)
        assert all(word in answer.reason for word in ("client acme", country, "vat_id", "tax.oss", "tax_treatment"))
        return
    assert isinstance(answer, Vat)
    assert f"{answer.category} {answer.rate}" == expected
    code, wording = {"AE": ("VATEX-EU-AE", ARTICLE_196), "O": ("VATEX-EU-O", "Not subject to VAT")}.get(
        answer.category, ("", "")
    )
    assert answer.exemption_code == code
    assert wording in answer.exemption_reason


@pytest.mark.parametrize(
    ("seller", "country", "vat_id", "of"),
    [
        ("NL", "DE", GOOD["BE"], "BE"),
        ("NL", "NL", GOOD["DE"], "DE"),
        ("NL", "US", GOOD["NL"], "NL"),
        ("NL", "US", "NL12345", "NL"),
        ("NL", "CH", "ATU12345678", "AT"),
        ("NL", "GB", "EL094259216", "GR"),
        ("NL", "IE", "XI980780684", "GB"),
        ("NL", "FR", "GB980780684", "GB"),
        ("NL", "DE", "CHE107787577", "CH"),
        ("US", "FR", GOOD["DE"], "DE"),
    ],
)
@pytest.mark.parametrize("oss", [False, True])
def test_a_vat_id_of_another_country_waits(seller: str, country: str, vat_id: str, of: str, oss: bool) -> None:
    """Country or VAT id is wrong, and which one decides whether VAT is due; a tax_treatment decides it as well."""
    answer = vat_of(buyer(country, vat_id), rules(seller, oss=oss), OCTOBER)
    assert isinstance(answer, Untaxable)
    assert answer.reason.startswith(f"client acme is in {country} and VAT id {vat_id} is of {of}:")
    assert isinstance(vat_of(buyer(country, vat_id, "O"), rules(seller), OCTOBER), Vat)


@pytest.mark.parametrize(
    ("seller", "country", "vat_id", "expected"),
    [
        # Northern Ireland's ids are of GB, and services to GB are outside the scope.
        ("NL", "GB", "XI980780684", "O 0"),
        # Monaco is part of France for VAT, the Isle of Man of the United Kingdom (Article 7).
        ("NL", "MC", "FR40303265045", "AE 0"),
        ("FR", "MC", "", "S 20"),
        ("NL", "IM", "GB980780684", "O 0"),
        # Liechtenstein is one territory with Switzerland (treaty of 1994).
        ("CH", "LI", "", "S 8.1"),
        ("LI", "CH", "", "S 8.1"),
        ("DE", "LI", "", "O 0"),
        # Tax numbers of other parts of the world that only look like a prefix: a Mexican RFC, a Singaporean one.
        ("NL", "MX", "DEF010101AB1", "O 0"),
        ("NL", "MX", "ESXX010101AB1", "O 0"),
        ("NL", "SG", "M90312345A", "O 0"),
    ],
)
def test_whose_a_vat_id_is(seller: str, country: str, vat_id: str, expected: str) -> None:
    """What belongs together is no contradiction."""
    answer = vat_of(buyer(country, vat_id), TaxRules(seller, "FR40303265045", False, (), RATES), OCTOBER)
    assert isinstance(answer, Vat)
    assert f"{answer.category} {answer.rate}" == expected


@pytest.mark.parametrize(
    ("treatment", "country", "vat_id", "expected"),
    [
        ("S", "US", "", "S 21"),
        ("O", "NL", "", "O 0"),
        ("Z", "NL", "", "Z 0"),
        ("E", "NL", "", "E 0"),
        ("OSS", "FR", GOOD["FR"], "S 20"),
        ("AE", "DE", BAD["DE"], "AE 0"),
        ("AE", "DE", "", "client acme has no VAT id, which a reverse charge must name"),
        ("OSS", "US", "", "no VAT rate of US is known for 2026-10-31"),
    ],
)
def test_the_clients_row_decides(treatment: str, country: str, vat_id: str, expected: str) -> None:
    """tax_treatment wins over what countries and VAT id would give; what it cannot do is asked back."""
    answer = vat_of(buyer(country, vat_id, treatment), rules("NL"), OCTOBER)
    assert (
        answer.reason.startswith(expected)
        if isinstance(answer, Untaxable)
        else f"{answer.category} {answer.rate}" == expected
    )


def test_a_reverse_charge_needs_the_sellers_vat_id() -> None:
    """An invoice without it would be worth nothing to the buyer."""
    answer = vat_of(buyer("FR", GOOD["FR"]), TaxRules("NL", "", False, (), RATES), OCTOBER)
    assert answer == Untaxable("the seller has no VAT id, which a reverse charge must name: fill in seller.vat_id")


@pytest.mark.parametrize(
    ("country", "day", "rate"),
    [
        ("EE", "2025-06-30", "22"), ("EE", "2025-07-01", "24"), ("FI", "2024-08-31", "24"),
        ("FI", "2024-09-01", "25.5"), ("RO", "2025-07-31", "19"), ("RO", "2025-08-01", "21"),
        ("SK", "2024-12-31", "20"), ("SK", "2025-01-01", "23"), ("CH", "2023-12-31", "7.7"),
        ("CH", "2024-01-01", "8.1"), ("GB", "2026-10-31", "20"), ("NO", "2026-10-31", "25"),
    ],
)  # fmt: skip
def test_rates_have_dates(country: str, day: str, rate: str) -> None:
    """The rate of the period's last day holds; the last years' changes are known."""
    answer = vat_of(buyer(country, "", "OSS"), rules("NL"), date.fromisoformat(day))
    assert isinstance(answer, Vat)
    assert answer.rate == Decimal(rate)


def test_the_users_rate_wins_from_its_day_on() -> None:
    """A row of vat_rates.csv comes before what the program ships, but not before its valid_from."""
    own = (VatRate("NL", "S", Decimal("22"), date(2027, 1, 1)),)
    known = [vat_of(buyer("NL", ""), rules("NL", rates=own), day) for day in (date(2026, 12, 31), date(2027, 1, 31))]
    assert [answer.rate for answer in known if isinstance(answer, Vat)] == [21, 22]


def test_every_country_of_the_eu_has_a_rate_in_2026() -> None:
    """A consumer of any member state can be billed under One Stop Shop."""
    states = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
    answers = {state: vat_of(buyer(state, ""), rules("NL", oss=True), OCTOBER) for state in states}
    assert {state for state, answer in answers.items() if not isinstance(answer, Vat) or answer.rate < 17} == set()


@pytest.mark.parametrize("seller", [*REASONS, "PT", "CH"])
def test_a_small_business_charges_no_vat(seller: str) -> None:
    """Every client at home, in the EU and outside gets category E, and every page the seller's own reason, as it is."""
    exemption = small_business_vat(seller, "")
    answers = {
        vat_of(buyer(country, ""), rules(seller, exemption=exemption), OCTOBER) for country in ("NL", "FR", "US")
    }
    (vat,) = answers
    assert isinstance(vat, Vat)
    assert (vat.category, vat.rate) == ("E", Decimal(0))
    assert vat.exemption_reason == REASONS.get(seller, "Exempt from VAT under the special scheme for small enterprises")
    own = rules(seller, exemption=small_business_vat(seller, "Regeling X, {art. 1}"))
    assert vat_of(buyer("NL", "", "E"), own, OCTOBER) == Vat("E", Decimal(0), "", "Regeling X, {art. 1}")


def test_a_small_business_from_settings_to_paper(tmp_path: Path) -> None:
    """Its invoice has no VAT, prints the law in its own language to a French reader, and passes the official rules."""
    desk = Desk(tmp_path)
    settings = '[seller]\nname = "S"\ncity = "Utrecht"\ncountry = "NL"\nvat_id = "NL861994772B01"\n[tax]\n'
    desk.file("billing.toml", settings + "small_business = true")
    desk.file("clients.csv", "client_id,name,country,city,language", "acme,Acme,FR,Lyon,fr", "bruno,B,NL,Ede,")
    desk.add(row(1, -10_000))
    (invoice,) = desk.bill().new
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (10_000, 0, 10_000)
    templates = load_templates(None)
    assert vat_mentions(invoice, labels_for(templates, "fr")) == (REASONS["NL"],)
    assert [complaints(xml(invoice, templates)) for xml in (cii_xml, ubl_xml)] == [[], []]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("small_business = true\noss = true", "exclude each other"),
        ('small_business_reason = "x"', "set small_business = true with it"),
    ],
)
def test_tax_settings_that_contradict_each_other(tmp_path: Path, wrong: str, told: str) -> None:
    """Refused before anything is billed."""
    with pytest.raises(ConfigError, match=told):
        Desk(tmp_path, f"[tax]\n{wrong}").bill()


@pytest.mark.parametrize(
    ("country", "vat_id", "outcome"),
    [("DE", GOOD["DE"], "valid"), ("DE", BAD["DE"], "invalid"), ("DE", "DE1", "invalid"), ("DE", "", "")],
)
def test_the_outcome_of_the_check_is_kept(tmp_path: Path, country: str, vat_id: str, outcome: str) -> None:
    """What python-stdnum said of the client's VAT id on the day of issue stands in the stored document."""
    assert vat_id_check(buyer(country, vat_id)) == outcome
    desk = Desk(tmp_path, "[tax]\noss = true")
    desk.file("clients.csv", "client_id,name,country,vat_id", f"acme,Acme,{country},{vat_id}", "bruno,B,NL,")
    desk.add(row(1, -100))
    desk.bill()
    (stored,) = desk.documents()
    assert stored.client_vat_id_checked == outcome


def test_greece_writes_el() -> None:
    """The country is GR, its VAT ids begin with EL; clients.csv and [seller] may have either."""
    assert [written_vat_id(text) for text in ("GR 094-259-216", "el094259216", "GRX")] == ["EL094259216"] * 2 + ["GRX"]
    assert vat_id_check(buyer("GR", "EL094259216")) == "valid"
    assert vat_id_check(buyer("GR", "GR094259216")) == "invalid"
