"""Every endpoint of the guide as a typed method.

Reads are repeated while that may help. What spends money or changes something is asked for once: when its answer is
lost, MayHaveHappened says so, and `movements_since` or `trunks` show whether it was carried out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from urllib.parse import quote

from billing_job.core.clock import Clock
from billing_job.core.errors import Incomplete, RequestRefused
from billing_job.core.wallet import VOID, Balance, Transaction
from billing_job.didfarm.dotted_paths import shaped
from billing_job.didfarm.http import Form, Http
from billing_job.didfarm.mirroring import BEHIND_THE_END
from billing_job.didfarm.models import (
    Credentials,
    Item,
    NewTrunk,
    Offers,
    Paper,
    Purchase,
    SentMessage,
    SipTrunk,
    Submission,
)
from billing_job.didfarm.next_page import request_of
from billing_job.didfarm.page import MOST_PAGES, ListReading, Page, counts_itself, page_reader
from billing_job.didfarm.parsing import (
    read_balance,
    read_credentials,
    read_new_trunk,
    read_nothing,
    read_offers,
    read_purchase,
    read_sent_message,
    read_sip_trunks,
    read_submission,
)
from billing_job.didfarm.wire_reading import BalanceReading, PlainReading

BASE_URL = "https://didfarm.com/api/v1"
TRUNKS_PATH = "/portal/sip-trunks"
MOST_TRUNK_PAGES = 1_000


class Client:
    """DIDfarm's API for one key; use it in a `with` block, from one thread.

    All calls share one rate limit. Errors: Unauthorized, NotFound, Invalid, InsufficientBalance, RequestRefused;
    Incomplete when a read, or a request that was turned away at the door, kept failing; MayHaveHappened.
    """

    def __init__(self, http: Http, reading: ListReading | None = None, balance: BalanceReading | None = None):
        self._http = http
        self._reading: ListReading = reading or PlainReading()
        self._balance = balance or BalanceReading()

    @classmethod
    def connect(
        cls,
        key: str,
        clock: Clock,
        *,
        base_url: str = BASE_URL,
        requests_per_minute: int = 60,
        timeout_seconds: float = 30,
    ) -> "Client":
        """A client with a connection of its own; `clock` spaces its requests out."""
        return cls(Http(base_url, key, clock, requests_per_minute=requests_per_minute, timeout_seconds=timeout_seconds))

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.__exit__(kind, value, trace)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._http.requests

    def search_numbers(self, country: str, number_type: str, city: str = "", page: int = 1) -> Offers:
        """GET /numbers/search: numbers on sale, prices in cents (guide: Search Available Numbers)."""
        params: dict[str, str | int] = {"country": country, "type": number_type}
        if city:
            params["city"] = city
        if page > 1:
            params["page"] = page
        return self._http.get("/numbers/search", params, shaped(read_offers))

    def checkout(self, items: Sequence[Item]) -> Purchase:
        """POST /wallet/checkout: buy numbers out of the wallet, all of them or none (guide: Purchase a Number)."""
        wanted = [{"number": item.number, "country": item.country, "type": item.number_type} for item in items]

        def validate(body: object) -> Purchase:
            purchase = read_purchase(body)
            if len(purchase.numbers) != len(items):
                raise ValueError(f"it names {len(purchase.numbers)} numbers where {len(items)} were bought")
            named = zip(purchase.numbers, items, strict=True)
            numbers = tuple(replace(bought, number=bought.number or item.number) for bought, item in named)
            return replace(purchase, numbers=numbers)

        return self._http.post("/wallet/checkout", {"items": wanted}, validate)

    def route(self, did_number_id: str, sip_trunk_id: str) -> None:
        """POST /portal/did-routing: put a number on a trunk, both by their numeric ids (guide: Assign to a Trunk)."""
        body = {"did_number_id": _wire_id(did_number_id), "sip_trunk_id": _wire_id(sip_trunk_id)}
        self._http.post("/portal/did-routing", body, read_nothing)

    def create_trunk(self, name: str, auth_type: str = "digest") -> NewTrunk:
        """POST /portal/sip-trunks: the only answer that holds the password (guide: Create Client SIP Trunks)."""
        return self._http.post("/portal/sip-trunks", {"name": name, "auth_type": auth_type}, read_new_trunk)

    def trunks(self) -> tuple[SipTrunk, ...]:
        """GET /portal/sip-trunks, all of them (guide: List Trunks)."""
        trunks: dict[str, SipTrunk] = {}
        path, params = TRUNKS_PATH, dict[str, str | int]()
        for page in range(2, MOST_TRUNK_PAGES + 2):
            try:
                found, link = self._http.get(path, params, shaped(read_sip_trunks))
            except RequestRefused as error:
                if page == 2 or error.status not in BEHIND_THE_END:
                    raise
                return tuple(trunks.values())
            before = len(trunks)
            for trunk in found:
                trunks.setdefault(trunk.uuid or trunk.trunk_id, trunk)
            if len(trunks) == before:
                return tuple(trunks.values())
            # What `meta` counts is often the page alone: the list ends where nothing new comes.
            path, params = TRUNKS_PATH, {"page": page}
            if link:
                path, params = request_of(link, self._http.base_url, TRUNKS_PATH, {})
        raise Incomplete(f"GET {TRUNKS_PATH}: the list goes on after {MOST_TRUNK_PAGES} pages")

    def regenerate_credentials(self, uuid: str) -> Credentials:
        """POST /portal/sip-trunks/{uuid}/regenerate-credentials: disconnects the client's PBX until it is told."""
        path = f"/portal/sip-trunks/{quote(uuid, safe='')}/regenerate-credentials"
        return self._http.post(path, {}, read_credentials)

    def send_message(self, sender: str, recipient: str, text: str) -> SentMessage:
        """POST /messages/send: an SMS, charged to the wallet (guide: Send Messages for Clients)."""
        return self._http.post("/messages/send", {"from": sender, "to": recipient, "body": text}, read_sent_message)

    def transactions(self, page: int = 1) -> Page:
        """GET /wallet/transactions, one page of the history (guide: Billing per Client)."""
        return page_reader(self._http, self._reading)(page, None)

    def balance(self) -> Balance:
        """GET /wallet/balance, in micros (guide: Check Wallet Balance)."""
        return self._http.get("/wallet/balance", {}, shaped(lambda body: read_balance(body, self._balance)))

    def submit_regulatory(
        self, did_number_id: str, papers: Sequence[Paper], details: Mapping[str, str] | None = None
    ) -> Submission:
        """POST /api/regulatory/submit, outside of /v1: documents for a number that needs them (guide: FAQ).

        The guide names no fields: the number goes as `did_number_id`, files as `documents[KIND]`, `details` as given.
        """
        files = tuple((f"documents[{paper.kind}]", (paper.name, paper.content, paper.media_type)) for paper in papers)
        form = Form({"did_number_id": did_number_id, **(details or {})}, files)
        return self._http.post("../regulatory/submit", form, read_submission)

    def orders_since(self, moment: int) -> tuple[Transaction, ...]:
        """The wallet's movements of orders from a moment on (microseconds since 1970): was a checkout carried out?

        One whose status says that it never will be is none.
        """
        rows = self.movements_since(moment)
        return tuple(row for row in rows if row.reference_type == "order" and row.standing != VOID)

    def movements_since(self, moment: int) -> tuple[Transaction, ...]:
        """The wallet's movements from a moment on, in microseconds since 1970.

        Reads the list from its newest end; for the minutes after a lost answer that is one page.
        """
        read = page_reader(self._http, self._reading)
        first = read(1, None)
        pages = [first]
        oldest_first = _rises(first.rows)
        if counts_itself(self._reading):
            last = -(-first.count // max(len(first.rows), 1))
            numbers = range(last, 1, -1) if oldest_first else range(2, last + 1)
        else:
            last, numbers = 0, range(2, MOST_PAGES)
        newest = first if not oldest_first or last == 1 else None
        seen: set[str] = set()
        for number in numbers:
            if newest is not None and not any((row.created_at or moment) >= moment for row in newest.rows):
                break
            if not counts_itself(self._reading):
                fresh = {row.transaction_id for row in pages[-1].rows} - seen
                seen |= fresh
                if not fresh or (self._reading.paging == "next" and not pages[-1].next):
                    break
            pages.append(read(number, None))
            newest = None if oldest_first and not counts_itself(self._reading) else pages[-1]
        rows = {row.transaction_id: row for page in pages for row in page.rows}
        return tuple(row for row in rows.values() if row.created_at is not None and row.created_at >= moment)


def _wire_id(text: str) -> int | str:
    """The guide shows ids as numbers; one that is none goes as it is."""
    return int(text) if text.isascii() and text.isdigit() else text


def _rises(rows: Sequence[Transaction]) -> bool:
    moments = [row.created_at for row in rows if row.created_at is not None]
    return len(moments) > 1 and moments[0] < moments[-1]
