"""`bank` by the command line: statements in every form, decisions, and files that must change nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing_job.core.money import cents_from_decimal
from billing_job.core.payment_reference import creditor_reference
from billing_job.receivables.statements.ours import CsvColumns, House
from billing_job.receivables.statements.reading import statements_of
from billing_job.receivables.statements.table import csv_statements
from tests.support.bank_files import Moved, camt, csv_rows, mt940
from tests.support.fakes import Ran
from tests.support.issued_documents import ACCOUNT, BRUNO, BankOffice, bank_office, document
from tests.support.kill_bank import SUBJECTS, trials
from tests.support.ledgers import execute, rows

IBAN = "DE89370400440532013000"
ONE, TWO, THREE = "INV-2026-00001", "INV-2026-00002", "INV-2026-00003"
ALL = {ONE: 12_100, TWO: 5_000, THREE: 7_000}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[BankOffice]:
    with bank_office(tmp_path, document(ONE, 12_100), document(TWO, 5_000, BRUNO), document(THREE, 7_000)) as made:
        yield made


def bring(here: BankOffice, *contents: bytes, code: int = 0) -> Ran:
    """Import these files in one call."""
    names = []
    for place, content in enumerate(contents):
        path = here.office.folder / f"file{place}"
        path.write_bytes(content)
        names.append(str(path))
    ran = here.office.type("bank", "import", *names, "--json")
    assert ran.code == code, ran.err
    return ran


def what(found: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(one[key] for key in keys) for one in found]


MOVED = (
    Moved(12_100, f"Factuur {ONE}", reference="A1", iban=IBAN, name="Acme B.V."),
    Moved(7_000, "with thanks", reference="A2", iban=IBAN, name="Acme B.V.", day="2026-11-21"),
    Moved(5_000, "", reference="A3", day="2026-11-22"),
    Moved(-999, "rent", reference="A4", day="2026-11-23"),
)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param([camt(*MOVED)], id="CAMT.053 of 2019"),
        pytest.param([camt(*MOVED, version="053.001.02")], id="CAMT.053 of 2009"),
        pytest.param([camt(*MOVED, version="054.001.08"), camt(*MOVED)], id="CAMT.054 and CAMT.053"),
        pytest.param([mt940(*MOVED)], id="MT940"),
        pytest.param([csv_rows(MOVED)], id="CSV"),
        pytest.param([csv_rows(MOVED[2:]), camt(*MOVED), mt940(*MOVED[:3]), camt(*MOVED)], id="all of them"),
    ],
)
def test_every_form_says_the_same(here: BankOffice, files: list[bytes]) -> None:
    """One movement is one entry, whichever files tell of it: a number, a known account, and one that waits."""
    told = bring(here, *files, code=3).json
    assert told["schema"] == "billing-job/bank@1"
    assert sum(one["new"] for one in told["files"]) == 4
    assert what(told["files"], "account", "cents")[-1][0] == "NL91ABNA0417164300"
    assert sorted(what(told["matched"], "document", "cents")) == [(ONE, 12_100), (THREE, 7_000)]
    (waits,) = told["waiting"]
    assert (waits["cents"], waits["reason"], TWO in waits["suggestion"]) == (5_000, "unmatched", True)
    assert here.open() == {TWO: 5_000}
    again = bring(here, *files[::-1], code=3).json
    assert [one["new"] for one in again["files"]] == [0] * len(files)
    assert (again["matched"], again["waiting"]) == ([], told["waiting"])


def test_decisions(here: BankOffice) -> None:
    """An entry that waits is matched by hand, by the beginning of its id; undone, it waits again; all is on record."""
    (waits,) = bring(here, camt(*MOVED), code=3).json["waiting"]
    id_ = waits["entry"]
    matched = here.office.type("bank", "match", id_[:6], "--document", TWO, "--reason", "They called", "--json")
    assert (matched.code, what(matched.json["matched"], "document", "cents")) == (0, [(TWO, 5_000)])
    assert here.open() == {}
    assert here.office.type("bank", "undo", id_).code == 0
    assert here.open() == {TWO: 5_000}
    (entry,) = here.office.type("bank", "list", "--waiting", "--json").json["entries"]
    assert (entry["entry"], entry["state"], entry["reason"]) == (id_, "waiting", "undone")
    assert here.office.type("bank", "match", id_, "--other").code == 0
    listed = here.office.type("bank", "list", "--json").json["entries"]
    assert [one["state"] for one in listed] == ["booked", "booked", "other", "other"]
    assert "4 in all" in here.office.type("bank", "list").out
    decisions = rows(here.office.database_url)["bank_decisions"]
    assert [(one["action"], one["reason"]) for one in decisions] == [
        ("match", "They called"), ("undo", ""), ("other", ""),
    ]  # fmt: skip
    audit = here.office.type("verify", "--deep").err
    assert {"chain", "invariant"} & set(audit.replace(":", " ").split()) == set()


def test_a_credit_balance_beside_mandates(here: BankOffice) -> None:
    """Who collects by direct debit decides that money is a client's credit balance, as everybody does."""
    mandates = here.office.config / "mandates.csv"
    mandates.write_text(f"client_id,mandate_id,signed_on,iban\nacme,M-1,2026-01-02,{IBAN}\n", encoding="utf-8")
    (waits,) = bring(here, camt(MOVED[2]), code=3).json["waiting"]
    matched = here.office.type("bank", "match", waits["entry"], "--client", "bruno")
    assert (matched.code, here.open()) == (0, {**ALL, "bruno+": 5_000}), matched.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["match", "{id}", "--document", "INV-2026-00099"], "no such document was issued"),
        (["match", "{id}", "--client", "nobody"], "no such client"),
        (["match", "{id}"], "say one of"),
        (["match", "ffffffffffff", "--document", TWO], "no such entry"),
        (["match", "{id}", "--document", TWO, "--document", ONE], "several clients"),
        (["undo", "{id}"], "nothing is booked of it"),
        (["import"], "bank.inbox"),
        (["import", "gone.xml"], "gone.xml: cannot be read"),
    ],
)
def test_decisions_that_cannot_be(here: BankOffice, arguments: list[str], said: str) -> None:
    """A wrong entry, document or client is told, and nothing is recorded."""
    moved = Moved(17_200, "what for?", reference="A9")
    (waits,) = bring(here, camt(moved), code=3).json["waiting"]
    before = rows(here.office.database_url)
    refused = here.office.type("bank", *(word.format(id=waits["entry"]) for word in arguments))
    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert rows(here.office.database_url) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(camt(MOVED[0], account=IBAN), f"S1 is of account {IBAN}, which is not ours", id="account"),
        pytest.param(camt(MOVED[0])[:-60], "is not whole XML", id="cut off"),
        pytest.param(camt(Moved(1, ONE, day="2026-12-02")), "lies in the future", id="future"),
        pytest.param(camt(MOVED[0]).replace(b"121.00", b"121.00123"), "not a whole number of cents", id="decimals"),
        pytest.param(camt(MOVED[0]).replace(b"121.00", b"a lot"), "'a lot' is not an amount", id="no amount"),
        pytest.param(camt(MOVED[0]).replace(b"2026-11-20", b"20-11-2026"), "is not a day", id="no day"),
        pytest.param(camt(Moved(1, ONE, reference="B1")), "but was of EUR 50.00", id="another amount"),
        pytest.param(
            camt(MOVED[0]).replace(b"<Document", b'<!DOCTYPE x [<!ENTITY a "a">]><Document'), "document type", id="DTD"
        ),
        pytest.param(b"<html><body>Log in</body></html>", "holds no statement", id="another page"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"what,when\n1,2\n", "no date and no amount", id="another CSV"),
        pytest.param(csv_rows(MOVED).replace(b"121.00", b'"121,00"'), "decimal_comma", id="a comma"),
        pytest.param(camt(MOVED[0]).replace(b"121.00", b"1_21.00"), "'1_21.00' is not an amount", id="a stroke"),
        pytest.param(csv_rows(MOVED).replace(b"121.00", b"1e3"), "row 2: '1e3' is not an amount", id="an exponent"),
        pytest.param(csv_rows(MOVED).replace(b"121.00", b"1.210"), "'1.210' may be thousands", id="a point of what?"),
        pytest.param(csv_rows(MOVED).replace(b"11-20,", b"11-20x,"), "'2026-11-20x' is not a day", id="a day and more"),
        pytest.param(
            mt940(MOVED[0]).replace(b"1120C121", b"1120EC121"), "as MT940 at '2611201120EC121,00NTRF", id="expected",
        ),
        pytest.param(csv_rows(MOVED).replace(b"121.00", b'"1,210"'), "'1,210' is not an amount", id="a comma of what?"),
        pytest.param(csv_rows(MOVED).replace(b"name,id", b"text,id"), "the column text twice", id="a column twice"),
        pytest.param(csv_rows(MOVED).replace(b"2026-11-20", b"20.11.2026"), "row 2: '20.11.2026'", id="a date"),
        pytest.param(mt940(MOVED[0]).replace(b":62F:", b":99X:"), "is cut off", id="MT940 cut off"),
        pytest.param(mt940(MOVED[0]).replace(b"C121,00", b"Z121,00"), "cannot be read", id="MT940 garbled"),
    ],
)  # fmt: skip
def test_a_wrong_file_changes_nothing(here: BankOffice, content: bytes, said: str) -> None:
    """All files of a call are read before anything is kept: a wrong one is named, and the good one waits for it."""
    bring(here, camt(Moved(5_000, TWO, reference="B1")))
    before = rows(here.office.database_url)
    refused = bring(here, camt(*MOVED), content, code=2)
    assert "file1" in refused.err
    assert said in refused.err, refused.err
    assert rows(here.office.database_url) == before


def test_files_that_no_schema_accepts_are_read(here: BankOffice) -> None:
    """No entries, no details, zeros behind the cents, several statements in one file, entries that are not booked."""
    bare = camt(Moved(5_000, "", reference="R1")).split(b"<NtryDtls>")[0] + b"<AddtlNtryInf>" + TWO.encode()
    bare += b"</AddtlNtryInf></Ntry></Stmt></BkToCstmrStmt></Document>"
    pending = camt(Moved(1, ONE)).replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>")
    own_word = camt(Moved(1, ONE)).replace(b"<Cd>BOOK</Cd>", b"<Prtry>PENDING</Prtry>")
    both = camt(MOVED[0]).replace(b"</Stmt>", b"</Stmt>" + camt(MOVED[3]).split(b"</GrpHdr>")[1].split(b"</BkTo")[0])
    files = (camt(), bare, pending, own_word, both.replace(b"121.00", b"121.00000"))
    told = bring(here, *files).json
    assert what(told["files"], "entries", "new", "cents") == [
        (0, 0, 0), (1, 1, 5_000), (0, 0, 0), (0, 0, 0), (2, 2, 11_101),
    ]  # fmt: skip
    assert here.open() == {THREE: 7_000}


def test_a_missing_statement_is_named(here: BankOffice) -> None:
    """Two statements between whose balances something is missing are read and named, until the one between comes."""
    first = camt(Moved(100, ONE, reference="1"), name="S1", opening=0, closing=100)
    third = camt(Moved(50, ONE, reference="3", day="2026-11-23"), name="S3", opening=300, closing=350,
                 first="2026-11-23", last="2026-11-23")  # fmt: skip
    second = camt(Moved(200, ONE, reference="2", day="2026-11-21"), name="S2", opening=100, closing=300,
                  first="2026-11-21", last="2026-11-22")  # fmt: skip
    ran = bring(here, first, third, code=3)
    assert "S1 ends on 2026-11-20 with 1.00, statement S3 begins on 2026-11-23 with 3.00: entries of 2.00" in ran.err
    assert len(ran.json["gaps"]) == 1
    assert bring(here, second).json["gaps"] == []
    assert here.open()[ONE] == 12_100 - 350
    so_far = camt(Moved(60, ONE, reference="4", day="2026-11-24"), name="S4", opening=350, closing=410,
                  first="2026-11-24", last="2026-11-24")  # fmt: skip
    whole = so_far.replace(b"S4", b"S5").replace(b"4.10", b"4.80").replace(b"</Stmt>", b"").replace(
        b"</BkToCstmrStmt></Document>",
        camt(Moved(70, ONE, reference="5", day="2026-11-24")).split(b"</Acct>")[1],
    )  # fmt: skip
    assert bring(here, so_far).json["gaps"] == bring(here, whole).json["gaps"] == []


@pytest.mark.parametrize(
    ("told", "cents"),
    [("1.234,50", 123_450), ("1234,5", 123_450), ("-7", -700), ("121.00", None), ("1.234", None), ("1,234.50", None)],
)
def test_a_decimal_comma(told: str, cents: int | None) -> None:
    """With a decimal comma a point only groups thousands: 121.00 is refused, not read as twelve thousand."""
    columns = CsvColumns("date", "amount", "", "", "", "", "", "", "", "", decimal_comma=True)
    house = House((ACCOUNT,), "EUR", date(2026, 12, 1), columns)
    content = f"date;amount\n2026-11-20;{told}\n".encode()
    if cents is None:
        with pytest.raises(ValueError, match="decimal_comma = false"):
            csv_statements(content, house)
    else:
        assert [one.cents for one in csv_statements(content, house)[0].entries] == [cents]


ING = f"""Datum;Naam;Tegenrekening;Af Bij;Bedrag;Mededelingen
20261120;Acme B.V.;{IBAN};Bij;150,00;Factuur {ONE}
20261121;Acme B.V.;{IBAN};Af;29,00;Te veel betaald {ONE}
20261122;Verhuurder;;Af;70,00;Huur
"""
"""121.00 was owed, 150.00 came, 29.00 went back: amounts without a sign, as ING writes them."""


def test_amounts_without_a_sign(here: BankOffice) -> None:
    """A column says which way they went: unnamed it is refused, for 29.00 would count as paid to us."""
    names = {"date": "Datum", "amount": "Bedrag", "text": "Mededelingen", "iban": "Tegenrekening", "name": "Naam"}
    table = "[bank.csv]\n" + "".join(f'{key} = "{value}"\n' for key, value in names.items())
    before = (here.office.config / "billing.toml").read_text(encoding="utf-8")
    settings = f'{before}{table}date_format = "%Y%m%d"\ndecimal_comma = true\n'
    (here.office.config / "billing.toml").write_text(settings, encoding="utf-8")
    assert 'bank.csv.direction = "Af Bij"' in bring(here, ING.encode(), code=2).err
    assert here.open() == ALL
    (here.office.config / "billing.toml").write_text(f'{settings}direction = "Af Bij"\n', encoding="utf-8")
    ran = bring(here, ING.encode())
    assert (ran.json["files"][0]["cents"], here.open()) == (15_000 - 2_900 - 7_000, {TWO: 5_000, THREE: 7_000})
    for old, new in (("Bij;150", "Erbij;150"), ("Bij;150", "Bij;-150")):
        assert "column Af Bij" in bring(here, ING.replace(old, new).encode(), code=2).err


def test_a_hyphen_for_an_empty_cell_is_no_direction(here: BankOffice) -> None:
    """A column of hyphens alone says nothing of amounts that have their sign."""
    assert bring(here, f"date,amount,text,note\n2026-11-20,121.00,{ONE},-\n".encode()).json["files"][0]["new"] == 1


@pytest.mark.parametrize(
    ("column", "booked", "waits"), [("Info", "Umsatz gebucht", "Umsatz vorgemerkt"), ("State", "COMPLETED", "PENDING")]
)
def test_what_a_table_says_is_not_booked_yet(here: BankOffice, column: str, booked: str, waits: str) -> None:
    """121.00 is told before it is booked, and booked a day later: it was paid once."""
    told = f"date,amount,text,{column}\n2026-11-20,121.00,{ONE},{waits}\n2026-11-20,50.00,{TWO},{booked}\n"
    assert bring(here, told.encode()).json["files"][0]["cents"] == 5_000
    assert here.open() == {ONE: 12_100, THREE: 7_000}
    assert bring(here, told.replace(f"20,121.00,{ONE},{waits}", f"21,121.00,{ONE},{booked}").encode()).code == 0
    assert here.open() == {THREE: 7_000}


def test_a_statement_that_misses_entries(here: BankOffice) -> None:
    """Its balances move by another sum than it tells of: named, until another file brings the rest of it."""
    half, rest = Moved(12_100, ONE, reference="1"), Moved(5_000, TWO, reference="2")
    ran = bring(here, camt(half, opening=0, closing=17_100), code=3)
    assert "S1 goes from 0.00 to 171.00, but its entries come to 121.00: entries of 50.00 are missing" in ran.err
    assert len(ran.json["gaps"]) == 1
    assert bring(here, camt(rest, opening=0, closing=17_100)).json["gaps"] == []
    assert here.open() == {THREE: 7_000}


def test_a_place_in_the_statement_is_no_reference(here: BankOffice) -> None:
    """German banks count the entries of each day from POS 1: the second day's is another entry."""
    days = [Moved(6_000, ONE, reference="POS 1", day=f"2026-11-{day}") for day in (20, 21)]
    bring(here, *(mt940(each, opening=before) for each, before in zip(days, (0, 6_000), strict=True)))
    assert here.open() == {ONE: 100, TWO: 5_000, THREE: 7_000}


def test_other_money(here: BankOffice) -> None:
    """Another currency waits; a return opens its document again with the bank's reason; charges are beside it."""
    kept = '<Amt Ccy="EUR">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><ChrgInclInd>true</ChrgInclInd>'
    charged = f"<Chrgs><Rcrd>{kept}</Rcrd></Chrgs>"
    moved = (
        Moved(12_100, "", reference="1", structured=creditor_reference(ONE), day="2026-11-20"),
        Moved(-12_100, ONE, reference="2", returned="AC04", day="2026-11-21"),
        Moved(5_000, TWO, reference="3", currency="USD"),
        Moved(6_900, THREE, reference="4", more=charged),
    )
    told = bring(here, camt(*moved), code=3).json
    assert what(told["waiting"], "cents", "reason") == [(5_000, "other_currency")]
    (dollars,) = told["waiting"]
    refused = here.office.type("bank", "match", dollars["entry"], "--document", TWO)
    assert (refused.code, "it is in USD" in refused.err) == (2, True)
    assert here.open() == {ONE: 12_100, TWO: 5_000}
    assert here.open("--as-of", "2026-11-20") == {TWO: 5_000}
    assert [one["bank_reason"] for one in told["matched"] if one["kind"] == "return"] == ["AC04"]
    charges = [row["charges_cents"] for row in rows(here.office.database_url)["payments"] if row["charges_cents"]]
    assert charges == [100]


def _one_kept(kind: str, told: str, kept: str) -> bytes:
    """118.50 that reached us of a payment, and what the bank says of its charges."""
    if kind == "mt940":
        return mt940(Moved(11_850, ONE, reference="1")).replace(b"//1", f"//1\r\n{told}{kept}".encode())
    return camt(Moved(11_850, ONE, reference="1", more=told + kept))


def _charged(*amounts: str) -> str:
    one = '<Rcrd><Amt Ccy="EUR">{}</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd>'
    return f"<Chrgs>{''.join(one.format(amount) for amount in amounts)}</Chrgs>"


@pytest.mark.parametrize(
    ("kind", "told", "kept", "charges"),
    [
        ("camt", '<AmtDtls><TxAmt><Amt Ccy="EUR">121.00</Amt></TxAmt></AmtDtls>', _charged("2.50"), 250),
        ("camt", '<AmtDtls><InstdAmt><Amt Ccy="EUR">121.00</Amt></InstdAmt></AmtDtls>', _charged("2.00", "0.50"), 250),
        ("camt", '<AmtDtls><TxAmt><Amt Ccy="EUR">118.50</Amt></TxAmt></AmtDtls>', _charged("2.50"), 0),
        ("camt", '<AmtDtls><TxAmt><Amt Ccy="USD">121.00</Amt></TxAmt></AmtDtls>', _charged("2.50"), 0),
        ("mt940", "/OCMT/EUR121,00", "/CHGS/EUR2,50/", 250),
        ("mt940", "/OCMT/USD121,00", "/CHGS/EUR2,50/", 0),
    ],
)
def test_what_the_bank_kept_was_paid(kind: str, told: str, kept: str, charges: int) -> None:
    """118.50 reached us of 121.00, less charges of 2.50: who paid 121.00 is not asked for the rest."""
    columns = CsvColumns("date", "amount", "", "", "", "", "", "", "", "", decimal_comma=False)
    house = House((ACCOUNT,), "EUR", date(2026, 11, 20), columns)
    (statement,) = statements_of(_one_kept(kind, told, kept), house)
    (entry,) = statement.entries
    assert (entry.cents, [part.charges_cents for part in entry.parts]) == (11_850, [charges])


@pytest.mark.parametrize(
    ("way", "whole", "parts"), [(1, "357.00", [12_100, 23_600]), (-1, "369.00", [-12_100, -24_800])]
)
def test_what_the_bank_kept_of_a_batch(way: int, whole: str, parts: list[int]) -> None:
    """121.00 and 242.00 less 6.00 of charges that stand beside the batch alone; and the same sent back with them."""
    details = "".join(
        f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls></TxDtls>'
        for amount in ("121.00", "242.00")
    )
    told = camt(Moved(way * 1, reference="1")).decode().replace(">0.01</Amt>", f">{whole}</Amt>")
    before, _, rest = told.partition("<NtryDtls>")
    content = f"{before}{_charged('6.00')}<NtryDtls>{details}{rest[rest.index('</NtryDtls>') :]}".encode()
    columns = CsvColumns("date", "amount", "", "", "", "", "", "", "", "", decimal_comma=False)
    (entry,) = statements_of(content, House((ACCOUNT,), "EUR", date(2026, 11, 20), columns))[0].entries
    assert [(part.cents, part.charges_cents) for part in entry.parts] == [(parts[0], 0), (parts[1], 600)]


def test_a_batch_of_which_some_is_told(here: BankOffice) -> None:
    """300.00 came at once and one detail says 121.00: it pays that, and what nobody explains is no client's credit."""
    content = camt(Moved(30_000, ONE, reference="B1", more='<Amt Ccy="EUR">121.00</Amt>'))
    ran = bring(here, content, code=3)
    assert what(ran.json["matched"], "document", "cents") == [(ONE, 12_100)]
    assert what(ran.json["waiting"], "cents", "reason") == [(17_900, "unmatched")]
    assert here.open() == {TWO: 5_000, THREE: 7_000}
    batch = camt(Moved(40_000, THREE, reference="B2")).replace(
        b"<TxDtls>", b"<Btch><NbOfTxs>3</NbOfTxs></Btch><TxDtls>"
    )
    ran = bring(here, batch, code=3)
    assert what(ran.json["waiting"], "cents", "reason") == [(17_900, "unmatched"), (40_000, "other_sum")]
    assert (ran.json["matched"], here.open()) == ([], {TWO: 5_000, THREE: 7_000})


def test_the_inbox(here: BankOffice) -> None:
    """Without a file the folder of bank.inbox is read; it is relative as every path of billing.toml."""
    here.office.append("billing.toml", "[bank]", 'inbox = "in"', f'accounts = ["{IBAN}"]')
    (here.office.folder / "in").mkdir()
    (here.office.folder / "in" / "one.xml").write_bytes(camt(MOVED[0], account=IBAN))
    told = here.office.type("bank", "import", "--json")
    assert (told.code, what(told.json["files"], "account", "new")) == (0, [(IBAN, 1)])


def test_status_list_and_show_know_what_was_paid(here: BankOffice) -> None:
    """What is open and overdue stands in status; a document has what was paid of it, and when, by which entry."""
    bring(here, camt(MOVED[0], Moved(1_000, THREE, reference="P", day="2026-11-24")))
    told = here.office.type("status", "--json").json["receivables"]
    assert (told["open_cents"], told["overdue_cents"], told["open_documents"]) == (11_000, 11_000, 2)
    assert (told["ageing"]["1-30"], told["newest_statement"]) == (11_000, "2026-11-24")
    assert "EUR 110.00 of 2 documents, overdue EUR 110.00 of 2" in here.office.type("status").out
    listed = here.office.type("list", "--json").json["documents"]
    assert what(listed, "number", "paid_cents", "open_cents") == [
        (ONE, 12_100, 0),
        (TWO, 0, 5_000),
        (THREE, 1_000, 6_000),
    ]
    shown = here.office.type("show", THREE, "--json").json
    assert [step["what"] for step in shown["history"]] == ["issued", "receipt"]
    assert "EUR 60.00, paid EUR 10.00" in here.office.type("show", THREE).out


def test_the_books_close_the_items(here: BankOffice) -> None:
    """The receivable account of the exported journals is what `open` says, with a credit balance and a part payment."""
    bring(here, camt(Moved(13_000, ONE, reference="1"), Moved(2_000, TWO, reference="2"), *MOVED[3:]))
    left = sum(cents if "+" not in name else -cents for name, cents in here.open().items())
    receivable = 0
    for month in ("2026-10", "2026-11"):
        folder = here.office.folder / month
        assert here.office.type("export", "--month", month, "--format", "csv", "--output", str(folder)).code == 0
        lines = (folder / "journal.csv").read_text(encoding="utf-8-sig").splitlines()
        columns = lines[0].split(",")
        for line in lines[1:]:
            cells = dict(zip(columns, line.split(","), strict=True))
            receivable += cents_from_decimal(cells["amount"]) if cells["account"] == "1300" else 0
    assert receivable == left == 12_100 + 5_000 + 7_000 - 13_000 - 2_000
    assert here.office.type("export", "--month", "2026-09", "--format", "csv").code == 2


@pytest.mark.sqlite_file("a kill is the same to a server's transaction")
def test_what_was_paid_in_other_money_is_in_no_journal(here: BankOffice) -> None:
    """billing.currency changed after 121.00 euros were paid: the month's books are in the new money, and say so."""
    bring(here, camt(MOVED[0]))
    here.office.replace("billing.toml", "[billing]", '[billing]\ncurrency = "GBP"')
    told = here.office.type("export", "--month", "2026-11", "--format", "csv", "--output", str(here.office.folder))
    assert (told.code, "1 payment of 2026-11 in EUR, 121.00 in all, left out" in told.err) == (0, True), told.err


def test_kills_of_an_import_change_nothing(tmp_path: Path) -> None:
    """A killed import has kept all or nothing, and the same files again give what an undisturbed one gives."""
    _, problems = trials(tmp_path, SUBJECTS["import"], 1, seed=5)
    assert problems == []


def test_a_mandate_makes_an_account_known(here: BankOffice) -> None:
    """An IBAN of mandates.csv is its client's: the exact sum of an open document books, another sum waits."""
    mandates = here.office.config / "mandates.csv"
    mandates.write_text(f"client_id,mandate_id,signed_on,iban,holder\nbruno,M-1,2026-01-05,{IBAN},Bruno\n")
    told = bring(here, camt(Moved(5_000, reference="1", iban=IBAN), Moved(1, reference="2", iban=IBAN)), code=3).json
    assert what(told["matched"], "document", "cents") == [(TWO, 5_000)]
    assert what(told["waiting"], "cents", "reason") == [(1, "other_sum")]


def test_the_months_page_says_what_is_owed(here: BankOffice) -> None:
    """Once a statement was read the page has what came in, what is open by age, and the sum; before, it has nothing."""
    page = here.office.output / "2026-10" / "report.html"
    assert here.office.type("report", "--month", "2026-10").code in (0, 3)
    assert "What clients owe" not in page.read_text(encoding="utf-8")
    bring(here, camt(Moved(13_000, ONE, reference="1")))
    assert here.office.type("report", "--month", "2026-10").code in (0, 3)
    text = page.read_text(encoding="utf-8").partition('id="owed"')[2].partition("</section>")[0]
    assert [figure in text for figure in ("as of 2026-11-20", "1 to 30 days overdue", "120.00", "−9.00", "111.00")] == [
        True, True, True, True, True,
    ], text  # fmt: skip


KEPT = '<Chrgs><Rcrd><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        # 121.00 came for the first; the books would have 120.00 of it, or 121.00 twice, or another client's money.
        ("UPDATE payments SET cents = cents - 100 WHERE cents = 12100", f"but 120.00 of it are booked ({ONE})"),
        ("UPDATE payments SET document_number = NULL WHERE cents = 12100", ""),
        (
            "UPDATE payments SET document_number = 'INV-2026-00002' WHERE cents = 12100",
            "which is of bruno",
        ),
        ("UPDATE payments SET charges_cents = 0 WHERE charges_cents = 100", "moved 69.00, but 70.00 of it are booked"),
        (
            "UPDATE documents SET gross_cents = 12000 WHERE number = 'INV-2026-00001'",
            "is open over -1.00, but its",
        ),
        ("UPDATE payments SET kind = 'costs' WHERE cents = 12100", f"121.00 of costs are booked beside {ONE}"),
        ("UPDATE payments SET entry = 'none' WHERE cents = 12100", "entry none, which is in no bank statement"),
    ],
)
def test_invariant_9(here: BankOffice, edit: str, said: str) -> None:
    """What is open is what documents, credit notes and the bank's money leave, and what the books have: or it is said.

    A payment that was moved between the client's own items keeps all sums: only the chain can tell.
    """
    bring(here, camt(*MOVED[:1], Moved(6_900, THREE, reference="A5", more=KEPT), MOVED[2]), code=3)
    waiting = here.office.type("bank", "list", "--waiting", "--json").json["entries"][0]["entry"]
    assert here.office.type("bank", "match", waiting, "--client", "bruno").code == 0
    assert "invariant 9" not in here.office.type("verify").err
    execute(here.office.database_url, edit)
    for deep in ((), ("--deep",)):
        found = here.office.type("verify", *deep)
        assert found.code == 1
        if said and (not deep or "documents" not in edit):
            assert "invariant 9" in found.err
            assert said in found.err, found.err
        assert "chain" in found.err or not deep or "documents" in edit
