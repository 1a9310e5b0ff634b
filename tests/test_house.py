"""The house: rooms import downwards only, cli.py alone knows the clock and the environment, money is no float.

The import contracts stand in pyproject.toml, with import-linter as their judge; here each is shown to refuse something.
"""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import billing_job
from tests.support.paths import ROOT, TESTS

PACKAGE = Path(billing_job.__file__).parent
LONGEST = 350
"""Lines of a module; most have 60 to 250, the longest are tables of columns or of faults."""
PURE = ("billing", "core.checks", "core.columns", "core.money")
"""The calculation: modules, and rooms with all that is in them."""
ENDS_OR_ASKS = {"print", "input", "exit", "quit", "breakpoint"}
BESIDE_THE_ROOMS = {"bench", "fixtures", "goldens", "support"}
FORBIDDEN = {
    "floors": ("config/settings.py", "billing_job.reporting.margins"),
    "stages do not know each other": ("billing/attribution/attribute.py", "billing_job.billing.rating.price"),
    "the calculation touches nothing": ("billing/rating/price.py", "os"),
    "one door into the PDF engine": ("documents/compose.py", "billing_job.documents.pdf.make_pdf"),
    "only the engine knows WeasyPrint": ("reporting/page.py", "weasyprint"),
    "who writes for readers is told and does not ask": ("reporting/page.py", "billing_job.ledger.tables"),
    "no circle between brothers": ("core/moments.py", "billing_job.core.period"),
}
"""A module for each contract, and an import in it that this contract alone refuses."""


@cache
def modules(folder: Path = PACKAGE) -> dict[str, ast.Module]:
    """Every module of a folder by its dotted name below it."""
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.py")
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


def broken_contracts(folder: Path) -> list[str]:
    """The contracts of pyproject.toml that the package in a folder breaks, by name."""
    judge = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ran = subprocess.run(
        [sys.executable, "-c", judge, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    kept, broken = (
        [line.removesuffix(f" {word}") for line in ran.stdout.splitlines() if line.endswith(f" {word}")]
        for word in ("KEPT", "BROKEN")
    )
    assert {*kept, *broken} == set(FORBIDDEN), ran.stdout + ran.stderr
    assert ran.returncode == bool(broken)
    return broken


def test_the_contracts_are_kept() -> None:
    """No room imports what is not its business."""
    assert broken_contracts(ROOT) == []


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_each_contract_refuses(contract: str, tmp_path: Path) -> None:
    """One import in the wrong place breaks the contract that is about it, and no other."""
    module, name = FORBIDDEN[contract]
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / PACKAGE.name / module).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {name}\n")
    assert broken_contracts(tmp_path) == [contract]


def test_nothing_goes_in_a_circle() -> None:
    """The modules can be put in an order in which each only imports earlier ones."""
    known = modules()
    graph = {
        name: {found.removeprefix("billing_job.") for found in imported(tree)} & set(known)
        for name, tree in known.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


def test_only_the_command_line_knows_the_surroundings() -> None:
    """No clock, environment, terminal or exit code outside cli.py, the console and the real clock."""
    forbidden = {
        "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.monotonic", "time.sleep",
        "os.environ", "os.getenv", "sys.exit", "sys.argv", "sys.stdin", "sys.stdout", "sys.stderr", "pd.Timestamp.now",
    }  # fmt: skip
    last_names = {name.rpartition(".")[2] for name in forbidden}
    found = []
    for name, tree in modules().items():
        if name in {"cli", "core.console", "core.clock"}:
            continue
        for node in ast.walk(tree):
            # Only where the last name fits is the whole written out, which takes its time.
            if isinstance(node, ast.Attribute) and node.attr in last_names and ast.unparse(node) in forbidden:
                found.append((name, node.lineno, ast.unparse(node)))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ENDS_OR_ASKS:
                found.append((name, node.lineno, node.func.id))
    assert found == []


def test_money_is_no_float() -> None:
    """No module of the calculation divides with `/` or makes a float."""
    pure = {name: tree for name, tree in modules().items() if f"{name}.".startswith(tuple(f"{part}." for part in PURE))}
    assert len(pure) > 25
    for name, tree in pure.items():
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), (name, ast.unparse(node))
            assert not (isinstance(node, ast.Call) and ast.unparse(node.func) == "float"), (name, ast.unparse(node))


def test_every_room_has_its_tests() -> None:
    """The tests are laid out as the rooms are, so that one finds what a module promises."""
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert {path.name for path in TESTS.iterdir() if path.is_dir()} - {"__pycache__"} == rooms | BESIDE_THE_ROOMS
    assert [room for room in sorted(rooms) if not list((TESTS / room).glob("test_*.py"))] == []


def test_tests_stand_alone() -> None:
    """No module imports a module of tests: what is shared stands in tests/support/. Each test says what it shows."""
    for name, tree in modules(TESTS).items():
        assert [found for found in imported(tree) if found.startswith("tests.") and ".test_" in found] == [], name
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        silent = [one.name for one in functions if one.name.startswith("test_") and not ast.get_docstring(one)]
        assert silent == [], name


def test_modules_are_small() -> None:
    """A module that holds more than one thing grows beyond what one reads at once."""
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
