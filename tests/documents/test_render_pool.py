"""Rendering by processes and by a Dask cluster: the same bytes as at home, whoever dies on the way."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from billing_job.core.errors import RunFailed
from billing_job.core.resources import shipped_templates
from billing_job.documents.render_pool import Rendered, render
from billing_job.documents.templates import Templates, load_templates
from tests.support.paths import ROOT
from tests.support.sample_documents import document, full_credit, in_language, late_line, standard_lines

TEMPLATES = load_templates(None)
DOCUMENTS = [
    *(document(standard_lines(), number=f"INV-2026-{number:05d}") for number in range(1, 9)),
    in_language("ja"),
    full_credit(),
    document([*standard_lines(), late_line(9)], number="INV-2026-00043"),
]


def by_number(rendered: list[Rendered]) -> dict[str, dict[str, bytes]]:
    assert [each.problem for each in rendered] == [""] * len(rendered)
    return {each.document.number: each.files for each in rendered}


@pytest.fixture(scope="module")
def at_home() -> dict[str, dict[str, bytes]]:
    """The files as one process writes them."""
    return by_number(list(render(DOCUMENTS, TEMPLATES, workers=1)))


def grandchildren() -> set[int]:
    """The processes that the fork server, a child of this process, has made."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return {pid for pid, parent in parents.items() if parents.get(parent) == os.getpid()}


def test_processes_write_the_same_bytes_though_one_is_killed(at_home: dict[str, dict[str, bytes]]) -> None:
    """SIGKILL for a worker in the middle costs no document and changes no byte."""
    before = grandchildren()
    results = render(DOCUMENTS, TEMPLATES, workers=2)
    first = next(results)
    victim = min(grandchildren() - before)
    os.kill(victim, signal.SIGKILL)
    assert by_number([first, *results]) == at_home


ENDLESS = """
from tests.documents.test_render_pool import DOCUMENTS, TEMPLATES
from billing_job.documents.render_pool import render
if __name__ == "__main__":
    for rendered in render(DOCUMENTS * 500, TEMPLATES, workers=2):
        print(rendered.document.number, flush=True)
"""


def test_the_workers_of_a_killed_run_end_with_it() -> None:
    """SIGKILL for the run leaves no process behind that waits for documents, and holds its output open, for ever."""
    run = subprocess.Popen([sys.executable, "-c", ENDLESS], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
    with run:
        assert run.stdout is not None
        assert run.stdout.readline().startswith(b"INV")
        run.kill()
        # Read to the end: it comes when the last process that was started has closed it.
        reader = threading.Thread(target=run.stdout.read, daemon=True)
        reader.start()
        reader.join(20)
        left_over = reader.is_alive()
        if left_over:
            os.killpg(run.pid, signal.SIGKILL)
    assert not left_over


@pytest.mark.parametrize("workers", [1, 2])
def test_a_document_that_fails_is_named_and_stops_no_other(workers: int) -> None:
    """A currency that does not exist is reported by the document's number; the rest is made."""
    wrong = replace(DOCUMENTS[0], number="INV-2026-00098", currency="EUX")
    rendered = {each.document.number: each for each in render([wrong, *DOCUMENTS[:4]], TEMPLATES, workers)}
    assert "INV-2026-00098" in rendered["INV-2026-00098"].problem
    assert rendered["INV-2026-00098"].files == {}
    assert all(rendered[each.number].files for each in DOCUMENTS[:4])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def cluster(workers: int, folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler and workers, each a process of its own, on loopback."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    processes = [
        subprocess.Popen([*dask, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], **quiet)  # type: ignore[call-overload]
    ]
    work = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
    work += ["--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder)]
    try:
        processes += [subprocess.Popen(work, **quiet) for _ in range(workers)]  # type: ignore[call-overload]
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_a_dask_cluster_writes_the_same_bytes_though_a_worker_is_killed(
    at_home: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    """A scheduler and two workers on loopback, one killed in the middle: all documents, byte for byte as at home."""
    pytest.importorskip("distributed")
    with cluster(2, tmp_path) as (address, workers):
        wait_for_workers(address, 2)
        results = render(DOCUMENTS, TEMPLATES, workers=1, scheduler=address)
        first = next(results)
        workers[0].send_signal(signal.SIGKILL)
        assert by_number([first, *results]) == at_home


def test_a_scheduler_that_is_not_there_is_named() -> None:
    """Nothing is rendered in silence at home instead: the address that did not answer is told."""
    pytest.importorskip("distributed")
    with pytest.raises(RunFailed, match=r"tcp://127\.0\.0\.1:\d+.*does not answer"):
        list(render(DOCUMENTS, TEMPLATES, workers=2, scheduler=f"tcp://127.0.0.1:{free_port()}"))


def test_a_worker_without_the_users_templates_says_so(tmp_path: Path) -> None:
    """Where a folder of one's own is missing, the document is not made with the shipped looks instead."""
    elsewhere = Templates((tmp_path / "mine", shipped_templates()))
    (rendered,) = render(DOCUMENTS[:1], elsewhere, workers=1)
    assert "INV-2026-00001: the worker has no folder" in rendered.problem
