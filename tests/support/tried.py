"""How often the suite tries what chance decides: some of it at a desk, the whole with MIXTURES=all, as CI does."""

import os

ALL = os.environ.get("MIXTURES") == "all"


def times(usually: int, all_of_them: int) -> int:
    """How many lives, walks or kills a test plays."""
    return all_of_them if ALL else usually
