"""Which entry pays what, worked out by hand; and that the order in which files come in is of no matter."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.core.bank_entry import BankEntry, EntryPart
from billing_job.core.claim import FirstDay, LateClaim, Offer, PaymentKind
from billing_job.core.payment_reference import belgian_reference, creditor_reference
from tests.support.bank_in_memory import MemoryBank, claim, entry
from tests.support.issued_documents import ACCOUNT

IBAN, OTHER_IBAN = "DE89370400440532013000", "NL56AGDH9619008421"
ONE, TWO, THREE = "INV-2026-00001", "INV-2026-00002", "INV-2026-00003"
CLAIMS = [claim(ONE, 10_000), claim(TWO, 4_000, "bruno"), claim(THREE, 3_000), claim("CN-2026-00001", -500, "bruno")]
ALL = {ONE: 10_000, TWO: 4_000, THREE: 3_000, "CN-2026-00001": -500}
DEC_1 = date(2026, 12, 1)


def less(**changed: int) -> dict[str, int]:
    """All that is open but for these, by the number's last digit; 0 is no longer open."""
    told = {f"INV-2026-0000{name[1:]}" if name[0] == "i" else f"{name}+": cents for name, cents in changed.items()}
    return {number: cents for number, cents in (ALL | told).items() if cents}


def grouped(number: str) -> str:
    """The reference as people copy it from the page, with words behind it."""
    reference = creditor_reference(number)
    return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4)) + " thank you"


@pytest.mark.parametrize(
    ("entries", "left", "waits"),
    [
        pytest.param([entry(10_000, grouped(ONE))], less(i1=0), [], id="RF in the text"),
        pytest.param([entry(10_000, references=(creditor_reference(ONE),))], less(i1=0), [], id="RF"),
        pytest.param([entry(4_000, references=(belgian_reference(TWO),))], less(i2=0), [], id="+++"),
        pytest.param(
            [entry(4_000, ONE, references=(creditor_reference(TWO),))], less(i2=0), [], id="the reference goes first"
        ),
        pytest.param([entry(4_000, ONE, end_to_end=TWO)], less(i1=6_000), [], id="an end-to-end id is the payer's own"),
        pytest.param([entry(4_000, end_to_end=TWO)], less(i2=0), [], id="but may be ours, for the very sum"),
        pytest.param([entry(3_999, end_to_end=TWO)], ALL, [(3_999, "unmatched")], id="and otherwise names nothing"),
        pytest.param([entry(10_000, "factuur inv 2026 00001, dank")], less(i1=0), [], id="a number as people type it"),
        pytest.param([entry(10_000, "INV\u20132026\u201100001")], less(i1=0), [], id="with dashes of a word processor"),
        pytest.param([entry(13_000, ONE + THREE)], less(i1=0, i3=0), [], id="two glued together"),
        pytest.param([entry(10_000, f"X{ONE}")], ALL, [(10_000, "unmatched")], id="within another word"),
        pytest.param([entry(10_000)], ALL, [(10_000, "unmatched")], id="an amount alone never books"),
        pytest.param([entry(6_000, ONE)], less(i1=4_000), [], id="in part"),
        pytest.param([entry(6_000, ONE, day=3), entry(4_000, ONE)], less(i1=0), [], id="in two parts"),
        pytest.param([entry(13_000, f"{ONE} {THREE}")], less(i1=0, i3=0), [], id="two in one"),
        pytest.param([entry(11_000, f"{ONE} and {THREE}")], less(i1=0, i3=2_000), [], id="two in one, in part"),
        pytest.param([entry(12_500, ONE)], less(i1=0, acme=2_500), [], id="too much"),
        pytest.param([entry(10_000, ONE, day=3), entry(10_000, ONE)], less(i1=0, acme=10_000), [], id="twice"),
        pytest.param([entry(14_000, f"{ONE} {TWO}")], less(i1=0, i2=0), [], id="for two clients"),
        pytest.param([entry(14_001, f"{ONE} {TWO}")], ALL, [(14_001, "several_clients")], id="whose is the rest?"),
        pytest.param([entry(13_999, f"{ONE} {TWO}")], ALL, [(13_999, "several_clients")], id="who is a cent short?"),
        pytest.param(
            [
                entry(13_000, ONE, day=2, iban=IBAN), entry(-3_000, iban=IBAN, day=3),
                entry(3_000, iban=IBAN, is_return=True),
            ], less(i1=0, acme=3_000), [], id="paid back, and it came back: no payment of the document over that sum",
        ),
        pytest.param(
            [entry(3_000, THREE, is_return=True)], ALL, [(3_000, "return_without_payment")], id="nothing came back"
        ),
        pytest.param(
            [entry(13_000, ONE, day=2, iban=IBAN), entry(-1_000, iban=IBAN)],
            less(i1=0, acme=3_000), [(-1_000, "other_sum")], id="paid back in part?",
        ),
        pytest.param(
            [entry(3_500, f"{TWO} less CN-2026-00001")],
            {ONE: 10_000, THREE: 3_000}, [], id="an invoice less a credit note",
        ),
        pytest.param([entry(3_400, f"{TWO} CN-2026-00001")], ALL, [(3_400, "other_sum")], id="less another sum"),
        pytest.param([entry(10_000, "INV-2026-00099")], ALL, [(10_000, "unknown_document")], id="never issued"),
        pytest.param(
            [entry(10_000, f"{ONE} INV-2026-00099")], ALL, [(10_000, "unknown_document")], id="one of them never issued"
        ),
        pytest.param(
            [entry(100, ONE, day=2, iban=IBAN), entry(9_900, iban=IBAN)], less(i1=0), [], id="known IBAN, one document"
        ),
        pytest.param(
            [entry(100, ONE, day=2, iban=IBAN), entry(12_900, iban=IBAN)],
            less(i1=0, i3=0), [], id="a known IBAN, a set of documents",
        ),
        pytest.param(
            [entry(100, ONE, day=2, iban=IBAN), entry(9_000, iban=IBAN)],
            less(i1=9_900), [(9_000, "other_sum")], id="a known IBAN, another sum",
        ),
        pytest.param(
            [entry(7_000, ONE, day=2, iban=IBAN), entry(3_000, iban=IBAN)],
            less(i1=3_000), [(3_000, "several_fit")], id="a known IBAN, two fit",
        ),
        pytest.param(
            [entry(9_900, day=2, iban=IBAN), entry(100, ONE, iban=IBAN)],
            less(i1=9_900), [(9_900, "unmatched")], id="known later only",
        ),
        pytest.param(
            [entry(100, ONE, day=2, iban=IBAN), entry(100, TWO, day=2, iban=IBAN), entry(9_900, iban=IBAN)],
            less(i1=9_900, i2=3_900), [(9_900, "several_clients")], id="an IBAN of two clients",
        ),
        pytest.param(
            [entry(10_000, ONE, day=2, iban=IBAN), entry(-10_000, ONE, iban=IBAN, is_return=True, bank_reason="AC04")],
            ALL, [], id="returned",
        ),
        pytest.param(
            [entry(12_500, ONE, day=2, iban=IBAN), entry(-12_500, iban=IBAN, is_return=True)], ALL, [],
            id="returned with what was too much, known by its account",
        ),
        pytest.param(
            [entry(10_000, ONE, day=2), entry(10_000, ONE, day=3), entry(-10_000, ONE, is_return=True)],
            less(i1=0), [], id="of what was paid twice the second goes back",
        ),
        pytest.param(
            [entry(10_000, ONE, day=2, iban=IBAN), entry(-10_000, iban=IBAN)], less(i1=0), [(-10_000, "unmatched")],
            id="the very sum went back without a word",
        ),
        pytest.param(
            [entry(10_000, ONE, day=2, ref="R"), entry(-10_000, ONE, ref="R", is_return=True)], ALL, [],
            id="returned under the reference of the payment",
        ),
        pytest.param(
            [entry(-10_000, ONE, is_return=True)], ALL, [(-10_000, "return_without_payment")], id="nothing to return"
        ),
        pytest.param(
            [entry(10_000, ONE, day=2), entry(-10_350, ONE, is_return=True, charges_cents=350)], ALL, [],
            id="returned with the bank's charges",
        ),
        pytest.param([entry(9_700, ONE, charges_cents=300)], less(i1=0), [], id="the bank kept something"),
        pytest.param(
            [entry(9_700, ONE, day=2, charges_cents=300), entry(-9_700, ONE, is_return=True)], ALL, [],
            id="and gave it back with the return",
        ),
        pytest.param(
            [entry(12_500, ONE, day=2, iban=IBAN), entry(-2_500, iban=IBAN)], less(i1=0), [], id="a balance paid back"
        ),
        pytest.param([entry(-500, "CN-2026-00001")], {ONE: 10_000, TWO: 4_000, THREE: 3_000}, [], id="a CN paid"),
        pytest.param([entry(-4_711, "rent")], ALL, [], id="no client's money"),
        pytest.param(
            [entry(15_000, ONE, day=2, iban=IBAN), entry(-2_000, ONE, iban=OTHER_IBAN)],
            less(i1=0, acme=5_000), [(-2_000, "unmatched")], id="a supplier's invoice has the same number",
        ),
        pytest.param(
            [entry(10_000, ONE, day=2, iban=IBAN), entry(-10_000, ONE, iban=OTHER_IBAN)],
            less(i1=0), [(-10_000, "unmatched")], id="and the very sum of a payment",
        ),
        pytest.param(
            [entry(4_000, TWO, day=2, iban=IBAN), entry(-500, "CN-2026-00001", iban=OTHER_IBAN)],
            {ONE: 10_000, THREE: 3_000}, [], id="a CN is paid to another account of the client",
        ),
        pytest.param(
            [entry(15_000, ONE, day=2, iban=IBAN), entry(-300, f"fee for {ONE}")],
            less(i1=0, acme=5_000), [(-300, "return_without_payment")], id="a fee is no balance paid back",
        ),
        pytest.param(
            [entry(15_000, ONE, day=2, iban=IBAN), entry(-2_000, ONE, iban=IBAN)],
            less(i1=0, acme=3_000), [], id="but what went to the client's own account is",
        ),
    ],
)  # fmt: skip
def test_worked_examples(entries: list[BankEntry], left: dict[str, int], waits: list[tuple[int, str]]) -> None:
    """Each rule in its order; what is not certain waits, and every cent that is booked reached or left the account."""
    bank = MemoryBank(CLAIMS).file(*entries)
    assert bank.open == left
    assert bank.waits == waits
    moved = sum(each.cents for each in entries if each.cents > 0 or each.parts[0].is_return or bank.payments)
    if "rent" not in entries[0].parts[0].text:
        assert sum(one.cents - one.charges_cents for one in bank.payments) == moved - sum(cents for cents, _ in waits)


def numbered(place: int) -> str:
    return f"INV-2026-{place:05d}"


SERIES = [
    claim(numbered(1), 10_000), claim(numbered(2), 2_000), claim(numbered(3), 3_000),
    claim(numbered(4), 4_000, "bruno"), claim(numbered(102), 2_000), claim(numbered(103), 3_000),
    claim("CN-2026-00002", -500),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "cents", "paid", "waits"),
    [
        ("INV-2026-00001/2", 12_000, (1, 2), ""),
        ("INV-2026-00001/00002", 12_000, (1, 2), ""),
        ("Rechnungen INV-2026-00001 + 02", 12_000, (1, 2), ""),
        ("INV-2026-00001, 00002 and 3", 15_000, (1, 2, 3), ""),
        ("inv 2026 00001 en nr. 3", 13_000, (1, 3), ""),
        ("INV-2026-00001 00002 00003", 15_000, (1, 2, 3), ""),
        ("INV-2026-00001-00003", 15_000, (1, 2, 3), ""),  # from the first to the third
        ("INV-2026-00001-00003", 13_000, (1, 3), ""),  # the first and the third
        ("INV-2026-00001 t/m 3", 15_000, (1, 2, 3), ""),
        ("INV-2026-00001 bis 3", 13_000, (), "other_sum"),
        ("INV-2026-00001 bis INV-2026-00003", 15_000, (1, 2, 3), ""),
        ("INV-2026-00001 - INV-2026-00003", 13_000, (1, 3), ""),
        ("INV-2026-00001, 102 bis 103", 15_000, (1, 102, 103), ""),
        ("INV-2026-00001, 2026-00002", 12_000, (1, 2), ""),
        ("invoices 2026-00001, 00002 und 3", 15_000, (1, 2, 3), ""),
        ("invoice 2026-00001", 10_000, (1,), ""),
        ("invoice 2026-00001", 9_999, (), "other_sum"),
        ("INV-2026-00001/2", 11_999, (), "other_sum"),
        ("INV-2026-00001/2", 12_001, (), "other_sum"),
        ("INV-2026-00001/2", 2_000, (), "other_sum"),
        ("INV-2026-00001/2", 10_000, (1,), ""),  # what is written out, to the cent
        ("INV-2026-00001/4", 14_000, (), "several_clients"),
        ("INV-2026-00102/03", 5_000, (), "several_fit"),  # 3 or 103
        ("INV-2026-00001/103", 13_000, (1, 103), ""),
        ("INV-2026-00001/9", 13_500, (), "other_sum"),  # nobody issued it, and what is the rest for?
        ("INV-2026-00001, 3 numbers", 6_000, (), "other_sum"),  # it may be: somebody should look
    ],
)  # fmt: skip
def test_abbreviated_numbers(text: str, cents: int, paid: tuple[int, ...], waits: str) -> None:
    """Documents that a text names in short are paid where all that it names come to the very sum; else it waits."""
    bank = MemoryBank(SERIES).file(entry(cents, text))
    left = {one.number: one.gross_cents for one in SERIES if one.number not in {numbered(place) for place in paid}}
    assert (bank.open, bank.waits) == (left, [(cents, waits)] if waits else [])
    if waits:
        assert bank.outcome.waiting[0].suggestion


@pytest.mark.parametrize(
    "text",
    [
        "INV-2026-00001/9",
        "INV-2026-00001, 02.11.2026",
        "INV-2026-00001 3",
        "INV-2026-00001 / 3x",
        "INV-2026-00001, 2.50",
    ],
)
def test_what_is_no_abbreviated_number(text: str) -> None:
    """A day, an amount, a count and a number that nobody issued name nothing: a part of the document is paid."""
    assert MemoryBank(SERIES).file(entry(6_000, text)).open[ONE] == 4_000


FORMS = ("INV-2026-{:05d}", "R{:04d}/2026", "2026-{:04d}", "F{:d}", "A2026{:06d}")


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(FORMS),
    st.lists(st.integers(1, 140), min_size=2, max_size=8, unique=True),
    st.lists(st.sampled_from(("{}", "{:05d}", "whole")), min_size=3, max_size=3),
    st.sampled_from(("/", ", ", " und ", " + ", " & ", "; ")),
    st.sampled_from(("", " danke", " vom 02.11.2026", " 3 Stk", ", 12.50 EUR")),
)
def test_what_is_booked_is_what_was_meant(form: str, places: list[int], styles: list[str], sign: str, end: str) -> None:
    """However up to four numbers are written: all of them are paid, or the payment waits; never others, nor a balance.

    No two sets of the documents come to one sum.
    """
    claims = [claim(form.format(place), 100 << n, "acme" if n % 3 else "bruno") for n, place in enumerate(places)]
    own = [n for n in range(len(places)) if claims[n].client_id == claims[0].client_id][:4]
    words = [form if style == "whole" else style for style in ("whole", *styles)]
    text = sign.join(word.format(places[n]) for word, n in zip(words, own, strict=False)) + end
    bank = MemoryBank(claims).file(entry(sum(claims[n].gross_cents for n in own), text))
    left = {one.number: one.gross_cents for one in claims}
    paid = {number: cents for number, cents in left.items() if number not in {claims[n].number for n in own}}
    assert bank.open == (left if bank.waits else paid)


def test_abbreviated_numbers_and_what_is_paid_already() -> None:
    """What was paid before adds nothing: the sum of both waits; with what a letter claimed beside them it is right."""
    bank = MemoryBank(SERIES).file(entry(2_000, numbered(2), day=5), entry(12_000, "INV-2026-00001/2"))
    assert bank.waits == [(12_000, "other_sum")]
    late = [LateClaim(numbered(2), date(2026, 11, 4), 4_000, 10)]
    assert MemoryBank(SERIES, late=late).file(entry(16_010, "INV-2026-00001/2")).beside == {}


def test_decisions_of_people() -> None:
    """What a rule booked can be undone and booked by hand; what is undone waits; other money is nobody's."""
    bank = MemoryBank(CLAIMS).file(entry(3_000, ONE, day=2, iban=IBAN), entry(4_711, ref="R2"))
    assert bank.open == less(i1=7_000)
    bank.decide(0, "undo")
    assert (bank.open, bank.waits) == (ALL, [(3_000, "undone"), (4_711, "unmatched")])
    bank.decide(0, "match", THREE).decide(1, "other")
    assert (bank.open, bank.waits) == (less(i3=0), [])
    bank.decide(1, "match", client="acme")
    assert bank.open == less(i3=0, acme=4_711)
    returned = MemoryBank(CLAIMS).file(entry(3_000, THREE, day=2), entry(-3_475, THREE, is_return=True))
    assert returned.waits == [(-3_475, "return_without_payment")]
    assert returned.decide(1, "match", THREE).open == ALL  # and 4.75 are the bank's charges
    assert [one.charges_cents for one in returned.payments] == [0, 475]
    # Of two clients, and not more than they are open over: the order says who falls short.
    bank.decide(1, "match", TWO, ONE)
    assert bank.open == less(i3=0, i2=0, i1=9_289)
    bank.decide(1, "match", ONE, TWO)
    assert bank.open == less(i3=0, i1=5_289)
    # An account is known by a decision as it is by a reference: the next sum of one document books by itself.
    assert bank.file(entry(5_289, iban=IBAN, ref="R9")).open == less(i3=0, i1=0)


def test_the_first_day() -> None:
    """Entries before it are nobody's business; one after it that names a document settled elsewhere waits."""
    first_day = FirstDay(date(2026, 11, 10), {THREE: 1_000})
    bank = MemoryBank([*CLAIMS, claim("INV-2026-00004", 70, issued=date(2026, 11, 10))], first_day)
    bank.file(entry(3_000, THREE, day=9), entry(10_000, ONE), entry(1_000, THREE), entry(70, "INV-2026-00004"))
    assert bank.open == {}
    assert bank.waits == [(10_000, "settled_elsewhere")]


def test_mandates_make_accounts_known() -> None:
    """Whoever signed a mandate for an account is known by it."""
    bank = MemoryBank(CLAIMS, mandates=[(IBAN, "bruno")]).file(entry(3_500, iban=IBAN))
    assert bank.open == {ONE: 10_000, THREE: 3_000}


def test_no_more_comes_back_than_came() -> None:
    """After a part of a payment its whole sum is no return of it; the rest of it is."""
    bank = MemoryBank(CLAIMS).file(
        entry(10_000, ONE, day=2), entry(-4_000, ONE, day=3, is_return=True), entry(-10_000, ONE, is_return=True)
    )
    assert (bank.open, bank.waits) == (less(i1=4_000), [(-10_000, "return_without_payment")])
    bank.file(entry(-6_000, ONE, day=24, is_return=True))
    assert (bank.open, bank.waits) == (ALL, [(-10_000, "return_without_payment")])
    # Paid once more, one sum came back in part and the other whole.
    bank.file(entry(10_000, ONE, day=25), entry(-10_000, ONE, day=26, is_return=True))
    assert bank.open == ALL


def test_the_end_to_end_id_of_a_collection() -> None:
    """It is ours, so it goes before the text, and pays what came, also in part."""
    assert MemoryBank(CLAIMS, collected=[TWO]).file(entry(3_900, ONE, end_to_end=TWO)).open == less(i2=100)


def test_many_payments_in_one_entry() -> None:
    """A collection pays each of its documents; what one part leaves waiting can be decided alone; a return is one."""
    parts = (EntryPart(10_000, end_to_end=ONE), EntryPart(4_000, end_to_end=TWO), EntryPart(3_000, text="what for?"))
    batch = BankEntry(ACCOUNT, date(2026, 11, 20), 17_000, "EUR", "B1", parts)
    bank = MemoryBank(CLAIMS).file(batch)
    assert (bank.open, bank.waits) == (less(i1=0, i2=0), [(3_000, "unmatched")])
    bank.decide(0, "match", THREE)
    assert (bank.open, bank.waits) == (less(i1=0, i2=0, i3=0), [])
    bank.file(entry(-4_000, end_to_end=TWO, is_return=True, bank_reason="MD06 no reason given", day=25))
    assert bank.open == less(i1=0, i3=0)
    (returned,) = [one for one in bank.payments if one.kind is PaymentKind.RETURN]
    assert (returned.document, returned.cents, returned.bank_reason) == (TWO, -4_000, "MD06 no reason given")


def test_one_reference_for_a_whole_batch() -> None:
    """Of two different entries under one reference the second waits, and neither is lost, however often they come."""
    both = (entry(3_000, THREE, ref="B1"), entry(3_000, ONE, ref="B1"))
    bank = MemoryBank(CLAIMS).file(*both).file(*both[::-1])
    assert (len(bank.known), bank.waits) == (2, [(3_000, "possible_duplicate")])
    assert bank.open in (less(i3=0), less(i1=7_000))
    assert bank.file(both[0], both[0]).waits == bank.waits


def test_references_that_begin_anew_with_each_file() -> None:
    """The same sum of another month under the same reference is no entry told again: it waits, in either order."""
    first, other = entry(3_000, THREE, day=2, ref="1"), entry(3_000, THREE, day=28, ref="1")
    for files in ((first, other), (other, first), (first, other, first, other)):
        bank = MemoryBank(CLAIMS)
        for each in files:
            bank.file(each)
        assert (len(bank.known), bank.open, bank.waits) == (2, less(i3=0), [(3_000, "possible_duplicate")])
    assert len(MemoryBank(CLAIMS).file(first).file(entry(3_000, THREE, day=3, ref="1")).known) == 1


def test_a_batch_that_comes_to_nothing() -> None:
    """A payment and what the bank took besides are both counted, though the entry moves nothing."""
    parts = (EntryPart(3_000, text=THREE), EntryPart(-3_000, text="rent"))
    assert MemoryBank(CLAIMS).file(BankEntry(ACCOUNT, date(2026, 11, 20), 0, "EUR", "B1", parts)).open == less(i3=0)


def test_a_notification_tells_more_of_an_entry() -> None:
    """A sum without details, then the same entry with them, in either order: booked once, by its details."""
    plain = BankEntry(ACCOUNT, date(2026, 11, 20), 14_000, "EUR", "B1", (EntryPart(14_000, text="SEPA batch"),))
    parts = (EntryPart(10_000, end_to_end=ONE), EntryPart(4_000, end_to_end=TWO))
    detailed = BankEntry(ACCOUNT, date(2026, 11, 20), 14_000, "EUR", "B1", parts)
    for first, second in ((plain, detailed), (detailed, plain)):
        bank = MemoryBank(CLAIMS).file(first).file(second, format="camt054")
        assert (bank.open, bank.waits, len(bank.known)) == (less(i1=0, i2=0), [], 1)


@pytest.mark.parametrize(
    ("files", "entries", "waits"),
    [
        pytest.param([("camt053", 2), ("camt053", 1)], 2, [], id="as often as in the file that has most"),
        pytest.param([("csv", 1), ("csv", 3), ("csv", 2)], 3, [], id="in whatever order"),
    ],
)
def test_equal_entries_of_a_day(files: list[tuple[str, int]], entries: int, waits: list[tuple[int, str]]) -> None:
    """Without the bank's reference equal entries are counted within a file, and the largest count holds."""
    bank = MemoryBank(CLAIMS)
    for name, times in files:
        bank.file(*[entry(1_000, ONE)] * times, format=name)
    assert (len(bank.known), bank.waits) == (entries, waits)
    assert bank.open == less(i1=10_000 - entries * 1_000)


def test_the_same_movement_in_two_forms() -> None:
    """What CAMT tells with the bank's reference and a CSV without it is booked once; a person may say otherwise."""
    told = [("camt053", entry(1_000, f"Invoice {ONE}", ref="R1", iban=IBAN)), ("csv", entry(1_000, ONE, iban=IBAN))]
    for files in (told, told[::-1]):
        bank = MemoryBank(CLAIMS)
        for name, one in files:
            bank.file(one, format=name)
        assert (bank.open, bank.waits) == (less(i1=9_000), [(1_000, "possible_duplicate")])
        place = next(place for place, each in enumerate(bank.known.values()) if each.format == "csv")
        assert bank.decide(place, "match", ONE).open == less(i1=8_000)
    for name in ("camt054", "mt940"):  # of which no reference tells that they are one
        bank = MemoryBank(CLAIMS).file(entry(1_000, f"Invoice {ONE}")).file(entry(1_000, f"/REMI/{ONE}/x"), format=name)
        assert (bank.open, bank.waits) == (less(i1=9_000), [(1_000, "possible_duplicate")])
    other = MemoryBank(CLAIMS).file(told[0][1]).file(entry(1_000, ONE, iban=OTHER_IBAN), format="csv")
    assert (other.open, other.waits) == (less(i1=8_000), [])


def test_equal_amounts_of_a_day_in_three_forms() -> None:
    """Of one amount some say whose account it is and some do not: each less sure one stands for one of its own."""
    words = [(f"nog {ONE}", OTHER_IBAN), (f"factuur {ONE}", IBAN), (ONE, ""), (f"factuur {TWO}", IBAN)]
    surest = [entry(500, text, iban=iban, ref=f"R{text}") for text, iban in words]
    mt940 = [entry(500, f"/REMI/{text} NONREF", iban=iban) for text, iban in words[:3]]
    table = [entry(500, text, iban=iban) for text, iban in words]
    bank = MemoryBank(CLAIMS).file(*table, format="csv").file(*surest).file(*mt940, format="mt940")
    assert (bank.open, bank.waits) == (less(i1=8_500, i2=3_500), [(500, "possible_duplicate")] * 7)


def test_a_notification_under_another_reference() -> None:
    """Told by .054 as N1 and by .053 as R1 it waits once; told by both as R1, another one of that sum counts."""
    noticed, booked = entry(1_000, ONE, ref="N1", iban=IBAN), entry(1_000, ONE, ref="R1", iban=IBAN)
    files = [("camt054", [noticed]), ("camt053", [booked])]
    fuller = entry(1_000, f"{ONE} in instalments", ref="R1", iban=IBAN)
    both = [("camt054", [fuller]), ("camt053", [booked, entry(1_000, ONE, ref="R2", iban=IBAN)])]
    for told, left, waits in ((files, 9_000, [(1_000, "possible_duplicate")]), (both, 8_000, [])):
        for order in (told, told[::-1]):
            bank = MemoryBank(CLAIMS)
            for name, entries in order:
                bank.file(*entries, format=name)
            assert (bank.open, bank.waits) == (less(i1=left), waits)


def test_two_forms_that_give_one_movement_two_days() -> None:
    """An instant payment of Saturday the 21st that is booked on Monday waits once; other words are another one."""
    noticed = entry(1_000, f"Invoice {ONE}", day=21, ref="N1", iban=IBAN)
    for text, left, waits in ((ONE, less(i1=9_000), 1), (TWO, less(i1=9_000, i2=3_000), 0)):
        told = [("camt054", noticed), ("camt053", entry(1_000, text, day=23, ref="R1", iban=IBAN))]
        for order in (told, told[::-1]):
            bank = MemoryBank(CLAIMS)
            for name, one in order:
                bank.file(one, format=name)
            assert (bank.open, bank.waits) == (left, [(1_000, "possible_duplicate")] * waits)
    three = MemoryBank(CLAIMS).file(entry(1_000, ONE, day=23, ref="R1", iban=IBAN))
    three.file(entry(1_000, f"/REMI/{ONE}", day=23, iban=IBAN), format="mt940")
    three.file(entry(1_000, ONE, day=21, iban=IBAN), format="csv")
    assert (three.open, three.waits) == (less(i1=9_000), [(1_000, "possible_duplicate")] * 2)
    again = MemoryBank(CLAIMS).file(entry(1_000, ONE, day=23, iban=IBAN)).file(entry(1_000, ONE, day=25, iban=IBAN))
    assert (again.open, again.waits) == (less(i1=8_000), [])


LATE = (
    LateClaim(ONE, date(2026, 11, 4), 4_000, 100),
    LateClaim(TWO, date(2026, 11, 4), 4_000, 50),
    LateClaim(ONE, date(2026, 11, 19), 4_000, 250),
)
"""A letter of 4 November to both clients, and another one of the 19th to acme."""


NOT_MEANT = {ONE: 4_250, TWO: 4_050}
"""All of both claims is left."""


@pytest.mark.parametrize(
    ("entries", "left", "beside", "waits"),
    [
        pytest.param([entry(14_250, ONE)], less(i1=0), {TWO: 4_050}, [], id="all that the newest letter claims"),
        pytest.param([entry(10_000, ONE)], less(i1=0), {ONE: 4_250, TWO: 4_050}, [], id="the document only"),
        pytest.param([entry(9_999, ONE)], less(i1=1), {ONE: 4_250, TWO: 4_050}, [], id="less than the document"),
        pytest.param([entry(14_100, ONE)], less(i1=0), {ONE: 150, TWO: 4_050}, [], id="what the letter before claimed"),
        pytest.param(
            [entry(14_100, ONE, day=18)], less(i1=0), {ONE: 150, TWO: 4_050}, [], id="before the second letter, all"
        ),
        pytest.param(
            [entry(10_100, ONE, day=3)], less(i1=0, acme=100), {ONE: 4_250, TWO: 4_050}, [], id="before any letter"
        ),
        pytest.param([entry(14_251, ONE)], less(i1=0, acme=1), {TWO: 4_050}, [], id="a cent more is in its favour"),
        pytest.param(
            [entry(10_000, ONE, day=19), entry(4_250, f"interest and costs for {ONE}")],
            less(i1=0), {TWO: 4_050}, [], id="the claim later",
        ),
        pytest.param(
            [entry(22_300, f"{ONE} and {TWO}")], less(i1=0, i2=0), {}, [], id="two clients, all of it",
        ),
        pytest.param(
            [entry(22_301, f"{ONE} and {TWO}")],
            ALL, {ONE: 4_250, TWO: 4_050}, [(22_301, "several_clients")], id="whose is the cent?",
        ),
        pytest.param(
            [entry(100, ONE, day=2, iban=IBAN), entry(14_150, iban=IBAN)], less(i1=0), {TWO: 4_050}, [],
            id="a known account, the letter's sum",
        ),
        pytest.param(
            [entry(100, ONE, day=2, iban=IBAN), entry(14_149, iban=IBAN)],
            less(i1=9_900), {ONE: 4_250, TWO: 4_050}, [(14_149, "other_sum")], id="a known account, a cent less",
        ),
        pytest.param(
            [entry(14_250, ONE, iban=IBAN), entry(-14_250, ONE, day=21, is_return=True)],
            ALL, {ONE: 4_250, TWO: 4_050}, [], id="returned",
        ),
        pytest.param(
            [entry(14_250, ONE, iban=IBAN), entry(-14_600, day=21, iban=IBAN, is_return=True, charges_cents=350)],
            ALL, {ONE: 4_250, TWO: 4_050}, [], id="returned with charges, known by its account",
        ),
        pytest.param([entry(13_950, ONE, charges_cents=300)], less(i1=0), {TWO: 4_050}, [], id="the bank kept 3.00"),
        pytest.param(
            [entry(7_550, f"{TWO} less CN-2026-00001")],
            {ONE: 10_000, THREE: 3_000}, {ONE: 4_250}, [], id="less a credit note, with the claim",
        ),
        pytest.param(
            [entry(10_000, ONE, day=5), entry(2_000, ONE), entry(2_250, ONE, day=21)], less(i1=0), {TWO: 4_050}, [],
            id="the claim in two parts",
        ),
        pytest.param(
            [entry(10_000, ONE, day=5), entry(10_000, ONE)], less(i1=0, acme=10_000), NOT_MEANT, [], id="again"
        ),
        pytest.param([entry(20_000, ONE)], less(i1=0, acme=10_000), NOT_MEANT, [], id="twice in one"),
        pytest.param(
            [entry(6_000, ONE, day=3), entry(10_000, ONE)], less(i1=0, acme=6_000), NOT_MEANT, [],
            id="the whole sum, though a part was paid",
        ),
        pytest.param(
            [entry(7_500, ONE, day=3), entry(5_000, ONE)], less(i1=0, acme=2_500), NOT_MEANT, [], id="the rest twice",
        ),
        pytest.param(
            [entry(7_500, ONE, day=3), entry(2_500, ONE, day=5), entry(2_500, ONE)], less(i1=0, acme=2_500),
            NOT_MEANT, [], id="the rest again",
        ),
        pytest.param(
            [entry(14_100, ONE, day=5), entry(14_100, ONE)], less(i1=0, acme=14_100), {ONE: 150, TWO: 4_050}, [],
            id="all that the first letter asked, again after the second",
        ),
        pytest.param(
            [entry(26_000, f"{ONE} {THREE}")], less(i1=0, i3=0, acme=13_000), NOT_MEANT, [], id="two twice in one",
        ),
        pytest.param(
            [entry(16_000, f"{ONE} {THREE}")], less(i1=0, i3=0, acme=3_000), NOT_MEANT, [], id="one of two twice",
        ),
        pytest.param([entry(13_000, ONE)], less(i1=0, acme=3_000), NOT_MEANT, [], id="the sum of another one besides"),
        pytest.param(
            [entry(28_000, f"{ONE} {TWO}")], ALL, NOT_MEANT, [(28_000, "several_clients")], id="two clients, twice",
        ),
    ],
)  # fmt: skip
def test_what_a_reminder_claimed(
    entries: list[BankEntry], left: dict[str, int], beside: dict[str, int], waits: list[tuple[int, str]]
) -> None:
    """The document first, then costs, then interest; only what is beyond them is in the client's favour."""
    whole = MemoryBank(CLAIMS, late=LATE).file(*entries)
    assert (whole.open, whole.beside, whole.waits) == (left, beside, waits)
    for each in entries:
        whole.file(each)
    assert (whole.open, whole.beside, whole.waits) == (left, beside, waits)


def test_costs_come_before_interest_and_undo_gives_both_back() -> None:
    """Of 41.00 beyond the document 40.00 are costs; taken back, nothing is paid."""
    bank = MemoryBank(CLAIMS, late=LATE).file(entry(14_100, ONE))
    assert [(one.kind, one.cents) for one in bank.payments] == [
        (PaymentKind.RECEIPT, 10_000), (PaymentKind.COSTS, 4_000), (PaymentKind.INTEREST, 100),
    ]  # fmt: skip
    bank.decide(0, "undo")
    assert (bank.open, bank.beside[ONE], bank.payments) == (ALL, 4_250, [])
    bank.decide(0, "match", ONE, THREE)
    assert (bank.open, bank.beside[ONE]) == (less(i1=0, i3=0), 4_250 - 1_100)


def test_a_claim_as_high_as_its_document() -> None:
    """What the letter asks is paid, also where it is the document's sum once more; and the same by hand."""
    late = (LateClaim(THREE, date(2026, 11, 4), 3_000, 0), LateClaim(ONE, date(2026, 11, 4), 4_000, 0))
    assert MemoryBank(CLAIMS, late=late).file(entry(6_000, THREE)).beside == {ONE: 4_000}
    assert MemoryBank(CLAIMS, late=late).file(entry(3_000, THREE, day=5), entry(3_000, THREE)).beside == {ONE: 4_000}
    bank = MemoryBank(CLAIMS, late=late).file(entry(10_000, ONE, day=5), entry(10_000, "again"), entry(4_000, "costs"))
    bank.decide(1, "match", ONE).decide(2, "match", ONE)
    assert (bank.open, bank.beside) == (less(i1=0, acme=10_000), {THREE: 3_000})


OFFERED = [
    claim("INV-2025-00001", 9_000), replace(claim(ONE, 10_000), offered_cents=2_500), claim(THREE, 3_000),
    claim(TWO, 4_000, "bruno"),
]  # fmt: skip
OVERPAID = entry(11_500, "INV-2025-00001", day=2)
BALANCE = {"acme+": 2_500}


@pytest.mark.parametrize(
    ("entries", "late", "offers", "left"),
    [
        pytest.param([entry(7_500, ONE)], (), (), {THREE: 3_000, TWO: 4_000}, id="what the invoice leaves"),
        pytest.param([entry(10_000, ONE)], (), (), {THREE: 3_000, TWO: 4_000} | BALANCE, id="no use of it"),
        pytest.param([entry(7_499, ONE)], (), (), {ONE: 2_501, THREE: 3_000, TWO: 4_000} | BALANCE, id="a cent less"),
        pytest.param([entry(500, THREE)], (), (), {ONE: 10_000, THREE: 2_500, TWO: 4_000} | BALANCE, id="not offered"),
        pytest.param([entry(10_500, f"{ONE} {THREE}")], (), (), {TWO: 4_000}, id="with another invoice"),
        pytest.param(
            [entry(7_500, ONE), entry(-7_500, ONE, day=21, is_return=True)], (), (),
            {ONE: 10_000, THREE: 3_000, TWO: 4_000} | BALANCE, id="and the bank takes it back",
        ),
        pytest.param(
            [entry(-2_500, "back INV-2025-00001", day=5), entry(7_500, ONE)], (), (),
            {ONE: 2_500, THREE: 3_000, TWO: 4_000}, id="it was paid back before",
        ),
        pytest.param(
            [entry(14_750, f"{ONE} {THREE}")], LATE, (Offer(frozenset({ONE, THREE}), date(2026, 11, 19), 2_500),),
            {TWO: 4_000}, id="all that a letter asks",
        ),
        pytest.param(
            [entry(10_000, ONE, day=21)], (LateClaim(ONE, date(2026, 11, 4), 2_500, 0),), (),
            {THREE: 3_000, TWO: 4_000} | BALANCE, id="the claim beside it is the balance by chance",
        ),
        pytest.param(
            [entry(10_000, ONE, day=21), entry(10_000, ONE, day=22)], (LateClaim(ONE, date(2026, 11, 4), 12_500, 0),),
            (), {THREE: 3_000, TWO: 4_000, "acme+": 12_500}, id="twice, which with the balance is the claim by chance",
        ),
        pytest.param(
            [entry(10_500, ONE)], (LateClaim(ONE, date(2026, 11, 4), 3_000, 0),), (), {THREE: 3_000, TWO: 4_000},
            id="the claim is another document's sum by chance",
        ),
        pytest.param(
            [entry(13_000, ONE)], (LateClaim(ONE, date(2026, 11, 4), 5_500, 0),), (), {THREE: 3_000, TWO: 4_000},
            id="what is beyond the document is another one's sum by chance",
        ),
    ],
)  # fmt: skip
def test_a_credit_balance_is_used_where_it_was_offered(
    entries: list[BankEntry], late: tuple[LateClaim, ...], offers: tuple[Offer, ...], left: dict[str, int]
) -> None:
    """By exactly what was left to be paid; by no other sum, and for nothing else."""
    bank = MemoryBank(OFFERED, late=late, offers=offers).file(OVERPAID, *entries)
    assert (bank.open, bank.waits) == (left, [])
    assert sum(one.cents for one in bank.payments) == sum(each.cents for each in (OVERPAID, *entries))
    assert bank.file(OVERPAID).file(*reversed(entries)).open == left


TEXTS = st.sampled_from([ONE, TWO, THREE, f"{ONE} {THREE}", "INV-2026-00099", "thanks", ""])


@st.composite
def movements(draw: st.DrawFn) -> list[BankEntry]:
    """Entries of one account, each with the bank's reference: payments, part payments, returns, payments back."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        cents = draw(st.sampled_from([10_000, 4_000, 3_000, 13_000, 6_000, 500, 12_500, 14_250, 14_100, 4_150]))
        is_return = draw(st.booleans()) and draw(st.booleans())
        sign = -1 if (is_return and draw(st.integers(0, 3))) or draw(st.integers(0, 5)) == 0 else 1
        found.append(
            entry(
                sign * cents,
                draw(TEXTS),
                day=draw(st.integers(1, 6)),
                ref=f"R{number}",
                iban=draw(st.sampled_from(["", IBAN, OTHER_IBAN])),
                is_return=is_return,
            )
        )
    return found


@pytest.mark.parametrize(
    ("cents", "text", "iban", "left"),
    [
        pytest.param(10_000, "invoice 20260301", "", {"20260302": 4_000}, id="its very sum"),
        pytest.param(3_000, "rent 20260301", "", {"20260301": 10_000, "20260302": 4_000}, id="a day, and another sum"),
        pytest.param(4_000, "transfer of 20260301", IBAN, {"20260301": 10_000}, id="a day, and a known account"),
        pytest.param(3_000, "20260132", "", {"20260301": 10_000, "20260302": 4_000, "20260132": 2_000}, id="no day"),
    ],
)
def test_a_number_that_could_be_a_day(cents: int, text: str, iban: str, left: dict[str, int]) -> None:
    """Numbers as {year}{number:04d} makes them: 20260301 is an invoice, and 1 March."""
    claims = [claim("20260301", 10_000), claim("20260302", 4_000, "bruno"), claim("20260132", 5_000)]
    bank = MemoryBank(claims, mandates=[(IBAN, "bruno")]).file(entry(cents, text, iban=iban))
    assert bank.open == {"20260132": 5_000} | left


def test_documents_in_the_money_of_before() -> None:
    """Dollars were billed, then euros: 92.00 EUR pay nothing of 100.00 USD, and what was paid in dollars stands."""
    in_dollars = [replace(each, currency="USD") for each in (claim(ONE, 10_000), claim(TWO, 20_000, "bruno"))]
    dollars = [
        replace(entry(cents, text, ref=text, day=2), currency="USD") for cents, text in ((15_000, ONE), (5_000, TWO))
    ]
    bank = MemoryBank(in_dollars, FirstDay(currency="USD")).file(*dollars)
    assert bank.open == {TWO: 15_000, "acme+": 5_000}
    bank.claims = [*in_dollars, replace(claim(THREE, 5_000), currency="EUR")]
    bank.first_day = FirstDay(currency="EUR")
    bank.file(entry(9_200, TWO, ref="1", day=3), entry(4_500, THREE, ref="2", day=3))
    assert (bank.open, bank.waits) == ({THREE: 500}, [(9_200, "other_currency")])
    bank.first_day = FirstDay(currency="USD")
    assert bank.open == {TWO: 15_000, "acme+": 5_000}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_order_of_statements_is_of_no_matter(data: st.DataObject) -> None:
    """Any permutation, split and repetition of the same entries gives the same open items, and the same that wait."""
    entries = data.draw(movements())
    whole = MemoryBank(CLAIMS, late=LATE).file(*entries)
    shuffled = data.draw(st.permutations(entries)) + data.draw(st.lists(st.sampled_from(entries), max_size=4))
    bank = MemoryBank(CLAIMS, late=LATE)
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        bank.file(*shuffled[:size])
        shuffled = shuffled[size:]
    assert (bank.open, bank.beside) == (whole.open, whole.beside)
    assert sorted(bank.outcome.waiting, key=lambda one: one.entry) == sorted(
        whole.outcome.waiting, key=lambda one: one.entry
    )
    # Nothing is made of nothing: what is booked, what waits and what is no client's money are all that moved.
    waits = {one.entry: one.cents for one in whole.outcome.waiting}
    for id_, each in whole.known.items():
        own = whole.recorded.get(id_, ())
        assert sum(one.cents - one.charges_cents for one in own) in (each.entry.cents - waits.get(id_, 0), 0)
