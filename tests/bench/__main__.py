"""`python -m tests.bench [--quick] [PART]…`: every benchmark beside its rivals, and one table in the end."""

import argparse
import importlib
import subprocess
import sys

PARTS = ("rendering", "aggregation", "charges", "ledger", "look_up", "month", "bank", "fetch")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data: shows that everything works")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; by default all")
    options = parser.parse_args()
    from tests.bench.report import Report, machine

    report = Report()
    print(machine(), flush=True)
    for part in options.parts or PARTS:
        print(f"{part}:", flush=True)
        if part == "fetch":
            _fetch(report, quick=options.quick)
        else:
            importlib.import_module(f"tests.bench.bench_{part}").run(report, quick=options.quick)
    print(f"\n{report.table()}")


def _fetch(report: "object", *, quick: bool) -> None:
    """It prints a table of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_fetch", "20" if quick else "100"]
    if subprocess.run(command, check=False).returncode:
        report.skip("fetch", "it could not be run (pip install dlt)")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
