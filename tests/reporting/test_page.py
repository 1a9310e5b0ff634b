"""The month's page as a file: what it may run and load, what it says, and that its figures add up."""

import base64
import dataclasses
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
import tinyhtml5

from billing_job.core.errors import DocumentError
from billing_job.core.sums import Flow
from billing_job.documents.templates import Templates, load_templates
from billing_job.reporting.page import report_html
from billing_job.reporting.page_charts import BAR_ROOM, lying_bars, scaled, spark, upright_bars
from billing_job.reporting.page_data import SHARES_SHOWN, Mover, Report, month_sums, movers, shares, told_apart
from billing_job.reporting.page_figures import percent
from billing_job.reporting.page_tasks import LEAST_SHOWN, WAITING_SHOWN
from tests.support.sample_report import HOSTILE, MONTH, flows_of, sample_report

SHIPPED = load_templates(None)


def page(report: Report, templates: Templates = SHIPPED) -> Element:
    """The page as a browser reads it."""
    tree: Element = tinyhtml5.parse(report_html(report, templates), namespace_html_elements=False)
    return tree


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def with_class(tree: Element, name: str) -> Iterator[Element]:
    return (element for element in tree.iter() if name in element.get("class", "").split())


def section(tree: Element, name: str) -> Element:
    return next(element for element in tree.iter("section") if element.get("id") == name)


def figures(tree: Element, chart: str, measure: str) -> list[list[int]]:
    """The cents of a chart's table, a list for each row."""
    table = next(each for each in section(tree, chart).iter("table") if each.get("data-measure") == measure)
    return [
        [int(cell.attrib["data-cents"]) for cell in row.iter("td") if "data-cents" in cell.attrib]
        for row in table.iter("tr")
    ][1:]


def policy_of(tree: Element) -> dict[str, str]:
    content = next(m.attrib["content"] for m in tree.iter("meta") if m.get("http-equiv") == "Content-Security-Policy")
    return dict(directive.split(" ", 1) for directive in content.split("; "))


def source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_admits_exactly_what_the_page_carries() -> None:
    """One script and one style sheet, by hashes of what a parser reads; nothing else may run, load or submit."""
    tree = page(sample_report())
    policy = policy_of(tree)
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"].split() == [source(text_of(script)) for script in tree.iter("script")]
    assert policy["style-src"].split() == [source(text_of(style)) for style in tree.iter("style")]
    assert len(list(tree.iter("script"))) == 1
    attributes = {name for element in tree.iter() for name in element.attrib}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}


def test_nothing_comes_from_elsewhere() -> None:
    """Every address on the page is a place on it, empty data, or a file beside it."""
    tree = page(sample_report())
    addresses = [element.attrib[name] for element in tree.iter() for name in ("href", "src") if name in element.attrib]
    assert "invoices/INV-2026-00001.pdf" in addresses
    assert not [
        each for each in addresses if not re.match(r"#[a-z0-9-]+$|data:,$|(invoices/|accounting/)?[\w.-]+$", each)
    ]
    assert not re.search(rb"url\(|@import|sourceMappingURL", report_html(sample_report(), SHIPPED))


def test_a_hostile_name_stays_text() -> None:
    """Names out of the configuration and the supplier's texts neither end an element nor begin one."""
    tree = page(sample_report())
    assert not list(tree.iter("img"))
    for place in ("documents", "exceptions", "anomalies"):
        assert HOSTILE in text_of(section(tree, place))
    assert HOSTILE in text_of(next(tree.iter("title")))


def test_a_file_for_each_document() -> None:
    """A row of the table opens the PDF by its number, and the CSV and XML by names of their own."""
    links = {link.attrib["href"]: link.get("aria-label", text_of(link)) for link in page(sample_report()).iter("a")}
    assert links["invoices/CN-2026-00001.pdf"] == "CN-2026-00001"
    assert links["invoices/CN-2026-00001.csv"] == "CSV of CN-2026-00001"
    assert links["invoices/CN-2026-00001.xml"] == "XML of CN-2026-00001"


@pytest.mark.parametrize("clients", [3, SHARES_SHOWN + 1, 250])
def test_shares_add_up_to_the_months(clients: int) -> None:
    """However many clients there are, a chart's rows add up to the totals of each month, the margin included."""
    report = sample_report(clients=clients)
    tree = page(report)
    trend = figures(tree, "trend", "all")
    assert trend[0] == [month.charge_cents for month in report.months]
    for chart in ("clients", "kinds"):
        for place, measure in enumerate(("charge", "cost", "margin")):
            rows = figures(tree, chart, measure)
            assert len(rows) <= SHARES_SHOWN + 1
            assert [sum(column) for column in zip(*rows, strict=True)] == trend[place]


def test_the_rest_is_one_share() -> None:
    """Names beyond the bars are one share with their number; a single one too many keeps its own name."""
    flows = flows_of(30, 2)
    sums = month_sums(MONTH, flows)
    names = {flow.client_id: flow.client_id for flow in flows}
    found = shares(flows, sums, lambda flow: flow.client_id, names)
    assert [(share.name, share.is_rest) for share in found[-2:]] == [(found[-2].name, False), ("All 20 others", True)]
    this_month = [share.charge_cents[-1] for share in found[:-1]]
    assert this_month == sorted(this_month, reverse=True)
    eleven = shares(flows_of(11, 2), sums, lambda flow: flow.client_id, names)
    assert (len(eleven), eleven[-1].is_rest) == (11, False)


def test_who_moved_most() -> None:
    """Up or down, new or gone, the largest change of net charge comes first; who stayed the same is no mover."""
    flows = [
        Flow("2026-09", "gone", "Calls", 0, 900),
        Flow("2026-09", "same", "Calls", 0, 500),
        Flow("2026-09", "less", "Calls", 0, 700),
        Flow("2026-10", "less", "Calls", 0, 300),
        Flow("2026-10", "less", "Fee", 0, -100),
        Flow("2026-10", "same", "Calls", 0, 500),
        Flow("2026-10", "new", "Calls", 0, 500),
    ]
    names = {name: name.title() for name in ("gone", "same", "less", "new")}
    found = movers(flows, month_sums(MONTH, flows), names)
    assert found == (Mover("Gone", 900, 0), Mover("Less", 700, 200), Mover("New", 0, 500))
    assert movers(flows[3:], month_sums(MONTH, flows[3:]), names) == ()


def test_one_refund_presses_no_chart_flat() -> None:
    """What is below zero gets a quarter of the room at most, is drawn as cut, and leaves the others as they were."""
    small, large = scaled([100, -10], 1100), scaled([100, -90_000], 1000)
    assert (small.zero, small.lengths, small.cut) == (100, (1000, -100), (False, False))
    assert (large.zero, large.lengths, large.cut) == (250, (750, -250), (False, True))
    assert scaled([-5, -10], 100).lengths == (-50, -100)
    assert scaled([0, 0], 100).lengths == (0, 0)
    bars = lying_bars([100, -90_000])
    assert (bars[0].start, bars[0].length, bars[0].label_at) == ("17.50%", "52.50%", f"{BAR_ROOM // 100}.00%")
    assert (bars[1].start, bars[1].label_at, bars[1].is_minus, bars[1].is_cut) == ("0.00%", "17.50%", True, True)


def test_bars_and_lines_stay_in_their_room() -> None:
    """Whatever the figures are, upright bars lie between top and foot of the plot, and sparks in their image."""
    for values in ([5], [3, 0, 9], [-4, 2], [0], [-1, -2], [10**14, 1, -(10**14)]):
        for pair in upright_bars([(value, value) for value in values]):
            assert all(bar.top >= 18 and bar.top + bar.height <= 168 for bar in pair)
        line = spark(values)
        assert all(3 <= int(point.split(",")[1]) <= 21 for point in line.points.split())
        assert line.points.split()[-1] == "{},{}".format(*line.last)


def test_months_begin_with_the_first_that_has_something() -> None:
    """A young ledger shows no empty year; a month in which nothing happened is there all the same."""
    assert [each.month for each in month_sums(MONTH, flows_of(1, 3))] == ["2026-08", "2026-09", "2026-10"]
    assert len(month_sums(MONTH, flows_of(1, 12))) == 12
    assert [each.month for each in month_sums(MONTH, [])] == ["2026-10"]


def test_a_single_month_has_no_course() -> None:
    """With one month there is nothing to compare: no chart of months and no change in the tiles."""
    tree = page(sample_report(months=1))
    assert "trend" not in {element.get("id") for element in tree.iter("section")}
    assert "September" not in text_of(section(tree, "totals"))
    assert "on September" in text_of(section(page(sample_report()), "totals"))


def test_the_sum_of_the_documents() -> None:
    """The last row adds up net, VAT, gross, cost and margin of all documents, credit notes with their minus."""
    report = sample_report()
    foot = next(section(page(report), "documents").iter("tfoot"))
    cents = [int(cell.attrib["data-cents"]) for cell in foot.iter("td") if "data-cents" in cell.attrib]
    assert cents[2] == sum(each.gross_cents for each in report.documents) == cents[0] + cents[1]
    assert cents[4] == cents[0] - cents[3]


def test_the_wallet_is_proven_or_its_difference_named() -> None:
    """From the opening balance to what is held; a cent too few is said at the top and in the proof."""
    assert "explained to the cent" in text_of(next(page(sample_report()).iter("header")))
    tree = page(sample_report(difference_micros=-10_000))
    assert "off by EUR −0.01" in text_of(next(tree.iter("header")))
    rows = [text_of(row) for row in section(tree, "wallet").iter("tr")]
    assert rows[-1] == "Difference−0.01"
    report = sample_report()
    unknown = dataclasses.replace(report, wallet=dataclasses.replace(report.wallet, balance=None))
    assert "not known yet" in text_of(next(page(unknown).iter("header")))


def test_a_long_queue_is_cut_with_its_number() -> None:
    """The page shows the longest waits of each remedy, count and sum of all, and how many more stand in the file."""
    report = sample_report(waits=WAITING_SHOWN + 52)
    queue = section(page(report), "exceptions")
    rows = [len(list(body)) for body in queue.iter("tbody")]
    assert rows == [126, 63, LEAST_SHOWN + 1]
    assert "52 more rows of this kind stand in exceptions.csv" in text_of(queue)
    assert "252 transactions of EUR −690.25" in text_of(queue)


def test_what_to_do_comes_with_a_command_and_a_link() -> None:
    """Each remedy of the queue, what looks wrong and what to send: a command to type, a section that is there."""
    tree = page(sample_report(waits=9, difference_micros=-10_000))
    todo = section(tree, "todo")
    items = [text_of(item) for item in todo.iter("li")]
    assert [next(item.iter("h3")).text for item in todo.iter("li")] == [
        "The wallet is off by EUR −0.01",
        "Numbers on no trunk at that moment",
        "Rows that cannot be read",
        "Numbers and orders without a row",
        "Look at 2 things that may be wrong",
        "Send what has not left of 15 documents",
    ]
    assert "billing-job run --month 2026-10" in items[1]
    assert "4 transactions, EUR −6.14, the oldest waits for 39 days" in items[1]
    assert "billing-job doctor --propose" in [text_of(code) for code in list(todo.iter("li"))[2].iter("code")]
    ids = {element.get("id") for element in tree.iter()}
    assert all(link.attrib["href"][1:] in ids for link in todo.iter("a"))
    assert all(next(item.iter("a"), None) is not None for item in todo.iter("li"))
    assert all(next(item.iter("code"), None) is not None for item in todo.iter("li"))


def test_nothing_to_show_is_said() -> None:
    """A month without documents, exceptions or movements is a whole page that says so."""
    report = sample_report(clients=1, months=1)
    empty = dataclasses.replace(report, documents=(), waiting=(), by_client=(), by_category=(), anomalies=())
    tree = page(empty)
    said = " ".join(text_of(each) for each in with_class(tree, "empty"))
    assert "No document was issued" in said
    assert "No transaction waits" in said
    assert "Nothing was charged" in said


def test_the_same_report_is_the_same_file() -> None:
    """No clock and no chance: two pages of one month are equal byte for byte."""
    assert report_html(sample_report(), SHIPPED) == report_html(sample_report(), SHIPPED)


def test_a_thousand_clients_stay_one_page() -> None:
    """A large month is a table of every document in a file that a browser still opens at once."""
    content = report_html(sample_report(clients=1000), SHIPPED)
    assert content.count(b"<tr data-kind=") == 1001
    assert len(content) < 1_000_000


def test_a_style_sheet_of_the_users_own_is_admitted(tmp_path: Path) -> None:
    """A file of the user's folder takes the place of the shipped one, and the policy knows its hash."""
    (tmp_path / "report.css").write_text("body { color: teal }\r\n", encoding="utf-8", newline="")
    tree = page(sample_report(), load_templates(tmp_path))
    assert [text_of(style) for style in tree.iter("style")] == ["body { color: teal }\n"]
    assert policy_of(tree)["style-src"] == source("body { color: teal }\n")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("report.css", "/* </style> */", "report.css: must not hold '</style'"),
        ("report.js", 'const a = "</script>";', "report.js: must not hold '</script'"),
        ("report.html", "{{ view.nothing }}", "report.html: .*nothing"),
    ],
)
def test_a_wrong_template_is_named(tmp_path: Path, name: str, text: str, expected: str) -> None:
    """What would break out of its element or does not exist is refused with the file's name."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=expected):
        report_html(sample_report(), load_templates(tmp_path))


def test_two_clients_of_one_name_are_told_apart() -> None:
    """A name that two clients share comes with the id; others stay as they are."""
    assert told_apart({"a": "Acme", "b": "Acme", "c": "Bruno"}) == {"a": "Acme (a)", "b": "Acme (b)", "c": "Bruno"}


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (1, 8, "12.5 %"),
        (-1, 8, "−12.5 %"),
        (-5, -10, "50.0 %"),
        (1, 2000, "0.1 %"),
        (1, 0, "–"),
        (12_345, 10, "123,450.0 %"),
    ],
)
def test_percent_is_rounded_once(part: int, whole: int, expected: str) -> None:
    """One place, half away from zero; a loss on a credit note is a gain, as in margin.csv."""
    assert percent(part, whole) == expected
