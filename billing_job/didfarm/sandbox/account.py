"""The reseller's account at the sandbox: what it holds, what it may do, and what that takes out of the wallet."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from billing_job.core.clock import Clock
from billing_job.didfarm.sandbox.holdings import Number, Trunk, WireRow
from billing_job.didfarm.sandbox.lines import SIP_SERVER, Line, Refusal, number_wire, trunk_wire
from billing_job.didfarm.sandbox.on_sale import ForSale, on_sale
from billing_job.didfarm.sandbox.usage import SMS_CENTS
from billing_job.didfarm.sandbox.wallet import Wallet
from billing_job.didfarm.sandbox.world import World

Emit = Callable[[str, Mapping[str, object]], None]
"""Sends an event by its name and data."""


class Account:
    """Trunks, numbers and orders; every method may be called while the server answers in another thread.

    What refuses raises Refusal, and then nothing has changed.
    """

    def __init__(self, world: World, wallet: Wallet, clock: Clock, emit: Emit):
        self._lock = threading.RLock()
        self._wallet = wallet
        self._clock = clock
        self._emit = emit
        self._seed = world.seed
        self._trunks = {trunk.trunk_id: trunk for trunk in world.trunks}
        self._is_active = dict.fromkeys(self._trunks, True)
        self._passwords_made = 0
        self._lines = {
            held.number.number: Line(held.number, held.trunk.trunk_id, is_approved=True, is_live=True)
            for held in world.assignments
            if held.valid_to is None
        }
        self._last_did_number_id = max((number.did_number_id for number in world.numbers), default=41)
        self._last_order_id = max((order.order_id for order in world.orders), default=1041)
        self._last_message_id = 0

    def trunks(self) -> list[dict[str, object]]:
        """The list of trunks as the guide's list shows them."""
        with self._lock:
            return [self._trunk_wire(trunk) for trunk in self._trunks.values()]

    def held(self) -> list[dict[str, object]]:
        """What the portal's page My Numbers shows, the oldest first; the API has no such list."""
        with self._lock:
            lines = sorted(self._lines.values(), key=lambda line: line.number.did_number_id)
            return [self._number_wire(line) | {"did_number_id": line.number.did_number_id} for line in lines]

    def search(self, country: str, number_type: str, city: str) -> list[ForSale]:
        """Numbers on sale of a country and type, and of a city if one is named."""
        with self._lock:
            return [
                found
                for found in on_sale(self._lines)
                if found.country == country
                and found.kind.number_type == number_type
                and (not city or found.city.casefold() == city.casefold())
            ]

    def checkout(self, items: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """Buy all the items or none: debit, order and numbers in one step (guide: Purchase a Number)."""
        with self._lock:
            free = {found.number: found for found in on_sale(self._lines)}
            wanted: list[ForSale] = []
            for item in items:
                found = free.pop(str(item.get("number")), None)
                if found is None or (found.country, found.kind.number_type) != (item.get("country"), item.get("type")):
                    raise Refusal(422, f"The number {item.get('number')} is not available.", "number_unavailable")
                wanted.append(found)
            if not wanted:
                raise Refusal(422, "The items field is required.")
            order_id = self._last_order_id + 1
            names = f"{len(wanted)} numbers" if len(wanted) > 1 else wanted[0].number
            cents = sum(found.cents for found in wanted)
            self._spend(cents, "purchase", f"Order #{order_id}: {names}", "order", order_id)
            self._last_order_id = order_id
            bought = [self._bought(found, order_id) for found in wanted]
            answer: dict[str, object] = {
                "order_id": order_id,
                "total": cents,
                "currency": "EUR",
                "items": [{"number": number.number, "did_number_id": number.did_number_id} for number in bought],
            }
            if any(found.requires_regulatory for found in wanted):
                answer["requires_regulatory"] = True
            return answer

    def route(self, did_number_id: object, sip_trunk_id: object) -> dict[str, object]:
        """Put a number on a trunk; the first time that an approved number has one, it goes live."""
        with self._lock:
            line = self._line_of(did_number_id)
            trunk = self._trunks.get(sip_trunk_id) if isinstance(sip_trunk_id, int) else None
            if trunk is None:
                raise Refusal(404, "There is no such trunk.")
            line = self._lines[line.number.number] = replace(line, trunk_id=trunk.trunk_id)
            self._go_live(line)
            status = "active" if line.is_approved else "pending_regulatory"
            return {"did_number_id": line.number.did_number_id, "sip_trunk_id": trunk.trunk_id, "status": status}

    def create_trunk(self, name: object, auth_type: object) -> dict[str, object]:
        """Make a trunk; the answer alone holds its password (guide: Create Client SIP Trunks)."""
        if not isinstance(name, str) or not name.strip():
            raise Refusal(422, "The name field is required.")
        if auth_type not in ("digest", "ip"):
            raise Refusal(422, "The auth_type field must be digest or ip.")
        with self._lock:
            trunk_id = max(self._trunks, default=6) + 1
            first_word = "".join(letter for letter in name.split()[0].lower() if letter.isascii() and letter.isalnum())
            username = f"{first_word or 'trunk'}_{self._token('username', trunk_id)[:5]}"
            trunk = Trunk(trunk_id, f"trk_{self._token('trunk', trunk_id)[:8]}", name.strip(), username, "")
            self._trunks[trunk_id] = trunk
            self._is_active[trunk_id] = False
            return self._trunk_wire(trunk) | {"password": self._password()}

    def regenerate_credentials(self, uuid: str) -> dict[str, object]:
        """Give a trunk another password; its PBX is cut off, which is an event."""
        with self._lock:
            trunk = next((trunk for trunk in self._trunks.values() if trunk.uuid == uuid), None)
            if trunk is None:
                raise Refusal(404, "There is no such trunk.")
            if self._is_active[trunk.trunk_id]:
                self._emit("trunk.offline", {"trunk_uuid": uuid, "name": trunk.name})
            return {
                "uuid": uuid, "sip_server": SIP_SERVER, "username": trunk.username, "password": self._password()
            }  # fmt: skip

    def send_message(self, sender: object, recipient: object, text: object) -> dict[str, object]:
        """Send an SMS from a live number that can; charged per part of 160 characters."""
        if not all(isinstance(value, str) and value for value in (sender, recipient, text)):
            raise Refusal(422, "The fields from, to and body are required.")
        with self._lock:
            line = self._lines.get(str(sender))
            if line is None or not line.is_live:
                raise Refusal(404, f"There is no live number {sender}.")
            if not line.number.sms_enabled:
                raise Refusal(422, f"The number {sender} cannot send messages.", "sms_not_enabled")
            parts = -(-len(str(text)) // 160)
            what = f"SMS from {sender}, {parts} part{'s' if parts > 1 else ''}"
            self._spend(SMS_CENTS[line.number.country] * parts, "sms", what, "number", line.number.did_number_id)
            self._last_message_id += 1
            return {"id": self._last_message_id, "status": "queued", "from": sender, "to": recipient}

    def submit_regulatory(self, did_number_id: object, documents: Mapping[str, bytes]) -> dict[str, object]:
        """Documents are approved at once when none of them is empty, and rejected otherwise."""
        if not documents:
            raise Refusal(422, "The documents field is required.")
        with self._lock:
            line = self._line_of(did_number_id)
            number = line.number
            data: dict[str, object] = {"number": number.number, "country": number.country, "order_id": number.order_id}
            if all(documents.values()):
                self._emit("regulatory.approved", data)
                line = self._lines[number.number] = replace(line, is_approved=True)
                self._go_live(line)
            else:
                self._emit("regulatory.rejected", data | {"reason": "A document is empty."})
            return {"id": f"reg_{self._token('submission', number.did_number_id)[:8]}", "status": "pending_review"}

    def renew(self, number: str) -> WireRow:
        """Take a month's rent; a wallet that holds too little gets the number suspended (guide: Webhooks)."""
        with self._lock:
            line = self._lines[number]
            held = line.number
            try:
                return self._spend(
                    held.monthly_rate_cents, "renewal", f"Monthly rental {number}", "number", held.did_number_id
                )
            except Refusal:
                self._lines[number] = replace(line, is_live=False)
                self._emit("number.suspended", self._number_wire(line))
                raise

    def call(self, trunk_uuid: str, cents: int, description: str) -> WireRow:
        """Charge a call to a trunk."""
        with self._lock:
            trunk_id = next(trunk.trunk_id for trunk in self._trunks.values() if trunk.uuid == trunk_uuid)
            return self._spend(cents, "call", description, "trunk", trunk_id)

    def refund(self, transaction_id: int) -> WireRow:
        """Give a debit back in full, as support does (guide: FAQ)."""
        with self._lock:
            paid = next(row for row in self._wallet.rows() if row["id"] == transaction_id)
            cents = -int(str(paid["amount"]))
            return self._move(
                cents, "refund", f"Refund: {paid['description']}", paid["reference_type"], paid["reference_id"]
            )

    def top_up(self, cents: int) -> WireRow:
        """Put money into the wallet."""
        with self._lock:
            return self._move(cents, "topup", "Wallet top-up", None, None)

    def release(self, number: str) -> None:
        """Give a number back to the carrier's pool; it is on sale again."""
        with self._lock:
            self._emit("number.released", self._number_wire(self._lines.pop(number)))

    def receive_message(self, number: str, sender: str, text: str) -> None:
        """An SMS comes in, which costs nothing and is an event."""
        with self._lock:
            self._last_message_id += 1
            self._emit(
                "message.received", {"id": self._last_message_id, "number": number, "from": sender, "body": text}
            )

    def _bought(self, found: ForSale, order_id: int) -> Number:
        self._last_did_number_id += 1
        kind = found.kind
        number = Number(
            found.number,
            self._last_did_number_id,
            found.country,
            kind.number_type,
            kind.monthly_rate_cents,
            kind.setup_fee_cents,
            kind.sms_enabled,
            order_id,
        )
        self._lines[found.number] = Line(number, None, is_approved=not found.requires_regulatory, is_live=False)
        return number

    def _go_live(self, line: Line) -> None:
        if line.is_live or not line.is_approved or line.trunk_id is None:
            return
        self._lines[line.number.number] = replace(line, is_live=True)
        trunk = self._trunks[line.trunk_id]
        if not self._is_active[trunk.trunk_id]:
            self._is_active[trunk.trunk_id] = True
            self._emit("trunk.registered", {"trunk_uuid": trunk.uuid, "name": trunk.name})
        self._emit("number.activated", self._number_wire(line))

    def _line_of(self, did_number_id: object) -> Line:
        for line in self._lines.values():
            if str(line.number.did_number_id) == str(did_number_id):
                return line
        raise Refusal(404, "There is no such number.")

    def _number_wire(self, line: Line) -> dict[str, object]:
        return number_wire(line.number, None if line.trunk_id is None else self._trunks[line.trunk_id])

    def _trunk_wire(self, trunk: Trunk) -> dict[str, object]:
        return trunk_wire(trunk, is_active=self._is_active[trunk.trunk_id])

    def _spend(self, cents: int, type_: str, description: str, reference_type: str, reference_id: int) -> WireRow:
        if cents > self._wallet.balance_cents:
            raise Refusal(422, "Wallet balance too low for this purchase.", "insufficient_balance")
        return self._move(-cents, type_, description, reference_type, reference_id)

    def _move(self, cents: int, type_: str, description: str, reference_type: object, reference_id: object) -> WireRow:
        row: WireRow = {
            "id": self._wallet.highest_id() + 1,
            "type": type_,
            "amount": cents,
            "currency": "EUR",
            "description": description,
            "reference_type": reference_type,
            "reference_id": reference_id,
            "created_at": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self._wallet.add(row)
        return row

    def _password(self) -> str:
        self._passwords_made += 1
        return self._token("password", self._passwords_made)[:24]

    def _token(self, what: str, number: int) -> str:
        """Something that looks random and is the same in every run."""
        return hashlib.sha256(f"{self._seed}:{what}:{number}".encode()).hexdigest()
