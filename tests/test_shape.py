"""The shape of the program: data flows one way, and only cli.py knows the clock, the environment and exit codes."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import billing_job

PACKAGE = Path(billing_job.__file__).parent
LONGEST = 350
"""Lines of a module; most have 60 to 250, the longest are tables of columns or of faults."""

STAGES = ("didfarm", "attribute", "price", "tax", "issue", "documents", "accounting", "deliver")
"""What the pipeline puts in order; none of them knows another one."""

ALLOWED_BELOW = {
    "attribute": {"assignments", "coded", "decision", "schema", "side_by_side"},
    "price": {"charges", "coded", "money", "months", "page_order", "ranks", "rules", "schema", "side_by_side"},
    "issue": {"bill", "cells", "model", "money", "plan_lines", "schema"},
    "documents": {"csvfile", "errors", "model", "money", "resources"},
    "accounting": {"csvfile", "errors", "model", "money", "resources"},
}
"""All of the program that these may import; the ledger, the supplier and the settings are none of their business."""

PURE = (
    "attribute",
    "price",
    "tax",
    "issue",
    "charges",
    "coded",
    "months",
    "page_order",
    "ranks",
    "rules",
    "refunds",
    "split",
    "plan_lines",
    "checks",
    "model",
    "money",
)
WORLD = {"httpx", "os", "pathlib", "shutil", "smtplib", "socket", "sqlalchemy", "sqlite3", "subprocess", "sys", "time"}


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


def imports_of(part: str) -> set[str]:
    """The top-level parts of the package that a module or subpackage imports."""
    own = [tree for name, tree in modules().items() if name == part or name.startswith(f"{part}.")]
    found = {name.split(".")[1] for tree in own for name in imported(tree) if name.startswith("billing_job.")}
    return found - {part, "__version__"}


def test_nothing_goes_in_a_circle() -> None:
    """The modules can be put in an order in which each only imports earlier ones."""
    known = modules()
    graph = {
        name: {found.removeprefix("billing_job.") for found in imported(tree)} & set(known)
        for name, tree in known.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


@pytest.mark.parametrize("stage", STAGES)
def test_stages_do_not_know_each_other(stage: str) -> None:
    """A stage imports no other stage, nor the pipeline, nor what is above it."""
    above = {*STAGES, "pipeline", "job", "month_run", "month_folder", "cli", "commands", "console"} - {stage}
    assert imports_of(stage) & above == set()
    assert imports_of(stage) <= ALLOWED_BELOW.get(stage, imports_of(stage))


def test_the_ledger_knows_no_stage() -> None:
    """Tables and queries work on values and frames; who makes them is not their business."""
    assert imports_of("ledger") & {*STAGES, "pipeline", "config", "mapping"} == set()


@pytest.mark.parametrize("part", PURE)
def test_calculations_touch_nothing(part: str) -> None:
    """Frames and values in, frames and values out: no module of the outside world is imported."""
    assert {name.split(".")[0] for name in imported(modules()[part])} & WORLD == set()


@pytest.mark.parametrize("name", sorted(set(modules()) - {"cli", "console"}))
def test_only_the_command_line_knows_the_surroundings(name: str) -> None:
    """No clock, environment, terminal or exit code outside cli.py and the console."""
    found = {ast.unparse(node) for node in ast.walk(modules()[name]) if isinstance(node, ast.Attribute)}
    forbidden = {
        "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.monotonic", "time.sleep",
        "os.environ", "os.getenv", "sys.exit", "sys.argv", "sys.stdin", "sys.stdout", "sys.stderr", "pd.Timestamp.now",
    }  # fmt: skip
    called = {ast.unparse(node.func) for node in ast.walk(modules()[name]) if isinstance(node, ast.Call)}
    assert (found & forbidden) | (called & {"print", "input", "exit", "quit", "breakpoint"}) == set()


def test_money_is_no_float() -> None:
    """No module of the calculation divides with `/` or makes a float."""
    for part in PURE:
        for node in ast.walk(modules()[part]):
            assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), (part, ast.unparse(node))
            assert not (isinstance(node, ast.Call) and ast.unparse(node.func) == "float"), (part, ast.unparse(node))


def test_modules_are_small() -> None:
    """A module that holds more than one thing grows beyond what one reads at once."""
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
