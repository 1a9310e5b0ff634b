"""Documents through Peppol: each at most once, and what did not arrive in a queue, whatever the access point does."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import Office
from tests.support.kill_peppol import trial
from tests.support.peppol_month import MONTH, access_point, participant, peppol_office

KINDS = ["phoss-ap", "e-invoice.be"]
NUMBER = "INV-2026-00001"


def send(here: Office, *options: str) -> Any:
    return here.type("send", "--month", MONTH, "--json", *options).json


def lists(sent: Any) -> dict[str, list[str]]:
    """The lists of `send --json` that hold anything, by document number."""
    names = ("sent", "refused", "deferred", "uncertain", "held_back", "waiting", "not_wanted")
    return {name: [entry["number"] for entry in sent[name]] for name in names if sent[name]}


@pytest.mark.parametrize("kind", KINDS)
def test_each_document_goes_once(tmp_path: Path, kind: str) -> None:
    """Three documents reach three participants, byte for byte; the next round sends nothing."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 3, kind)
        first = here.type("send", "--month", MONTH, "--json")
        assert first.code == 0, first.err
        assert len(first.json["sent"]) == 3
        assert send(here)["already_sent"] == 3
        assert sorted(taken.receiver for taken in state.sent) == sorted(participant(n) for n in range(3))
        assert {taken.content.decode() for taken in state.sent} == {f"ubl of INV-2026-0000{n}\n" for n in (1, 2, 3)}
        assert [taken.sent for taken in state.sent] == [1, 1, 1]
        shown = here.type("show", NUMBER).out
        assert "Peppol delivered" in shown


# After the first round, and after one an hour later when the access point is well again.
FATES: dict[str, tuple[str, str]] = {
    "absent": ("refused", "sent"),
    "rejected": ("refused", "refused"),
    "undelivered": ("refused", "refused"),
    "late": ("sent", "already"),
    "lost": ("sent", "already"),
    "cut": ("uncertain", "sent"),
    "busy": ("deferred", "sent"),
    "down": ("uncertain", "sent"),
    "odd": ("sent", "already"),
    "lookup_down": ("sent", "already"),
    "lookup_odd": ("sent", "already"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", sorted(FATES))
def test_at_most_once_under_every_fault(tmp_path: Path, fault: str, kind: str) -> None:
    """What was taken is never handed over again by itself; what was not taken goes with a later round."""
    if fault == "absent" and kind == "phoss-ap":
        fault, (first, then) = "rejected", FATES["rejected"]  # its directory need not list everybody
    else:
        first, then = FATES[fault]
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, kind)
        state.faults[""] = fault
        assert lists(send(here)) == {first: [NUMBER]}
        before = [taken.sent for taken in state.sent]
        if then != "refused":
            state.faults.clear()
        here.clock.set(2026, 11, 5, 9, 30)
        again = send(here)
        assert lists(again) == ({} if then == "already" else {then: [NUMBER]})
        assert again["already_sent"] == (1 if then == "already" else 0)
        assert sum(taken.sent for taken in state.sent) <= 1
        if first == "sent":
            assert [taken.sent for taken in state.sent] == before == [1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_that_never_arrives_is_in_the_queue(tmp_path: Path, kind: str) -> None:
    """Taken, then never delivered: known after the next round, with its age and its euros, until it is sent again."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, kind)
        state.faults[""] = "late"
        assert lists(send(here)) == {"sent": [NUMBER]}
        state.faults[""] = "undelivered"
        here.clock.set(2026, 11, 6, 8, 0)
        assert send(here)["queue"][0]["reason"] == "undelivered"
        here.clock.set(2026, 11, 9, 8, 0)
        queue = send(here)["queue"]
        assert [(stuck["number"], stuck["age_days"], stuck["gross_cents"]) for stuck in queue] == [(NUMBER, 3, 1210)]
        assert here.type("status", "--json").json["not_delivered"] == {"count": 1}
        state.faults.clear()
        assert lists(send(here, "--resend", NUMBER)) == {"sent": [NUMBER]}
        assert send(here)["queue"] == []


def test_a_belgian_business_without_a_participant_is_told(tmp_path: Path) -> None:
    """`auto` never falls back to e-mail where the law wants a structured invoice; abroad it does."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, "e-invoice.be", channel="auto")
        state.faults[""] = "absent"
        told = here.type("send", "--month", MONTH)
        assert told.code == 3
        assert "no participant" in told.err
        assert NUMBER in told.err
        assert state.submissions == 0
        assert send(here)["queue"][0]["reason"] == "no_participant"


def test_channels(tmp_path: Path) -> None:
    """none sends nothing, peppol without [peppol] waits, and a wrong word is refused with row and column."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, channel="none")
        assert lists(send(here)) == {"not_wanted": [NUMBER]}
        here.replace("clients.csv", ",none", ",email")
        assert lists(send(here)) == {"waiting": [NUMBER]}
        here.replace("clients.csv", ",email\n", ",fax\n")
        refused = here.type("send", "--month", MONTH)
        assert refused.code == 2
        assert "row 2, column channel" in refused.err
        assert state.submissions == 0


def test_the_key_stays_secret(tmp_path: Path) -> None:
    """A wrong key is an answer like any other: nothing is taken, and no key is printed."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1)
        here.environment["PEPPOL_KEY"] = "wrong-key-0815-secret"
        told = here.type("-vv", "send", "--month", MONTH)
        assert told.code == 3
        assert "wrong-key-0815-secret" not in told.err + told.out
        here.environment.clear()
        assert "PEPPOL_KEY" in here.type("send", "--month", MONTH).err
        assert state.taken == {}


@pytest.mark.sqlite_file("the protocol is the same on a server, and a kill of ours does not reach it")
def test_killed_at_any_moment_nothing_goes_twice(tmp_path: Path) -> None:
    """Kills and faults: each document at most once at the access point, every other one told."""
    struck, problems = trial(tmp_path, 15, 3, 7, "phoss-ap")
    assert problems == []
    assert struck >= 1
