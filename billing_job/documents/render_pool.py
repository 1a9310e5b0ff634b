"""Documents to bytes in worker processes: documents travel as JSON, bytes come back; one that fails stops no other.

The workers are processes of this machine, or those of a Dask cluster: both are a `concurrent.futures.Executor`. What a
dead worker had begun is rendered elsewhere; a document that ends its worker again and again is reported by its number.
"""

import contextlib
import gc
import importlib
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

from billing_job.core.document import Document
from billing_job.core.document_json import document_from_json, document_to_json
from billing_job.core.errors import BillingJobError, ConfigError, RunFailed
from billing_job.core.resources import shipped_templates
from billing_job.documents.document_files import document_files
from billing_job.documents.drawing_limits import bytes_for, memory_limit, seconds_for, time_limit
from billing_job.documents.html import document_name
from billing_job.documents.templates import Templates

FEW = 4
"""Documents that one process renders sooner than two can start."""
AHEAD = 4
"""Documents a worker has waiting: enough never to idle, few enough that a month's bytes are never all in memory."""

_Task = tuple[Callable[[str, "tuple[Path | None, ...]"], "tuple[dict[str, bytes], str]"], str]
"""What a worker is to call, and with what."""

# Fonts and styles are shared by a process: a worker with several threads must not lay out two pages at once.
_ONE_PAGE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files of one document by kind (pdf, csv, ubl), or why there are none."""

    document: Document
    files: dict[str, bytes]
    problem: str = ""


def get_ready(documents: Sequence[Document], workers: int, scheduler: str = "") -> None:
    """Let the libraries load beside what comes before these documents are rendered, if processes will do that."""
    if not scheduler and workers > 1 and len(documents) > FEW:
        _context()
        forkserver.ensure_running()


def render(
    documents: Sequence[Document], templates: Templates, workers: int, scheduler: str = ""
) -> Iterator[Rendered]:
    """Render documents, in any order, with up to `workers` processes or by the Dask cluster of that scheduler.

    ConfigError when Dask is not installed, RunFailed when the scheduler does not answer.
    """
    if not documents:
        return
    if scheduler:
        with _dask(scheduler) as (executor, slots):
            yield from _rendered_by(executor, documents, templates, slots, _message)
    elif workers <= 1 or len(documents) <= FEW:
        for document in documents:
            files, problem = _render_one(document_to_json(document), _travelling(templates))
            yield Rendered(document, files, problem)
    else:
        yield from _by_processes(documents, templates, workers)


def _by_processes(documents: Sequence[Document], templates: Templates, workers: int) -> Iterator[Rendered]:
    """A pool that lost a process is replaced once; then what is left goes one by one, and the culprit shows itself."""
    left = dict.fromkeys(range(len(documents)))
    place_of: dict[int, int] = {}

    def coming() -> Iterator[Document]:
        """What is left, each made when its turn comes: the caller may read documents as they are asked for."""
        for place in list(left):
            document = documents[place]
            place_of[id(document)] = place
            yield document

    with tempfile.TemporaryDirectory(prefix="billing-job-") as folder:
        spool = _Spool(Path(folder))
        for _ in range(2):
            with contextlib.suppress(BrokenProcessPool), _processes(min(workers, len(left)), templates) as executor:
                for rendered in _rendered_by(executor, coming(), templates, workers, spool.task):
                    del left[place_of.pop(id(rendered.document))]
                    yield rendered
            if not left:
                return
        for document in coming():
            try:
                with _processes(1, templates) as executor:
                    yield from _rendered_by(executor, [document], templates, 1, spool.task)
            except BrokenProcessPool:
                yield Rendered(document, {}, _fatal(document))


@dataclass(frozen=True, slots=True)
class _Spool:
    """Documents on their way to a process, as files.

    A process that dies while a long document is written into its pipe would stop Python's pool for good (3.11.2 of
    Debian 12 is such a Python); a path always fits.
    """

    folder: Path

    def task(self, document: Document) -> "_Task":
        path = self.folder / f"{id(document)}.json"
        path.write_text(document_to_json(document), encoding="utf-8")
        return _render_spooled, str(path)


def _message(document: Document) -> "_Task":
    """Documents on their way to another machine, where our files are not."""
    return _render_one, document_to_json(document)


def _rendered_by(
    executor: Executor,
    documents: Iterable[Document],
    templates: Templates,
    slots: int,
    task_of: Callable[[Document], "_Task"],
) -> Iterator[Rendered]:
    """Keep every worker busy and no more; results come as they are done."""
    travelling = _travelling(templates)
    waiting: dict[Future[tuple[dict[str, bytes], str]], Document] = {}
    coming = iter(documents)
    try:
        while True:
            for document in coming:
                work, what = task_of(document)
                waiting[executor.submit(work, what, travelling)] = document
                if len(waiting) >= AHEAD * slots:
                    break
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                document = waiting.pop(future)
                yield Rendered(document, *_result(future, document))
    finally:
        for future in waiting:
            future.cancel()


def _result(future: "Future[tuple[dict[str, bytes], str]]", document: Document) -> tuple[dict[str, bytes], str]:
    """What a worker made of a document; deaths of workers that the cluster did not get over are its problem."""
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        return {}, _fatal(document) if type(error).__name__ == "KilledWorker" else f"{document_name(document)}: {error}"


def _fatal(document: Document) -> str:
    return (
        f"{document_name(document)}: rendering it wanted more memory than there is, or than any document takes; give"
        " the machine more of it, or the client `detail = category` in clients.csv; or a template of yours has a loop"
    )


def _context() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    preloaded = ("einvoice.cii", "einvoice.ubl", "pdf.make_pdf")
    context.set_forkserver_preload([f"billing_job.documents.{name}" for name in preloaded])
    return context


@contextlib.contextmanager
def _processes(workers: int, templates: Templates) -> Iterator[Executor]:
    """Warm processes, forked off a server that has read the libraries once.

    Never forked off this process: it may run threads (the demo's sandbox), and a fork could stop dead on their locks.
    """
    with ProcessPoolExecutor(
        workers, mp_context=_context(), initializer=_begin, initargs=(_travelling(templates),)
    ) as executor:
        yield executor


@contextlib.contextmanager
def _dask(scheduler: str) -> Iterator[tuple[Executor, int]]:
    """The executor of a Dask cluster, and how many documents it works on at once."""
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ConfigError(
            'run.executor = "dask": Dask is missing; `pip install "billing-job[dask]"` here and on the workers'
        ) from None
    try:
        client = distributed.Client(scheduler, timeout=5, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise RunFailed(f"run.scheduler = {scheduler!r}: the Dask scheduler does not answer ({error})") from None
    with client:
        threads: dict[str, int] = client.nthreads()
        if not threads:
            raise RunFailed(f"run.scheduler = {scheduler!r}: the Dask scheduler has no worker; start some")
        yield client.get_executor(pure=False), sum(threads.values())


def _travelling(templates: Templates) -> tuple[Path | None, ...]:
    """The template folders for another machine, where the shipped one (None) may stand elsewhere."""
    shipped = shipped_templates()
    return tuple(None if folder == shipped else folder for folder in templates.folders)


def _arrived(folders: tuple[Path | None, ...]) -> Templates:
    return Templates(tuple(shipped_templates() if folder is None else folder for folder in folders))


def _begin(folders: tuple[Path | None, ...]) -> None:
    """What a worker does first: read the style sheet, and put all that is there for good out of the collector's way."""
    from billing_job.documents.pdf.make_pdf import warm_up

    threading.Thread(target=_end_with_the_run, daemon=True).start()
    warm_up(_arrived(folders))
    gc.collect()
    gc.freeze()


def _end_with_the_run() -> None:
    """A run that is killed tells nobody; without this its workers would wait for documents for ever."""
    run = multiprocessing.parent_process()
    if run is not None:
        run.join()
        os._exit(1)


def _render_spooled(path: str, folders: tuple[Path | None, ...]) -> tuple[dict[str, bytes], str]:
    """What a process of this machine does."""
    return _render_one(Path(path).read_text(encoding="utf-8"), folders)


def _render_one(body: str, folders: tuple[Path | None, ...]) -> tuple[dict[str, bytes], str]:
    """What a worker does; errors come back as text, for an exception may not survive the way between processes."""
    document = document_from_json(body)
    missing = [folder for folder in folders if folder is not None and not folder.is_dir()]
    if missing:
        return {}, f"{document_name(document)}: the worker has no folder {missing[0]}; put the templates there too"
    try:
        time, memory = time_limit(seconds_for(document), document_name(document)), memory_limit(bytes_for(document))
        with _ONE_PAGE_AT_A_TIME, time, memory:
            return document_files(document, _arrived(folders)), ""
    except BillingJobError as error:
        return {}, str(error)
    except MemoryError:
        return {}, _fatal(document)
    except Exception as error:  # a defect of one document must not keep the others from their files
        return {}, f"{document_name(document)}: {type(error).__name__}: {error}; please report this as a defect"
