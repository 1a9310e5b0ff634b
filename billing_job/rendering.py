"""Documents to bytes in worker processes: documents travel as JSON, bytes come back; one that fails stops no other."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from billing_job.documents.files import document_files
from billing_job.documents.templates import Templates
from billing_job.errors import BillingJobError
from billing_job.model import Document, document_from_json, document_to_json

FEW = 4
"""Documents that one process renders sooner than two can start."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files of one document by kind (pdf, csv, ubl), or why there are none."""

    document: Document
    files: dict[str, bytes]
    problem: str = ""


def render(documents: Sequence[Document], templates: Templates, workers: int) -> Iterator[Rendered]:
    """Render documents, in any order, with up to `workers` processes."""
    if workers <= 1 or len(documents) <= FEW:
        for document in documents:
            files, problem = _render_one(document_to_json(document), templates)
            yield Rendered(document, files, problem)
        return
    # A fresh process each: forking one that runs threads (the demo's sandbox) could stop it dead.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(documents)), mp_context=context) as executor:
        yield from _rendered_by(executor, documents, templates)


def _rendered_by(executor: Executor, documents: Sequence[Document], templates: Templates) -> Iterator[Rendered]:
    futures = {executor.submit(_render_one, document_to_json(document), templates): document for document in documents}
    for future in as_completed(futures):
        files, problem = future.result()
        yield Rendered(futures[future], files, problem)


def _render_one(body: str, templates: Templates) -> tuple[dict[str, bytes], str]:
    """What a worker does; errors come back as text, for an exception may not survive the way between processes."""
    try:
        return document_files(document_from_json(body), templates), ""
    except BillingJobError as error:
        return {}, str(error)
