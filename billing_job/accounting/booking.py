"""How a document and the wallet's month are booked, each entry balanced to the cent."""

from collections.abc import Mapping, Sequence

from billing_job.accounting.accounts import AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import Entry, EntryKind, Posting, PostingVat, category_text
from billing_job.core.claim import Payment, PaymentKind
from billing_job.core.document import Document, Kind, Line, Vat
from billing_job.core.errors import InvariantBroken
from billing_job.core.money import decimal_text, rate_text, vat_cents, vat_shares
from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.core.supplies import by_supply

_MOVED = {
    PaymentKind.RECEIPT: "Payment of",
    PaymentKind.RETURN: "Payment returned of",
    PaymentKind.PAID_BACK: "Paid back for",
    PaymentKind.SET_OFF: "Balance used for",
    PaymentKind.COSTS: "Costs of recovery for",
    PaymentKind.INTEREST: "Interest for",
}
_Side = tuple[AccountKey, int, str, PostingVat | None]


def document_entry(document: Document, accounts: Accounts) -> Entry:
    """An invoice or credit note: receivable gross, revenue per category and VAT case, VAT per case."""
    if document.is_draft:
        raise InvariantBroken(f"a draft for {document.client.client_id} has no number and is not booked")
    receivable = AccountKey(AccountKind.RECEIVABLE, country=document.client.country)
    sides: list[_Side] = [(receivable, document.gross_cents, document.number, None)]
    vat_sides: list[_Side] = []
    for total in document.vat_totals:
        parts = by_supply(document, total)
        if sum(line.net_cents for _, lines, _ in parts for line in lines) != total.net_cents:
            raise InvariantBroken(f"{document.number}: lines do not add up to the net of VAT {_case_text(total.vat)}")
        for supply, lines, tax in parts:
            of_oss = supply.case == "OSS" and lines[0].vat.supply is not None
            words = {
                "vat_case": supply.case,
                "rate": rate_text(total.vat.rate),
                "country": supply.country if of_oss else document.client.country,
            }
            for category, net, vat in _by_category(document.number, lines, total.vat, tax):
                share = PostingVat(supply.case, total.vat.category, total.vat.rate, net, vat, supply.vat_id)
                key = AccountKey(AccountKind.REVENUE, category=category, **words)
                sides.append((key, -net, category_text(category), share))
            if tax:
                net = sum(line.net_cents for line in lines)
                whole = PostingVat(supply.case, total.vat.category, total.vat.rate, net, tax)
                vat_sides.append((AccountKey(AccountKind.VAT, **words), -tax, f"VAT {words['rate']}%", whole))
    is_invoice = document.kind == Kind.INVOICE
    narration = f"{'Invoice' if is_invoice else 'Credit note'} {document.number}"
    corrects = document.corrected[0].number if len(document.corrected) == 1 else ""
    return _balanced(
        Entry(
            reference=document.number,
            day=document.issue_date,
            kind=EntryKind.INVOICE if is_invoice else EntryKind.CREDIT_NOTE,
            narration=f"{narration} for {corrects}" if corrects else narration,
            postings=_postings([*sides, *vat_sides], accounts),
            party=document.client,
            due_date=document.due_date,
            period_start=document.period_start,
            period_end=document.period_end,
            corrects=corrects,
        )
    )


def wallet_entries(
    period: Period, cost_cents_by_category: Mapping[str, int], topup_cents: int, accounts: Accounts
) -> list[Entry]:
    """Cost and top-ups as one entry each, on the month's last day; none for what did not move."""
    months: list[tuple[str, EntryKind, str, list[_Side]]] = []
    costs = {category: cents for category, cents in sorted(cost_cents_by_category.items()) if cents}
    wallet_key = AccountKey(AccountKind.WALLET)
    if costs:
        sides: list[_Side] = [
            (AccountKey(AccountKind.EXPENSE, category=name), -cents, category_text(name), None)
            for name, cents in costs.items()
        ]
        sides.append((wallet_key, sum(costs.values()), "Wallet", None))
        months.append((f"WALLET-{period}", EntryKind.WALLET_COST, "Carrier cost from the wallet", sides))
    if topup_cents:
        sides = [
            (wallet_key, topup_cents, "Wallet", None),
            (AccountKey(AccountKind.CLEARING), -topup_cents, "Top-ups", None),
        ]
        months.append((f"TOPUP-{period}", EntryKind.TOP_UP, "Top-ups of the wallet", sides))
    return [
        _balanced(Entry(reference, period.last_day, kind, f"{what} {period}", _postings(sides, accounts)))
        for reference, kind, what, sides in months
    ]


def receipt_entries(payments: Sequence[tuple[Payment, Client]], accounts: Accounts) -> list[Entry]:
    """What bank entries paid, one for each of them and client: bank and bank charges against what is settled.

    Interest and costs of late payment are income on the day on which they come, without VAT: compensation is no price
    of a supply (Court of Justice, 222/81, BAZ Bausystem, 1 July 1982).
    """
    groups: dict[str, dict[str, list[Payment]]] = {}
    clients = {client.client_id: client for _, client in payments}
    for payment, client in payments:
        groups.setdefault(payment.entry, {}).setdefault(client.client_id, []).append(payment)
    return [
        _receipt(f"BANK-{entry}" + (f"-{client_id}" if len(by_client) > 1 else ""), own, clients[client_id], accounts)
        for entry, by_client in groups.items()
        for client_id, own in by_client.items()
    ]


def _receipt(reference: str, payments: Sequence[Payment], client: Client, accounts: Accounts) -> Entry:
    receivable = AccountKey(AccountKind.RECEIVABLE, country=client.country)
    charges = sum(payment.charges_cents for payment in payments)
    settling = [payment for payment in payments if not payment.is_beside]
    sides = [
        (AccountKey(AccountKind.BANK), sum(payment.cents for payment in payments) - charges, "Bank", ""),
        (AccountKey(AccountKind.BANK_CHARGE), charges, "Bank charges", ""),
        *((receivable, -one.cents, one.document or "Credit balance", one.document or "") for one in settling),
        *(
            (AccountKey(AccountKind.LATE_PAYMENT), -one.cents, f"{one.kind.value.capitalize()} {one.document}", "")
            for one in payments
            if one.is_beside
        ),
    ]
    chart = accounts.chart("csv", [key for key, *_ in sides])
    postings = tuple(
        Posting(key, chart[key].code, chart[key].name or text, cents, text, document=document)
        for key, cents, text, document in sides
        if cents
    )
    what = " and ".join(dict.fromkeys(payment.document or "credit balance" for payment in payments))
    narration = f"{_MOVED[(settling or payments)[0].kind]} {what}"
    return _balanced(Entry(reference, payments[0].day, EntryKind.RECEIPT, narration, postings, party=client))


def _postings(sides: Sequence[_Side], accounts: Accounts) -> tuple[Posting, ...]:
    chart = accounts.chart("csv", [key for key, *_ in sides])
    return tuple(
        Posting(key, chart[key].code, chart[key].name or text, cents, text, vat) for key, cents, text, vat in sides
    )


def _by_category(number: str, lines: Sequence[Line], vat: Vat, tax_cents: int) -> list[tuple[str, int, int]]:
    """Category, net and share of the case's VAT."""
    nets: dict[str, int] = {}
    for line in lines:
        nets[line.category] = nets.get(line.category, 0) + line.net_cents
    expected = vat_cents(sum(nets.values()), vat.rate)
    if abs(tax_cents - expected) > len(lines):
        raise InvariantBroken(f"{number}: VAT {decimal_text(tax_cents)} is not the VAT of its lines")
    shares = vat_shares(tax_cents, list(nets.values()), vat.rate)
    return [(category, net, share) for (category, net), share in zip(nets.items(), shares, strict=True)]


def _case_text(vat: Vat) -> str:
    return f"{vat.category} {rate_text(vat.rate)}%"


def _balanced(entry: Entry) -> Entry:
    """The entry, or InvariantBroken with the difference."""
    difference = sum(posting.cents for posting in entry.postings)
    if difference:
        raise InvariantBroken(f"{entry.reference}: debit and credit differ by {decimal_text(difference)}")
    return entry
