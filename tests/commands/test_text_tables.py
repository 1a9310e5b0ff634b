"""Tables for people: aligned as a screen shows them, whole in a pipe, and never at the cost of a number or a word."""

import io

from rich.cells import cell_len
from rich.console import Console

from billing_job.commands.prove_text import reconcile_text
from billing_job.commands.run_text import changes_table
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


def screen(width: int) -> Console:
    """A terminal of so many columns."""
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width)


def test_a_narrow_terminal_breaks_the_sentence_alone() -> None:
    """The longest column wraps between words; names and amounts stay whole, also where there is no room at all."""
    for width in (70, 40, 10):
        lines = table(COLUMNS, ROWS, right=("net",), console=screen(width)).splitlines()
        assert max(map(cell_len, lines)) <= max(width, 30)
        printed = "\n".join(lines).split()
        assert {"東京電話株式会社", "1,234.50", "+31201234567", "numbers.csv", "الاتصالات"} <= set(printed)


def test_names_are_cut_so_that_a_row_is_one_line() -> None:
    """From 80 columns on a document is one line: names give way, the last first; numbers, dates, amounts never do."""
    columns = ("number", "date", "client", "name", "net", "gross", "open", "state")
    names = ("株式会社さくら電話サービス", "Koninklijke Nederlandse Vereniging voor Klantcontact", "Cafe\u0301 Léa")
    for state, amount in (("issued", "1,138.20"), ("partly paid", "123,456.78")):
        rows = [
            (f"INV-2026-{place:05d}", "2026-11-28", f"client-number-{place}", name, amount, amount, amount, state)
            for place, name in enumerate(names)
        ]
        for width in (80, 100, 120):
            printed = table(columns, rows, right=columns[4:7], short=("client", "name"), console=screen(width))
            head, *lines = printed.splitlines()
            assert max(map(cell_len, (head, *lines))) <= width
            for row, line in zip(rows, lines, strict=True):
                assert [word for word in line.split() if word in row][:2] == [row[0], row[1]]
                assert line.count(amount) == 3
                assert line.endswith(state)
        assert names[1] in table(columns, rows[1:2], right=columns[4:7], short=("client", "name"), console=screen(200))
    assert "株式会…" in table(("id", "name"), [("1", names[0])], short=("name",), console=screen(12))


def test_rows_without_room_for_columns_take_a_few_lines() -> None:
    """Each begins with its first cell; the others have their names, and what is empty is left out."""
    lines = table(COLUMNS, ROWS[1:], right=("net",), console=screen(30)).splitlines()
    assert lines == [
        "b   name شركة الاتصالات",
        "    net -EUR 5.00",
        "cafe   name Cafe\u0301",
        "    net EUR 0.00",
    ]


def test_a_preview_has_names_and_a_total() -> None:
    """Net of each client now and before, at last of all: 7.19 + 24.60 after 7.51 + 42.70, 37 % less."""
    changes = [
        {"client_id": "acme", "client_name": "Acme", "month_before_cents": 751, "now_cents": 719},
        {"client_id": "klant", "client_name": "Klantcontact", "month_before_cents": 4270, "now_cents": 2460},
    ]
    seen = [{**each, "last_preview_cents": 719} for each in changes]
    assert changes_table([{**each, "last_preview_cents": None} for each in changes], "EUR").splitlines() == [
        "client  name          month before    now  change",
        "acme    Acme                  7.51   7.19     -4%",
        "klant   Klantcontact         42.70  24.60    -42%",
        "in all  2 clients            50.21  31.79    -37%",
        "",
        "Net, EUR",
    ]
    assert [line.split()[-1] for line in changes_table(seen, "EUR").splitlines()[1:4]] == ["-4%", "+17.41", "+17.41"]


def test_reconcile_is_read_from_top_to_bottom() -> None:
    """Whether it is explained, of what, then each month's places that hold something: at 80 columns, points aligned."""
    nothing = {"count": 0, "micros": 0}
    places = {"billed": {"count": 1200, "micros": -2_100_440_000}, "excluded": {"count": 1, "micros": 5_000_000_000}}
    month = {
        "month": "2026-10", **places, "exceptions": {"count": 2, "micros": -7_500}, "waiting": nothing,
        "transactions": {"count": 1203, "micros": 2_899_552_500},
    }  # fmt: skip
    proof = {
        "months": [month], **{key: value for key, value in month.items() if key != "month"},
        "wallet": {"opening_micros": 0, "movements_micros": 2_899_552_500, "balance_micros": 2_899_560_000,
                   "difference_micros": 7_500, "matches": False},
        "gate": {"likely": [], "proven": None, "decisions": []}, "changed": [], "vanished": [],
        "billed_row_changed": [],
    }  # fmt: skip
    lines = reconcile_text(proof, "EUR", screen(80)).splitlines()
    assert lines[:12] == [
        "The wallet is NOT explained: a difference of EUR 0.0075.",
        "",
        "opening balance   EUR     0.00",
        "movements         EUR 2,899.5525",
        "wallet's balance  EUR 2,899.56",
        "difference        EUR     0.0075",
        "",
        "Other causes: the supplier's history is cut off, or rows are still arriving.",
        "",
        "month    place       transactions          EUR",
        "2026-10  billed             1,200  -2,100.44",
        "         excluded               1   5,000.00",
    ]
    assert lines[12].split() == ["exceptions", "2", "-0.0075"]
    assert lines[13].split() == ["in", "all", "1,203", "2,899.5525"]
    assert lines[12].index(".") == lines[13].index(".")
    assert max(map(len, lines)) <= 80


def test_a_table_without_rows_is_its_first_line() -> None:
    """Nothing to show is still a table."""
    assert table(COLUMNS, []) == "client  name  net  what would help"


def test_a_name_from_right_to_left_leaves_amounts_in_place() -> None:
    """Between its cell and the next stands a mark without width on a screen, and nothing in a pipe."""
    rows = [("1", "شركة الاتصالات", "-5.00"), ("2", "شركة الاتصالات الدولية المحدودة", "1,234.50")]
    printed = table(("id", "name", "net"), rows, right=("net",), short=("name",), console=screen(24)).splitlines()
    assert [line.count("\u200e ") for line in printed] == [0, 1, 1]
    assert [cell_len(line) for line in printed[1:]] == [24, 24]
    assert "\u200e" not in table(("id", "name", "net"), rows, right=("net",), short=("name",))
