"""The two months that docs/pricing.md works out are what the program makes of them."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

from tests.support.lives import DID, OCTOBER, ORDER, SEPTEMBER, TRUNK_A, Life, life, moved
from tests.support.paths import DOCS

SECTION = r"^## Example: two months\n(.*?)(?=^## |\Z)"
BLOCK = r"```(\w+)\n(.*?)```"


def cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def blocks() -> list[tuple[str, str]]:
    """(kind, text) of the section's blocks, in the order of the page."""
    page = (DOCS / "pricing.md").read_text(encoding="utf-8")
    (section,) = re.findall(SECTION, page, re.MULTILINE | re.DOTALL)
    return re.findall(BLOCK, section, re.DOTALL)


def add(here: Life, wallet: str) -> None:
    """The supplier lists the rows of a block: id, day, type, number, and what left the wallet or (with +) came back."""
    for id_, day, type_, number, amount in (line.split() for line in wallet.splitlines()):
        sign = 1 if amount.startswith("+") else -1
        here.add(moved(int(id_), sign * cents(amount.lstrip("+")), day, type_=type_, number=number.strip("-")))


def printed(here: Life, number: str) -> list[str]:
    """An issued document as the page prints it: month, category, number, quantity and net of each line, then totals."""
    document = here.stored(number)
    lines = [
        f"{line['period_start'][:7]} {line['category']} {line['number'] or '-'} {line['quantity']} {line['net_cents']}"
        for line in document["lines"]
    ]
    return [*lines, *(f"{name} {document[f'{name}_cents']}" for name in ("net", "vat", "gross"))]


def expected(block: str) -> list[str]:
    """A block of the page in the same words."""
    rows = [line.split() for line in block.splitlines()]
    return [" ".join([*words, str(cents(amount))]) for *words, amount in rows]


def test_the_two_documented_months(tmp_path: Path) -> None:
    """September as it was billed, and October with a refund of half a rental, a late call and a minimum taken back."""
    (kind, plans), *months = blocks()
    assert [kind, *(kind for kind, _ in months)] == ["toml", *["wallet", "invoice"] * 2]
    tomllib.loads(plans)
    with life(tmp_path, plans) as here:
        wallets, invoices = ([text for kind, text in months if kind == name] for name in ("wallet", "invoice"))
        (number,) = set(re.findall(r"\+\d{11}", wallets[0]))
        here.clients("acme,Acme B.V.,NL,,,,")
        here.trunks(f"{TRUNK_A},acme,,")
        here.numbers(f"{number},{DID},{ORDER},{TRUNK_A},,")
        for month, wallet, invoice in zip((SEPTEMBER, OCTOBER), wallets, invoices, strict=True):
            add(here, wallet)
            (issued,) = [each["number"] for each in here.run(month).json["documents"]]
            assert printed(here, issued) == expected(invoice)
        assert here.waiting() == {}
