"""VIES before a reverse charge: each of its answers, what is kept as evidence, and what an outage changes: nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.lives import AT_COST, NOVEMBER, OCTOBER, TRUNK_A, TRUNK_B, Life, life, moved, plan
from tests.support.vies_server import WORDS, ViesServer, vies_server

BRUNO = "DE136695976"
FAULTS = (
    "silence", "hang up", "html", "empty", "half", "null", "text", "list", "flood", "429", "500", "302", "another",
    "contradiction", "user error",
)  # fmt: skip


@contextmanager
def reseller(folder: Path, vies: ViesServer, mode: str) -> Iterator[Life]:
    """A Dutch seller with a client at home and one in Germany, and a call of each in October."""
    tax = f'vies = "{mode}"\nvies_url = "{vies.url}"\nvies_timeout_seconds = 1'
    with life(folder, plan(AT_COST), tax=tax) as here:
        here.clients("acme,Acme,NL,NL004495445B01,,,", f"bruno,Bruno,DE,{BRUNO},,,", "carl,Carl,GB,GB228657087,,,")
        here.trunks(f"{TRUNK_A},acme,,", f"{TRUNK_B},bruno,,")
        here.add(moved(1, -100, "2026-10-05"), moved(2, -200, "2026-10-05", trunk=TRUNK_B))
        here.on("2026-11-05")
        yield here


@pytest.fixture
def vies() -> Iterator[ViesServer]:
    with vies_server() as server:
        yield server


def test_the_evidence_stands_on_the_document(tmp_path: Path, vies: ViesServer) -> None:
    """A run asks once, with the seller as requester; show tells number, name, moment and what rests on it."""
    with reseller(tmp_path, vies, "require") as here:
        ran = here.run(OCTOBER)
        assert [(each["client_id"], each["vat_cents"]) for each in ran.json["documents"]] == [
            ("acme", 21),
            ("bruno", 0),
        ]
        assert vies.asked == [
            {
                "countryCode": "DE",
                "vatNumber": "136695976",
                "requesterMemberStateCode": "NL",
                "requesterNumber": "861994772B01",
            }
        ]
        number = ran.json["documents"][1]["number"]
        evidence = {
            "vat_id": BRUNO,
            "valid": True,
            "requester": "NL861994772B01",
            "consultation_number": "WAPIAAAA000001",
            "name": "Bruno Müller GmbH",
            "address": "Lindenstr. 1 10969 Berlin",
            "asked": "2026-11-05T08:00:00Z",
        }
        assert here.office.type("show", number, "--json").json["vies"] == [evidence | {"relied_on": True}]
        assert here.office.type("show", ran.json["documents"][0]["number"], "--json").json["vies"] == []
        assert "consultation number WAPIAAAA000001: this document rests on it" in here.office.type("show", number).out
        again = here.run(OCTOBER)
        assert again.json["documents"] == [each | {"new": False} for each in ran.json["documents"]]
        assert len(vies.asked) == 1
        here.on("2026-12-06")  # an id that was valid last month
        vies.says[BRUNO] = False
        here.add(moved(3, -300, "2026-11-05", trunk=TRUNK_B))
        november = here.run(NOVEMBER, code=3)
        (waiting,) = november.json["exceptions"]
        assert waiting["reason"] == "untaxable_client"
        assert "VIES said on 2026-12-06 that VAT id DE136695976 of client bruno is not valid" in here.office.type(
            "exceptions"
        ).out.replace("\n", " ")
        shown = here.office.type("show", number, "--json").json["vies"]
        assert [(each["valid"], each["relied_on"]) for each in shown] == [(True, True), (False, False)]
        assert here.office.type("verify", "--deep").code == 0


def test_no_answer_is_no_no(tmp_path: Path, vies: ViesServer) -> None:
    """`vat check` ends with 3 and words, keeps nothing, and what was known before holds: of each of VIES' answers."""
    with reseller(tmp_path, vies, "require") as here:

        def check(said: object) -> tuple[int, str, str]:
            vies.says[BRUNO] = said
            ran = here.office.type("vat", "check", "--client", "bruno", "--json")
            (checked,) = ran.json["checked"]
            assert ("no answer: " in ran.err) == (said is not True), ran.err
            return ran.code, checked["state"], checked["asked"][:10]

        unanswered = {said: check(said) for said in (*WORDS, *FAULTS)}
        assert {said: got for said, got in unanswered.items() if got != (3, "unanswered", "")} == {}
        assert check(True) == (0, "valid", "2026-11-05")
        here.on("2027-01-20")
        later = {said: check(said) for said in ("MS_UNAVAILABLE", "silence", "429", "another")}
        assert {said: got for said, got in later.items() if got != (3, "valid", "2026-11-05")} == {}
        assert check(True) == (0, "valid", "2027-01-20")


def test_an_outage_blocks_what_needs_a_yes_and_nothing_else(tmp_path: Path, vies: ViesServer) -> None:
    """require: the client without evidence waits alone, exit 3, billed when VIES is back; offline asks nobody."""
    vies.says[BRUNO] = "MS_UNAVAILABLE"
    with reseller(tmp_path, vies, "require") as here:
        ran = here.run(OCTOBER, code=3)
        assert [each["client_id"] for each in ran.json["documents"]] == ["acme"]
        assert "VIES says MS_UNAVAILABLE" in ran.err
        vies.says.clear()
        assert [each["client_id"] for each in here.run(OCTOBER, "--offline", code=3).json["documents"]] == ["acme"]
        assert [each["client_id"] for each in here.run(OCTOBER).json["documents"]] == ["acme", "bruno"]
        here.on("2026-12-20")  # the yes is old by now, and VIES is down again: it still is the last word
        vies.says[BRUNO] = "SERVICE_UNAVAILABLE"
        here.add(moved(3, -300, "2026-11-05", trunk=TRUNK_B))
        november = here.run(NOVEMBER)
        assert [each["client_id"] for each in november.json["documents"]] == ["bruno"]
        assert "the answer of 2026-11-05 holds: valid" in november.err


def test_warn_and_off(tmp_path: Path, vies: ViesServer) -> None:
    """warn bills and says so; off asks nobody, and `vat check` works all the same."""
    vies.says[BRUNO] = False
    with reseller(tmp_path, vies, "warn") as here:
        ran = here.run(OCTOBER)
        assert [each["client_id"] for each in ran.json["documents"]] == ["acme", "bruno"]
        assert "client bruno, VAT id DE136695976: invalid on 2026-11-05" in ran.err
    with reseller(tmp_path / "off", vies, "off") as here:
        asked = len(vies.asked)
        here.run(OCTOBER)
        assert len(vies.asked) == asked
        assert here.office.type("vat", "check").code == 3
        assert vies.ids[asked:] == ["NL004495445B01", BRUNO]
        assert here.office.type("vat", "check", "--client", "nobody").code == 2
        assert here.office.type("vat", "check", "--client", "carl").code == 0  # VIES knows the ids of the EU alone
        vies.says.clear()
        assert here.office.type("vat", "check").code == 0
        assert vies.ids[asked + 2 :] == [BRUNO]  # the other one has a fresh yes
        assert here.office.type("vat", "check", "--again").code == 0
        assert len(vies.ids[asked:]) == 5


def test_a_way_that_is_down_is_not_tried_for_every_client(tmp_path: Path, vies: ViesServer) -> None:
    """After three questions without an answer the rest of the round is not asked, and each says so."""
    ids = ("136695976", "129273398", "811569869", "115235681", "143454214")
    vies.says.update({f"DE{number}": "hang up" for number in ids})
    with reseller(tmp_path, vies, "off") as here:
        here.clients(*(f"c{place},C{place},DE,DE{number},,," for place, number in enumerate(ids)))
        here.trunks()
        checked = here.office.type("vat", "check", "--json").json["checked"]
        assert [each["state"] for each in checked] == ["unanswered"] * len(ids)
        assert len(vies.asked) == 3
        assert "not asked, after 3 questions without an answer" in checked[-1]["unanswered"]
