"""TARGET days, mandates, and the direct debit file: what the bank is told, twice the same."""

from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from billing_job.core.target_days import after_target_days, is_target_day, next_target_day
from billing_job.receivables.direct_debit import Collection, Creditor, Debit, collection_xml
from billing_job.receivables.mandates import (
    Collected,
    Mandate,
    Scheme,
    checked_creditor_id,
    checked_iban,
    checked_mandate_id,
    mandate_for,
    returns_in_a_row,
    sequence_of,
)

IBAN = "NL91ABNA0417164300"
DEBIT = Debit("INV-2026-00001", "acme", 12_345, "FRST", "M-1", date(2026, 1, 2), IBAN, "", "Söhne & Co.")
COLLECTION = Collection(
    date(2026, 12, 14),
    Scheme.CORE,
    Creditor("Noordzee Telecom", IBAN, "ABNANL2A", "DE98ZZZ09999999999"),
    "2026-12-07T09:00:00",
    (DEBIT, replace(DEBIT, document_number="INV-2026-00002", cents=5, sequence="RCUR", bic="COBADEFFXXX")),
)


@pytest.mark.parametrize(
    ("day", "settles"),
    [
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),
        (date(2026, 12, 26), False),
        (date(2027, 1, 1), False),
        (date(2027, 3, 26), False),  # Good Friday
        (date(2027, 3, 29), False),  # Easter Monday
        (date(2027, 5, 1), False),
        (date(2027, 5, 6), True),  # Ascension Day is a TARGET day
        (date(2026, 12, 12), False),  # a Saturday
    ],
)
def test_target_days(day: date, settles: bool) -> None:
    """The calendar that the ECB set for good."""
    assert is_target_day(day) is settles


def test_counting_target_days() -> None:
    """Over Christmas, and from a day on which nothing settles."""
    assert next_target_day(date(2026, 12, 25)) == date(2026, 12, 28)
    assert after_target_days(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert after_target_days(date(2026, 12, 11), 2) == date(2026, 12, 15)


def test_the_file_says_what_is_collected_and_no_more() -> None:
    """Sums, ids, sequence types; the number as end-to-end id; each debit booked by itself; no address."""
    content = collection_xml(COLLECTION)
    assert collection_xml(COLLECTION) == content
    root = etree.fromstring(content)
    name = "{urn:iso:std:iso:20022:tech:xsd:pain.008.001.08}"

    def texts(tag: str) -> list[str]:
        return [element.text for element in root.iter(name + tag)]

    assert texts("EndToEndId") == ["INV-2026-00001", "INV-2026-00002"]
    assert texts("InstdAmt") == ["123.45", "0.05"]
    assert texts("CtrlSum") == ["123.50", "123.45", "0.05"]
    assert texts("NbOfTxs") == ["2", "1", "1"]
    assert texts("SeqTp") == ["FRST", "RCUR"]
    assert texts("ReqdColltnDt") == ["2026-12-14"] * 2
    assert texts("CreDtTm") == ["2026-12-07T09:00:00"]
    assert texts("BtchBookg") == ["false"] * 2
    assert texts("Nm") == ["Noordzee Telecom"] * 2 + ["Sohne + Co."] + ["Noordzee Telecom", "Sohne + Co."]
    assert texts("PstlAdr") == []


def test_other_debits_are_another_message() -> None:
    """The message's id follows from what is collected: the bank refuses the same one twice, and takes a new one."""
    other = replace(COLLECTION, debits=COLLECTION.debits[:1])
    assert len({COLLECTION.message_id, other.message_id}) == 2
    assert max(len(COLLECTION.message_id), len(other.message_id)) <= 33


def test_sequence_types_come_from_history() -> None:
    """FRST until a collection stayed, then RCUR, at the mandate's end FNAL; OOFF of a mandate for one collection."""
    mandate = Mandate("acme", "M-1", date(2026, 1, 2), IBAN, "Acme", valid_to=date(2026, 7, 1))
    june, july = date(2026, 6, 29), date(2026, 6, 30)
    returned = Collected("M-1", "INV-1", date(2026, 1, 5), returned=True)
    stayed = replace(returned, document_number="INV-2", due=date(2026, 2, 5), returned=False)
    again = replace(returned, document_number="INV-3", due=date(2026, 3, 5))
    assert [
        sequence_of(mandate, june, history, is_last=True)
        for history in ([], [returned], [returned, stayed], [stayed, again])
    ] == [
        "FRST",
        "FRST",
        "RCUR",
        "RCUR",
    ]
    assert sequence_of(replace(mandate, mandate_id="M-2"), june, [stayed], is_last=True) == "FRST"
    assert [sequence_of(mandate, july, [stayed], is_last=is_last) for is_last in (True, False)] == ["FNAL", "RCUR"]
    assert sequence_of(mandate, july, [], is_last=True) == "FRST"
    assert sequence_of(replace(mandate, type="one_off"), june, [returned], is_last=True) == "OOFF"
    assert [returns_in_a_row("M-1", history) for history in ([], [returned, stayed], [again, stayed, returned])] == [
        0,
        0,
        1,
    ]


def test_a_mandate_holds_from_its_signature_to_its_end() -> None:
    """Signed, begun, not ended; the day of the end no longer counts."""
    mandate = Mandate(
        "acme", "M-1", date(2026, 1, 2), IBAN, "Acme", valid_from=date(2026, 2, 1), valid_to=date(2026, 3, 1)
    )
    days = (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1))
    assert [mandate_for([mandate], "acme", day) is mandate for day in days] == [False, True, True, False]
    assert mandate_for([mandate], "bruno", date(2026, 2, 1)) is None


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        (checked_iban, "NL92ABNA0417164300"),
        (checked_creditor_id, "DE97ZZZ09999999999"),
        (checked_mandate_id, "M_1"),
        (checked_mandate_id, "/M1"),
        (checked_mandate_id, "M" * 36),
    ],
)
def test_check_digits_and_characters(check: object, wrong: str) -> None:
    """What the bank would refuse is refused before it is sent."""
    assert callable(check)
    with pytest.raises(ValueError, match=r"check digits|use letters"):
        check(wrong)
