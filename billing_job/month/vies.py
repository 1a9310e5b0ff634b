"""One question to VIES, the Commission's register of VAT ids: a yes, a no, or no answer, and never a guess.

REST: POST /check-vat-number with countryCode, vatNumber and, for a consultation number, requesterMemberStateCode and
requesterNumber. An error comes with any status, as `errorWrappers` or as `userError` of an answer that is none.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing_job.accounting.export import one_line
from billing_job.core.clock import Clock
from billing_job.core.moments import moment_text
from billing_job.core.text import storable
from billing_job.core.vat_evidence import VatIdAnswer

if TYPE_CHECKING:
    import httpx

PATH = "/check-vat-number"
BUSY = frozenset(f"{who}_MAX_CONCURRENT_REQ{times}" for who in ("MS", "GLOBAL") for times in ("", "_TIME"))
"""It has too much to do: worth asking again at once."""
FOR_ALL = {
    "INVALID_REQUESTER_INFO": "VIES does not know the seller's own VAT id: correct seller.vat_id",
    "VAT_BLOCKED": "VIES has blocked the seller's VAT id: ask it for the reason",
    "IP_BLOCKED": "VIES has blocked this machine: ask less often",
}
"""Refusals that hold for every id alike."""
TRIES = 3
STRIKES = 3
"""So many ids of a member state in a row without an answer: its others are not asked in this round."""
LARGEST_ANSWER = 65_536
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """VIES did not say; `word` is its own error code, or empty."""

    reason: str
    word: str = ""


class Vies:
    """A round of questions; where VIES or a member state is down, the rest of the round does not wait for it."""

    def __init__(self, url: str, requester: str, clock: Clock, seconds: int, transport: "httpx.BaseTransport | None"):
        self._url = url if url.rstrip("/").endswith(PATH) else url.rstrip("/") + PATH
        self._requester = requester
        self._clock = clock
        self._seconds = seconds
        self._transport = transport
        self._strikes: dict[str, int] = {}
        self._stopped: NoAnswer | None = None

    def ask(self, vat_id: str) -> VatIdAnswer | NoAnswer:
        """Ask about one VAT id, such as DE136695976."""
        state = vat_id[:2]
        if self._stopped is not None:
            return self._stopped
        if self._strikes.get(state, 0) >= STRIKES:
            return NoAnswer(f"{state} gave no answer to {STRIKES} questions in a row, so it was not asked")
        answer = self._repeated(vat_id)
        if isinstance(answer, VatIdAnswer):
            self._strikes.clear()
            return answer
        if answer.word in FOR_ALL:
            self._stopped = answer
        self._strikes[state] = self._strikes.get(state, 0) + 1
        if not answer.word:
            # No word of VIES' own: the way to it is broken, and it is that for every member state.
            self._strikes[""] = self._strikes.get("", 0) + 1
            if self._strikes[""] >= STRIKES:
                self._stopped = NoAnswer(f"not asked, after {STRIKES} questions without an answer: {answer.reason}")
        return answer

    def _repeated(self, vat_id: str) -> VatIdAnswer | NoAnswer:
        answer: VatIdAnswer | NoAnswer = NoAnswer("")
        for attempt in range(TRIES):
            if attempt:
                self._clock.sleep(2.0**attempt)
            answer = self._once(vat_id)
            if isinstance(answer, VatIdAnswer) or answer.word not in BUSY:
                break
        return answer

    def _once(self, vat_id: str) -> VatIdAnswer | NoAnswer:
        question = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
        if self._requester:
            question |= {
                "requesterMemberStateCode": self._requester[:2],
                "requesterNumber": self._requester[2:],
            }
        try:
            status, text = self._posted(question)
        except _Unreachable as error:
            return NoAnswer(f"{self._url} cannot be asked: {error}")
        return read_answer(status, text, vat_id, self._requester, moment_text(self._clock.now()))

    def _posted(self, question: Mapping[str, str]) -> tuple[int, str]:
        """Status and body, within so many seconds in all: a thread asks, for httpx counts anew with every byte."""
        found: list[tuple[int, str] | _Unreachable] = []
        asking = threading.Thread(target=lambda: found.append(self._post(question)), name="vies", daemon=True)
        asking.start()
        asking.join(self._seconds)
        outcome = found[0] if found else _Unreachable(f"no answer within {self._seconds} seconds")
        if isinstance(outcome, _Unreachable):
            raise outcome
        return outcome

    def _post(self, question: Mapping[str, str]) -> "tuple[int, str] | _Unreachable":
        import httpx  # loaded by who asks

        headers = {"Accept": "application/json", "User-Agent": "billing-job"}
        try:
            with (
                httpx.Client(transport=self._transport, timeout=self._seconds, follow_redirects=False) as client,
                client.stream("POST", self._url, json=question, headers=headers) as answer,
            ):
                content = b""
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_ANSWER:
                        return _Unreachable(f"its answer is longer than {LARGEST_ANSWER} bytes")
                return answer.status_code, content.decode("utf-8", errors="replace")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, ImportError, OSError) as error:
            return _Unreachable(f"{type(error).__name__}: {error}")


class _Unreachable(Exception):
    """No status and no body came back."""


def read_answer(status: int, text: str, vat_id: str, requester: str, asked: str) -> VatIdAnswer | NoAnswer:
    """A yes or a no only where the body says so without a doubt, about this very id."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        body = {} if status == TOO_MANY else None
    if body is None:
        return NoAnswer(f"HTTP {status} with an answer that is no JSON object")
    word = _error_word(body)
    if word:
        return NoAnswer(FOR_ALL.get(word, f"VIES says {word}"), word)
    if status == TOO_MANY:
        return NoAnswer("VIES has too many requests (HTTP 429)", "MS_MAX_CONCURRENT_REQ")
    valid = body.get("valid", body.get("isValid"))
    if status != 200 or not isinstance(valid, bool):
        return NoAnswer(f"HTTP {status} with an answer that says neither valid nor invalid")
    said = body.get("userError")
    if said in ("VALID", "INVALID") and (said == "VALID") != valid:
        return NoAnswer("its answer contradicts itself")
    about = (_text(body, "countryCode") or vat_id[:2]) + (_text(body, "vatNumber") or vat_id[2:])
    if about.replace(" ", "").upper() not in (vat_id, vat_id[:2] + vat_id):
        return NoAnswer(f"its answer is about {about}, which was not asked")
    return VatIdAnswer(
        vat_id=vat_id,
        requester=requester,
        valid=valid,
        consultation_number=_text(body, "requestIdentifier"),
        name=_text(body, "name") or _text(body, "traderName"),
        address=_text(body, "address") or _text(body, "traderAddress"),
        asked=asked,
        body=storable(text),
    )


def _error_word(body: Mapping[str, Any]) -> str:
    """VIES' own code of what went wrong; empty for an answer."""
    wrappers = body.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers:
        first = wrappers[0]
        return _word((first.get("error") if isinstance(first, dict) else first) or "an error without a name")
    if body.get("actionSucceed") is False:
        return "that it did not succeed"
    said = body.get("userError")
    return _word(said) if said and said not in ("VALID", "INVALID") else ""


def _word(said: object) -> str:
    return one_line(storable(str(said)))[:60]


def _text(body: Mapping[str, Any], name: str) -> str:
    """A text of the answer on one line; `---` is what member states write that tell nothing."""
    value = body.get(name)
    line = one_line(storable(value)) if isinstance(value, str) else ""
    return "" if line == "---" else line
