"""Documents a second: ours with two warm workers, Chromium with two warm browsers, and WeasyPrint in a plain loop.

Ours is PDF/A-3a and PDF/UA-1 with the CII and the transactions inside; Chromium prints the same HTML as a plain PDF. No
two documents are alike: numbers, amounts and the client's name differ. They take turns, so that a busy machine is
equally busy for all.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import weasyprint

from billing_job.core.document import Document
from billing_job.documents.detail_csv import detail_csv
from billing_job.documents.document_files import document_files
from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.html import document_pages
from billing_job.documents.pdf.make_pdf import Embedded, pdf_bytes, shared_by_documents, warm_up
from billing_job.documents.templates import load_templates
from tests.bench.report import Report, Row, processor_seconds, taken
from tests.support.sample_documents import CLIENT, document, many_lines, phone

CHROMIUM = "/usr/bin/chromium"
TEMPLATES = load_templates(None)
ROUNDS = 3


def run(report: Report, *, quick: bool) -> None:
    for lines, count, reach in ((20, 80, 0.8), (400, 16, 1.0)):
        different = documents(lines, 8 if quick else count)
        asyncio.run(_beside_chromium(report, different, lines, reach))
        one, rounds = document(many_lines(lines)), 1 if quick else 3
        naive = taken(partial(_naive, one), rounds) * 1000
        ours = taken(partial(document_files, one, TEMPLATES), rounds) * 1000
        first = taken(partial(_first_of_its_shape, one), rounds) * 1000
        report.add(Row(f"{lines} lines, one process, all files", ours, "WeasyPrint alone", naive, "ms"))
        report.add(Row(f"{lines} lines, the first of its shape", first, "WeasyPrint alone", naive, "ms"))


def documents(lines: int, count: int) -> list[Document]:
    """So many documents of so many lines, one transaction a line, no two alike."""
    return [
        document(
            [
                replace(
                    line, rows=line.rows[:1], net_cents=line.net_cents + 13 * each, number=phone(1000 * each + place)
                )
                for place, line in enumerate(many_lines(lines))
            ],
            client=replace(CLIENT, name=f"Client {each} B.V."),
        )
        for each in range(count)
    ]


def pdf_with_cii(one: Document) -> bytes:
    """PDF/A-3a and PDF/UA-1 with the CII and the detail inside."""
    embedded = (
        Embedded("factur-x.xml", cii_xml(one, TEMPLATES), "Factur-X invoice", "Alternative"),
        Embedded(f"{one.number}.csv", detail_csv(one), "Detail", "Supplement"),
    )
    return pdf_bytes(
        next(document_pages(one, TEMPLATES)), TEMPLATES, day=one.issue_date, embedded=embedded, what=one.number
    )


def _first_of_its_shape(one: Document) -> bytes:
    shared_by_documents(TEMPLATES.folders).layouts.clear()
    return document_files(one, TEMPLATES)["pdf"]


async def _beside_chromium(report: Report, different: Sequence[Document], lines: int, reach: float) -> None:
    what = f"{lines} lines, PDF/A with CII, two workers"
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        report.skip(what, "playwright is not installed (pip install playwright)")
        return
    if not Path(CHROMIUM).exists():
        report.skip(what, f"there is no {CHROMIUM} (apt-get install chromium)")
        return
    style = f"<style>{_style_sheet()}</style></head>"
    pages_of = [next(document_pages(each, TEMPLATES)).replace("</head>", style) for each in different]
    context = multiprocessing.get_context("forkserver")
    async with async_playwright() as driver:
        browsers = [await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) for _ in range(2)]
        pages = [await browser.new_page() for browser in browsers]
        with ProcessPoolExecutor(2, mp_context=context, initializer=warm_up, initargs=(TEMPLATES,)) as executor:
            loop = asyncio.get_running_loop()

            async def ours() -> None:
                await asyncio.gather(*(loop.run_in_executor(executor, pdf_with_cii, each) for each in different))

            async def all_files() -> None:
                await asyncio.gather(
                    *(loop.run_in_executor(executor, document_files, each, TEMPLATES) for each in different)
                )

            async def theirs() -> None:
                await asyncio.gather(*(_print(page, pages_of[first::2]) for first, page in enumerate(pages)))

            works = (ours, all_files, theirs)
            best = dict.fromkeys(works, (1e9, 1e9))
            for turn in range(ROUNDS + 1):  # the first warms all of them up
                for work in works:
                    took, spent = await _seconds(work)
                    if turn:
                        best[work] = min(best[work][0], took), min(best[work][1], spent)
        for browser in browsers:
            await browser.close()
    for place, (kind, limit) in enumerate((("", reach), (", processor time", None))):
        mine, whole, chromium = (best[work][place] * 1000 / len(different) for work in works)
        report.add(Row(what + kind, mine, "Chromium, plain PDF", chromium, "ms", limit))
        report.add(Row(f"{what}, CSV and UBL too{kind}", whole, "Chromium, plain PDF", chromium, "ms"))


async def _seconds(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Wall time, and the processor time of this process and all below it: a busy machine delays, it does not add."""
    loop = asyncio.get_running_loop()
    began, spent = loop.time(), processor_seconds(os.getpid())
    await work()
    return loop.time() - began, processor_seconds(os.getpid()) - spent


async def _print(page: object, contents: Sequence[str]) -> None:
    for html in contents:
        await page.set_content(html)  # type: ignore[attr-defined]
        await page.pdf(prefer_css_page_size=True, print_background=True)  # type: ignore[attr-defined]


def _style_sheet() -> str:
    path = TEMPLATES.find("invoice.css")
    assert path is not None
    return path.read_text(encoding="utf-8")


def _naive(one: Document) -> bytes:
    """As the manual's first page has it: everything anew for each document."""
    sheet = weasyprint.CSS(string=_style_sheet())
    result: bytes = weasyprint.HTML(string=next(document_pages(one, TEMPLATES))).write_pdf(
        stylesheets=[sheet], pdf_variant="pdf/a-3a"
    )
    return result
