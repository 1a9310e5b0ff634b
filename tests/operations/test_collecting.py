"""`collect`: one file a day and scheme, of what is due and may be collected, with the same bytes ever after."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from billing_job.core.document import Document
from tests.support.booked_payments import book, statement_of
from tests.support.fakes import Office
from tests.support.issued_documents import ACME, BRUNO, bank_office, document

CLIENTS = "client_id,name,country,payment\nacme,Acme B.V.,NL,direct_debit\nbruno,Bruno B.V.,NL,direct_debit\n"
MANDATES = """\
client_id,mandate_id,signed_on,iban,bic,holder,scheme,valid_from,valid_to
acme,M-ACME,2026-01-02,DE89370400440532013000,COBADEFFXXX,Acme Holding,core,,
bruno,M-BRUNO,2026-01-02,NL91ABNA0417164300,,,b2b,,2026-12-31
"""
DAY = "2026-12-04"
FILE = f"collections/{DAY}-core.xml"


@contextmanager
def office(folder: Path, *documents: Document, announced: bool = True) -> Iterator[Office]:
    """The invoices say by which mandate they are collected, or ask for a transfer."""
    told = [replace(one, client=replace(one.client, mandate_id="M" * announced)) for one in documents]
    with bank_office(folder, *told, settings="[receivables]\nsince = 2026-01-01\n") as made:
        here = made.office
        here.replace("billing.toml", 'country = "NL"\n', 'country = "NL"\ncreditor_id = "NL79ZZZ999999990000"\n')
        (here.config / "clients.csv").write_text(CLIENTS)
        (here.config / "mandates.csv").write_text(MANDATES)
        statement_of(here, date(2026, 12, 1))
        yield here


def collect(here: Office, day: str = DAY, code: int = 0) -> Any:
    ran = here.type("collect", "--due", day, "--json")
    assert ran.code == code, ran.err
    return ran.json


def reasons(told: Any) -> dict[str, str]:
    return {each["document"]: each["reason"] for each in told["waiting"]}


def test_what_is_due_is_collected_once(tmp_path: Path) -> None:
    """By scheme, with the number as end-to-end id; asked again the same bytes; never a second debit of a document."""
    documents = (
        document("INV-2026-00001", 12_100),
        document("INV-2026-00002", 5_000),
        document("INV-2026-00003", 700, BRUNO),
        document("INV-2026-00004", 900, due=date(2026, 12, 5)),
    )
    with office(tmp_path, *documents) as here:
        book(here, "INV-2026-00002", "acme", 1_000, date(2026, 11, 20))
        first = collect(here)
        assert first["schema"] == "billing-job/collect@1"
        assert [(file["file"], file["cents"], file["new"]) for file in first["files"]] == [
            (f"collections/{DAY}-b2b.xml", 700, True),
            (FILE, 16_100, True),
        ]
        assert [(each["end_to_end_id"], each["cents"], each["sequence"]) for each in first["collected"]] == [
            ("INV-2026-00003", 700, "FRST"),
            ("INV-2026-00001", 12_100, "FRST"),
            ("INV-2026-00002", 4_000, "RCUR"),
        ]
        files = here.files()
        here.clock.moment += timedelta(hours=3)
        assert [file["new"] for file in collect(here)["files"]] == [False, False]
        assert here.files() == files
        assert reasons(collect(here, "2026-12-07", code=3)) == dict.fromkeys(
            ("INV-2026-00001", "INV-2026-00002", "INV-2026-00003"),
            f"is being collected on {DAY}, neither booked nor given back yet: import statements",
        )
        (again,) = collect(here, "2026-12-07", code=3)["files"]
        assert (again["cents"], again["new"]) == (900, False)


def test_a_file_that_was_noted_and_not_written_has_the_same_bytes(tmp_path: Path) -> None:
    """The disk fails between ledger and file; later calls, even for another day, write what was noted."""
    with office(tmp_path / "a", document("INV-2026-00001", 12_100)) as undisturbed:
        collect(undisturbed)
        expected = undisturbed.files()
    with office(tmp_path / "b", document("INV-2026-00001", 12_100)) as here:
        here.output.mkdir()
        (here.output / "collections").write_text("in the way")
        assert here.type("collect", "--due", DAY).code == 1
        (here.output / "collections").unlink()
        here.clock.moment += timedelta(hours=5)
        (file,) = collect(here, "2026-12-07", code=3)["files"]
        assert (file["file"], file["new"]) == (FILE, True)
        assert here.files() == expected
        (here.output / FILE).unlink()
        assert [file["new"] for file in collect(here)["files"]] == [False]
        assert here.files() == expected


@pytest.mark.sqlite_file("a server is copied with pg_dump")
def test_what_the_bank_may_have_after_a_backup_is_not_collected_again(tmp_path: Path) -> None:
    """A restored ledger does not know of the file that followed the copy: its documents wait, and the file stays."""
    with office(tmp_path, document("INV-2026-00001", 12_100)) as here:
        copy = str(tmp_path / "copy.db")
        here.type("backup", copy)
        collect(here)
        files = here.files()
        assert here.type("restore", "--yes", copy).code == 0
        told = collect(here, "2026-12-07", code=3)
        assert (told["files"], [*reasons(told)]) == ([], ["INV-2026-00001"])
        assert "restored from a backup on 2026-12-01" in reasons(told)["INV-2026-00001"]
        for day in (DAY, "2026-12-07"):
            told = here.type("collect", "--due", day, "--bank-has-none", "--json").json
            assert f"stands in {FILE}, which the ledger does not know" in reasons(told)["INV-2026-00001"]
        assert here.files() == files
        (here.output / FILE).unlink()
        # Old statements are another decision: what the bank may have is not collected by it.
        assert here.type("collect", "--due", "2026-12-07", "--anyway", "--json").json["files"] == []
        ran = here.type("collect", "--due", "2026-12-07", "--bank-has-none", "--json")
        assert [file["cents"] for file in ran.json["files"]] == [12_100]


def report(message_id: str, more: str, group: str = "PART") -> bytes:
    """A status report of the bank (pain.002) on a file of direct debits."""
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>R</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>"
        f"<GrpSts>{group}</GrpSts></OrgnlGrpInfAndSts>{more}</CstmrPmtStsRpt></Document>"
    ).encode()


def rejected(number: str, status: str = "RJCT") -> str:
    reason = "<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf>"
    return f"<TxInfAndSts><OrgnlEndToEndId>{number}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}</TxInfAndSts>"


def test_what_the_bank_rejects_is_collected_again(tmp_path: Path) -> None:
    """By debit, by batch or all of it; told once; a report on another file or debit is refused whole."""
    numbers = [f"INV-2026-0000{place}" for place in (1, 2, 3)]
    with office(tmp_path, *(document(number, 1_000) for number in numbers)) as here:
        (file,) = collect(here)["files"]
        message_id, first_batch = file["message_id"], f"{file['message_id']}-1"

        def bring(content: bytes) -> Any:
            (tmp_path / "report.xml").write_bytes(content)
            return here.type("bank", "import", str(tmp_path / "report.xml"), "--json")

        inside = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{message_id}-2</OrgnlPmtInfId>{{}}</OrgnlPmtInfAndSts>"
        one = report(message_id, inside.format(rejected(numbers[1]) + rejected(numbers[2], "ACCP")))
        for wrong, said in (
            (report("OTHER", ""), "OTHER, which was not written from this ledger"),
            (report(message_id, rejected("INV-2026-00009")), "rejects INV-2026-00009, which"),
            (one[:-20], "is not whole XML"),
        ):
            refused = bring(wrong)
            assert (refused.code, said in refused.err) == (2, True), refused.err
        told = bring(one)
        assert (told.code, [each["document"] for each in told.json["rejected"]]) == (3, [numbers[1]])
        assert "the bank rejects its debit of 2026-12-04, AC01" in told.err
        assert (bring(one).code, bring(one).json["rejected"]) == (0, [])
        status = f"<OrgnlPmtInfId>{first_batch}</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>"
        batch = f"<OrgnlPmtInfAndSts>{status}</OrgnlPmtInfAndSts>"
        assert [each["document"] for each in bring(report(message_id, batch)).json["rejected"]] == [numbers[0]]
        again = collect(here, "2026-12-07", code=3)
        assert {each["document"]: each["sequence"] for each in again["collected"]} == {
            numbers[0]: "RCUR", numbers[1]: "RCUR",
        }  # fmt: skip
        assert [*reasons(again)] == [numbers[2]]
        whole = bring(report(again["files"][0]["message_id"], "", "RJCT"))
        assert [each["document"] for each in whole.json["rejected"]] == numbers[:2]
        # What was wrong with a file is no mark against a mandate, of which two returns in a row would end the use.
        assert len(collect(here, "2026-12-08", code=3)["collected"]) == 2
        assert "chain" not in here.type("verify", "--deep").err


def test_a_mandate_for_one_collection(tmp_path: Path) -> None:
    """OOFF, and no second debit by it; given back, it may be tried again."""
    with office(tmp_path, document("INV-2026-00001", 12_100), document("INV-2026-00002", 5_000)) as here:
        here.replace("mandates.csv", "valid_to\n", "valid_to,type\n")
        here.replace("mandates.csv", "Acme Holding,core,,\n", "Acme Holding,core,,,one_off\n")
        here.replace("mandates.csv", "2026-12-31\n", "2026-12-31,\n")
        told = collect(here, code=3)
        assert [(each["document"], each["sequence"]) for each in told["collected"]] == [("INV-2026-00001", "OOFF")]
        assert reasons(told) == {
            "INV-2026-00002": f"mandate M-ACME was for one collection, that of {DAY}: ask for a transfer"
        }
        assert b"<SeqTp>OOFF</SeqTp>" in here.files()[FILE]


def test_a_return_opens_the_document_and_at_last_falls_back_to_transfer(tmp_path: Path) -> None:
    """Collected, given back, collected as the first again, given back: then a transfer is asked for."""
    with office(tmp_path, document("INV-2026-00001", 12_100)) as here:
        for day, back in (("2026-12-04", date(2026, 12, 8)), ("2026-12-14", date(2026, 12, 16))):
            (debit,) = collect(here, day)["collected"]
            assert (debit["cents"], debit["sequence"]) == (12_100, "FRST")
            book(here, "INV-2026-00001", "acme", 12_100, date.fromisoformat(day))
            book(here, "INV-2026-00001", "acme", -12_100, back, "AC06")
            here.clock.moment += timedelta(days=9)
            statement_of(here, here.clock.now().date())
        told = collect(here, "2026-12-22", code=3)
        assert reasons(told) == {"INV-2026-00001": "mandate M-ACME came back 2 times in a row: ask for a transfer"}
        here.append("billing.toml", "[[reminders.levels]]", "after_days = 7", 'channel = "letter"')
        (reminder,) = here.type("remind", "--json").json["reminders"]
        assert reminder["documents"] == ["INV-2026-00001"]
        written = here.type("statement", "--client", "acme", "--json").json["statements"][0]["files"]["csv"]
        rows = (here.output / written).read_text().splitlines()
        assert "2026-12-08,return,INV-2026-00001,,AC06,121.00,121.00" in rows
        assert rows[-1].endswith(",closing,,,,,121.00")


def test_the_file_is_what_the_bank_reads(tmp_path: Path) -> None:
    """Creditor, mandate, account, holder (by default the client's name), and sums that agree."""
    with office(tmp_path, document("INV-2026-00001", 12_100), document("INV-2026-00002", 700, BRUNO)) as here:
        collect(here)
        core, b2b = (etree.fromstring(here.files()[f"collections/{DAY}-{name}.xml"]) for name in ("core", "b2b"))

        def texts(root: Any, *path: str) -> list[str]:
            return [
                str(text)
                for text in root.xpath("//" + "/".join(f"*[local-name()='{name}']" for name in path) + "/text()")
            ]

        assert texts(core, "CdtrSchmeId", "Id", "PrvtId", "Othr", "Id") == ["NL79ZZZ999999990000"]
        assert texts(core, "LclInstrm", "Cd") + texts(b2b, "LclInstrm", "Cd") == ["CORE", "B2B"]
        assert texts(core, "MndtId") + texts(core, "DtOfSgntr") == ["M-ACME", "2026-01-02"]
        assert texts(core, "DbtrAcct", "Id", "IBAN") == ["DE89370400440532013000"]
        assert texts(core, "Dbtr", "Nm") + texts(b2b, "Dbtr", "Nm") == ["Acme Holding", "Bruno B.V."]
        assert texts(core, "GrpHdr", "CtrlSum") == ["121.00"]
        assert texts(core, "CreDtTm") == ["2026-12-01T10:00:00"]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-12-05", "the next one is 2026-12-07"),
        ("2026-12-01", "the earliest day is 2026-12-02"),
        ("2026-12-25", "the next one is 2026-12-28"),
        ("4.12.2026", "is not a day"),
    ],
)
def test_days_on_which_no_bank_collects(tmp_path: Path, day: str, said: str) -> None:
    """A weekend, a holiday, today: exit 2 with the day that would do."""
    with office(tmp_path, document("INV-2026-00001", 12_100)) as here:
        refused = here.type("collect", "--due", day)
        assert (refused.code, said in refused.err) == (2, True), refused.err
        assert here.files() == {}


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("mandates.csv", "DE89370400440532013000", "DE88370400440532013000", "column iban: 'DE88"),
        ("mandates.csv", "DE89370400440532013000", "TR330006100519786457841326", "TR is outside the SEPA"),
        ("mandates.csv", "M-ACME", "M_ACME", "column mandate_id"),
        ("mandates.csv", "acme,M-ACME", "nobody,M-ACME", "there is no such client"),
        ("mandates.csv", "bruno,M-BRUNO", "bruno,M-ACME", "is a mandate of acme"),
        ("mandates.csv", "bruno,M-BRUNO", "acme,M-BRUNO", "has two mandates at one time"),
        ("mandates.csv", ",b2b,", ",sepa,", "write core or b2b"),
        ("billing.toml", "NL79ZZZ", "NL78ZZZ", "seller.creditor_id"),
        ("billing.toml", 'creditor_id = "NL79ZZZ999999990000"\n', "", "seller.creditor_id: is needed"),
        ("clients.csv", "acme,Acme B.V.,NL,direct_debit", "acme,Acme B.V.,NL,cash", "write transfer or direct_debit"),
    ],
)  # fmt: skip
def test_wrong_files_collect_nothing(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    """Check digits, names and schemes are refused with their place, and no file is written."""
    with office(tmp_path, document("INV-2026-00001", 12_100)) as here:
        here.replace(name, old, new)
        refused = here.type("collect", "--due", DAY)
        assert (refused.code, said in refused.err) == (2, True), refused.err
        assert here.files() == {}


def test_what_is_not_collected_says_why(tmp_path: Path) -> None:
    """A dispute, a mandate that has ended, a credit balance, a client with another id: named; who transfers is not."""
    documents = (document("INV-2026-00001", 12_100, ACME), document("INV-2026-00002", 700, BRUNO))
    with office(tmp_path, *documents) as here:
        here.replace("mandates.csv", ",b2b,,2026-12-31", ",b2b,,2026-12-04")
        holds = here.config / "reminder_holds.csv"
        holds.write_text(
            "client_id,document,kind,reason,valid_to\nacme,INV-2026-00001,dispute,wrong price,2027-01-01\n"
        )
        told = collect(here, code=3)
        assert told["files"] == []
        assert reasons(told) == {
            "INV-2026-00001": "dispute until 2027-01-01: wrong price",
            "INV-2026-00002": f"no mandate of the client holds on {DAY}: add one to mandates.csv",
        }
        holds.unlink()
        book(here, None, "acme", 100, date(2026, 11, 30))
        assert "credit balance" in reasons(collect(here, code=3))["INV-2026-00001"]
        here.replace("clients.csv", "bruno,Bruno B.V.,NL,direct_debit", "bruno,Bruno B.V.,NL,transfer")
        assert list(reasons(collect(here, code=3))) == ["INV-2026-00001"]
        here.replace("clients.csv", "bruno,Bruno B.V.,NL,transfer", "bruno2,Bruno B.V.,NL,direct_debit")
        here.replace("mandates.csv", "bruno,M-BRUNO", "bruno2,M-BRUNO")
        assert "bruno is in clients.csv no more" in reasons(collect(here, code=3))["INV-2026-00002"]


def test_a_mandate_lapses_after_36_months_without_a_collection(tmp_path: Path) -> None:
    """Collected on 4 December 2026, it holds for 4 December 2029 and not for the day of banks after it."""
    documents = (document("INV-2026-00001", 12_100), document("INV-2026-00002", 900, due=date(2029, 12, 1)))
    with office(tmp_path, *documents) as here:
        collect(here)
        here.clock.set(2029, 12, 3, 9)
        statement_of(here, date(2029, 12, 2))
        lapsed = "mandate M-ACME lapsed 36 months after its last collection, of 2026-12-04: get a new one"
        assert reasons(collect(here, "2029-12-05", code=3))["INV-2026-00002"] == lapsed
        (debit,) = collect(here, "2029-12-04", code=3)["collected"]
        assert (debit["document"], debit["sequence"]) == ("INV-2026-00002", "RCUR")


def test_who_was_asked_for_a_transfer_is_not_debited_unawares(tmp_path: Path) -> None:
    """The mandate came after the invoice: it waits until the client was told, and reminders ask for it meanwhile."""
    with office(tmp_path, document("INV-2026-00001", 12_100), announced=False) as here:
        told = collect(here, code=3)
        assert told["files"] == []
        assert reasons(told)["INV-2026-00001"].startswith("its invoice asks for a transfer and announces no debit")
        here.append("billing.toml", "[[reminders.levels]]", "after_days = 7", 'channel = "letter"')
        (reminder,) = here.type("remind", "--dry-run", "--json").json["reminders"]
        assert reminder["documents"] == ["INV-2026-00001"]
        (file,) = here.type("collect", "--due", DAY, "--announced", "--json").json["files"]
        assert file["cents"] == 12_100


def test_a_transfer_that_came_back_is_no_return_of_a_debit(tmp_path: Path) -> None:
    """Paid by transfer, given back, then collected: what is under way is not collected a second time."""
    with office(tmp_path, document("INV-2026-00001", 12_100)) as here:
        book(here, "INV-2026-00001", "acme", 12_100, date(2026, 11, 20))
        book(here, "INV-2026-00001", "acme", -12_100, date(2026, 11, 24), "AC04")
        assert collect(here)["files"][0]["cents"] == 12_100
        told = collect(here, "2026-12-07", code=3)
        assert told["files"] == []
        assert reasons(told)["INV-2026-00001"].startswith(f"is being collected on {DAY}")
        # On the day itself it may come back.
        book(here, "INV-2026-00001", "acme", 12_100, date(2026, 12, 4))
        book(here, "INV-2026-00001", "acme", -12_100, date(2026, 12, 4), "AM04")
        here.clock.moment += timedelta(days=4)
        assert collect(here, "2026-12-08")["files"][0]["cents"] == 12_100
