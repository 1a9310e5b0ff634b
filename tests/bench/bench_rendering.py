"""Documents a second: ours with two warm workers, Chromium with two warm browsers, and WeasyPrint in a plain loop.

Ours is PDF/A-3a and PDF/UA-1 with the CII and the detail inside, CSV and UBL beside it; Chromium prints the same
HTML as a plain PDF. They take turns, so that a busy machine is equally busy for all.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import weasyprint
from sample_documents import document, many_lines

from bench.report import Report, Row, processor_seconds, taken
from billing_job.documents.files import document_files
from billing_job.documents.html import document_html
from billing_job.documents.pdf import warm_up
from billing_job.documents.templates import load_templates
from billing_job.model import Document

CHROMIUM = "/usr/bin/chromium"
TEMPLATES = load_templates(None)
ROUNDS = 3


def run(report: Report, *, quick: bool) -> None:
    for lines, count, reach in ((20, 40, 0.8), (400, 8, 1.0)):
        one = document(many_lines(lines))
        asyncio.run(_beside_chromium(report, one, lines, 8 if quick else count, reach))
        naive = taken(lambda one=one: _naive(one), 1 if quick else 3)
        ours = taken(lambda one=one: document_files(one, TEMPLATES), 1 if quick else 3)
        report.add(Row(f"{lines} lines, one process, all files", ours * 1000, "WeasyPrint alone", naive * 1000, "ms"))


async def _beside_chromium(report: Report, one: Document, lines: int, count: int, reach: float) -> None:
    what = f"{lines} lines, two workers, all files"
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        report.skip(what, "playwright is not installed (pip install playwright)")
        return
    if not Path(CHROMIUM).exists():
        report.skip(what, f"there is no {CHROMIUM} (apt-get install chromium)")
        return
    html = document_html(one, TEMPLATES).replace("</head>", f"<style>{_style_sheet()}</style></head>")
    context = multiprocessing.get_context("forkserver")
    async with async_playwright() as driver:
        browsers = [await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) for _ in range(2)]
        pages = [await browser.new_page() for browser in browsers]
        with ProcessPoolExecutor(2, mp_context=context, initializer=warm_up, initargs=(TEMPLATES,)) as executor:
            loop = asyncio.get_running_loop()

            async def ours(number: int) -> None:
                await asyncio.gather(
                    *(loop.run_in_executor(executor, document_files, one, TEMPLATES) for _ in range(number))
                )

            async def theirs(number: int) -> None:
                await asyncio.gather(*(_print(page, html, number // 2) for page in pages))

            await ours(4)
            await theirs(4)
            best = dict.fromkeys((ours, theirs), (1e9, 1e9))
            for _ in range(ROUNDS):
                for work, (wall, cpu) in best.items():
                    took, spent = await _seconds(work, count)
                    best[work] = min(wall, took / count), min(cpu, spent / count)
        for browser in browsers:
            await browser.close()
    for place, (kind, limit) in enumerate((("", reach), (", processor time", None))):
        mine, chromium = best[ours][place] * 1000, best[theirs][place] * 1000
        report.add(Row(what + kind, mine, "Chromium, plain PDF", chromium, "ms", limit))


async def _seconds(work: Callable[[int], Awaitable[None]], count: int) -> tuple[float, float]:
    """Wall time, and the processor time of this process and all below it: a busy machine delays, it does not add."""
    loop = asyncio.get_running_loop()
    began, spent = loop.time(), processor_seconds(os.getpid())
    await work(count)
    return loop.time() - began, processor_seconds(os.getpid()) - spent


async def _print(page: object, html: str, count: int) -> None:
    for _ in range(count):
        await page.set_content(html)  # type: ignore[attr-defined]
        await page.pdf(prefer_css_page_size=True, print_background=True)  # type: ignore[attr-defined]


def _style_sheet() -> str:
    path = TEMPLATES.find("invoice.css")
    assert path is not None
    return path.read_text(encoding="utf-8")


def _naive(one: Document) -> bytes:
    """As the manual's first page has it: everything anew for each document."""
    sheet = weasyprint.CSS(string=_style_sheet())
    result: bytes = weasyprint.HTML(string=document_html(one, TEMPLATES)).write_pdf(
        stylesheets=[sheet], pdf_variant="pdf/a-3a"
    )
    return result
