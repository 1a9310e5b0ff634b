"""Where the project's own files are, seen from any test, and where tests keep theirs."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TESTS = ROOT / "tests"
CONFIG = ROOT / "config"
DOCS = ROOT / "docs"
GOLDENS = TESTS / "goldens"
FIXTURES = TESTS / "fixtures"


def _memory() -> str | None:
    """Linux's folder in memory, where it has room and programs can be started from it, as some tests do."""
    folder = Path("/dev/shm")
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return None
    has_room = shutil.disk_usage(folder).free > 4 << 30
    return str(folder) if has_room and not os.statvfs(folder).f_flag & os.ST_NOEXEC else None


IN_MEMORY = _memory()
"""Ledgers are flushed to the disk many thousand times, and tests would wait for each; None: there is only the disk."""
