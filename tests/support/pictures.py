"""The contact sheets in docs/: documents, e-mails, the month's page and the terminal, as today's code has them.

`make pictures` draws all of them, `python -m tests.support.pictures documents terminal` these. Needs Chromium. Pictures
of how things were before (`*-before.png`) are kept as they are.
"""

import io
import os
import pty
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
from markupsafe import escape
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from billing_job.core.document import Document, Line
from billing_job.documents.document_files import document_files
from billing_job.documents.email_text import mail_texts
from billing_job.documents.templates import load_templates
from billing_job.reporting.page import report_html
from tests.support.paths import CONFIG, DOCS
from tests.support.sample_documents import (
    CLIENT,
    LANGUAGES,
    OUTSIDE_SCOPE,
    SELLER,
    document,
    draft,
    full_credit,
    in_language,
    line,
    long_names,
    many_lines,
    numbers_of,
    phone,
    standard_lines,
)
from tests.support.sample_report import HOSTILE, sample_report

TEMPLATES = load_templates(None)
GROUND, PAPER, INK = "#c8d0d3", "#ffffff", "#1d2529"
CELLS = """@font-face { font-family: Cells; src: local("Noto Sans Mono CJK SC"); size-adjust: 120.4%;
 unicode-range: U+2E80-9FFF, U+FF00-FFEF }"""
BILLING_JOB = str(Path(sys.executable).with_name("billing-job"))
TALLEST = 1_040
"""Pixels of a sheet's columns: what is taller goes on in the next column."""


def main(wanted: Sequence[str]) -> None:
    """Draw the sheets of these names, by default all."""
    for name in wanted or SHEETS:
        SHEETS[name]()


# Documents


def priced(lines: Sequence[Line]) -> list[Line]:
    """With the unit price of what costs the same each month."""
    return [
        replace(each, unit_price_micros=each.net_cents * 10_000 // int(each.quantity))
        if each.category in ("number_rental", "monthly_fee", "number_setup")
        else each
        for each in lines
    ]


def documents() -> None:
    """1, 8, 15, 16 on Letter, 40 and 400 lines, sums carried, credit note, draft, letters abroad, the hard cases."""
    letter = replace(SELLER, paper="letter")
    abroad = replace(CLIENT, vat_id="", registration_id="")
    british = replace(abroad, country="GB", street="10 Downing Street", city="London", postal_code="SW1A 2AA")
    american = replace(abroad, country="US", street="350 Fifth Avenue", city="New York", region="NY")
    japanese = replace(abroad, country="JP", street="丸の内1-1-1", region="東京都", city="千代田区", language="ja")
    german = replace(abroad, country="DE", city="Berlin", postal_code="10117", language="de")
    untaxed = priced(standard_lines(OUTSIDE_SCOPE))
    rentals = [line(place, "number_rental", 195, phone=phone(place)) for place in range(1, 40)]
    shown: list[tuple[str, Document, tuple[int, ...]]] = [
        *((f"{count} lines", document(priced(many_lines(count))), (1, 2)[: 1 + (count > 16)]) for count in (1, 8, 15)),
        ("16 lines, German, Letter", document(priced(many_lines(16)), client=german, seller=letter), (1,)),
        ("40 lines", document(priced(many_lines(40))), (1, 2)),
        ("400 lines", document(priced(many_lines(400))), (1, 2)),
        ("Lone numbers", document(priced([*rentals, line(40, "call", 930, quantity=3, phone=phone(1))])), (2,)),
        ("Sums carried", document(numbers_of((4,) * 20), seller=replace(SELLER, carried_forward=True)), (3,)),
        ("Credit note", full_credit(), (1,)),
        ("Draft", draft(), (1,)),
        ("GB", document(untaxed, client=british), (1,)),
        ("US", document(untaxed, client=replace(american, postal_code="10118"), seller=letter), (1,)),
        ("JP", document(untaxed, client=replace(japanese, postal_code="100-0005")), (1,)),
        ("Window at the right", document(untaxed, seller=replace(SELLER, address="right")), (1,)),
        ("Long names", long_names(), (1,)),
    ]
    pages = [
        (f"{name}, page {at}" if at > 1 else name, page(each, at, 56)) for name, each, places in shown for at in places
    ]
    saved("documents-after", in_rows(pages, 6))
    saved("documents-languages", in_rows([(name, page(in_language(name), 1, 56)) for name in LANGUAGES], 5))
    page(document(priced(standard_lines())), 1, 72).quantize(64, Image.Quantize.FASTOCTREE).save(
        DOCS / "invoice.png", optimize=True
    )


def page(each: Document, number: int, resolution: int) -> Image.Image:
    """A page of a document as a printer sees it."""
    pdf = pypdfium2.PdfDocument(io.BytesIO(document_files(each, TEMPLATES)["pdf"]))
    picture: Image.Image = pdf[number - 1].render(scale=resolution * 2 / 72).to_pil().convert("RGB")
    pdf.close()
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


# What a browser shows


@contextmanager
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def seen(chromium: Any, content: str, width: int, **context: Any) -> Image.Image:
    """A whole page on a screen so wide."""
    screen = chromium.new_page(viewport={"width": width, "height": 200}, **context)
    screen.set_content(content)
    shot: Image.Image = Image.open(io.BytesIO(screen.screenshot(full_page=True))).convert("RGB")
    screen.close()
    return shot


def emails() -> None:
    """Invoices in three languages and a credit note on a narrow phone, one on a desk."""
    shown = [(f"340 px, {each.client.language}", each, 340) for each in map(in_language, ("de", "ar", "ja"))]
    shown += [("Credit note", full_credit(), 340), ("600 px", in_language("en"), 600)]
    with browser() as chromium:
        after = [
            (name, seen(chromium, mail_texts(each, TEMPLATES, subject="", attached=("pdf", "ubl")).html, width))
            for name, each, width in shown
        ]
    saved("email", in_rows(after, len(after)))


def report() -> None:
    """12 clients on a desk, on a phone and in the dark; 1,000 on a desk and on paper."""
    few, many = (_report_page(clients, waits) for clients, waits in ((12, 12), (1000, 200)))
    with browser() as chromium:
        desk, phone_, dark = (
            seen(chromium, few, width, color_scheme=scheme)
            for width, scheme in ((1280, "light"), (390, "light"), (1280, "dark"))
        )
        thousand = seen(chromium, many, 1280)
        refunded = seen(chromium, _report_page(12, 0, refunded_cents=3_900_000), 1280)
        screen = chromium.new_page()
        screen.set_content(many)
        printed = pypdfium2.PdfDocument(io.BytesIO(screen.pdf(prefer_css_page_size=True)))
    columns = [
        *_columns("12 clients, 1280 px", desk, 460, 2),
        *_columns("390 px", phone_, 190, 4),
        *_columns("Dark", dark, 460, 1),
    ]
    saved("report-after", in_rows(columns, len(columns)))
    columns = [
        *_columns("1,000 clients", thousand, 560, 3),
        *_columns("A refund of 39,000 in August", refunded, 460, 1),
    ]
    saved("report-thousand", in_rows(columns, len(columns)))
    count = len(printed)
    papers = [(f"Page {at + 1} of {count}", printed[at].render(scale=0.55).to_pil()) for at in (0, 1, 2, 15, count - 3)]
    saved("report-print", in_rows(papers, len(papers)))


def _report_page(clients: int, waits: int, refunded_cents: int = 0) -> str:
    sample = sample_report(clients=clients, waits=waits)
    august = replace(sample.months[-3], charge_cents=sample.months[-3].charge_cents - refunded_cents)
    sample = replace(sample, months=(*sample.months[:-3], august, *sample.months[-2:]))
    made = report_html(sample, TEMPLATES).decode()
    hostile = str(escape(HOSTILE))
    return made.replace(f" {hostile}", "").replace(hostile, "Kvadrat Telefoni ApS")


def _columns(name: str, shot: Image.Image, width: int, most: int) -> list[tuple[str, Image.Image]]:
    """A tall page as columns beside one another, at most so many."""
    small = shot.resize((width, shot.height * width // shot.width), Image.Resampling.LANCZOS)
    tops = range(0, min(small.height, most * TALLEST), TALLEST)
    return [("" if top else name, small.crop((0, top, width, min(top + TALLEST, small.height)))) for top in tops]


# The terminal


def terminal() -> None:
    """The demo's month and what looks into it, at 80 and at 120 columns."""
    narrow = ("run --month 2026-10 --offline", "preview --month 2026-11 --offline", "reconcile"), (
        "exceptions", "list --month 2026-10", "open", "status")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _demo(place)
        with browser() as chromium:
            sheets = [
                (f"{columns} columns", _terminal(chromium, place, commands, columns))
                for commands, columns in (
                    *((each, 80) for each in narrow),
                    (("list --month 2026-10", *narrow[0][1:], "open"), 120),
                )
            ]
    saved("terminal", in_rows(sheets, len(sheets)))


def _demo(place: Path) -> None:
    """The demo's ledger with the shipped configuration beside it, from which the last numbers are taken."""
    subprocess.run([BILLING_JOB, "demo"], cwd=place, check=True, capture_output=True)
    shutil.copytree(CONFIG, place / "config")
    settings = place / "config" / "billing.toml"
    text = settings.read_text(encoding="utf-8").replace("sqlite:///billing.db", "sqlite:///output/demo/demo.db")
    settings.write_text(text.replace('directory = "output"', 'directory = "output/demo"'), encoding="utf-8")
    numbers = place / "config" / "numbers.csv"
    numbers.write_text("".join(numbers.read_text(encoding="utf-8").splitlines(keepends=True)[:-3]), encoding="utf-8")


def _terminal(chromium: Any, place: Path, commands: Sequence[str], columns: int) -> Image.Image:
    console = Console(record=True, width=columns, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    for command in commands:
        console.print(Text(f"$ billing-job {command}", style="bold"))
        said = _typed(place, command, columns).replace(str(place), "/srv/billing").replace("\r\n", "\n")
        # Of what is written over, as progress is, the last stays.
        said = "\n".join(line_.rpartition("\r")[2] for line_ in said.split("\n"))
        console.print(Text.from_ansi(said.rstrip("\n")), soft_wrap=True)
        console.print()
    page_ = console.export_html(theme=DEFAULT_TERMINAL_THEME, inline_styles=True)
    # The letters of other fonts take their two cells here as well.
    page_ = page_.replace("<style>", f"<style>{CELLS}").replace("Menlo,", "Menlo,'DejaVu Sans Mono',Cells,")
    page_ = page_.replace('<pre style="', '<pre style="font-size:12px;line-height:1.35;margin:10px;')
    return seen(chromium, page_, columns * 7 + 50)


def _typed(place: Path, command: str, columns: int) -> str:
    """What a command says on a terminal so wide."""
    above, below = pty.openpty()
    size = {"COLUMNS": str(columns), "LINES": "50", "TERM": "xterm-256color"}
    child = subprocess.Popen(
        [BILLING_JOB, *command.split()], cwd=place, stdin=below, stdout=below, stderr=below, env=os.environ | size
    )
    os.close(below)
    found = b""
    while True:
        try:
            part = os.read(above, 65_536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        found += part
    child.wait()
    os.close(above)
    return found.decode()


# Sheets


def in_rows(pictures: Sequence[tuple[str, Image.Image]], across: int) -> Image.Image:
    """Pictures with their names above them, so many beside one another."""
    gap, head = 12, 26
    rows = [pictures[first : first + across] for first in range(0, len(pictures), across)]
    width = max(sum(each.width + gap for _, each in row) for row in rows) + gap
    heights = [max(each.height for _, each in row) + head + gap for row in rows]
    sheet = Image.new("RGB", (width, sum(heights) + gap), GROUND)
    pen = ImageDraw.Draw(sheet)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = gap
        for name, each in row:
            pen.text((left, top + 8), name, fill=INK, font=ImageFont.load_default(14))
            sheet.paste(each, (left, top + head))
            left += each.width + gap
        top += height
    return sheet


def saved(name: str, sheet: Image.Image) -> None:
    """Into docs/, with a palette: a third of the size."""
    path = DOCS / f"{name}.png"
    sheet.quantize(64, Image.Quantize.FASTOCTREE).save(path, optimize=True)
    print(f"{path.name}: {sheet.width} x {sheet.height}, {path.stat().st_size // 1000} kB")


SHEETS: dict[str, Callable[[], None]] = {
    "documents": documents,
    "emails": emails,
    "report": report,
    "terminal": terminal,
}

if __name__ == "__main__":
    main(sys.argv[1:])
