"""Where the project's own files are, seen from any test."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TESTS = ROOT / "tests"
CONFIG = ROOT / "config"
DOCS = ROOT / "docs"
GOLDENS = TESTS / "goldens"
FIXTURES = TESTS / "fixtures"
