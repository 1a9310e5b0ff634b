"""`vat return` and `vat close` by the real command line: files, words, exit codes, and what a closing changes."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.invoice_rules import complaints
from tests.support.ledgers import execute, on_server
from tests.support.lives import AT_COST, DECEMBER, OCTOBER, SEPTEMBER, Life, life, moved, plan

TRUNKS = {"acme": "trk_a", "bruno": "trk_b", "carla": "trk_c", "dora": "trk_d"}
CLIENTS = (
    "acme,Acme,NL,NL004495445B01,,,",
    "bruno,Bruno,DE,DE136695976,,,",
    "carla,Carla,FR,,,,",
    "dora,Dora,US,,,,",
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Life]:
    """A Dutch seller with a client at home, a firm abroad, a consumer abroad and one overseas."""
    with life(tmp_path, plan(AT_COST), tax="oss = true") as reseller:
        reseller.clients(*CLIENTS)
        reseller.trunks(*(f"{trunk},{client},," for client, trunk in TRUNKS.items()))
        yield reseller


def month(here: Life, first: int, day: str, cents: int) -> None:
    """A call of each client: once, twice, three and four times as much."""
    here.add(*(moved(first + n, -cents * (n + 1), day, trunk=trunk) for n, trunk in enumerate(TRUNKS.values())))


def rows(here: Life, period: str, name: str) -> list[tuple[str, ...]]:
    """The rows of a file of the period, without its heading."""
    text = (here.office.output / "vat" / period / name).read_text(encoding="utf-8")
    return [tuple(row) for row in csv.reader(io.StringIO(text))][1:]


def boxes(here: Life, period: str) -> dict[str, tuple[str, str]]:
    """box → (net, vat) of return.csv, where one is not nothing."""
    found = {row[0] or row[2]: (row[4], row[5]) for row in rows(here, period, "return.csv")}
    return {box: amounts for box, amounts in found.items() if set(amounts) - {"", "0.00"}}


def test_two_quarters_and_a_credit_note(here: Life) -> None:
    """September's and October's invoices by quarter, and a credit note of February in the return of its own quarter."""
    month(here, 1, "2026-09-20", 1000)
    here.run(SEPTEMBER, at="2026-10-05")
    month(here, 11, "2026-10-20", 100)
    here.add(moved(21, -50, "2026-09-29", trunk="trk_b"))  # a call of September that the supplier lists late
    here.add(moved(22, 600, "2026-10-25", type_="refund", trunk="trk_c"))  # of carla's call of September
    october = here.run(OCTOBER)
    here.on("2027-02-10")
    third = here.office.type("vat", "return", "--period", "2026Q3", "--json")
    assert third.code == 0, third.err
    assert boxes(here, "2026Q3") == {"3b": ("20.50", ""), "OSS": ("30.00", "6.00")}
    assert rows(here, "2026Q3", "ec_sales_list.csv") == [("DE136695976", "DE", "20.50")]
    assert rows(here, "2026Q3", "oss.csv") == [("FR", "20", "30.00", "6.00", "")]
    differences = {(each["number"], each["booked"], each["declared"]) for each in third.json["time_differences"]}
    assert {(booked, declared) for _, booked, declared in differences} == {
        ("2026-10", "2026-09"), ("2026-11", "2026-09")
    }  # fmt: skip
    assert "in no box of the return" in third.err
    late = [each["number"] for each in october.json["documents"] if each["client_id"] == "bruno"]
    assert f"1 document of this period came after 2026-10-31, the first is {late[0]} of 2026-11-05" in third.err
    (carla,) = [each["number"] for each in october.json["documents"] if each["client_id"] == "carla"]
    here.credit(carla)
    fourth = here.office.type("vat", "return", "--period", "2026Q4", "--json").json
    assert boxes(here, "2026Q4") == {
        "1a": ("11.00", "2.31"), "3b": ("2.00", ""), "5a": ("", "2.31"), "O": ("44.00", "0.00"),
        "OSS": ("-3.00", "-0.60"),
    }  # fmt: skip
    assert rows(here, "2026Q4", "oss.csv") == [
        ("FR", "20", "3.00", "0.60", ""), ("FR", "20", "-6.00", "-1.20", "2026Q3")
    ]  # fmt: skip
    assert (fourth["schema"], fourth["period"], fourth["nil"], fourth["over"]) == (
        "billing-job/vat-return@1", "2026Q4", False, True
    )  # fmt: skip
    (vat,) = [each for each in fourth["accounts"] if (each["figure"], each["vat_case"]) == ("vat", "S")]
    assert (vat["accounts"], vat["journal_cents"], vat["return_cents"]) == ("1500 VAT to pay 21%", 231, 231)
    assert here.office.type("vat", "return", "--period", "2027-02").code == 0
    assert rows(here, "2027-02", "oss.csv") == [  # all of it is undone, the refund as well
        ("FR", "20", "6.00", "1.20", "2026Q3"), ("FR", "20", "-3.00", "-0.60", "2026Q4")
    ]  # fmt: skip
    page = (here.office.output / "vat" / "2026Q4" / "return.html").read_text(encoding="utf-8")
    for each in fourth["time_differences"]:
        assert each["number"] in page
    assert "1500 VAT to pay 21%" in page
    assert "<script" not in page
    before = here.office.files()
    assert here.office.type("vat", "return", "--period", "2026Q4").code == 0
    assert here.office.files() == before
    assert here.office.type("verify", "--deep").code == 0
    if not on_server():  # a server's address stands in billing.toml already
        here.office.replace("billing.toml", "[api]", f"{_elsewhere(here)}[api]")
        wrong = here.office.type("vat", "return", "--period", "2026Q4")
        assert (wrong.code, "the ledger knows 0" in wrong.err or "another ledger" in wrong.err) == (1, True), wrong.err
        assert here.office.files() == before


def _elsewhere(here: Life) -> str:
    """[storage] that leads to a ledger that is not there."""
    return f'[storage]\ndatabase_url = "sqlite:///{here.office.folder / "none.db"}"\n'


def test_late_rows_and_refunds_are_declared_where_their_month_was_taxed(here: Life) -> None:
    """October's documents carry September as it was: the threshold was crossed, and three clients have moved since.

    Belgium's rate is that of the Netherlands, so that a rate does not tell whose VAT it is.
    """
    trunks = dict(zip(range(1, 5), TRUNKS.values(), strict=True))
    here.trunks(*(f"{trunks[n]},{name},," for n, name in enumerate(("cas", "moe", "eva", "firm"), 1)))
    here.clients("cas,Cas,DE,,,,standard", "moe,Moe,NL,,,,", "eva,Eva,BE,,,,", "firm,Firm,DE,DE136695976,,,")
    here.add(*(moved(n, -1000 * n, "2026-09-10", trunk=trunk) for n, trunk in trunks.items()))
    here.run(SEPTEMBER, at="2026-10-05")
    here.clients("cas,Cas,DE,,,,", "moe,Moe,BE,,,,", "eva,Eva,NL,,,,", "firm,Firm,NL,NL004495445B01,,,")
    for n, trunk in trunks.items():
        here.add(
            moved(20 + n, -500 * n, "2026-10-10", trunk=trunk),
            moved(30 + n, -100 * n, "2026-09-29", trunk=trunk),
            moved(40 + n, 550 * n, "2026-10-11", type_="refund", trunk=trunk),  # of September's 10.00 each
        )
    assert [each["net_cents"] for each in here.run(OCTOBER).json["documents"]] == [50, 150, 200, 100]
    here.on("2027-01-10")
    # Consumers abroad and firms by the month of the supply: eva's 30 and 3 in Belgium, firm's 40 and 4 by its old id.
    assert here.office.type("vat", "return", "--period", "2026Q3").code == 0
    assert boxes(here, "2026Q3") == {"3b": ("44.00", ""), "OSS": ("33.00", "6.93")}
    assert rows(here, "2026Q3", "oss.csv") == [("BE", "21", "33.00", "6.93", "")]
    assert rows(here, "2026Q3", "ec_sales_list.csv") == [("DE136695976", "DE", "44.00")]
    # At home by the invoice's date: cas 10 + 1 - 5.50, moe 20 + 2 - 11, eva's October 15, firm's 20. Of eva's document
    # 0.32 is the VAT of 1.50: 3.15 of October's 15.00, so -2.83 of September's -13.50 and of it 0.63 of what was late.
    assert here.office.type("vat", "return", "--period", "2026Q4").code == 0
    assert boxes(here, "2026Q4")["1a"] == ("51.50", "10.81")
    assert rows(here, "2026Q4", "oss.csv") == [
        ("BE", "21", "10.00", "2.10", ""), ("DE", "19", "5.00", "0.95", ""), ("BE", "21", "-16.50", "-3.46", "2026Q3")
    ]  # fmt: skip
    assert rows(here, "2026Q4", "ec_sales_list.csv") == [("DE136695976", "DE", "-22.00")]
    with (here.office.output / OCTOBER / "accounting" / "journal.csv").open(encoding="utf-8", newline="") as file:
        booked = [(each["account"], each["amount"]) for each in csv.DictReader(file) if each["client_id"] == "eva"]
    assert booked == [("1300", "1.82"), ("8050", "13.50"), ("8000", "-15.00"), ("1510", "2.83"), ("1500", "-3.15")]


def test_a_reverse_charge_names_the_id_of_its_month(here: Life) -> None:
    """Bruno gave its VAT id up: a call of September that comes late is under the one that it had, in list and XML."""
    here.add(moved(1, -1000, "2026-09-10", trunk="trk_b"))
    here.run(SEPTEMBER)
    here.clients(*(row.replace("DE136695976", "") for row in CLIENTS))
    here.add(moved(2, -300, "2026-09-11", trunk="trk_b"), moved(3, -5000, "2026-10-11", trunk="trk_b"))
    (number,) = [each["number"] for each in here.run(OCTOBER).json["documents"]]
    assert here.stored(number)["client"]["vat_id"] == "DE136695976"
    ubl = (here.office.output / OCTOBER / "invoices" / f"{number}.xml").read_bytes()
    assert complaints(ubl) == []
    assert here.office.type("vat", "return", "--period", "2026Q3").code == 0
    assert rows(here, "2026Q3", "ec_sales_list.csv") == [("DE136695976", "DE", "13.00")]


def test_a_month_recorded_without_its_supply_is_as_its_document_has_the_client(here: Life) -> None:
    """A ledger of before the supply was kept: Carla has moved home since, and September's late call stays French."""
    here.add(moved(1, -1000, "2026-09-10", trunk="trk_c"))
    here.run(SEPTEMBER)
    execute(here.office.database_url, """UPDATE client_months SET vat = '["S", "20", "", ""]'""")
    here.clients(*(row.replace("carla,Carla,FR", "carla,Carla,NL") for row in CLIENTS))
    here.add(moved(2, -300, "2026-09-11", trunk="trk_c"), moved(3, -5000, "2026-10-11", trunk="trk_c"))
    here.run(OCTOBER)
    assert here.office.type("vat", "return", "--period", "2026Q3").code == 0
    assert rows(here, "2026Q3", "oss.csv") == [("FR", "20", "13.00", "2.60", "")]


def test_a_closed_quarter_takes_nothing_more(here: Life) -> None:
    """What is issued after the closing is dated and declared in the first open month; the filed figures stay."""
    here.settings(plan(AT_COST), billing='issue_date = "period_end"', tax="oss = true")
    month(here, 1, "2026-12-20", 1000)
    here.run(DECEMBER)
    here.on("2027-01-10")
    assert here.office.type("vat", "close", "--period", "2026Q4", "--json").json["numbers"] == {"invoice 2026": 4}
    here.add(moved(21, -70, "2026-12-29", trunk="trk_b"), moved(22, -90, "2026-12-29", trunk="trk_c"))
    here.add(moved(23, -10, "2026-12-29", trunk="trk_a"))
    late = here.run(DECEMBER, "--supplementary")
    assert {each["issue_date"] for each in late.json["documents"] if each["new"]} == {"2027-01-01"}
    assert here.office.type("vat", "return", "--period", "2026Q4").code == 0
    assert boxes(here, "2026Q4")["1a"] == ("10.00", "2.10")
    assert rows(here, "2026Q4", "ec_sales_list.csv") == [("DE136695976", "DE", "20.00")]
    soon = here.office.type("vat", "return", "--period", "2027Q1", "--json")
    assert (soon.code, soon.json["over"]) == (0, False)
    assert "2027Q1 is not over" in soon.err
    assert rows(here, "2027Q1", "ec_sales_list.csv") == [("DE136695976", "DE", "0.70")]
    assert rows(here, "2027Q1", "oss.csv") == [("FR", "20", "0.90", "0.18", "2026Q4")]
    for arguments, word in (
        (("close", "--period", "2026Q4"), "closed already"),
        (("close", "--period", "2027Q1"), "not over"),
        (("close", "--period", "2026Q3", "--on", "2026-09-30"), "--on 2026-09-30"),
        (("return", "--period", "2027Q2"), "begins on 2027-04-01"),
        (("return", "--period", "2026Q5"), "write it as YYYYQn"),
    ):
        refused = here.office.type("vat", *arguments)
        assert (refused.code, word in refused.err) == (2, True), refused.err
    assert here.office.type("verify", "--deep").code == 0


def test_a_return_of_nothing(here: Life) -> None:
    """A period without documents is a nil return: every box with 0.00, and lists without rows."""
    here.on("2026-11-05")
    ran = here.office.type("vat", "return", "--period", "2026-10", "--json")
    assert (ran.code, ran.json["nil"]) == (0, True)
    assert "nil return" in ran.err
    assert [row[0] for row in rows(here, "2026-10", "return.csv")] == ["1a", "1b", "1c", "1e", "3b", "5a"]
    assert (rows(here, "2026-10", "ec_sales_list.csv"), rows(here, "2026-10", "oss.csv")) == ([], [])


def test_a_swedish_seller_declares_in_kronor(here: Life) -> None:
    """10.00 at home are 112.35 kr and 2.50 of VAT 28.09; 20.00 to a firm abroad 224.69; the Stop Shop stays in euros.

    The rate of the firm's invoice, which has no VAT and so recorded none, is that of its day. An invoice in kronor
    would want the ECB's rate; a bad one is refused by name, and without a rate nothing is written.
    """
    here.office.replace(
        "billing.toml", 'country = "NL"\nvat_id = "NL861994772B01"', 'country = "SE"\nvat_id = "SE556016068001"'
    )
    here.rates("SE,S,25,2020-01-01", "FR,S,20,2020-01-01")
    here.clients("acme,Acme,SE,SE556036079301,,,", *CLIENTS[1:])
    (here.office.config / "exchange_rates.csv").write_text("currency,rate,valid_from\nSEK,11.2345,2026-11-01\n")
    month(here, 1, "2026-10-20", 1000)
    number = here.run(OCTOBER).json["documents"][0]["number"]
    made = here.office.type("vat", "return", "--period", "2026Q4", "--json")
    assert (made.code, made.json["currency"], made.json["missing_rates"]) == (0, "SEK", [])
    assert {row[2]: (row[4], row[5]) for row in rows(here, "2026Q4", "return.csv")} == {
        "S": ("112.35", "28.09"), "AE": ("224.69", "0.00"), "O": ("449.38", "0.00"), "OSS": ("337.04", "67.41")
    }  # fmt: skip
    assert rows(here, "2026Q4", "ec_sales_list.csv") == [("DE136695976", "DE", "224.69")]
    assert rows(here, "2026Q4", "oss.csv") == [("FR", "20", "30.00", "6.00", "")]
    filed = here.office.type("vat", "close", "--period", "2026-10", "--on", "2026-11-02")  # the invoices came later
    assert (filed.code, "2026-10 is closed with 0 documents" in filed.err) == (0, True), filed.err
    ecb = here.office.config / "ecb_rates.csv"
    ecb.write_text("day,currency,rate\n2026-12-31,SEK,11\n2026-12-31,SEK,12\n")
    refused = here.office.type("vat", "return", "--period", "2026Q4")
    assert refused.code == 2
    assert "ecb_rates.csv, row 3, column day: '2026-12-31': the same currency and day stand in" in refused.err
    ecb.unlink()
    (here.office.config / "exchange_rates.csv").unlink()
    refused = here.office.type("vat", "return", "--period", "2026Q4")
    assert (refused.code, "no rate is known for 2026-11-05" in refused.err) == (2, True), refused.err
    here.office.replace("billing.toml", "[billing]\n", '[billing]\ncurrency = "SEK"\n')
    refused = here.office.type("credit", number, "--reason", "x")
    assert (refused.code, f"{number} is in EUR and billing.currency is SEK" in refused.err) == (2, True), refused.err
