"""From the files to documents: numbers of the seller, reverse charge at home, rates, and what is told of the XML."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing_job.config.mapping import load_mapping
from billing_job.core.document import Vat
from billing_job.core.document_json import document_from_json, document_to_json
from billing_job.core.errors import ConfigError
from billing_job.core.period import Period
from billing_job.documents.legal_mentions import vat_mentions
from billing_job.documents.templates import load_templates
from billing_job.documents.translations import labels_for
from tests.support.desk import Desk, row
from tests.support.fakes import two_clients
from tests.support.sample_documents import document, standard_lines

TRUNKS = ("trunk,client_id", "trk_a,acme")


@pytest.mark.parametrize(
    ("country", "numbers", "tax", "waits"),
    [
        ("NL", "", "", "neither VAT id nor tax number"),
        ("NL", 'registration_id = "12345678"', "", "neither VAT id nor tax number"),
        ("DE", 'tax_number = "133/8150/8159"', "", ""),
        ("DE", "", "[tax]\nsmall_business = true", "no number that identifies it"),
        ("DE", 'tax_number = "133/8150/8159"', "[tax]\nsmall_business = true", ""),
        ("NL", 'registration_id = "12345678"', "[tax]\nsmall_business = true", ""),
    ],
)
def test_a_seller_is_known_by_a_number(tmp_path: Path, country: str, numbers: str, tax: str, waits: str) -> None:
    """Who charges VAT has a VAT id or a tax number, and everybody some number: otherwise the client waits, by name."""
    desk = Desk(tmp_path)
    desk.file("billing.toml", f'[seller]\nname = "S"\ncountry = "{country}"\n{numbers}\n{tax}')
    desk.file("clients.csv", "client_id,name,country", f"acme,Acme,{country}")
    desk.file("trunks.csv", *TRUNKS)
    desk.add(row(1, -1000))
    billed = desk.bill()
    assert len(billed.new) == (0 if waits else 1)
    details = list(billed.placed.exceptions["detail"])
    assert all(waits in detail for detail in details)
    assert len(details) == (1 if waits else 0)


@pytest.mark.parametrize(
    ("country", "vat_id", "own_row", "wording"),
    [
        ("DE", "DE136695976", "", "Steuerschuldnerschaft des Leistungsempfängers (§ 13b Abs. 2 Nr. 12 UStG)"),
        ("FR", "FR40303265045", "", "Autoliquidation (art. 283-2 octies du CGI)"),
        ("NL", "NL004495445B01", "", ""),
        ("NL", "NL004495445B01", "NL,Btw verlegd,2026-01-01,,mijn adviseur", "Btw verlegd"),
        ("NL", "NL004495445B01", "NL,Btw verlegd,2025-01-01,2026-10-31,mijn adviseur", ""),
        ("DE", "DE136695976", "DE,Eigener Satz,2026-10-31,,Steuerberater", "Eigener Satz"),
    ],
)
def test_reverse_charge_at_home(tmp_path: Path, country: str, vat_id: str, own_row: str, wording: str) -> None:
    """Dated rows with a source, the user's before ours; without one the client waits and the file is named."""
    desk = Desk(tmp_path)
    desk.file("billing.toml", f'[seller]\nname = "S"\ncountry = "{country}"\nvat_id = "{vat_id}"\n')
    header = "client_id,name,country,vat_id,tax_treatment"
    desk.file("clients.csv", header, f"acme,Acme,{country},{vat_id},domestic_reverse_charge")
    desk.file("trunks.csv", *TRUNKS)
    desk.file(
        "domestic_reverse_charge.csv", "country,wording,valid_from,valid_to,source", *([own_row] if own_row else [])
    )
    desk.add(row(1, -1000))
    billed = desk.bill()
    if not wording:
        assert "domestic_reverse_charge.csv" in " ".join(billed.placed.exceptions["detail"])
        return
    (invoice,) = billed.new
    assert [total.vat for total in invoice.vat_totals] == [Vat("AE", Decimal(0), "", wording)]
    assert (invoice.net_cents, invoice.vat_cents) == (1000, 0)
    assert vat_mentions(invoice, labels_for(load_templates(None), "en")) == (wording,)


def test_the_option_for_a_domestic_reverse_charge_ends(tmp_path: Path) -> None:
    """Article 199a holds until 31 December 2026: January 2027 waits for a row of the user's."""
    desk = Desk(tmp_path)
    desk.file("billing.toml", '[seller]\nname = "S"\ncountry = "DE"\nvat_id = "DE136695976"\n')
    header = "client_id,name,country,vat_id,tax_treatment"
    desk.file("clients.csv", header, "acme,Acme,DE,DE136695976,domestic_reverse_charge")
    desk.file("trunks.csv", *TRUNKS)
    desk.add(row(1, -1000, "2026-12-05"), row(2, -1000, "2027-01-05"))
    assert len(desk.bill(Period(2026, 12)).new) == 1
    assert "2027-01-31" in " ".join(desk.bill(Period(2027, 1)).placed.exceptions["detail"])


def test_vat_in_another_currency_needs_a_rate(tmp_path: Path) -> None:
    """A Swedish seller's euros: the month is refused by name; with the rate of the day 2.50 EUR are 28.09 SEK."""
    desk = Desk(tmp_path)
    desk.file("billing.toml", '[seller]\nname = "S"\ncountry = "SE"\nvat_id = "SE556016068001"\n')
    desk.file("clients.csv", "client_id,name,country", "acme,Acme,SE")
    desk.file("trunks.csv", *TRUNKS)
    desk.add(row(1, -1000))
    with pytest.raises(ConfigError, match=r"exchange_rates\.csv"):
        desk.bill()
    desk.file("exchange_rates.csv", "currency,rate,valid_from", "SEK,11.2345,2026-11-01", "SEK,12,2026-12-01")
    (invoice,) = desk.bill().new
    # 250 × 11.2345 = 2808.625 cents
    assert (invoice.vat_cents, invoice.tax_currency, invoice.tax_currency_vat_cents) == (250, "SEK", 2809)
    assert desk.credit(invoice.number).tax_currency_vat_cents == -2809


def test_the_buyers_references_are_those_of_the_months_last_day(tmp_path: Path) -> None:
    """A purchase order of a year ends with it, an empty cell is as in clients.csv, a document keeps what it said."""
    desk = Desk(tmp_path)
    desk.file("clients.csv", "client_id,name,country,buyer_reference,purchase_order", "acme,Acme,NL,KST-1,")
    desk.file("trunks.csv", *TRUNKS)
    columns = "client_id;buyer_reference;purchase_order;contract_reference;valid_from"
    rows = ("acme;;PO-27;C-2;2026-10-31", "acme;;PO-26;;2026-01-01", "acme;KST-2;PO-28;;2026-12-01")
    desk.file("references.csv", columns, *rows)
    desk.add(row(1, -1000), row(2, -1000, day="2026-12-05"))
    (october,) = desk.bill().new
    (december,) = desk.bill(Period(2026, 12)).new
    assert [
        (each.client.buyer_reference, each.client.purchase_order, each.client.contract_reference)
        for each in (october, december)
    ] == [("KST-1", "PO-27", "C-2"), ("KST-2", "PO-28", "")]


def test_wrong_references_are_told_by_row_and_column(tmp_path: Path) -> None:
    """A client that is none, a day twice, no day, and a Leitweg-ID with wrong check digits: all at once."""
    (tmp_path / "clients.csv").write_text("client_id,name,country,einvoice\nacme,A,DE,xrechnung\nbund,B,DE,xrechnung\n")
    (tmp_path / "trunks.csv").write_text("trunk,client_id\n")
    (tmp_path / "references.csv").write_text(
        "client_id,buyer_reference,valid_from\nacme,04011000-1234512345-06,2026-01-01\n"
        "acme,04011000-1234512345-07,2026-01-01\nbund,,2026-01-01\nnobody,X,2026-01-01\nacme,X,soon\n"
    )
    with pytest.raises(ConfigError) as refused:
        load_mapping(tmp_path, ["standard"])
    found = [problem.removeprefix(f"{tmp_path}/").split(": ")[0] for problem in refused.value.problems]
    assert sorted(found) == [
        "clients.csv, row 3, column buyer_reference",
        "references.csv, row 3, column buyer_reference",
        "references.csv, row 3, column valid_from",
        "references.csv, row 5, column client_id",
        "references.csv, row 6, column valid_from",
    ]


CLIENTS = """client_id,name,country,peppol_id,einvoice,buyer_reference,email
a,A,NL,4711:123,,,
b,B,FI,0213:FI20774740,,,
c,C,FI,0212:20774740,,,
d,D,DK,9901:13585628,,,
e,E,NL,0106:1234567,,,
f,F,NL,,paper,,
g,G,DE,,xrechnung,,
h,H,DE,,xrechnung,04011000-1234512345-07,
i,I,NL,,,,a@x.example;b
j,J,FI,0216:003720774740,auto,,a@x.example; b@x.example
k,K,DE,,xrechnung,04011000-1234512345-06,
"""


def test_every_wrong_cell_of_a_client_is_named(tmp_path: Path) -> None:
    """Unknown and retired schemes, values that a scheme cannot have, wrong Leitweg-IDs: file, row and column."""
    (tmp_path / "clients.csv").write_text(CLIENTS, encoding="utf-8")
    (tmp_path / "trunks.csv").write_text("trunk,client_id\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_mapping(tmp_path, ["standard"])
    places = [problem.split(": ")[0].partition(", ")[2] for problem in refused.value.problems]
    columns = [*["peppol_id"] * 5, "einvoice", "buyer_reference", "buyer_reference", "email"]
    assert places == [f"row {number}, column {column}" for number, column in enumerate(columns, 2)]


def test_documents_of_before_are_read() -> None:
    """A document that was stored without the fields of today has their defaults."""
    old = document_to_json(document(standard_lines()))
    for field in ("einvoice", "buyer_reference", "tax_number", "account_holder", "tax_currency", "pdf_in_ubl"):
        old = old.replace(f'"{field}"', f'"no_{field}"')
    read = document_from_json(old)
    assert read == document(standard_lines())
    assert read.issue_date == date(2026, 11, 2)


def test_a_run_tells_in_which_profile_each_document_goes(tmp_path: Path) -> None:
    """On the terminal and in `run --json`, also when nothing has to be made again; `none` has no XML."""
    with two_clients(tmp_path) as (here, _):
        here.replace("clients.csv", "client_id,", "einvoice,client_id,")
        here.replace("clients.csv", "acme,", "none,acme,")
        here.replace("clients.csv", "bruno,", ",bruno,")
        for ran in (here.run("--month", "2026-10"), here.run("--month", "2026-10")):
            assert ran.code == 0, ran.err
            acme, bruno = ran.json["documents"]
            assert (acme["einvoice"], acme["einvoice_because"], set(acme["files"])) == ("none", "", {"pdf", "csv"})
            assert bruno["einvoice"] == "en16931"
            assert bruno["einvoice_because"].startswith("[seller] lacks street, postal_code, city")
            assert f"{bruno['number']} cannot go through Peppol: [seller] lacks street, postal_code, city" in ran.err
        assert here.type("verify").code == 0
