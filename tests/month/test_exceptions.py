"""What waits, what gets it out, and that it is billed once: decisions, suggestions, shared orders, anomalies, zones."""

from pathlib import Path

import pytest

from billing_job.core.errors import ConfigError
from billing_job.reporting.attribution_csv import path
from tests.support.desk import OCTOBER, Desk, lines_of, row
from tests.support.fakes import FIRST, call, two_clients

NOVEMBER = OCTOBER.next
STRANGER = "trk_x"
TWO_PRICES = (
    "number,did_number_id,order_id,trunk,price",
    "+31201234567,42,1042,trk_a,1.50",
    "+4930123456,43,1042,trk_b,2.50",
)


def test_solved_after_the_month_closed(tmp_path: Path) -> None:
    """By the command line: decided in November, on November's invoice with its October date, never again after that."""
    with two_clients(tmp_path, [*FIRST, call(3, -42, "2026-10-07", trunk=9)]) as (here, _):
        assert here.run("--month", "2026-10").code == 3
        resolve = ("exceptions", "resolve", "3", "--reason", "Asked the client")
        assert here.type(*resolve, "--client", "nobody").code == 2
        assert here.type(*resolve).code == 2
        assert here.type(*resolve, "--client", "acme", "--house").code == 2
        assert here.type("exceptions", "resolve", "1", "--reason", "x", "--house").code == 2
        decided = here.type(*resolve, "--client", "acme", "--json")
        assert (decided.code, decided.json["client_id"], decided.json["house"]) == (0, "acme", False)
        assert here.type("exceptions").code == 0
        here.clock.set(2026, 12, 5)
        november = here.run("--month", "2026-11")
        assert [(d["client_id"], d["net_cents"]) for d in november.json["documents"]] == [("acme", 42)]
        for month in ("2026-10", "2026-11"):
            assert not any(d["new"] for d in here.run("--month", month, "--supplementary").json["documents"])
    detail = (here.month("2026-11") / "invoices" / "INV-2026-00003.csv").read_text().splitlines()
    assert detail[1].split(",")[2:4] == ["2026-10-07", "call"]


def test_a_decision_for_a_client_that_cannot_be_taxed_says_so(tmp_path: Path) -> None:
    """It is kept, and the missing VAT id is named at once instead of at the next run."""
    with two_clients(tmp_path, [call(3, -42, "2026-10-07", trunk=9)]) as (here, _):
        assert here.type("sync").code == 0
        here.replace("clients.csv", "DE136695976", "")
        decided = here.type("exceptions", "resolve", "3", "--client", "bruno", "--reason", "Theirs")
        assert decided.code == 0
        assert "goes on waiting until this is solved: client bruno is in DE and it has no VAT id" in decided.err
        assert here.type("exceptions", "--json").json["exceptions"][0]["reason"] == "untaxable_client"


def test_the_house_pays(tmp_path: Path) -> None:
    """It leaves the queue, is on no invoice, and counts as excluded with the reason `house`."""
    desk = Desk(tmp_path)
    desk.add(row(1, -42, trunk=STRANGER))
    assert desk.waiting() == [("1", -42, "unknown_reference")]
    desk.resolve("1", "")
    assert desk.bill().new == ()
    rows = desk.place().rows.whole()
    excluded = rows[rows["outcome"] == "excluded"]
    assert list(zip(excluded["transaction_id"], excluded["reason"], strict=True)) == [("1", "house")]


def test_the_latest_decision_holds_until_it_is_billed(tmp_path: Path) -> None:
    """House, then bruno, then acme: acme pays; what is decided after that changes nothing that was issued."""
    desk = Desk(tmp_path)
    desk.add(row(1, -42, trunk=STRANGER))
    for client_id in ("", "bruno", "acme"):
        desk.resolve("1", client_id)
    assert [document.client.client_id for document in desk.bill().new] == ["acme"]
    desk.resolve("1", "bruno")
    assert desk.bill(supplementary=True).new == ()


def test_a_decision_wins_over_the_files(tmp_path: Path) -> None:
    """Decided for acme; that the trunk becomes bruno's in the file afterwards is about its other transactions."""
    desk = Desk(tmp_path)
    desk.add(row(1, -42, trunk=STRANGER), row(2, -8, "2026-10-06", trunk=STRANGER))
    desk.resolve("1", "acme")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme", "trk_b,bruno", f"{STRANGER},bruno")
    assert {d.client.client_id: d.net_cents for d in desk.bill().new} == {"acme": 42, "bruno": 8}


def test_a_client_that_cannot_be_taxed_can_be_decided_away(tmp_path: Path) -> None:
    """untaxable_client waits like any other: to the house, or to a client that can be taxed."""
    desk = Desk(tmp_path)
    desk.file("clients.csv", "client_id,name,country", "acme,Acme,FR", "bruno,Bruno,NL")
    desk.add(row(1, -42), row(2, -8))
    assert {reason for _, _, reason in desk.waiting()} == {"untaxable_client"}
    desk.resolve("1", "bruno")
    desk.resolve("2", "")
    assert [(d.client.client_id, d.net_cents) for d in desk.bill().new] == [("bruno", 42)]
    assert desk.waiting() == []


def test_a_decision_for_a_client_that_left(tmp_path: Path) -> None:
    """Its row is gone from clients.csv before the run: the transaction waits again, and the run goes on."""
    desk = Desk(tmp_path)
    desk.add(row(1, -42, trunk=STRANGER), row(2, -8))
    desk.resolve("1", "bruno")
    desk.file("clients.csv", "client_id,name,country", "acme,Acme,NL")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme")
    assert [d.net_cents for d in desk.bill().new] == [8]
    assert desk.waiting() == [("1", -42, "unknown_reference")]


def test_what_no_client_can_be_charged(tmp_path: Path) -> None:
    """Another currency and an unreadable amount stay in the queue though a client was named; the house takes them."""
    desk = Desk(tmp_path)
    desk.add(row(1, -42) | {"currency": "USD"}, row(2, 0) | {"amount": "much"}, row(3, -5, type_="fax"))
    for transaction_id in ("1", "2", "3"):
        desk.resolve(transaction_id, "acme")
    assert [(d.client.client_id, lines_of(d)) for d in desk.bill().new] == [("acme", [("fax", 5)])]
    assert [reason for _, _, reason in desk.waiting()] == ["foreign_currency", "unreadable_row"]
    desk.resolve("1", "")
    desk.resolve("2", "")
    assert desk.waiting() == []


@pytest.mark.parametrize(
    ("wire", "suggestion"),
    [
        (
            row(1, -3, trunk="", order="9", description="Number +31 20 123-4567 rented"),
            "+31201234567 in its description is acme's: `exceptions resolve 1 --client acme --reason …`",
        ),
        (row(1, -3, "2026-10-02", trunk="7"), "trunk 7 is called 'A', and no client is called so: add it to"),
        (row(1, -3, order="77"), "add order 77 to numbers.csv"),
        (row(1, -3, number="43"), "number 43 is on no trunk at that moment: extend its dates"),
        (row(1, -3, type_="fax"), "give type 'fax' a category in [categories] of billing.toml"),
        (row(1, -3) | {"reference_type": None}, "it refers to nothing: `exceptions resolve 1 --client ID --reason …`"),
        (row(1, -3) | {"currency": "USD"}, "not in the currency of billing.currency"),
    ],
)  # fmt: skip
def test_suggestions(tmp_path: Path, wire: dict[str, object], suggestion: str) -> None:
    """Each exception says what would help it, and nobody is billed by that."""
    desk = Desk(tmp_path)
    desk.file("trunks.csv", "trunk,client_id,valid_from", "trk_a,acme,2026-10-03", "trk_b,bruno,")
    numbers = ("+31201234567,42,trk_a,", "+4930123456,43,trk_b,2026-10-08")
    desk.file("numbers.csv", "number,did_number_id,trunk,valid_from", *numbers)
    desk.add(wire)
    placed = desk.place()
    (found,) = placed.exceptions["detail"]
    assert found.startswith(suggestion)
    assert all(piece.empty for piece in placed.attributed())


def test_an_order_of_two_clients_is_shared_by_known_prices(tmp_path: Path) -> None:
    """4.00 is 1.50 and 2.50 by numbers.csv; its refund is shared alike, each part at its own plan's price."""
    desk = Desk(tmp_path, '[[plans]]\nname = "standard"\n[[plans.rules]]\nmodel = "markup"\npercent = "10"\n')
    desk.file("numbers.csv", *TWO_PRICES)
    desk.add(row(1, -400, type_="purchase", order=1042), row(2, 400, "2026-10-09", type_="refund", order=1042))
    desk.add(row(3, -400, "2026-10-10", type_="purchase", order=1042))
    documents = desk.bill().new
    assert [lines_of(document) for document in documents] == [
        [("number_setup", 330), ("number_setup", -165)],
        [("number_setup", 550), ("number_setup", -275)],
    ]
    assert desk.margins()["cost_micros"].sum() == 4_000_000
    assert desk.bill(supplementary=True).new == ()


def test_an_order_is_shared_by_the_latest_rentals(tmp_path: Path) -> None:
    """Without prices in numbers.csv the numbers' own rentals tell; when they do not add up the order waits."""
    desk = Desk(tmp_path)
    desk.file("numbers.csv", "number,did_number_id,order_id,trunk", "+31201234567,42,1,trk_a", "+4930123456,43,1,trk_b")
    desk.add(row(1, -400, type_="purchase", order=1))
    assert desk.waiting() == [("1", -400, "ambiguous_order")]
    desk.add(row(2, -150, number=42, type_="renewal"), row(3, -240, number=43, type_="renewal"))
    assert desk.waiting() == [("1", -400, "ambiguous_order")]
    desk.add(row(4, -250, "2026-10-06", number=43, type_="renewal"))
    assert desk.waiting() == []
    assert {d.client.client_id: d.net_cents for d in desk.bill().new} == {"acme": 300, "bruno": 740}


def test_a_partly_billed_order(tmp_path: Path) -> None:
    """Acme's part is billed, bruno cannot be taxed yet, then a number moves: acme's cents stay, only the rest waits."""
    desk = Desk(tmp_path)
    desk.file("numbers.csv", *TWO_PRICES)
    acme = ("client_id,name,country", "acme,Acme,NL")
    desk.file("clients.csv", *acme, "bruno,Bruno,FR")
    desk.add(row(1, -400, type_="purchase", order=1042))
    assert [(d.client.client_id, d.net_cents) for d in desk.bill().new] == [("acme", 150)]
    assert desk.waiting() == [("1", -250, "untaxable_client")]
    desk.file("numbers.csv", *(line.replace("trk_b", "trk_a") for line in TWO_PRICES))
    assert desk.waiting() == [("1", -250, "ambiguous_order")]
    assert desk.bill(supplementary=True).new == ()
    assert desk.margins()["cost_micros"].sum() == 4_000_000
    desk.file("clients.csv", *acme, "bruno,Bruno,NL")
    desk.resolve("1", "bruno")
    assert [(d.client.client_id, d.net_cents) for d in desk.bill(supplementary=True).new] == [("bruno", 250)]
    desk.file("numbers.csv", *TWO_PRICES)
    assert (desk.waiting(), desk.bill(supplementary=True).new) == ([], ())


ALIKE = tuple(line.replace("2.50", "1.50") for line in TWO_PRICES)


def nets(desk: Desk) -> dict[str, int]:
    """What each client's documents came to."""
    found: dict[str, int] = {}
    for document in desk.documents():
        found[document.client.client_id] = found.get(document.client.client_id, 0) + document.net_cents
    return found


def test_a_part_of_an_order_is_known_by_its_trunk(tmp_path: Path) -> None:
    """Of two numbers of 1.50 acme's is billed; acme is called zeta by now, and it is bruno's that is still open."""
    desk = Desk(tmp_path)
    desk.file("numbers.csv", *ALIKE)
    desk.add(row(1, -300, type_="purchase", order=1042))
    desk.bill(only=["acme"])
    desk.file("clients.csv", "client_id,name,country", "zeta,Acme,NL", "bruno,Bruno,NL")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,zeta", "trk_b,bruno")
    desk.bill()
    assert nets(desk) == {"acme": 150, "bruno": 150}


def test_what_is_left_of_an_order_of_equal_prices_waits(tmp_path: Path) -> None:
    """Acme was billed 1.50 for a number that is carol's by now: that stays, and the other 1.50 is nobody's."""
    desk = Desk(tmp_path)
    desk.file("clients.csv", "client_id,name,country", "acme,Acme,NL", "bruno,Bruno,NL", "carol,Carol,NL")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme", "trk_b,bruno", "trk_c,carol")
    desk.file("numbers.csv", *ALIKE)
    desk.add(row(1, -300, type_="purchase", order=1042))
    desk.bill(only=["acme"])
    desk.file("numbers.csv", *(line.replace("trk_a", "trk_c") for line in ALIKE))
    assert desk.waiting() == [("1", -150, "ambiguous_order")]
    desk.bill()
    assert nets(desk) == {"acme": 150}


@pytest.mark.parametrize(("prices", "of_bruno"), [(ALIKE, 150), (TWO_PRICES, 250)])
def test_a_rebilled_part_of_an_order_has_the_right_client(
    tmp_path: Path, prices: tuple[str, ...], of_bruno: int
) -> None:
    """Acme's number was carol's all along: acme gets its 1.50 back, carol is billed them, bruno nothing more."""
    desk = Desk(tmp_path)
    desk.file("clients.csv", "client_id,name,country", "acme,Acme,NL", "bruno,Bruno,NL", "carol,Carol,NL")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme", "trk_b,bruno", "trk_c,carol")
    desk.file("numbers.csv", *prices)
    desk.add(row(1, -150 - of_bruno, type_="purchase", order=1042))
    desk.bill()
    assert nets(desk) == {"acme": 150, "bruno": of_bruno}
    desk.file("numbers.csv", *(line.replace("trk_a", "trk_c") for line in prices))
    desk.credit("INV-2026-00001", rebill=True)
    assert desk.waiting() == []
    desk.bill()
    assert nets(desk) == {"acme": 0, "bruno": of_bruno, "carol": 150}


def test_an_order_billed_whole_is_not_shared_later(tmp_path: Path) -> None:
    """Decided for acme and billed; that its numbers' prices become known later splits nothing that was issued."""
    desk = Desk(tmp_path)
    desk.file("numbers.csv", *(line.rpartition(",")[0] for line in TWO_PRICES))
    desk.add(row(1, -400, type_="purchase", order=1042))
    desk.resolve("1", "acme")
    assert [d.net_cents for d in desk.bill().new] == [400]
    desk.file("numbers.csv", *TWO_PRICES)
    assert (desk.waiting(), desk.bill(supplementary=True).new) == ([], ())
    assert desk.margins()[["cost_micros", "charge_cents"]].sum().to_list() == [4_000_000, 400]


def test_each_anomaly(tmp_path: Path) -> None:
    """No rental, two, one for a released number, a client that moved by more than half, a charge below its cost."""
    desk = Desk(tmp_path, '[[plans]]\nname = "standard"\n[[plans.rules]]\nmodel = "markup"\npercent = "-10"\n')
    desk.file(
        "numbers.csv",
        "number,did_number_id,trunk,valid_to",
        "+31201234567,42,trk_a,",
        "+31201234568,43,trk_a,",
        "+31201234569,44,trk_a,2026-11-01",
        "+31201234560,45,trk_a,2026-11-20",
    )
    desk.add(row(1, -1000), row(2, -100, trunk="trk_b"))
    desk.bill()
    desk.add(
        row(3, -100, "2026-11-02", type_="renewal", number=42), row(4, -100, "2026-11-03", type_="renewal", number=42)
    )
    desk.add(row(5, -100, "2026-11-04", type_="renewal", number=44), row(6, -120, "2026-11-04", trunk="trk_b"))
    desk.bill(NOVEMBER)
    kinds, found, commands = zip(*desk.anomalies(NOVEMBER), strict=True)
    assert list(kinds) == [
        "no_rental", "two_rentals", "rental_without_owner", "client_moved", "below_cost", "below_cost",
    ]  # fmt: skip
    texts = " ".join(found)
    assert all(
        told in texts
        for told in (
            "+31201234568 is on trunk",
            "+31201234567 had 2 rentals",
            "number 44 is paid for (transaction 5)",
            "acme: 1.80 net after 9.00",
            "acme, number_rental: charged 1.80, paid 2.00",
            "bruno, call:",
        )
    )
    assert list(commands[1:4]) == [
        "billing-job why 4", "billing-job why 5", "billing-job list --month 2026-11 --client acme",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "owner", "month"),
    [
        ("2026-10-31T23:30:00Z", "bruno", NOVEMBER),
        ("2026-10-31T22:59:59Z", "bruno", OCTOBER),
        ("2026-10-24T23:30:00Z", "acme", OCTOBER),
        ("2026-10-25T01:30:00+02:00", "acme", OCTOBER),
        ("2026-10-25T01:30:00+01:00", "acme", OCTOBER),
        ("2026-10-25T22:59:59Z", "acme", OCTOBER),
        ("2026-10-25T23:00:00Z", "bruno", OCTOBER),
    ],
)
def test_time_zones(tmp_path: Path, moment: str, owner: str, month: object) -> None:
    """Midnight is Amsterdam's, in summer and winter time; the night of 25 hours belongs to one day, both times over."""
    desk = Desk(tmp_path)
    desk.file("trunks.csv", "trunk,client_id,valid_from,valid_to", "trk_a,acme,,2026-10-26", "trk_a,bruno,2026-10-26,")
    desk.add(row(1, -7, moment))
    billed = {each: desk.bill(each).new for each in (OCTOBER, NOVEMBER)}
    assert [(each, d.client.client_id) for each, new in billed.items() for d in new] == [(month, owner)]


def test_the_hour_that_comes_twice(tmp_path: Path) -> None:
    """02:30 in summer time and 02:30 in winter time are two moments of one day; each is billed once, on that day."""
    desk = Desk(tmp_path)
    desk.add(row(1, -7, "2026-10-25T02:30:00+02:00"), row(2, -8, "2026-10-25T02:30:00+01:00"))
    (document,) = desk.bill().new
    assert [(str(r.date), r.net_cents) for _, r in document.detail_rows()] == [("2026-10-25", 7), ("2026-10-25", 8)]


def test_overlapping_assignments_are_refused(tmp_path: Path) -> None:
    """A number on two trunks for one day would be billed twice or to the wrong client: both rows are named."""
    desk = Desk(tmp_path)
    desk.file(
        "numbers.csv",
        "number,trunk,valid_from,valid_to",
        "+31201234567,trk_a,2026-10-01,2026-10-16",
        "+31 20 123 4567,trk_b,2026-10-15,",
    )
    with pytest.raises(ConfigError, match=r"row 3: number \+31201234567 is assigned twice.*row 2"):
        desk.bill()


def test_a_number_that_moves_is_split_at_the_exact_moment(tmp_path: Path) -> None:
    """Half open: the last microsecond of the 15th is acme's, midnight is bruno's; each row says by which file row."""
    desk = Desk(tmp_path)
    desk.file(
        "numbers.csv",
        "number,did_number_id,trunk,valid_from,valid_to",
        "+31201234567,42,trk_a,2026-03-01,2026-10-16",
        "+31201234567,42,trk_b,2026-10-16,",
    )
    desk.add(row(1, -1, "2026-10-15T21:59:59.999999Z", number=42), row(2, -2, "2026-10-15T22:00:00Z", number=42))
    placed = desk.place()
    first, second = ({str(k): v for k, v in r.items()} for r in placed.rows.whole().to_dict("records"))
    assert path(first, placed.facts).startswith(
        "number 42 → +31201234567 → trk_a → acme, since 2026-03-01, config/numbers.csv row 2"
    )
    assert "→ trk_b → bruno, since 2026-10-16" in path(second, placed.facts)
