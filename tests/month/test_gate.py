"""Nothing is issued before the balance has proven how the supplier is read, nor while too much has no owner."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from billing_job.didfarm.sandbox.holdings import WireRow
from tests.support.fakes import FIRST, Office, call, documents, two_clients
from tests.support.ledgers import rows as ledger_rows

TOPUP = call(9, 5000, "2026-10-01", type_="topup")
OCTOBER = ("--month", "2026-10")
BILLED = [("INV-2026-00001", "acme", 300, True), ("INV-2026-00002", "bruno", 500, True)]


def reads(here: Office, *lines: str) -> None:
    """Set `[api.transactions]`, which was empty, to these lines, or anew."""
    path = here.config / "billing.toml"
    text = path.read_text(encoding="utf-8").partition("[api.transactions]")[0]
    path.write_text("\n".join((text, "[api.transactions]", *lines, "")), encoding="utf-8")


def opens_with(here: Office, amount: str) -> None:
    """Set the opening balance, which was not set."""
    here.replace("billing.toml", "[billing]\n", f'[billing]\nopening_balance = "{amount}"\n')


def unsigned(rows: Sequence[WireRow]) -> list[WireRow]:
    """Amounts without their sign."""
    return [{**row, "amount": abs(int(str(row["amount"])))} for row in rows]


def issued(here: Office) -> int:
    """How many documents the ledger holds."""
    return len(ledger_rows(here.database_url)["documents"])


@pytest.mark.parametrize(
    ("wrong", "cause", "right"),
    [
        (['amount_unit = "decimal"'], ("amount_unit", 'amount_unit = "cents"'), ['amount_unit = "cents"']),
        (['sign = "by_type"', 'credit_types = ["refund"]'], ("credit_types", 'credit_types = ["refund", "topup"]'), []),
        (['sign = "by_type"', 'credit_types = ["topup", "call"]'], ("credit_types", 'credit_types = ["topup"]'), []),
        (['sign = "by_type"', 'credit_types = ["call"]'], ("credit_types", 'credit_types = ["topup"]'), []),
        ([], ("sign", 'sign = "by_type" credit_types = ["topup"]'), []),
    ],
)
def test_a_wrong_reading_issues_nothing_and_names_its_cause(
    wrong: list[str], cause: tuple[str, str], right: list[str], tmp_path: Path
) -> None:
    """Each wrong way to read amounts: exit 3, `unproven`, no number given; the right one then bills to the cent."""
    rows = [TOPUP, *FIRST]
    is_unsigned = not right
    with two_clients(tmp_path, rows) as (here, sandbox):
        if is_unsigned:
            for row in unsigned(rows):
                sandbox.state.change(int(str(row["id"])), amount=row["amount"])
            # The balance follows from what is listed: as if the wallet had held that much less before.
            opens_with(here, "16.00")
        reads(here, *wrong)
        ran = here.run(*OCTOBER)
        found = ran.json
        assert (ran.code, found["status"], found["issued"], found["because"]) == (3, "unproven", False, "unproven")
        assert (found["documents"], issued(here)) == ([], 0)
        named = [(each["setting"], each["toml"].replace("\n", " ")) for each in found["gate"]["likely"]]
        assert any(setting == cause[0] and cause[1] in toml for setting, toml in named), named
        assert cause[1] in ran.err
        assert (here.month() / "exceptions.csv").exists()
        assert not (here.month() / "invoices").exists()
        reads(here, *(right or ['sign = "by_type"', 'credit_types = ["topup"]']))
        corrected = here.run(*OCTOBER)
        assert (corrected.code, corrected.json["status"], corrected.json["issued"]) == (0, "done", True), corrected.err
        assert documents(corrected.json) == BILLED


def test_a_balance_that_fits_every_reading_proves_none(tmp_path: Path) -> None:
    """8.00 in and 8.00 out: cents or not, 0.00 explains them; billed when it was accepted, or once the wallet moves."""
    with two_clients(tmp_path, [call(9, 800, "2026-10-01", type_="topup"), *FIRST]) as (here, sandbox):
        reads(here, 'amount_unit = "1/10000"')
        ran = here.run(*OCTOBER)
        assert (ran.code, ran.json["status"], ran.json["wallet"]["matches"]) == (3, "unproven", True)
        assert (ran.json["documents"], issued(here)) == ([], 0)
        assert "the balance proves nothing yet" in ran.err
        reads(here, 'amount_unit = "cents"')
        assert here.run(*OCTOBER).json["because"] == "unproven"
        accepted = here.copied(tmp_path / "accepted").run(*OCTOBER, "--accept-difference", "looked at each amount")
        assert (accepted.code, documents(accepted.json)) == (0, BILLED)
        sandbox.state.add(call(10, 5000, "2026-11-02", type_="topup"))
        assert documents(here.run(*OCTOBER).json) == BILLED


@pytest.mark.parametrize(
    ("rows", "balance", "says"),
    [
        # 50.00 and 3.00 read as 0.05 and 0.003, and a balance of 42.00 as 0.042.
        ("1/100000", "1/1000", ['"auto" would read whole numbers as cents', "call EUR 0.003 to EUR 0.005"]),
        ("cents", "decimal", []),
    ],
)
def test_units_that_prove_each_other_are_told(rows: str, balance: str, says: list[str], tmp_path: Path) -> None:
    """Rows and balance in wrong units that fit: `run` and `doctor` show amounts; a balance of its own is a proof."""
    with two_clients(tmp_path, [TOPUP, *FIRST]) as (here, _):
        reads(here, f'amount_unit = "{rows}"', "[api.balance]", f'amount_unit = "{balance}"')
        ran = here.run(*OCTOBER, "--draft")
        assert (ran.code, ran.json["wallet"]["matches"]) == (0, True)
        told = here.type("doctor", "--offline").out
        assert ("set by hand" in ran.err, "set by hand" in told) == (bool(says), bool(says))
        assert all(word in ran.err and word in told for word in says), ran.err


def test_the_proof_is_of_the_wallets_own_currency(tmp_path: Path) -> None:
    """A row in dollars waits and explains no euro: the proof fits without it, and would not fit with it."""
    dollars = {**call(3, -1000, "2026-10-07"), "currency": "USD"}
    with two_clients(tmp_path, [TOPUP, *FIRST, dollars]) as (here, _):
        # The sandbox's balance is of all that it lists, so this much less was there before.
        opens_with(here, "-10.00")
        here.replace("billing.toml", "[billing]\n", "[billing]\nmax_waiting_percent = 100\n")
        ran = here.run(*OCTOBER, "--draft")
        assert (ran.code, ran.json["status"], ran.json["wallet"]["matches"]) == (3, "exceptions", True)
        assert [each["reason"] for each in ran.json["exceptions"]] == ["foreign_currency"]
        assert ran.json["wallet"]["movements_cents"] == 5000 - 300 - 500


def test_a_client_whose_rows_cancel_each_other_needs_no_proof(tmp_path: Path) -> None:
    """A call and its whole refund come to nothing in every reading: 0.00 is due, nothing waits."""
    rows = [call(1, -300, "2026-10-05"), call(2, 300, "2026-10-06", type_="refund")]
    with two_clients(tmp_path, rows) as (here, _):
        ran = here.run(*OCTOBER)
        assert (ran.code, [each["gross_cents"] for each in ran.json["documents"]]) == (0, [0])


def test_an_opening_balance_is_named_with_its_line(tmp_path: Path) -> None:
    """A first ledger that starts in the middle: the difference is what the opening balance would have to be."""
    with two_clients(tmp_path) as (here, _):
        opens_with(here, "5.00")
        for part in ([], ["--client", "acme"], ["--supplementary"], ["--offline"], ["--send"]):
            ran = here.run(*OCTOBER, *part)
            assert (ran.code, ran.json["status"], ran.json["documents"]) == (3, "unproven", []), part
        assert "delivery" in ran.json
        assert [each["toml"] for each in ran.json["gate"]["likely"]] == ['[billing]\nopening_balance = "0.00"']
        draft = here.run(*OCTOBER, "--draft")
        assert (draft.code, draft.json["status"], draft.json["issued"], draft.json["because"]) == (
            3, "unproven", False, "unproven",
        )  # fmt: skip
        assert [each["net_cents"] for each in draft.json["documents"]] == [300, 500]
        assert (issued(here), ledger_rows(here.database_url)["proven_readings"]) == (0, [])
        here.replace("billing.toml", 'opening_balance = "5.00"\n', "")
        assert documents(here.run(*OCTOBER).json) == BILLED
        (proven,) = ledger_rows(here.database_url)["proven_readings"]
        assert proven["month"] == "2026-10"


def test_rows_without_an_amount_are_named_before_the_opening_balance(tmp_path: Path) -> None:
    """What "auto" cannot read is no opening balance, as following that advice would make it."""
    rows = [call(1, -300, "2026-10-05"), call(2, -500, "2026-10-06", trunk=8)]
    for row in rows:
        row["amount"] = f"{row['amount']}"
    with two_clients(tmp_path, rows) as (here, _):
        opens_with(here, "5.00")
        ran = here.run(*OCTOBER)
        assert (ran.code, ran.json["status"]) == (3, "unproven")
        (likely,) = ran.json["gate"]["likely"]
        assert (likely["setting"], likely["toml"], likely["why"][:6]) == ("api.transactions", "", "2 rows")


def test_after_a_proven_month_a_difference_is_an_exception(tmp_path: Path) -> None:
    """Billed with exit 3, not sent; with "block" nothing is issued; a decision holds for its difference and reading."""
    with two_clients(tmp_path) as (here, sandbox):
        assert here.run(*OCTOBER).code == 0
        opens_with(here, "5.00")
        sandbox.state.add(call(3, -70, "2026-11-02"))
        here.clock.set(2026, 12, 5)
        november = ("--month", "2026-11")
        billing = '[billing]\non_exception = "block"\n'
        here.replace("billing.toml", "[billing]\n", billing)
        blocked = here.run(*november, "--send")
        assert (blocked.code, blocked.json["status"], blocked.json["issued"], blocked.json["because"]) == (
            3, "exceptions", False, "blocked",
        )  # fmt: skip
        assert (issued(here), "error" in blocked.json["delivery"]) == (2, True)
        accepted = here.run(*november, "--accept-difference", "DIDfarm owes us 5.00, ticket 77")
        assert (accepted.code, accepted.json["issued"], issued(here)) == (3, True, 3)
        told = here.type("reconcile", "--json").json["gate"]
        assert (told["proven"]["month"], [each["difference"] for each in told["decisions"]]) == ("2026-10", ["-5.00"])
        assert "ticket 77" in here.type("reconcile").out
        assert "ticket 77" in (here.month("2026-11") / "report.html").read_text(encoding="utf-8")
        sandbox.state.add(call(4, -30, "2026-12-02"))
        here.clock.set(2027, 1, 5)
        assert here.run("--month", "2026-12").json["because"] == "", "the same difference was accepted"
        here.replace("billing.toml", 'opening_balance = "5.00"', 'opening_balance = "6.00"')
        sandbox.state.add(call(5, -20, "2027-01-02"))
        here.clock.set(2027, 2, 5)
        assert here.run("--month", "2027-01").json["because"] == "blocked", "another one was not"
        here.replace("billing.toml", billing, "[billing]\n")
        held = here.run("--month", "2027-01", "--send")
        assert (held.code, held.json["status"], held.json["issued"]) == (3, "exceptions", True)
        assert "error" in held.json["delivery"], "issued, yet not sent"


def test_another_reading_shuts_the_gate_until_it_is_proven(tmp_path: Path) -> None:
    """What was proven is one reading; paging is none of it. Without a balance only a decision opens the gate."""
    with two_clients(tmp_path) as (here, sandbox):
        assert here.run(*OCTOBER).code == 0
        sandbox.state.add(call(3, -70, "2026-11-02"))
        here.clock.set(2026, 12, 5)
        reads(here, 'amount_unit = "decimal"')
        ran = here.run("--month", "2026-11")
        assert (ran.json["status"], issued(here)) == ("unproven", 2)
        reads(here, 'query = { per_page = "100" }')
        assert documents(here.run("--month", "2026-11", "--offline").json)[0][2] == 70
        assert len(ledger_rows(here.database_url)["proven_readings"]) == 1


def test_a_wallet_without_a_balance_is_not_proven(tmp_path: Path) -> None:
    """The balance is in another currency: nothing is issued until somebody decides, and what was decided is kept."""
    with two_clients(tmp_path) as (here, _):
        here.replace("billing.toml", "[billing]\n", '[billing]\ncurrency = "USD"\nmax_waiting_percent = 100\n')
        ran = here.run(*OCTOBER)
        assert (ran.code, ran.json["status"]) == (3, "unproven")
        assert here.type("run", *OCTOBER, "--accept-difference", " ").code == 2
        assert here.type("run", *OCTOBER, "--draft", "--accept-difference", "x").code == 2
        accepted = here.run(*OCTOBER, "--offline", "--accept-difference", "no balance can be read")
        assert (accepted.code, accepted.json["status"], accepted.json["issued"]) == (3, "exceptions", True)
        assert accepted.json["gate"]["accepted"]["difference"] == ""
        assert accepted.json["gate"]["proven"] is None


def test_what_was_issued_by_a_wrong_reading_is_named_ever_after(tmp_path: Path) -> None:
    """Amounts in euros read as cents, accepted, then corrected: each later command names both settlements."""
    rows = [{**row, "amount": int(str(row["amount"])) // 100} for row in FIRST]  # 3 and 5 euros
    with two_clients(tmp_path, rows) as (here, _):
        opens_with(here, "7.92")  # the balance counts what is listed as cents: -0.08 is -8.00 + 7.92
        reads(here, 'amount_unit = "cents"')
        assert here.run(*OCTOBER).json["status"] == "unproven"
        wrong = here.run(*OCTOBER, "--accept-difference", "We bill what DIDfarm says")
        assert (wrong.code, [d["net_cents"] for d in wrong.json["documents"]]) == (3, [3, 5])
        reads(here, 'amount_unit = "decimal"')
        here.clock.set(2026, 12, 5)
        for command in ("run", "preview"):
            ran = here.type(command, "--month", "2026-11", "--json", "--workers", "1")
            assert ran.code == 3
            assert {e["transaction_id"]: (e["reason"], e["cents"]) for e in ran.json["exceptions"]} == {
                "1": ("billed_row_changed", -297), "2": ("billed_row_changed", -495),
            }, command  # fmt: skip
        for command, code in (("sync", 0), ("exceptions", 3), ("reconcile", 3), ("verify", 3)):
            ran = here.type(command)
            said = ran.out + ran.err
            assert ran.code == code, command
            assert all(word in said for word in ("INV-2026-00001", "INV-2026-00002")), (command, said)
        assert "billed at -EUR 0.03 and waits as billed_row_changed" in here.type("why", "1").out
        named = json.loads(here.type("verify", "--json").out)["billed_row_changed"]
        assert [(e["transaction_id"], e["billed_cents"], e["now_cents"]) for e in named] == [
            ("1", -3, -300), ("2", -5, -500),
        ]  # fmt: skip


def test_too_much_without_an_owner_issues_nothing(tmp_path: Path) -> None:
    """268 of 1,068 are 25.1 %: more than a quarter of the month, also with --client; raised, the rest is billed."""
    with two_clients(tmp_path, [*FIRST, call(3, -268, "2026-10-07", trunk=9)]) as (here, _):
        for part in ([], ["--client", "acme"]):
            ran = here.run(*OCTOBER, *part)
            assert (ran.code, ran.json["status"], ran.json["issued"], ran.json["because"]) == (
                3, "exceptions", False, "waiting",
            )  # fmt: skip
            assert ran.json["documents"] == []
        assert "max_waiting_percent to 26" in ran.err
        assert "trunks.csv" in ran.err
        here.replace("billing.toml", "[billing]\n", "[billing]\nmax_waiting_percent = 26\n")
        billed = here.run(*OCTOBER)
        assert (billed.code, billed.json["because"], documents(billed.json)) == (3, "", BILLED)
        here.replace("billing.toml", "max_waiting_percent = 26", "max_waiting_percent = 101")
        assert here.run(*OCTOBER).code == 2
