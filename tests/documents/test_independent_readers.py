"""Readers that are not ours, from PyPI and npm, read amounts, dates and ids as `run --json` tells them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from drafthorse.models.document import Document as Drafthorse
from eu_einvoice.parse import parse_bytes
from mockeinvoice import ubl as mock_einvoice

from tests.support.fakes import FIRST, call, two_clients

NODE_MODULES = Path(sys.prefix) / "readers" / "node_modules"
"""Where `.ci/run` puts factur-x-kit."""
HAS_NODE = bool(shutil.which("node")) and NODE_MODULES.is_dir()
PROGRAM = """\
import { FacturX } from "factur-x-kit";
import fs from "node:fs";
for (const path of process.argv.slice(2)) {
  const read = await FacturX.fromXML(fs.readFileSync(path, "utf8"));
  console.log(JSON.stringify(read.object));
}
"""


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader tells of a document; amounts in cents, negative on credit notes."""

    number: str
    kind: str
    issue_date: str
    due_date: str
    currency: str
    net_cents: int
    vat_cents: int
    gross_cents: int
    lines_cents: tuple[int, ...]
    seller: str
    buyer: str


def cents(amount: object, kind: str) -> int:
    """380 is an invoice, 381 a credit note, whose amounts are positive in the XML."""
    exact = Decimal(str(amount)) * 100
    assert exact == int(exact)
    return -int(exact) if kind == "381" else int(exact)


def by_eu_einvoice(content: bytes) -> Read:
    found, issues = parse_bytes(content)
    assert not issues
    totals, kind = found["totals"], found["type"]
    return Read(
        found["number"],
        kind,
        found["issue_date"],
        found.get("due_date", ""),
        found["currency"],
        cents(totals["tax_exclusive"], kind),
        cents(totals["tax_total"], kind),
        cents(totals["tax_inclusive"], kind),
        tuple(cents(line["net_amount"], kind) for line in found["lines"]),
        found["seller"]["vat_id"],
        found["buyer"]["vat_id"],
    )


def by_drafthorse(content: bytes) -> Read:
    found = Drafthorse.parse(content, strict=False)
    settlement, kind = found.trade.settlement, found.header.type_code._text
    totals = settlement.monetary_summation
    due = [str(term.due._value) for term in settlement.terms.children if term.due._value]

    vat = {currency: amount for amount, currency in totals.tax_total_other_currency.children}

    def vat_id(party: Any) -> str:
        ids = {each.id._scheme_id: each.id._text for each in party.tax_registrations.children}
        return str(ids["VA"])

    return Read(
        found.header.id._text,
        kind,
        str(found.header.issue_date_time._value),
        due[0] if due else "",
        settlement.currency_code._text,
        cents(totals.tax_basis_total._amount, kind),
        cents(vat[settlement.currency_code._text], kind),
        cents(totals.grand_total._amount, kind),
        tuple(cents(i.settlement.monetary_summation.total_amount._value, kind) for i in found.trade.items.children),
        vat_id(found.trade.agreement.seller),
        vat_id(found.trade.agreement.buyer),
    )


def by_mock_einvoice(content: bytes) -> Read:
    found, findings = mock_einvoice.parse(content)
    assert not [finding for finding in findings if finding.level != "warning"]
    kind = found.text("BT-3")
    return Read(
        found.text("BT-1"),
        kind,
        found.text("BT-2"),
        found.text("BT-9"),
        found.text("BT-5"),
        cents(found.text("BT-109"), kind),
        cents(found.text("BT-110"), kind),
        cents(found.text("BT-112"), kind),
        tuple(cents(line.text("BT-131"), kind) for line in found.groups["BG-25"]),
        found.text("BT-31"),
        found.text("BT-48"),
    )


def by_factur_x_kit(files: Mapping[str, bytes], folder: Path) -> list[Read]:
    (folder / "node_modules").symlink_to(NODE_MODULES)
    (folder / "read.mjs").write_text(PROGRAM, encoding="utf-8")
    for number, content in files.items():
        (folder / f"{number}.xml").write_bytes(content)
    names = [f"{number}.xml" for number in files]
    ran = subprocess.run(["node", "read.mjs", *names], cwd=folder, capture_output=True, text=True, check=True)
    return [_of_object(json.loads(line)) for line in ran.stdout.splitlines()]


def _of_object(found: Mapping[str, Any]) -> Read:
    document, totals = found["document"], found["totals"]
    kind = document["type"]

    def day(value: Mapping[str, int] | None) -> str:
        return f"{value['year']}-{value['month']:02d}-{value['day']:02d}" if value else ""

    return Read(
        document["id"],
        kind,
        day(document["dateOfIssue"]),
        day(found["paymentInformation"].get("paymentTerms", {}).get("dueDate")),
        document["currency"],
        cents(totals["netTotal"], kind),
        cents(totals["taxTotal"][0]["amount"], kind),
        cents(totals["grossTotal"], kind),
        tuple(cents(line["settlement"]["lineTotals"]["netTotal"], kind) for line in found["invoiceLines"]),
        found["seller"]["taxIdentification"]["vatId"],
        found["buyer"]["taxIdentification"]["vatId"],
    )


def test_readers_that_are_not_ours_read_what_the_run_told(tmp_path: Path) -> None:
    """Domestic, reverse charge and a credit note, each as CII out of its PDF and as UBL."""
    rows = [*FIRST, call(3, -1234, "2026-10-08"), call(9, 5000, "2026-10-01", type_="topup")]
    with two_clients(tmp_path / "office", rows) as (here, _):
        told = here.run("--month", "2026-10").json["documents"]
        told += here.type("credit", "INV-2026-00001", "--reason", "It was wrong", "--json").json["documents"]
        told = list({each["number"]: each for each in told}.values())
        assert [each["kind"] for each in told] == ["invoice", "invoice", "credit_note"]
        ids = {"acme": "NL004495445B01", "bruno": "DE136695976"}
        cii: dict[str, bytes] = {}
        ubl: dict[str, bytes] = {}
        for each in told:
            (pdf,) = here.output.glob(f"*/{each['files']['pdf'].partition('/')[2]}")
            (xml,) = here.output.glob(f"*/{each['files']['ubl'].partition('/')[2]}")
            number = each["number"]
            with pikepdf.open(pdf) as opened:
                cii[number] = bytes(opened.attachments["factur-x.xml"].get_file().read_bytes())
            ubl[number] = xml.read_bytes()
        reads = {
            "drafthorse": [by_drafthorse(content) for content in cii.values()],
            "eu-einvoice, CII": [by_eu_einvoice(content) for content in cii.values()],
            "eu-einvoice, UBL": [by_eu_einvoice(content) for content in ubl.values()],
            "mock-einvoice": [by_mock_einvoice(content) for content in ubl.values()],
        }
        if HAS_NODE:
            reads["factur-x-kit"] = by_factur_x_kit(cii, tmp_path)
        for reader, found in reads.items():
            for each, read in zip(told, found, strict=True):
                kind = "381" if each["kind"] == "credit_note" else "380"
                due = "" if kind == "381" else each["due_date"]
                amounts = (each["net_cents"], each["vat_cents"], each["gross_cents"])
                assert read == Read(
                    each["number"], kind, each["issue_date"], due, each["currency"], *amounts, read.lines_cents,
                    "NL861994772B01", ids[each["client_id"]],
                ), reader  # fmt: skip
                assert sum(read.lines_cents) == each["net_cents"], reader


@pytest.mark.skipif(not HAS_NODE, reason="factur-x-kit is missing: .ci/run installs it with npm")
def test_the_reader_of_npm_is_there() -> None:
    """Where it is, the test above has it read every document."""
    assert (NODE_MODULES / "factur-x-kit" / "package.json").is_file()
