"""accounts.csv: which row wins, what a bad row is told, and what the shipped rows cover."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from billing_job.accounting.accounts import FORMAT_NAMES, VAT_CASES, AccountKey, AccountKind, Accounts, load_accounts
from billing_job.accounting.booking import document_entry
from billing_job.core.document import Vat
from billing_job.core.errors import ConfigError
from tests.support.sample_documents import CLIENT, document, standard_lines

SALE = AccountKey(AccountKind.REVENUE, category="call", vat_case="S", rate="21", country="NL")


def _loaded(tmp_path: Path, text: str) -> Accounts:
    path = tmp_path / "accounts.csv"
    path.write_text(text, encoding="utf-8-sig")
    return load_accounts(path)


def test_the_most_specific_row_wins(tmp_path: Path) -> None:
    """The format comes first, then the number of filled cells, then the leftmost; order in the file is nothing."""
    rows = [
        "revenue;;;;;all",
        "revenue;;S;;;by case",
        "revenue;call;;;;by category",
        "revenue;call;S;;;by both",
        "revenue;;;;datev;datev",
    ]
    for ordered in (rows, rows[::-1]):
        accounts = _loaded(tmp_path, "kind;category;vat_case;country;format;account\n" + "\n".join(ordered))
        found = {name: accounts.chart(name, [SALE])[SALE].code for name in ("csv", "datev")}
        assert found == {"csv": "by both", "datev": "datev"}
        other = AccountKey(AccountKind.REVENUE, category="sms", vat_case="AE", rate="0", country="DE")
        assert accounts.chart("csv", [other])[other].code == "all"


def test_ties_go_to_the_left(tmp_path: Path) -> None:
    """Category before VAT case, when each is the only cell filled in."""
    accounts = _loaded(tmp_path, "kind,category,vat_case,account\nrevenue,*,S,by case\nrevenue,call,*,by category\n")
    assert accounts.chart("csv", [SALE])[SALE].code == "by category"


def test_own_rows_replace_shipped_rows_of_the_same_kind_and_format(tmp_path: Path) -> None:
    """One general row of the user's own is not beaten by a more specific shipped one; other kinds stay."""
    accounts = _loaded(tmp_path, "kind,account\nrevenue,9999\n")
    assert accounts.chart("csv", [SALE])[SALE].code == "9999"
    wallet = AccountKey(AccountKind.WALLET)
    assert accounts.chart("csv", [wallet])[wallet].code == "1250"


def test_a_rate_is_compared_as_a_number(tmp_path: Path) -> None:
    """21, 21.0 and 21.00 are one rate, and the same row twice."""
    accounts = _loaded(tmp_path, "kind,rate,account\nrevenue,21.00,8021\n")
    assert accounts.chart("csv", [SALE])[SALE].code == "8021"
    with pytest.raises(ConfigError, match="row 3: has the same conditions as row 2"):
        _loaded(tmp_path, "kind,rate,account\nrevenue,21.00,8021\nrevenue,21,8022\n")


def test_words_in_braces(tmp_path: Path) -> None:
    """A row can name the posting's own category, rate and country; a whole rate can be asked for with one place."""
    accounts = _loaded(
        tmp_path, "kind,account,name,tax_code\nrevenue,r:{category}:{country},Sales {rate}%,{rate_1}% S\n"
    )
    account = accounts.chart("csv", [SALE])[SALE]
    assert (account.code, account.name, account.tax_code) == ("r:call:NL", "Sales 21%", "21.0% S")


def test_every_bad_row_is_reported_at_once(tmp_path: Path) -> None:
    """File, row, column and remedy, for all rows together."""
    with pytest.raises(ConfigError) as caught:
        _loaded(
            tmp_path,
            "kind,client_id,vat_case,rate,country,format,account\n"
            "income,,,,,,8000\nrevenue,,X,,,,8000\nrevenue,,,high,,,8000\nrevenue,,,,nld,,8000\nrevenue,,,,,datef,8000\n"
            "revenue,,,,,,\nparty,,,,,datev,10001\nrevenue,,,,,csv,{oops}\nwallet,,,,,,1\nwallet,,,,,,2\nvat,,,,,,1,2\n",
        )
    places = [problem.partition("accounts.csv, ")[2].split(":")[0] for problem in caught.value.problems]
    assert places == [
        "row 2, column kind", "row 3, column vat_case", "row 4, column rate", "row 5, column country",
        "row 6, column format", "row 7, column account", "row 8, column client_id", "row 9, column account", "row 11",
        "row 12",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["kind,acount\nrevenue,1\n", "account\n1\n", "kind,account,account\n", ""])
def test_a_wrong_first_row_is_refused(tmp_path: Path, text: str) -> None:
    """A misspelt or missing column is named; nothing is guessed."""
    with pytest.raises(ConfigError, match="row 1, column"):
        _loaded(tmp_path, text)


def test_what_is_no_csv_is_refused(tmp_path: Path) -> None:
    """A cell beyond what the csv module reads is a configuration error, not a crash."""
    with pytest.raises(ConfigError, match="is not readable as CSV"):
        _loaded(tmp_path, f"kind,account\nrevenue,{'9' * 200_000}\n")


def test_a_reverse_charge_at_home_is_no_sale_to_the_eu() -> None:
    """It has a VAT case of its own: in DATEV 8337 (§ 13b UStG), not 8336, whose VAT ids go into the ZM."""
    client = replace(CLIENT, tax_treatment="DRC")
    made = document(standard_lines(Vat("AE", Decimal(0), "", "Steuerschuldnerschaft")), client=client)
    accounts = load_accounts(None)
    keys = [posting.key for posting, _ in document_entry(made, accounts).revenue()]
    assert {account.code for account in accounts.chart("datev", keys).values()} == {"8337"}


def test_charges_of_ones_own_have_accounts_in_every_format() -> None:
    """Whatever word charges.csv has for a category, and of each VAT case, some shipped row leads to revenue."""
    accounts = load_accounts(None)
    keys = [
        AccountKey(AccountKind.REVENUE, category=category, vat_case=case, rate=rate, country=country)
        for category in ("charge", "hardware", "rebate")
        for case in VAT_CASES
        for rate, country in (("21", "NL"), ("0", "US"))
    ]
    for name in FORMAT_NAMES:
        assert all(accounts.chart(name, keys)[key].code for key in keys)
