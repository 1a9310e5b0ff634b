"""Reading a bank's statement and finding what each entry pays: ours, and a DuckDB join of numbers in texts alone."""

import io
import tempfile
import tracemalloc
from pathlib import Path

from billing_job.core.claim import Claim
from billing_job.core.document import Kind
from billing_job.core.payment_reference import creditor_reference
from billing_job.receivables.duplicates import identified, possible_duplicates
from billing_job.receivables.matching import Evidence, Matched, matched
from billing_job.receivables.open_items import EVERYTHING
from billing_job.receivables.statements.ours import CsvColumns, House
from billing_job.receivables.statements.reading import statements_of
from tests.bench.report import Report, Row, taken
from tests.support.bank_files import Moved, camt
from tests.support.bank_in_memory import YEAR_END
from tests.support.issued_documents import ACCOUNT, NOV_1, NOV_15

OF_A_CLIENT = 5
"""Documents that are open of each client."""


def claims(count: int) -> list[Claim]:
    """Open invoices, each over another amount of its client's."""
    return [
        Claim(
            f"INV-2026-{place:06d}", Kind.INVOICE, f"c{place // OF_A_CLIENT}", NOV_1, NOV_15, 1_000 + 2 ** (place % 5)
        )
        for place in range(count)
    ]


def moved(owed: list[Claim], count: int) -> list[Moved]:
    """Half pay: by reference, by number, by a known account, in part; the others are nobody's."""
    found = []
    for place in range(count):
        one = owed[place % len(owed)]
        client = place % len(owed) // OF_A_CLIENT
        iban, day = f"DE{client:020d}", f"2026-11-{2 + place * 26 // count:02d}"
        text, structured = f"Rechnung {one.number} vom 1. November", ""
        if place % 10 < 4:
            text, structured = "", creditor_reference(one.number)
        elif place % 10 in (8, 9):
            text = "danke"
        found.append(Moved(one.gross_cents, text, day, f"R{place}", iban, f"Client {client}", structured=structured))
    return found


def run(report: Report, *, quick: bool) -> None:
    documents, entries = (2_000, 4_000) if quick else (50_000, 100_000)
    owed = claims(documents)
    movements = moved(owed, entries)
    content = camt(*movements)
    house = House(
        (ACCOUNT,), "EUR", YEAR_END, CsvColumns("date", "amount", "", "", "", "", "", "", "", "", decimal_comma=False)
    )

    def ours() -> Matched:
        known = [each for _, each in identified(statements_of(content, house))]
        return matched(known, Evidence(owed, EVERYTHING, "EUR", duplicates=possible_duplicates(known)))

    what = f"{entries:,} entries, {documents:,} open items"
    seconds = taken(ours)
    tracemalloc.start()
    outcome = ours()
    peak = tracemalloc.get_traced_memory()[1] >> 20
    print(f"  {what}: {peak} MB of Python's at most, for {len(content) >> 20} MB of XML")
    tracemalloc.stop()
    print(f"  {len(outcome.payments):,} entries are booked, {len(outcome.waiting):,} wait")
    try:
        import duckdb
    except ModuleNotFoundError:
        report.skip("bank", "DuckDB is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = io.StringIO()
        rows.writelines(f"{one.text or one.structured};{one.cents}\n" for one in movements)
        (Path(folder) / "entries.csv").write_text(rows.getvalue())
        (Path(folder) / "claims.csv").write_text("".join(f"{one.number};{one.gross_cents}\n" for one in owed))

        def theirs() -> int:
            query = f"""
                SELECT count(*) FROM read_csv('{folder}/entries.csv', delim=';', names=['text', 'cents']) e
                JOIN read_csv('{folder}/claims.csv', delim=';', names=['number', 'gross']) c
                ON c.number = regexp_extract(e.text, 'INV-[0-9]{{4}}-[0-9]{{6}}')"""  # noqa: S608
            return len(duckdb.connect().execute(query).fetchall())

        report.add(Row(what, seconds, "DuckDB, join by number", taken(theirs)))
