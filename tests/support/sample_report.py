"""A page to test with: twelve months, more clients than colours, names that attack, something that waits."""

from datetime import date

from billing_job.core.document import Kind
from billing_job.core.period import Period
from billing_job.core.sums import Flow, Sum
from billing_job.core.wallet import Balance
from billing_job.reporting.exceptions_csv import Waiting
from billing_job.reporting.page_data import (
    DocumentRow,
    Notice,
    Place,
    Report,
    Wallet,
    month_sums,
    months_back,
    movers,
    shares,
)

MONTH = Period(2026, 10)
HOSTILE = """</script><script>document.title="owned"</script>"'><img src=x onerror=alert(1)>&amp;"""
NAMES = (
    "Acme B.V.",
    "Müller & Söhne GmbH",
    HOSTILE,
    "مخبز دمشق",
    "株式会社さくら電話サービス",
    "Łódź Telekom sp. z o.o.",
)
CATEGORIES = ("Number rental", "Calls", "Messages", "Monthly fee")


REASONS = ("unknown_reference", "unassigned_number", "unassigned_number", "unreadable_row")
SUGGESTIONS = (
    "add order 1042 to numbers.csv",
    "number +31201230001 is on no trunk at that moment: extend its dates in numbers.csv",
    "number +31201230002 is on no trunk at that moment: extend its dates in numbers.csv",
    "the amount 'n/a' is no decimal",
)


def flows_of(clients: int, months: int) -> list[Flow]:
    """Every client with every category in every month; charges differ, one category of the last client loses money."""
    found = []
    month = months_back(MONTH)
    for place in range(12):
        if place >= 12 - months:
            for client in range(clients):
                for category in range(len(CATEGORIES)):
                    cost = (700 + 37 * client * (category + 1) + 311 * ((place * (client + 3)) % 7)) // (1 + category)
                    charge = cost * (9 if client == clients - 1 and category == 0 else 13) // 10
                    found.append(Flow(str(month), f"client-{client:04d}", CATEGORIES[category], cost * 10_000, charge))
        month = month.next
    return found


def client_name(place: int) -> str:
    return NAMES[place] if place < len(NAMES) else f"Client {place:04d} B.V."


def document_rows(clients: int) -> tuple[DocumentRow, ...]:
    """An invoice for each client, and a credit note for the first one."""
    rows = [
        DocumentRow(
            number=f"INV-2026-{place + 1:05d}",
            kind=Kind.INVOICE,
            client_id=f"client-{place:04d}",
            client_name=client_name(place),
            issue_date=date(2026, 11, 1),
            due_date=date(2026, 11, 15 + place % 10),
            net_cents=(net := 10_000 + 7_919 * place % 900_000),
            vat_cents=(vat := (net * 21 + 50) // 100 if place % 2 else 0),
            gross_cents=net + vat,
            cost_micros=net * 3 // 4 * 10_000,
            files=_files(f"INV-2026-{place + 1:05d}"),
        )
        for place in range(clients)
    ]
    credit = DocumentRow(
        number="CN-2026-00001",
        kind=Kind.CREDIT_NOTE,
        client_id="client-0000",
        client_name=client_name(0),
        issue_date=date(2026, 11, 3),
        due_date=date(2026, 11, 17),
        net_cents=-2_500,
        vat_cents=-525,
        gross_cents=-3_025,
        cost_micros=0,
        files=_files("CN-2026-00001"),
    )
    return (*rows, credit)


def waiting_rows(count: int) -> tuple[Waiting, ...]:
    """Transactions that wait, each a day older than the next; the last one's amount is unreadable."""
    return tuple(
        Waiting(
            transaction_id=f"{90_000 + place}",
            created_at="2026-10-05T14:30:00Z",
            type="renewal" if place % 4 else "purchase",
            reference_type="number" if place % 4 else "order",
            reference_id=HOSTILE if place == 1 else f"+3120123{place:04d}" if place % 4 else f"{1_042 + place}",
            micros=None if place == count - 1 else (-150 - place) * 10_000,
            reason=REASONS[place % len(REASONS)],
            suggestion=SUGGESTIONS[place % len(REASONS)],
            first_seen="2026-11-01",
            age_days=40 - place % 40,
        )
        for place in range(count)
    )


def sample_report(*, clients: int = 14, months: int = 12, waits: int = 3, difference_micros: int = 0) -> Report:
    """The page of October 2026."""
    flows = flows_of(clients, months)
    sums = month_sums(MONTH, flows)
    names = {f"client-{place:04d}": client_name(place) for place in range(clients)}
    within = {
        "Top-up": Sum(2, 5_000_000_000),
        "Number rental": Sum(480, -2_100_440_000),
        "Calls": Sum(1_210, -983_100_000),
    }
    wallet = Wallet(0, Sum(9_000, 1_200_500_000), within, Sum(12, -14_000_000), Sum(), None)
    places = (
        Place("Attributed to a client", Sum(1_687, -3_079_000_000)),
        Place("Left out: Top-up", Sum(2, 5_000_000_000)),
        Place("Exceptions, waiting", Sum(3, -4_540_000)),
    )
    return Report(
        month=MONTH,
        seller=f"Noordzee Telecom {HOSTILE}",
        currency="EUR",
        months=sums,
        by_client=shares(
            flows,
            sums,
            lambda flow: flow.client_id,
            names,
        ),
        by_category=shares(flows, sums, lambda flow: flow.category, {name: name for name in CATEGORIES}),
        movers=movers(flows, sums, names),
        wallet=Wallet(
            0, wallet.before, within, wallet.after, Sum(), Balance(wallet.explained_micros + difference_micros, "EUR")
        ),
        places=places,
        transactions=sum((place.sum for place in places), Sum()),
        waiting=waiting_rows(waits),
        anomalies=(
            Notice("Calls of Acme B.V. cost four times what they did in September", "billing-job why 90000"),
            Notice(f"From the supplier: {HOSTILE}"),
        ),
        documents=document_rows(clients),
        files=("accounting/sales.csv", "accounting/journal.csv", "exceptions.csv", "margin.csv"),
    )


def _files(number: str) -> dict[str, str]:
    return {"pdf": f"invoices/{number}.pdf", "csv": f"invoices/{number}.csv", "ubl": f"invoices/{number}.xml"}
