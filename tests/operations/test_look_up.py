"""list, show, why and status: the daily questions, answered from the ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lives import MARKUP, NUMBER, OCTOBER, ORDER, SEPTEMBER, TRUNK_A, TRUNK_B, Life, life, moved, plan

pytestmark = pytest.mark.sqlite_file("the same queries run on a server in the lives of test_oracle_billing")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """September and October billed: a rental refunded in October, a call credited, a transaction of nobody."""
    with life(tmp_path_factory.mktemp("life"), plan(MARKUP)) as made:
        made.add(
            moved(1, -1000, "2026-09-05", type_="renewal", order=ORDER),
            moved(2, -500, "2026-09-06", trunk=TRUNK_B),
            moved(3, -10, "2026-09-07", number="+31209999999"),
        )
        made.run(SEPTEMBER, code=3)
        made.credit("INV-2026-00002", 1)
        made.add(moved(4, 400, "2026-10-05", type_="refund", number=NUMBER), moved(5, -2000, "2026-10-06"))
        made.run(OCTOBER, code=3)
        yield made


def test_documents_by_month_client_and_state(here: Life) -> None:
    """Every document once, with what became of it; the filters narrow it down."""
    listed = here.office.type("list", "--json").json["documents"]
    assert [(each["number"], each["client_id"], each["net_cents"], each["state"]) for each in listed] == [
        ("INV-2026-00001", "acme", 1300, "issued"),
        ("INV-2026-00002", "bruno", 650, "credited"),
        ("INV-2026-00003", "acme", 2080, "issued"),
        ("CN-2026-00001", "bruno", -650, "issued"),
    ]

    def numbers(*options: str) -> list[str]:
        return [each["number"] for each in here.office.type("list", "--json", *options).json["documents"]]

    assert numbers("--month", SEPTEMBER) == ["INV-2026-00001", "INV-2026-00002", "CN-2026-00001"]
    assert numbers("--client", "bruno", "--state", "credited") == ["INV-2026-00002"]
    assert numbers("--client", "nobody") == []
    assert "4 documents" in here.office.type("list").out
    assert here.office.type("list", "--state", "lost").code == 2


def test_a_document_with_its_history(here: Life) -> None:
    """Lines, what happened to it, and files that are there; a number that was never given is refused."""
    shown = here.office.type("show", "INV-2026-00002", "--json").json
    assert [(line["category"], line["quantity"], line["net_cents"]) for line in shown["lines"]] == [("call", 1, 650)]
    assert [(step["what"], step["detail"]) for step in shown["history"]] == [
        ("issued", ""),
        ("credited", "by CN-2026-00001: -6.50 net"),
    ]
    assert all((here.office.output / each["file"]).is_file() for each in shown["files"])
    text = here.office.type("show", "CN-2026-00001").out
    assert "Credit note CN-2026-00001" in text
    assert "corrects  INV-2026-00002" in text
    unknown = here.office.type("show", "INV-1")
    assert (unknown.code, "billing-job list" in unknown.err) == (2, True)


def test_a_transaction_from_the_wire_to_its_document(here: Life) -> None:
    """Whose it is by which row, its rule and line, and the refund that gave part of it back."""
    told = here.office.type("why", "1", "--json").json
    assert told["transaction"]["micros"] == -10_000_000
    (part,) = told["parts"]
    assert (part["outcome"], part["client_id"], part["category"]) == ("billed", "acme", "number_rental")
    assert part["why"].startswith(f"order {ORDER} → {NUMBER} →")
    assert part["rule"] == {"category": "number_rental", "model": "markup", "percent": "30"}
    (billed,) = told["settlements"]
    assert (billed["document"], billed["line"], billed["cost_micros"], billed["net_cents"]) == (
        "INV-2026-00001", 1, 10_000_000, 1300,
    )  # fmt: skip
    # 4.00 of 10.00 came back: 40 % of 13.00.
    assert [(each["transaction_id"], each["net_cents"]) for each in told["refunds"]] == [("4", -520)]
    assert here.office.type("why", "4", "--json").json["settlements"][0]["refund_of"] == "1"
    text = here.office.type("why", "2").out
    assert "Billed on INV-2026-00002, line 1" in text
    assert "Credited by CN-2026-00001" in text


def test_a_transaction_that_waits_says_why(here: Life) -> None:
    """Nobody's number: no rule, no document, the reason; an unknown id is refused."""
    told = here.office.type("why", "3", "--json").json
    (part,) = told["parts"]
    assert (part["outcome"], part["reason"], part["rule"]) == ("exception", "unknown_reference", None)
    assert told["settlements"] == []
    assert here.office.type("why", "999").code == 2
    assert here.office.type("why", " ").code == 2


def test_an_open_refund_is_whose_the_run_makes_it(tmp_path: Path) -> None:
    """Two calls come back before either is billed: the first refund is of the later call, the second one of acme's.

    A refund has no rule: it gives back what was charged.
    """
    with life(tmp_path, plan(MARKUP)) as here:
        here.trunks(f"{TRUNK_A},acme,,2026-09-06", f"{TRUNK_A},bruno,2026-09-06,")
        here.add(moved(1, -1000, "2026-09-05"), moved(2, -1000, "2026-09-06"), moved(5, -70, "2026-09-01"))
        here.add(*(moved(id_, 1000, f"2026-09-{4 + id_:02d}", type_="refund") for id_ in (3, 4)))
        here.on("2026-10-05")
        assert here.office.type("sync").code == 0
        found = [here.office.type("why", id_, "--json").json["parts"][0] for id_ in ("3", "4")]
        assert [(part["outcome"], part["client_id"], part["why"], part["rule"]) for part in found] == [
            ("attributed", "bruno", "refund of 2", None), ("attributed", "acme", "refund of 1", None)
        ]  # fmt: skip
        here.run(SEPTEMBER)
        told = [here.office.type("why", id_, "--json").json for id_ in ("3", "4")]
        assert [(each["parts"][0]["outcome"], each["settlements"][0]["client_id"]) for each in told] == [
            ("billed", "bruno"), ("billed", "acme")
        ]  # fmt: skip


def test_where_everything_stands(here: Life) -> None:
    """Ledger, wallet, next month, what waits and what is unsent; in words on one screen."""
    told = here.office.type("status", "--json").json
    assert told["ledger"]["transactions"] == 5
    assert told["next_month"] == "2026-11"
    assert (told["waiting"]["count"], told["waiting"]["micros"]) == (1, -100_000)
    assert told["unsent"]["count"] == 3
    assert told["last_run"]["month"] == OCTOBER
    text = here.office.type("status").out
    assert "billing-job run --month 2026-11" in text
    assert max(map(len, text.splitlines()[1:])) <= 100


def test_before_the_first_run(tmp_path: Path) -> None:
    """An empty place answers, and makes no ledger."""
    with life(tmp_path) as here:
        assert here.office.type("status", "--json").json["ledger"]["transactions"] == 0
        assert here.office.type("list").code == 0
        assert list(here.office.folder.glob("billing.db*")) == []


def test_what_waits_is_told_anew_after_each_change(tmp_path: Path) -> None:
    """The ledger, the files and the calendar each change it; a second look says the same, and so does the queue."""
    nobody = {"type_": "call", "number": "+31209999999"}
    with life(tmp_path, plan(MARKUP)) as here:

        def waits() -> set[str]:
            looks = [here.office.type("status", "--json").json["waiting"] for _ in range(2)]
            queue = here.waiting()
            assert [(each["count"], each["cents"]) for each in looks] == [
                (len(queue), sum(cents for _, cents in queue.values()))
            ] * 2
            return set(queue)

        here.add(moved(1, -1000, "2026-09-05"), moved(2, -10, "2026-09-07", **nobody))
        here.run(SEPTEMBER, code=3)
        assert waits() == {"2"}
        here.add(moved(3, -20, "2026-10-07", **nobody), moved(4, -40, "2026-12-02", **nobody))
        here.office.type("sync")
        assert waits() == {"2", "3"}
        here.on("2026-12-05")
        assert waits() == {"2", "3", "4"}
        files = (here.office.config / "numbers.csv").read_text()
        here.numbers(f"+31209999999,,,{TRUNK_B},2026-10-01,")
        assert waits() == {"2"}
        (here.office.config / "numbers.csv").write_text(files)
        here.resolve(3, "--client", "acme")
        assert waits() == {"2", "4"}
        here.settings(plan(MARKUP), billing='first_month = "2026-10"')
        assert waits() == {"4"}
