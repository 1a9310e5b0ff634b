"""Our cost is on no byte that a client gets; and margin.csv has every cent of it, wherever it went."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from billing_job.core.period import Period
from tests.support.desk import OCTOBER, Desk, row
from tests.support.fakes import Office, call, two_clients

COSTS = {1: 3917, 2: 7723, 3: 123_411, 4: 618_829, 5: 5741, 6: 9377}
"""Cents that stand nowhere else: not in a charge, a sum, a number or a date."""
DESCRIPTIONS = {
    1: "Call to +44 20 7946 0958, 39.17",
    2: "Invoice price EUR 77,23 for 4 parts",
    3: "Total 1.234,11 before discount",
    4: "Total 6 188.29",
    5: "Charged 5741 cents",
    6: "Call, 12 min",
}


def figures(cents: int) -> set[str]:
    """A cost as people, programs and pages write it."""
    whole, fraction = f"{cents // 100}", f"{cents % 100:02d}"
    wholes = {whole, f"{int(whole):,}", f"{int(whole):,}".replace(",", "."), f"{int(whole):,}".replace(",", " ")}
    return {f"{one}{mark}{fraction}" for one in wholes for mark in ".,"} | {str(cents)}


def client_facing(here: Office, month: str) -> Iterator[tuple[str, str]]:
    """Every text that a client can read: pages, the XML inside the PDF, its properties, CSV and UBL."""
    for path in sorted((here.month(month) / "invoices").iterdir()):
        if path.suffix != ".pdf":
            yield path.name, path.read_text(encoding="utf-8")
            continue
        reader = PdfReader(path)
        yield path.name, "\n".join(page.extract_text() for page in reader.pages)
        with pikepdf.open(path) as pdf:
            yield f"{path.name} inside", pdf.attachments["factur-x.xml"].get_file().read_bytes().decode()
            properties = pdf.Root["/Metadata"].read_bytes().decode() + str(dict(pdf.docinfo))
            yield f"{path.name} properties", properties


@pytest.mark.parametrize("detail", ["transaction", "number"])
def test_no_cost_in_any_byte_a_client_gets(tmp_path: Path, detail: str) -> None:
    """PDF text, embedded CII, properties, CSV and UBL of an invoice and a credit note: none of the cost's spellings."""
    rows = [call(id_, -cents, "2026-10-05") | {"description": DESCRIPTIONS[id_]} for id_, cents in COSTS.items()]
    with two_clients(tmp_path, rows) as (here, _):
        here.replace("clients.csv", ",number,", f",{detail},")
        here.replace("billing.toml", 'model = "pass_through"', 'model = "markup"\npercent = "11.1"')
        assert here.run("--month", "2026-10").code == 0
        assert here.type("credit", "INV-2026-00001", "--reason", "All of it").code == 0
        texts = [*client_facing(here, "2026-10"), *client_facing(here, "2026-11")]
    assert len(texts) == 10
    wanted = [*COSTS.values(), sum(COSTS.values())]
    patterns = {cents: re.compile(rf"(?<!\d)(?:{'|'.join(map(re.escape, figures(cents)))})(?!\d)") for cents in wanted}
    found = [(name, cents) for name, text in texts for cents, pattern in patterns.items() if pattern.search(text)]
    assert found == []
    details = next(text for name, text in texts if name == "INV-2026-00001.csv")
    assert "Call, 12 min" in details
    assert not any(DESCRIPTIONS[id_] in details for id_ in range(1, 6))


ABSORB_SMS = (
    '[[plans]]\nname = "standard"\n[[plans.rules]]\ncategory = "message"\nmodel = "absorb"\n'
    '[[plans.rules]]\nmodel = "markup"\npercent = "100"\n'
)


def cost_by_place(desk: Desk, month: Period = OCTOBER) -> dict[tuple[str, str], int]:
    """(client, document) → cost, in whole cents."""
    sums: dict[tuple[str, str], int] = {}
    for each in desk.margins(month).to_dict("records"):
        key = (str(each["client_id"]), str(each["document_number"]))
        sums[key] = sums.get(key, 0) + int(each["cost_micros"])
    return {key: micros // 10_000 for key, micros in sums.items() if micros}


def test_costs_add_up_to_the_wallets_movements(tmp_path: Path) -> None:
    """Billed, absorbed, paid by the house, waiting, late, refunded, credited, freed: each cent stands in one place."""
    desk = Desk(tmp_path, ABSORB_SMS)
    rows: list[dict[str, Any]] = [
        row(1, -100), row(2, -7, type_="sms"), row(3, -11, trunk="trk_x"), row(4, -13, trunk="trk_y"),
        row(5, 40, type_="refund"), row(6, 5000, type_="topup"), row(7, -1000, trunk="trk_b"),
        row(8, -17, "2026-09-30"),
    ]  # fmt: skip
    desk.add(*rows)
    desk.resolve("3", "")
    desk.bill()
    place = {("acme", "INV-2026-00001"): 60, ("acme", ""): 7, ("", ""): 24, ("bruno", "INV-2026-00002"): 1000}
    assert cost_by_place(desk) == place
    late = row(9, -19, "2026-10-30")
    desk.add(late)
    assert cost_by_place(desk) == place | {("acme", ""): 26}
    desk.bill(OCTOBER.next)
    assert cost_by_place(desk) == place | {("acme", "INV-2026-00003"): 19}
    assert cost_by_place(desk, OCTOBER.next) == {}
    desk.credit("INV-2026-00001", amount_cents=10)
    desk.credit("INV-2026-00002", rebill=True)
    assert cost_by_place(desk) == {
        ("acme", "INV-2026-00001"): 60, ("acme", ""): 7, ("acme", "INV-2026-00003"): 19, ("", ""): 24,
        ("bruno", ""): 1000,
    }  # fmt: skip
    desk.bill(supplementary=True)
    total = sum(cost_by_place(desk).values())
    october = [each for each in [*rows, late] if each["type"] != "topup" and each["created_at"] >= "2026-09-30T22"]
    assert total == -sum(each["amount"] for each in october)
    margins = [desk.margins(month)["charge_cents"].sum() for month in (OCTOBER, OCTOBER.next)]
    assert sum(margins) == sum(document.net_cents for document in desk.documents())


def test_other_clients_stay_out_of_a_shared_orders_description(tmp_path: Path) -> None:
    """An order of two clients says both numbers and the whole price; each client reads neither."""
    desk = Desk(tmp_path)
    desk.file(
        "numbers.csv",
        "number,did_number_id,order_id,trunk,price",
        "+31201234567,42,1042,trk_a,1.50",
        "+4930123456,43,1042,trk_b,2.50",
    )
    desk.add(row(1, -400, type_="purchase", order=1042, description="Order 1042: +31201234567, +4930123456"))
    documents = desk.bill().new
    assert [(d.client.client_id, d.net_cents) for d in documents] == [("acme", 150), ("bruno", 250)]
    assert [[r.description for _, r in d.detail_rows()] for d in documents] == [[""], [""]]
