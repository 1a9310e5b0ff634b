"""`pytest --ledger postgresql`: every test keeps its ledger on a real server, each in a database of its own."""

from collections.abc import Iterator

import ledgers
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one switch."""
    parser.addoption(
        "--ledger", choices=["sqlite", "postgresql"], default="sqlite", help="where tests keep their ledgers"
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker of tests that a server cannot run."""
    config.addinivalue_line("markers", "sqlite_file(reason): is about the ledger's file, so not for a server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a server, tests of the file are skipped with their reason."""
    if config.getoption("ledger") == "postgresql":
        for item in items:
            for marker in item.iter_markers("sqlite_file"):
                item.add_marker(pytest.mark.skip(reason=f"is about SQLite's file: {marker.args[0]}"))


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
