"""The shape of the program: data flows one way, and only cli.py knows the clock, the environment and exit codes."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import billing_job

PACKAGE = Path(billing_job.__file__).parent
LONGEST = 400
"""Lines of a module; most have 60 to 250, the longest are tables of columns or of faults."""


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name below it."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in PACKAGE.rglob("*.py")
    }


def imported(tree: ast.Module) -> Iterator[str]:
    """The names of imported modules, wherever the import stands, but for those that only types need."""
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_goes_in_a_circle() -> None:
    """The modules can be put in an order in which each only imports earlier ones."""
    known = modules()
    graph = {
        name: {found.removeprefix("billing_job.") for found in imported(tree)} & set(known)
        for name, tree in known.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


@pytest.mark.parametrize("name", sorted(set(modules()) - {"cli", "core.console", "core.clock"}))
def test_only_the_command_line_knows_the_surroundings(name: str) -> None:
    """No clock, environment, terminal or exit code outside cli.py, the console and the real clock."""
    found = {ast.unparse(node) for node in ast.walk(modules()[name]) if isinstance(node, ast.Attribute)}
    forbidden = {
        "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.monotonic", "time.sleep",
        "os.environ", "os.getenv", "sys.exit", "sys.argv", "sys.stdin", "sys.stdout", "sys.stderr", "pd.Timestamp.now",
    }  # fmt: skip
    called = {ast.unparse(node.func) for node in ast.walk(modules()[name]) if isinstance(node, ast.Call)}
    assert (found & forbidden) | (called & {"print", "input", "exit", "quit", "breakpoint"}) == set()


def test_modules_are_small() -> None:
    """A module that holds more than one thing grows beyond what one reads at once."""
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
