"""Tables for people: aligned as a screen shows them, whole in a pipe, and never at the cost of a number or a word."""

import io

from rich.console import Console

from billing_job.commands.text_tables import table

COLUMNS = ("client", "name", "net", "what would help")
ROWS = [
    ("acme", "東京電話株式会社", "EUR 1,234.50", "add +31201234567 to numbers.csv with its trunk [x] :smile:"),
    ("b", "شركة الاتصالات", "-EUR 5.00", ""),
    ("cafe", "Cafe\u0301", "EUR 0.00", ""),
]


def test_a_pipe_gets_whole_lines_aligned_by_width() -> None:
    """A CJK character is two columns wide and an accent none; nothing in a cell is read as markup or as a picture."""
    assert table(COLUMNS, ROWS, right=("net",)).splitlines() == [
        "client  name                       net  what would help",
        "acme    東京電話株式会社  EUR 1,234.50  add +31201234567 to numbers.csv with its trunk [x] :smile:",
        "b       شركة الاتصالات       -EUR 5.00",
        "cafe    Cafe\u0301                  EUR 0.00",
    ]


def test_a_narrow_terminal_breaks_the_sentence_alone() -> None:
    """The longest column wraps between words; names and amounts stay whole, also where there is no room at all."""
    for width in (70, 10):
        screen = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width)
        lines = table(COLUMNS, ROWS, right=("net",), console=screen).splitlines()
        assert max(map(len, lines)) <= max(width, 55)
        printed = "\n".join(lines).split()
        assert {"東京電話株式会社", "1,234.50", "+31201234567", "numbers.csv", "الاتصالات"} <= set(printed)


def test_a_table_without_rows_is_its_first_line() -> None:
    """Nothing to show is still a table."""
    assert table(COLUMNS, []) == "client  name  net  what would help"
