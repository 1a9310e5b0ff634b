"""`pytest --ledger postgresql`: every test keeps its ledger on a real server, each in a database of its own."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest

from tests.support import ledgers, tried
from tests.support.paths import IN_MEMORY


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one switch."""
    parser.addoption(
        "--ledger", choices=["sqlite", "postgresql"], default="sqlite", help="where tests keep their ledgers"
    )


def pytest_configure(config: pytest.Config) -> None:
    """The markers, where tests keep their files, and SIGINT as in the foreground."""
    if IN_MEMORY is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", IN_MEMORY)
    config.addinivalue_line("markers", "sqlite_file(reason): is about the ledger's file, so not for a server")
    config.addinivalue_line("markers", "mixed: of the mixtures of its parameters the suite plays a few (MIXTURES=all)")
    config.addinivalue_line("markers", "at_length: is played with MIXTURES=all alone, beside a test of the same kind")
    # A shell starts what runs in its background deaf to SIGINT, and every program that a test starts would be so, too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a server, tests of the file are skipped with their reason; of mixtures a few are played.

    Each value of each parameter is played once or more; the oracle's lives mix them all.
    """
    if not tried.ALL:
        items[:] = [item for item in items if _is_played(item) and not item.get_closest_marker("at_length")]
    if config.getoption("ledger") == "postgresql":
        for item in items:
            for marker in item.iter_markers("sqlite_file"):
                item.add_marker(pytest.mark.skip(reason=f"is about SQLite's file: {marker.args[0]}"))


def pytest_collection_finish() -> None:
    """What was imported stays to the end: looking through it again and again for garbage took a fifth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server for all tests of this process."""
    if not ledgers.can_serve():
        pytest.skip(ledgers.MISSING)
    pytest.importorskip("psycopg")
    pytest.importorskip("adbc_driver_postgresql")
    with ledgers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def _where_ledgers_are(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("ledger") == "sqlite":
        yield
        return
    assert ledgers.can_serve(), ledgers.MISSING
    with ledgers.on(request.getfixturevalue("server")):
        yield


@pytest.fixture(autouse=True)
def _databases_of_one_test() -> Iterator[None]:
    before = ledgers.made()
    yield
    ledgers.drop(ledgers.made() - before)


def _is_played(item: pytest.Item) -> bool:
    """Whether a mixture is on the diagonal: the places of its values are equal, modulo the shortest list's length."""
    call = getattr(item, "callspec", None)
    if call is None or next(item.iter_markers("mixed"), None) is None:
        return True
    places, lengths = [], []
    for marker in item.iter_markers("parametrize"):
        names, values = marker.args
        chosen = call.params[names] if isinstance(names, str) else tuple(call.params[name] for name in names)
        places.append(list(values).index(chosen))
        lengths.append(len(values))
    return len({place % min(lengths) for place in places}) == 1
