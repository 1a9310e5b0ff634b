"""Random documents through every format, read back by a few lines for each that know its description alone.

Net and VAT of each document come back to the cent, by tax code where the format has one; debit is credit; each document
is there once.
"""

import csv
import io
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, fromstring

import pytest

from billing_job.accounting.accounts import AccountKey, AccountKind, load_accounts
from billing_job.accounting.formats import FORMATS
from billing_job.accounting.journal import month_journal
from billing_job.accounting.options import AccountingOptions
from billing_job.core.claim import Payment, PaymentKind
from billing_job.core.document import Document, Line, Supply, Vat
from billing_job.core.money import cents_from_decimal
from billing_job.core.parties import Client
from tests.support.sample_months import SWISS, WALLET, sample_document

ACCOUNTS = load_accounts(None)
CLIENTS = (
    Client("home", "Jan; 'B' | \"q\"", "NL", vat_id="NL1"), Client("firm", "Müller ź", "DE", vat_id="DE136695976"),
    Client("moved", "=Maison\tDubois", "FR"), SWISS,
)  # fmt: skip
CATEGORIES = ("call", "number_rental", "number-rental", "discount", "hosting", 'weird:cat;a|t"x')
NETS = (0, 1, -1, 33, -33, 1999, -5000, 100_000, 10**8)
Sums = dict[str, dict[str, int]]
"""Document → tax code → net cents."""


def vats(client: Client) -> list[Vat]:
    """How a client may be taxed by now or in a month before; two countries have the rate of the Netherlands."""
    if client.country == "CH":
        return [Vat("O", Decimal(0), "VATEX-EU-O", "", Supply("O", "CH", ""))]
    oss = [
        Vat("S", Decimal(rate), supply=Supply("OSS", country, ""))
        for rate, country in (("21", "BE"), ("25.5", "FI"), ("20", "FR"))
    ]
    home = [Vat("S", Decimal(rate), supply=Supply("S", "NL", "")) for rate in ("21", "9")]
    rest = [Vat("AE", Decimal(0), "", "", Supply("AE", "DE", "DE1")), Vat("E", Decimal(0), "", "")]
    return [*home, *oss, *rest]


def documents(chance: random.Random) -> Iterator[Document]:
    for number in range(1, 7):
        client = chance.choice(CLIENTS)
        nets = [
            (
                chance.choice(CATEGORIES),
                chance.choice([*NETS, chance.randint(-9_999, 99_999)]),
                chance.choice(vats(client)),
            )
            for _ in range(chance.randint(1, 6))
        ]
        # A charge and a discount as high leave a category without VAT.
        nets += [("welcome", -nets[0][1], nets[0][2])] if chance.random() < 0.3 else []
        made = sample_document(f"INV-2026-{number:05d}", client, nets, issued=date(2026, 11, chance.randint(1, 28)))
        yield made


def key_of(document: Document, line: Line) -> AccountKey:
    """The revenue account's key, by the month that is billed."""
    supply = line.vat.supply or Supply(line.vat.category, document.client.country, "")
    country = supply.country if supply.case == "OSS" else document.client.country
    rate = f"{line.vat.rate.normalize():f}"
    return AccountKey(AccountKind.REVENUE, category=line.category, vat_case=supply.case, rate=rate, country=country)


def by_code(made: Sequence[Document], format_name: str) -> Sums:
    """What is expected of a format that has tax codes; what comes to nothing is left out."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for document in made:
        for line in document.lines:
            account = ACCOUNTS.find(format_name, key_of(document, line))
            assert account is not None
            sums[document.number][account.tax_code] += line.net_cents
    return without_nothing(sums)


def without_nothing(sums: Mapping[str, Mapping[str, int]]) -> Sums:
    found = {number: {code: net for code, net in of.items() if net} for number, of in sums.items()}
    return {number: of for number, of in found.items() if of}


def table(content: bytes, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))


def cents(text: str) -> int:
    return cents_from_decimal(text.replace(",", "."))


def uploaded(files: Mapping[str, bytes], stem: str, columns: Sequence[str]) -> tuple[Sums, dict[str, int]]:
    """Xero's and QuickBooks' documents: net by tax code, and VAT where the format carries it."""
    number, code, net, vat = columns
    nets: dict[str, Counter[str]] = defaultdict(Counter)
    taxes: Counter[str] = Counter()
    for name, content in files.items():
        if name.startswith(stem):
            sign = -1 if name.startswith("quickbooks_credit") else 1
            for row in table(content):
                nets[row[number]][row[code]] += sign * cents(row[net])
                taxes[row[number]] += sign * cents(row[vat] or "0") if vat else 0
    return without_nothing(nets), dict(taxes)


def sage(files: Mapping[str, bytes], numbers: set[str]) -> tuple[Sums, dict[str, int]]:
    """Sage's document rows; its journal rows are balanced."""
    nets: dict[str, Counter[str]] = defaultdict(Counter)
    taxes: Counter[str] = Counter()
    loose = 0
    for row in table(files["sage50_audit_trail.csv"], "cp1252"):
        net, vat = cents(row["Net Amount"]), cents(row["Tax Amount"])
        assert min(net, vat) >= 0
        loose += {"JD": net, "JC": -net}.get(row["Type"], 0)
        if row["Reference"] in numbers:
            sign = {"SI": 1, "SC": -1}[row["Type"]]
            nets[row["Reference"]][row["Tax Code"]] += sign * net
            taxes[row["Reference"]] += sign * vat
    assert loose == 0
    return without_nothing(nets), dict(taxes)


def datev(files: Mapping[str, bytes]) -> Counter[str]:
    """What DATEV's rows leave on the debtor, by document."""
    owed: Counter[str] = Counter()
    for content in files.values():
        for row in csv.reader(content.decode("cp1252").splitlines()[2:], delimiter=";"):
            owed[row[10]] += cents(row[0]) * (1 if row[1] == "S" else -1) if row[6] == "10000" else 0
    return owed


def fec(files: Mapping[str, bytes]) -> Counter[str]:
    """The same of the FEC layout; each entry is balanced."""
    (content,) = files.values()
    owed: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for row in table(content, "utf-8", "\t"):
        moved = cents(row["Debit"]) - cents(row["Credit"])
        entries[row["EcritureNum"]] += moved
        owed[row["PieceRef"]] += moved if row["CompteNum"] == "411000" else 0
    assert not any(entries.values())
    return owed


def gnucash(files: Mapping[str, bytes]) -> Counter[str]:
    """The same of GnuCash's invoices: quantity times price."""
    owed: Counter[str] = Counter()
    for line in files["gnucash_invoices.csv"].decode().splitlines():
        cells = line.split(";")
        owed[cells[0]] += int(cells[9]) * int(cells[10].removesuffix("/100"))
    return owed


def exact(files: Mapping[str, bytes]) -> Counter[str]:
    """The same of Exact, by what its lines describe."""
    owed: Counter[str] = Counter()
    for entry in fromstring(files["exact_gltransactions.xml"]).iter("GLTransaction"):  # noqa: S314
        lines = list(entry.iter("GLTransactionLine"))
        assert sum(map(_value, lines)) == 0
        for line in lines:
            is_owed = line.find("GLAccount").get("code") == "1300"  # type: ignore[union-attr]
            owed[str(line.findtext("Description")).split()[0]] += _value(line) if is_owed else 0
    return owed


def _value(line: Element) -> int:
    return cents(str(line.findtext("Amount/Value")))


def plain_text(files: Mapping[str, bytes]) -> int:
    """hledger and beancount: all postings come to nothing; what is left on the receivable account."""
    (content,) = files.values()
    found = re.findall(r"(?m)^ {2,4}(\S.*?) {2,}(?:EUR )?(-?\d+\.\d\d)(?: EUR)?(?:  ;.*)?$", content.decode())
    assert sum(cents(amount) for _, amount in found) == 0
    return sum(cents(amount) for account, amount in found if "eceivable" in account)


@pytest.mark.parametrize("seed", range(20))
def test_what_every_format_says_of_the_documents(seed: int) -> None:
    """Each reader comes to the documents' own figures, with payments of them in the same month."""
    chance = random.Random(seed)  # noqa: S311
    made = list(documents(chance))
    paid = [
        (
            Payment(
                f"e{n}", each.number, each.client.client_id, 40, date(2026, 11, 5), PaymentKind.RECEIPT, charges_cents=n
            ),
            each.client,
        )
        for n, each in enumerate(made[:3])
    ]
    journal = month_journal(made, WALLET, ACCOUNTS, paid)
    files = {name: FORMATS[name].write(journal, ACCOUNTS, AccountingOptions()).files for name in FORMATS}
    gross = {each.number: each.gross_cents for each in made}
    vat = {each.number: each.vat_cents for each in made}

    columns = ("*InvoiceNumber", "*TaxType", "*UnitAmount", "")
    nets, _ = uploaded(without(files["xero"], "journal"), "xero_", columns)
    assert nets == by_code(made, "xero")
    columns = ("*InvoiceNo", "*ItemTaxCode", "*ItemAmount", "ItemTaxAmount")
    assert uploaded(without(files["quickbooks"], "journal"), "quickbooks_", columns) == (
        by_code(made, "quickbooks"),
        vat,
    )
    nets, taxes = sage(files["sage50"], set(gross))
    assert nets == by_code(made, "sage50")
    assert {number: cents for number, cents in taxes.items() if cents} == {n: c for n, c in vat.items() if c}
    readers: dict[str, Callable[[Mapping[str, bytes]], Counter[str]]] = {
        "datev": datev, "fec": fec, "gnucash": gnucash, "exact": exact
    }  # fmt: skip
    for name, read in readers.items():
        owed = read(files[name])
        settled = Counter({payment.document: payment.cents for payment, _ in paid}) if name == "datev" else Counter()
        assert {number: owed[number] + settled[number] for number in gross} == gross, name
    left = sum(gross.values()) - sum(payment.cents for payment, _ in paid)
    assert plain_text(files["hledger"]) == plain_text(without_balances(files["beancount"])) == left
    sales = table(files["csv"]["sales.csv"])
    assert (
        Counter((row["document_number"], row["vat_category"], row["vat_rate"]) for row in sales).most_common(1)[0][1]
        == 1
    )
    assert sum(cents(row["gross"]) for row in sales) == sum(gross.values())


def without(files: Mapping[str, bytes], word: str) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if word not in name}


def without_balances(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """beancount's assertions are no postings."""
    return {name: re.sub(rb"(?m)^\d{4}.* balance .*$", b"", content) for name, content in files.items()}
