"""The guide's own examples against the sandbox: each curl command gives the shapes that the guide shows or uses.

Regulatory documents, for which the guide has no example, are in the client's tests.
"""

import json
import shlex

import httpx
import pytest

from billing_job.didfarm.sandbox.running import RunningSandbox
from tests.support.sandbox_on_loopback import KEY, sandbox

HOST = "https://didfarm.com"

SEARCH = 'curl "https://didfarm.com/api/v1/numbers/search?country=NL&type=local&city=Amsterdam" -H "$AUTH"'
TRUNKS = 'curl "https://didfarm.com/api/v1/portal/sip-trunks" -H "$AUTH"'
TRANSACTIONS = 'curl "https://didfarm.com/api/v1/wallet/transactions?page=1" -H "$AUTH"'
BALANCE = 'curl "https://didfarm.com/api/v1/wallet/balance" -H "$AUTH"'


def post(path: str, body: object) -> str:
    """A POST as the guide writes it."""
    return (
        f'curl -X POST "https://didfarm.com{path}" -H "$AUTH" -H "Content-Type: application/json"'
        f" -d {shlex.quote(json.dumps(body))}"
    )


def curl(client: httpx.Client, command: str) -> httpx.Response:
    """Send what a curl command says to the sandbox instead of DIDfarm."""
    words = shlex.split(command)[1:]
    method, url, body = "GET", "", None
    headers: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).replace("$AUTH", f"Authorization: Bearer {KEY}").partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            url = word
    root = str(client.base_url).split("/api/")[0]
    return httpx.request(method, url.replace(HOST, root), headers=headers, content=body, timeout=5)


def test_search_shows_the_guides_offer() -> None:
    """The number, its place, its prices in cents, and what it can do and needs."""
    with sandbox() as (_, client):
        answer = curl(client, SEARCH).json()
    offer = answer["data"][0]
    assert offer | {"number": "+31201234567"} == {
        "number": "+31201234567",
        "country": "NL",
        "type": "local",
        "city": "Amsterdam",
        "monthly_rate": 150,
        "setup_fee": 0,
        "sms_enabled": False,
        "requires_regulatory": True,
    }
    assert answer["meta"] == {"total": len(answer["data"]), "page": 1}


def test_the_guides_onboarding_works_as_written() -> None:
    """Search, purchase, trunk, routing: the fields that the Node.js example reads are there and lead on."""
    with sandbox() as (running, client):
        running.account.top_up(10_000)
        number = curl(client, SEARCH).json()["data"][0]["number"]
        item = {"number": number, "country": "NL", "type": "local"}
        order = curl(client, post("/api/v1/wallet/checkout", {"items": [item]}))
        trunk = curl(client, post("/api/v1/portal/sip-trunks", {"name": "Acme Corp", "auth_type": "digest"}))
        did_number_id = order.json()["data"]["items"][0]["did_number_id"]
        routing = {"did_number_id": did_number_id, "sip_trunk_id": trunk.json()["data"]["id"]}
        routed = curl(client, post("/api/v1/portal/did-routing", routing))
        listed = curl(client, TRUNKS).json()["data"][-1]
    assert [answer.status_code for answer in (order, trunk, routed)] == [201, 201, 200]
    assert order.json()["data"]["requires_regulatory"] is True
    made = trunk.json()["data"]
    assert set(made) == {"id", "uuid", "name", "sip_server", "username", "password", "status"}
    assert (made["name"], made["sip_server"], made["status"]) == ("Acme Corp", "sip.didfarm.com", "provisioning")
    assert made["username"].startswith("acme_")
    assert listed == {name: value for name, value in made.items() if name != "password"}


def test_a_purchase_moves_the_wallet() -> None:
    """The newest transaction is the order, for setup and first month; the balance follows to the cent."""
    with sandbox() as (running, client):
        running.account.top_up(10_000)
        before = curl(client, BALANCE).json()
        offer = client.get("/numbers/search", params={"country": "NL", "type": "mobile"}).json()["data"][0]
        item = {"number": offer["number"], "country": "NL", "type": "mobile"}
        order = curl(client, post("/api/v1/wallet/checkout", {"items": [item]})).json()["data"]
        newest = curl(client, TRANSACTIONS).json()["data"][0]
        after = curl(client, BALANCE).json()
        again = curl(client, post("/api/v1/wallet/checkout", {"items": [item]}))
    paid = offer["monthly_rate"] + offer["setup_fee"]
    assert (newest["type"], newest["amount"]) == ("purchase", -paid)
    assert (newest["reference_type"], newest["reference_id"]) == ("order", order["order_id"])
    assert _cents(before) - _cents(after) == paid
    assert after["currency"] == "EUR"
    assert "requires_regulatory" not in order
    assert (again.status_code, again.json()["error"]["code"]) == (422, "number_unavailable")


def test_a_wallet_too_low_buys_nothing() -> None:
    """The guide's own error: code, message and status; the wallet is not debited and the number stays on sale."""
    with sandbox() as (running, client):
        _empty(running)
        offers = curl(client, SEARCH).json()
        item = {"number": offers["data"][0]["number"], "country": "NL", "type": "local"}
        refused = curl(client, post("/api/v1/wallet/checkout", {"items": [item]}))
        assert refused.status_code == 422
        assert refused.json() == {
            "error": {
                "code": "insufficient_balance",
                "message": "Wallet balance too low for this purchase.",
                "status": 422,
            }
        }
        assert curl(client, SEARCH).json() == offers
        assert running.state.balance_cents == 0


def test_a_message_is_charged_and_needs_a_number_that_can() -> None:
    """201 and a transaction of the number; a number without SMS is refused, an unknown one not found."""
    with sandbox() as (running, client):
        running.account.top_up(10_000)
        live = _rented_numbers(running)
        statuses = {}
        for number in live:
            message = {"from": number, "to": "+31687654321", "body": "Your appointment is confirmed."}
            statuses[number] = curl(client, post("/api/v1/messages/send", message)).status_code
        assert set(statuses.values()) == {201, 422}
        sms = [row for row in running.truth() if row["type"] == "sms" and row["created_at"] == "2026-11-05T08:00:00Z"]
        assert len(sms) == list(statuses.values()).count(201)
        unknown = {"from": "+31612345678", "to": "+31687654321", "body": "x"}
        assert curl(client, post("/api/v1/messages/send", unknown)).status_code == 404


def test_credentials_are_made_anew() -> None:
    """Another password for the same username; an unknown trunk is not found."""
    with sandbox() as (_, client):
        uuid = curl(client, TRUNKS).json()["data"][0]["uuid"]
        path = "/api/v1/portal/sip-trunks/{}/regenerate-credentials"
        first, second = (
            curl(client, f'curl -X POST "{HOST}{path.format(uuid)}" -H "$AUTH"').json()["data"] for _ in range(2)
        )
        assert first["username"] == second["username"]
        assert first["password"] != second["password"]
        assert curl(client, f'curl -X POST "{HOST}{path.format("trk_none")}" -H "$AUTH"').status_code == 404


@pytest.mark.parametrize("endpoint", ["wallet/checkout", "portal/did-routing", "portal/sip-trunks", "messages/send"])
@pytest.mark.parametrize("body", ["", "[]", "{}", '{"items": [], "name": "", "auth_type": 7}', "nonsense"])
def test_nonsense_is_refused_in_the_guides_shape(endpoint: str, body: str) -> None:
    """A body that is not what an endpoint needs: 404 or 422, and nothing changes."""
    with sandbox() as (running, client):
        before = running.truth()
        answer = client.post(f"/{endpoint}", content=body)
        assert answer.status_code in (404, 422)
        assert answer.json()["error"]["status"] == answer.status_code
        assert running.truth() == before
        assert len(client.get("/portal/sip-trunks").json()["data"]) == 3


def _cents(answer: dict[str, str]) -> int:
    whole, fraction = answer["balance"].split(".")
    return int(whole) * 100 + int(fraction)


def _empty(running: RunningSandbox) -> None:
    """Spend all there is on a call."""
    uuid = str(running.account.trunks()[0]["uuid"])
    running.account.call(uuid, running.state.balance_cents, "A long call")


def _rented_numbers(running: RunningSandbox) -> list[str]:
    rentals = [str(row["description"]) for row in running.truth() if row["type"] == "renewal"]
    return sorted({text.removeprefix("Monthly rental ") for text in rentals})
