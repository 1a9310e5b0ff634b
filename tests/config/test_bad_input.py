"""Bad input of every kind: one paragraph with file, place and remedy, the right exit code, nothing half-written."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from billing_job.commands.options import KEY_VARIABLE
from tests.support.fakes import Office, two_clients
from tests.support.ledgers import execute, on_server, storage
from tests.support.paths import FIXTURES

BAD_CLIENTS = """\
client_id,name,country,email,payment_terms_days,detail,plan,tax_treatment
acme,Acme,Netherlands,,,,,
../etc,Evil,NL,,,,,
bruno,,DE,,,,,
carl,Carl,NL,carl at example,400,,,
dora,Dora,NL,,,everything,gold,never
"""


def replacing(name: str, old: str, new: str) -> Callable[[Office], None]:
    return lambda here: here.replace(name, old, new)


def adding(name: str, *lines: str) -> Callable[[Office], None]:
    return lambda here: here.append(name, *lines)


def writing(name: str, content: bytes) -> Callable[[Office], None]:
    """A file of the office's folder with this content."""

    def write(here: Office) -> None:
        (here.folder / name).write_bytes(content)

    return write


def under(table: str, line: str) -> Callable[[Office], None]:
    """One more key in a table of billing.toml."""

    def add(here: Office) -> None:
        text = (here.config / "billing.toml").read_text()
        if f"[{table}]\n" in text:
            here.replace("billing.toml", f"[{table}]\n", f"[{table}]\n{line}\n")
        else:
            here.replace("billing.toml", "[seller]\n", f"[{table}]\n{line}\n[seller]\n")

    return add


def another_programs(table: str) -> Callable[[Office], None]:
    """A database in which somebody else keeps a table."""

    def spoil(here: Office) -> None:
        emptied = ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public") if on_server() else ()
        execute(here.database_url, *emptied, f"CREATE TABLE {table} (id INTEGER)")

    return spoil


def ledger_of_a_newer_program(here: Office) -> None:
    assert here.type("sync").code == 0
    execute(here.database_url, "UPDATE facts SET value = '99' WHERE name = 'schema_version'")


def a_version_that_is_none(here: Office) -> None:
    assert here.type("sync").code == 0
    execute(here.database_url, "UPDATE facts SET value = 'two' WHERE name = 'schema_version'")


def no_database(here: Office) -> None:
    text = (here.config / "billing.toml").read_text(encoding="utf-8").removeprefix(storage(here.folder))
    (here.config / "billing.toml").write_text('[storage]\ndatabase_url = "billing.db"\n' + text, encoding="utf-8")


def no_key(here: Office) -> None:
    here.environment = {}


def key_in_place_of_its_file(here: Office) -> None:
    no_key(here)
    under("api", 'key_file = "df_live_hunter2-df"')(here)


def two_words_as_key(here: Office) -> None:
    here.environment = {KEY_VARIABLE: "two words"}


def no_config(here: Office) -> None:
    shutil.rmtree(here.config)


def a_folder_for_a_table(here: Office) -> None:
    (here.config / "clients.csv").unlink()
    (here.config / "clients.csv").mkdir()


TOML, CLIENTS, TRUNKS = "config/billing.toml", "config/clients.csv", "config/trunks.csv"

# What it is, how it is brought about, and what the message holds: file, place, remedy.
Case = tuple[str, Callable[[Office], None], str]
SETTINGS: list[Case] = [
    (
        "no such authority",
        replacing("billing.toml", f'"{FIXTURES / "authority.pem"}"', '"config/none.pem"'),
        "api.ca_file … none.pem … cannot be read as certificates in PEM … No such file",
    ),
    ("no BIC", under("seller", 'bic = "INVALID_BIC"'), "billing.toml … seller.bic = 'INVALID_BIC' … ABNANL2A"),
    ("a Steuernummer for a VAT id", replacing("billing.toml", 'vat_id = "NL861994772B01"', 'vat_id = "133/8150/8159"'),
     "billing.toml … vat_id = '133/8150/8159' … begins with NL … tax_number"),
    ("a retired scheme of one's own", under("seller", 'peppol_id = "9901:DK13585628"'),
     "billing.toml … seller.peppol_id … 9901 … has left the code list … 0184"),
    ("no key", no_key, "no API key … DIDFARM_API_KEY … api.key_file"),
    ("a key of two words", two_words_as_key, "DIDFARM_API_KEY … not a key"),
    ("no configuration", no_config, "billing.toml … no such file … --config … demo"),
    ("not TOML", writing(TOML, b"[seller\n"), "billing.toml … not valid TOML … line 1"),
    ("TOML in Latin-1", writing(TOML, b'[seller]\nname = "Caf\xe9"\n'), "billing.toml … UTF-8"),
    ("curly quotes", under("billing", "on_exception = \u201cblock\u201d"), "not valid TOML … straight quotes"),
    ("a port in a host", under("mail", 'host = "smtp.acme.example:587"\nfrom = "a@acme.example"'),
     "billing.toml … mail.host = 'smtp.acme.example:587' … port = 587"),
    *(
        (f"a plan's own {name}", under("categories", f'promo = "{name}"'), f"categories … '{name}' … plan's own lines")
        for name in ("monthly_fee", "minimum", "discount")
    ),
    ("a type twice", under("categories", 'Fax = "message"\nfax = "call"'), "categories … Fax and fax are one type"),
    ("unknown key", under("billing", 'isue_date = "run"'), "billing.toml … billing.isue_date … unknown … spelling"),
    ("unknown table", under("bills", "a = 1"), "billing.toml … bills … unknown"),
    ("key in the TOML", under("api", 'key = "hunter2-df"'),
     "billing.toml … api.key: … unknown … DIDFARM_API_KEY … api.key_file"),
    ("password in the TOML", under("mail", 'password = "hunter2-df"'),
     "billing.toml … mail.password: … SMTP_PASSWORD … mail.password_file"),
    ("password of the database", under("storage", 'password = "hunter2-df"'),
     "billing.toml … storage.password: … PGPASSWORD"),
    ("a secret of the wrong type", under("api", 'key_file = ["hunter2-df"]'),
     "billing.toml … api.key_file: … DIDFARM_API_KEY"),
    ("a key in an unknown key", under("api", 'login = "hunter2-df"'), "billing.toml … api.login: this key is unknown"),
    ("a key in a list of tables", writing(TOML, b'[seller]\nname = "N"\ncountry = "NL"\n[[api]]\nkey = "hunter2-df"\n'),
     "billing.toml: api: "),
    ("a key in place of a word", under("billing", 'on_exception = "df_live_hunter2-df"'),
     "billing.toml … billing.on_exception: … 'hold' or 'block'"),
    ("a key in place of its file", key_in_place_of_its_file, "api.key_file: names the file"),
    ("a password in the address", replacing("billing.toml", "http://127", "http://me:hunter2-df@127"),
     "billing.toml … api.base_url: … api.key_file"),
    ("missing key", replacing("billing.toml", 'name = "Noordzee Telecom"', ""), "billing.toml … seller.name … add it"),
    ("no such zone", under("billing", 'timezone = "Europe/Atlantis"'), "billing.toml … billing.timezone … IANA"),
    ("no such choice", under("billing", 'on_exception = "panic"'),
     "billing.toml … on_exception = 'panic' … 'hold' or 'block'"),
    ("a day count in words", under("billing", 'payment_terms_days = "soon"'),
     "billing.toml … payment_terms_days = 'soon'"),
    ("half a micro", under("billing", 'opening_balance = "0.0000005"'),
     "billing.toml … opening_balance … finer than a millionth"),
    ("too much money", under("billing", f'opening_balance = "{10**20}.00"'), "billing.toml … opening_balance … above"),
    ("currency", under("billing", 'currency = "Euro"'), "billing.toml … billing.currency = 'Euro'"),
    ("wrong IBAN", replacing("billing.toml", "NL91ABNA", "NL92ABNA"), "billing.toml … seller.iban … check digits"),
    ("number without year", under("numbering", 'invoice = "INV-{number}"'),
     "billing.toml … numbering.invoice … {year}"),
    ("number as a path", under("numbering", 'invoice = "../{year}-{number}"'),
     "billing.toml … numbering.invoice … file name"),
    ("one series for both", under("numbering", 'invoice = "CN-{year}-{number:05d}"'),
     "billing.toml … numbering … collide"),
    ("a float for a percentage", replacing("billing.toml", '"7.5"', "7.5"),
     "billing.toml … plans.2.rules.1.percent … quotes"),
    ("five places", replacing("billing.toml", '"7.5"', '"7.50001"'), "billing.toml … percent … at most 4 places"),
    ("a percentage out of reach", replacing("billing.toml", '"7.5"', f'"{10**19}"'),
     "billing.toml … percent … above 1000000"),
    ("no last rule", replacing("billing.toml", '[[plans.rules]]\nmodel = "pass_through"\n', ""),
     "billing.toml … plans.1 … last rule"),
    ("rules in vain", replacing("billing.toml", 'category = "number_rental"\n', ""),
     "billing.toml … plans.1 … never reached"),
    ("two plans of one name", replacing("billing.toml", '"premium"', '"standard"'),
     "billing.toml … two plans … 'standard'"),
    ("unknown format", under("accounting", 'formats = ["paper"]'),
     "billing.toml … accounting.formats … 'paper' … hledger"),
    ("no database URL", no_database, "billing.toml … storage.database_url … sqlite:///"),
    ("no templates", under("design", 'templates = "mine"'), "mine … no such folder … create it"),
    ("a seller in the United Kingdom", replacing("billing.toml", 'country = "NL"', 'country = "UK"'),
     "billing.toml … seller.country = 'UK' … write GB"),
    ("a seller in no country", replacing("billing.toml", 'country = "NL"', 'country = "EU"'),
     "billing.toml … seller.country = 'EU' … ISO 3166"),
    ("no logo", under("seller", 'logo = "logo.svg"'), "logo.svg … seller.logo … correct"),
]  # fmt: skip
"""Exit 2: in billing.toml, or what it leads to."""
TABLES: list[Case] = [
    ("no clients.csv", lambda here: (here.config / "clients.csv").unlink(),
     "clients.csv … no such file … client_id, name"),
    ("clients.csv is a folder", a_folder_for_a_table, "clients.csv … cannot be read"),
    ("clients.csv is empty", writing(CLIENTS, b""), "clients.csv … row 1, column client_id … missing"),
    ("clients.csv in Latin-1", writing(CLIENTS, b"client_id,name,country\nacme,Caf\xe9,NL\n"),
     "clients.csv … row 2 … UTF-8"),
    ("unknown column", writing(TRUNKS, b"trunk,client\n7,acme\n"),
     "trunks.csv … row 1, column client: … column client_id"),
    ("trunk of an unknown client", adding("trunks.csv", "9,nobody,,"),
     "trunks.csv … row 4, column client_id … 'nobody' … clients.csv"),
    ("overlapping trunk", adding("trunks.csv", "trk_aaaa0007,bruno,2026-09-01,"),
     "trunks.csv … row 4 … trk_aaaa0007 is assigned twice … row 2 … valid_to"),
    ("dates the wrong way", adding("trunks.csv", "9,acme,2026-10-02,2026-10-01"),
     "trunks.csv … row 4, column valid_to … later than"),
    ("no date", adding("trunks.csv", "9,acme,1 October,"),
     "trunks.csv … row 4, column valid_from: '1 October' … YYYY-MM-DD"),
    ("a client twice", adding("clients.csv", "ACME,Acme again,,,,NL,,,,,,,,,"),
     "clients.csv … row 4, column client_id: 'ACME' … row 2"),
    *(
        (f"a client in {code}", adding("clients.csv", f"gone,Gone,,,,{code},,,,,,,,,"),
         f"clients.csv … row 4, column country: '{code}' … {said}")
        for code, said in (("UK", "write GB"), ("EL", "write GR"), ("XI", "write GB"), ("EU", "3166"), ("XX", "3166"))
    ),
    ("a rate of no country", writing("config/vat_rates.csv", b"country,rate,valid_from\nEL,24,2026-01-01\n"),
     "vat_rates.csv … row 2, column country: 'EL' … write GR"),
    *(
        (f"two rows of a day in {name}", writing(f"config/{name}", f"{head}\n{row}\n{row}\n".encode()),
         f"{name} … row 3, column valid_from: '2026-10-01': … stand in … row 2: remove one")
        for name, head, row in (
            ("vat_rates.csv", "country,rate,valid_from", "NL,21,2026-10-01"),
            ("exchange_rates.csv", "currency,rate,valid_from", "SEK,11.2,2026-10-01"),
            ("domestic_reverse_charge.csv", "country,wording,valid_from,source", "NL,Btw verlegd,2026-10-01,art. 12"),
            ("references.csv", "client_id,buyer_reference,valid_from", "acme,R-1,2026-10-01"),
        )
    ),
    ("a number of no country", adding("numbers.csv", "+31201234567,,,UK,,7,,"),
     "numbers.csv … row 2, column country: 'UK' … write GB"),
    ("too many cells", adding("trunks.csv", "9,acme,,,,x"), "trunks.csv … row 4 … 6 cells … quote"),
    ("not E.164", adding("numbers.csv", "020 1234567,,,,,7,,"), "numbers.csv … row 2, column number … +31201234567"),
    ("a number without a name", adding("numbers.csv", ",,,,,7,,"), "numbers.csv … row 2, column number … order_id"),
    ("a rate in words", writing("config/vat_rates.csv", b"country,rate,valid_from\nNL,high,2026-01-01\n"),
     "vat_rates.csv … row 2, column rate … percent"),
]  # fmt: skip
"""Exit 2: in the tables beside it."""
PLACES: list[Case] = [
    ("output is a file", writing("output", b"mine"), "output … cannot be made … output.directory"),
    ("output leads through a file", under("output", 'directory = "config/billing.toml/out"'),
     "billing.toml/out … output.directory"),
    ("another program's database", another_programs("customers"),
     "billing.db … another program's tables … storage.database_url"),
    ("another program's facts", another_programs("facts"),
     "billing.db … another program's tables … storage.database_url"),
    ("a version in words", a_version_that_is_none, "billing.db … schema version is 'two' … restore a backup"),
    ("a newer ledger", ledger_of_a_newer_program, "billing.db … schema version 99 … install a newer billing-job"),
]  # fmt: skip
"""Exit 1: where the ledger or the output should be."""
FILES: list[Case] = [
    ("the ledger is a folder", lambda here: (here.folder / "billing.db").mkdir(),
     "billing.db … directory … storage.database_url"),
    ("the ledger is a text", writing("billing.db", b"Dear diary, " * 99),
     "billing.db … not a billing-job ledger … storage.database_url"),
]  # fmt: skip
"""Exit 1: where the ledger's file should be."""
SUPPLIER: list[Case] = [
    ("nobody listens", replacing("billing.toml", "http://127.0.0.1", "http://127.0.0.2"),
     "/wallet/transactions … Connection refused … run again"),
    ("not the API", replacing("billing.toml", "/api/v1", "/api/v9"), "404 … check api.base_url"),
]  # fmt: skip
"""Exit 4: what should be the API."""


WRONG_INPUT = {2: [*SETTINGS, *TABLES], 1: [*PLACES, *FILES], 4: SUPPLIER}
NO_SERVER = pytest.mark.sqlite_file("a server has no file to be spoilt")


@pytest.mark.parametrize(
    ("code", "spoil", "told"),
    [
        pytest.param(code, *case[1:], id=case[0], marks=[NO_SERVER] if case in FILES else [])
        for code, cases in WRONG_INPUT.items()
        for case in cases
    ],
)
def test_wrong_input(tmp_path: Path, code: int, spoil: Callable[[Office], None], told: str) -> None:
    """Each is told by file, place and remedy, ends with its exit code, and leaves no document and no file."""
    with two_clients(tmp_path) as (here, _):
        told = told.replace("billing.db", str(make_url(here.database_url).database).rpartition("/")[2])
        spoil(here)
        before = tree(here.folder)
        ran = here.run("--month", "2026-10")
    error = ran.err[ran.err.index("error: ") :]
    assert ran.code == code, ran.err
    assert [part for part in told.split(" … ") if part not in error] == [], error
    assert ran.json["documents"] == []
    assert ran.json["status"] == ("incomplete" if code == 4 else "failed")
    assert ran.json["error"] in error
    assert "hunter2-df" not in ran.err + ran.out
    ledger = {name for name in tree(here.folder) if name.startswith("billing.")}
    assert tree(here.folder) - before - ledger <= {"output"}


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_five_bad_rows_are_five_reports(tmp_path: Path) -> None:
    """Every bad cell of clients.csv is reported at once with row and column, and nothing that only follows from it."""
    with two_clients(tmp_path) as (here, _):
        writing(CLIENTS, BAD_CLIENTS.encode())(here)
        ran = here.run("--month", "2026-10")
    assert ran.code == 2
    places = [line.split(": ")[0].removeprefix(f"{here.config}/") for line in ran.json["error"].splitlines()]
    assert places == [
        "clients.csv, row 2, column country",
        "clients.csv, row 3, column client_id",
        "clients.csv, row 4, column name",
        "clients.csv, row 5, column email",
        "clients.csv, row 5, column payment_terms_days",
        "clients.csv, row 6, column plan",
        "clients.csv, row 6, column tax_treatment",
        "clients.csv, row 6, column detail",
    ]


def test_all_files_are_reported_at_once(tmp_path: Path) -> None:
    """A wrong trunk, a wrong number and a missing template folder come in one report."""
    with two_clients(tmp_path) as (here, _):
        here.append("trunks.csv", "9,nobody,,")
        here.append("numbers.csv", "12,,,,,7,,")
        under("design", 'templates = "mine"')(here)
        error = here.run("--month", "2026-10").json["error"]
    assert [name for name in ("trunks.csv, row 4", "numbers.csv, row 2", "mine") if name not in error] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--month", "2027-01"], "in the future"),
        (["--month", "2026-11"], "billing-job preview --month 2026-11"),
        (["--month", "October"], "write it as YYYY-MM"),
        (["--month", "2026-13"], "write it as YYYY-MM"),
        (["--month", ""], "write it as YYYY-MM"),
        (["--month", " "], "write it as YYYY-MM"),
        (["--month="], "write it as YYYY-MM"),
        (["--client", ""], "--client is blank"),
        (["--output", ""], "--output is blank"),
        (["--output= "], "--output is blank"),
        (["--client", "a\udcff"], "not UTF-8"),
        (["--client", "nobody"], "no such client in clients.csv"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: list[str], told: str) -> None:
    """A month that cannot be billed or a client that is none: exit 2, and nothing is asked of the supplier."""
    with two_clients(tmp_path) as (here, sandbox):
        ran = here.run(*arguments)
        assert (ran.code, ran.json["status"]) == (2, "failed")
        assert told in ran.err
        assert here.files() == {}
    if "--month" in arguments:
        assert sandbox.requests == []


@pytest.mark.parametrize("command", ["render", "report", "export --format csv", "exceptions", "verify"])
def test_every_command_asks_for_a_month_alike(tmp_path: Path, command: str) -> None:
    """What is no month ends with exit 2 and is told how one is written, whichever command it is given to."""
    with two_clients(tmp_path) as (here, _):
        for month in ("October", ""):
            ran = here.type(*command.split(), "--month", month)
            assert ran.code == 2
            assert "write it as YYYY-MM" in ran.err


def test_a_wrong_key_is_one_request(tmp_path: Path) -> None:
    """401 ends the run with exit 4 after a single request, and the key is not repeated anywhere."""
    with two_clients(tmp_path) as (here, sandbox):
        here.environment = {KEY_VARIABLE: "df_live_not_this_one"}
        ran = here.type("-vv", "run", "--month", "2026-10", "--json")
        assert (ran.code, ran.json["requests"], len(sandbox.requests)) == (4, 1, 1)
    assert "check DIDFARM_API_KEY or api.key_file" in ran.err
    assert "df_live_not_this_one" not in ran.err + ran.out


def test_spreadsheets_own_csv(tmp_path: Path) -> None:
    """Semicolons, a BOM, CRLF, columns in another order, empty cells and rows at the end, a comment: all understood."""
    with two_clients(tmp_path) as (here, _):
        writing(
            CLIENTS,
            "\ufeffcountry;vat_id;name;client_id;;\r\nNL;;Acme;acme;;\r\nDE;DE136695976;Bruno;bruno;;\r\n;;;;;\r\n".encode(),
        )(here)
        writing(TRUNKS, b"client_id;trunk;;\r\n# ours\r\nacme;7;;\r\nbruno;8;;\r\n")(here)
        ran = here.run("--month", "2026-10", "--draft")
    assert [d["net_cents"] for d in ran.json["documents"]] == [300, 500], ran.err


def test_json_lines_carry_the_error(tmp_path: Path) -> None:
    """With --log-format json an error is a line of JSON like any other, and standard output holds the one object."""
    with two_clients(tmp_path) as (here, _):
        here.append("trunks.csv", "9,nobody,,")
        ran = here.type("--log-format", "json", "run", "--month", "2026-10", "--json")
    assert '"level": "error"' in ran.err
    assert ran.json["status"] == "failed"
