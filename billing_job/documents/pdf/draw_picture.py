"""Draw an SVG in a process of its own, which may use so much time and memory and no more.

A picture of 300 bytes can ask for hours (uses of uses, a gradient repeated a million times), and the engine knows no
bound. `documents/logo.py` starts the process.
"""

import logging
import os
import resource
import signal
from base64 import b64encode

import weasyprint
from weasyprint.urls import URLFetcher


class _Failure(logging.Handler):
    """WeasyPrint leaves out what it cannot draw, for want of memory as well, and goes on; here that is the end."""

    def emit(self, record: logging.LogRecord) -> None:
        os._exit(1)


def draw(seconds: float, size: int) -> None:
    """Draw what stands on standard input; the process is killed, or ends with an error, where the limits do not do.

    Seconds are of the processor, the loading of the engine apart; `size` is in bytes.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends a process that does not ask for it
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    with open(0, "rb") as given:
        image = f'<img src="data:image/svg+xml;base64,{b64encode(given.read()).decode()}">'
    fetcher = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    weasyprint.LOGGER.addHandler(_Failure(logging.ERROR))
    weasyprint.HTML(string=image, url_fetcher=fetcher).write_pdf()
