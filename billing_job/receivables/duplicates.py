"""Which entry is which, whatever file brought it: its identity, and what may be the same one told twice.

The bank's reference is the identity. Without one an entry is known by all that it says and a count: equal entries of a
day count as often as in the file that has most of them.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from billing_job.core.bank_entry import FORMATS, BankEntry, IdentifiedEntry, Statement
from billing_job.core.money import decimal_text
from billing_job.core.payment_reference import plain_number

_SHORTEST_WORDS = 6
"""Of two texts, one of which holds the other, or of a number in both: fewer signs are in too many texts."""
_BACK = " back"
_MOST_ALIKE = 64
"""Entries of one day and amount among which it is found out again: among more, the first that is like each."""
_MOST_DAYS = 10
"""Between two tellings of one movement, by a notification and by a statement."""
_DAYS_APART = 4
"""Between the days that two forms give one movement: an instant payment on a Saturday is booked after the holidays."""
_NEAR = [timedelta(days) for apart in range(1, _DAYS_APART + 1) for days in (apart, -apart)]
_RUN = re.compile(r"\d[\d\-./]*\d")


def identified(statements: Sequence[Statement]) -> Iterator[tuple[Statement, IdentifiedEntry]]:
    """The entries of one file, with the statement of each; what stands in it twice under one reference, once.

    Where a statement has two different entries under one reference, both are kept, and the second by their fingerprints
    waits as a possible duplicate: some banks give all payments of a batch one reference. ValueError where one reference
    stands for two amounts.
    """
    times: Counter[str] = Counter()
    by_reference: dict[tuple[str, bool], dict[str, BankEntry]] = defaultdict(dict)
    for statement in statements:
        shared = {name for name, count in Counter(map(_way, statement.entries)).items() if name[0] and count > 1}
        first: dict[tuple[str, bool], str] = {}
        for entry in statement.entries:
            if (name := _way(entry)) in shared:
                first[name] = min(first.get(name, "g"), _fingerprint(entry))
        for entry in statement.entries:
            if entry.reference:
                identity, name = _by_reference(entry), _way(entry)
                before = by_reference[name]
                check_same(next(iter(before.values()), entry), entry)
                if name in shared and (told := _fingerprint(entry)) != first[name]:
                    identity += f" {told}"
                if identity in before:
                    continue
                before[identity] = entry
            else:
                told = _fingerprint(entry)
                times[told] += 1
                identity = f"{told} {times[told]}"
            yield statement, IdentifiedEntry(id_of(identity), identity, entry, statement.format)


def _by_reference(entry: BankEntry) -> str:
    """The identity that the bank's reference gives; empty without one."""
    return f"{entry.account} {entry.reference}" if entry.reference else ""


def _way(entry: BankEntry) -> tuple[str, bool]:
    return _by_reference(entry), entry.cents < 0


def in_its_direction(each: IdentifiedEntry, known: Mapping[str, IdentifiedEntry]) -> IdentifiedEntry:
    """The entry; under an id of its own where what is known by its reference went the other way, or long before.

    Some banks give a payment that they take back the reference under which it came, and some begin their references
    anew with each file: who pays the same each month would have paid once. That waits as a possible duplicate.
    """
    before = known.get(each.id)
    if before is None:
        return each
    if (before.entry.cents < 0) != (each.entry.cents < 0):
        identity = each.identity + _BACK
    elif abs((before.entry.day - each.entry.day).days) > _MOST_DAYS and before.entry.cents == each.entry.cents:
        identity = f"{each.identity} {each.entry.day}"
    else:
        return each
    return IdentifiedEntry(id_of(identity), identity, each.entry, each.format)


def check_same(before: BankEntry, entry: BankEntry) -> None:
    """ValueError where one reference of the bank stands for two amounts."""
    if (before.cents, before.currency) != (entry.cents, entry.currency):
        is_far = abs((before.day - entry.day).days) > _MOST_DAYS
        anew = ', or set bank.csv.id = "" where they begin anew with each file' if is_far else ""
        raise ValueError(
            f"the entry with the bank's reference {entry.reference} is of {entry.currency}"
            f" {decimal_text(entry.cents)} on {entry.day}, but was of {before.currency} {decimal_text(before.cents)} on"
            f" {before.day} before: ask the bank which one is right{anew}"
        )


def id_of(identity: str) -> str:
    """An entry's id, short enough to type."""
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _fingerprint(entry: BankEntry) -> str:
    words = [
        f"{part.cents} {part.iban} {plain_number(part.name + _words(part.text, part.references))}"
        for part in entry.parts
    ]
    told = "\n".join([entry.account, entry.day.isoformat(), str(entry.cents), entry.currency, *words])
    return hashlib.sha256(told.encode()).hexdigest()


def _words(text: str, references: Iterable[str]) -> str:
    return " ".join([text, *references])


def possible_duplicates(entries: Iterable[IdentifiedEntry]) -> dict[str, str]:
    """Entry → the one that it may be told again of: same account, day and amount, and the same other side or text.

    Of another day, a few apart, where side and text are the same. Told by a surer source, an entry with the bank's
    reference, the less sure one waits: of as many as there are sure ones, so that what one file alone tells counts.
    """
    groups: dict[tuple[str, object, int], list[IdentifiedEntry]] = defaultdict(list)
    found: dict[str, str] = {}
    known = list(entries)
    for each in known:
        if each.entry.reference and each.identity.removesuffix(_BACK) != _by_reference(each.entry):
            found[each.id] = id_of(_by_reference(each.entry))
        groups[each.entry.account, each.entry.day, each.entry.cents].append(each)
    for group in groups.values():
        if len({_sureness(each) for each in group}) > 1:
            found |= dict(_told_again(sorted(group, key=lambda each: (_sureness(each), each.id))))
    if len(set(map(_sureness, known))) > 1:
        found |= _told_on_another_day(known, found)
    return found


def _told_on_another_day(entries: Iterable[IdentifiedEntry], told: Mapping[str, str]) -> dict[str, str]:
    """Less sure entries that have account, amount, other side and text of a surer one some days before or after.

    As many as there are surer ones that are not `told` again on their own day.
    """
    taken = set(told.values())
    groups: dict[tuple[str, int, str], dict[date, list[IdentifiedEntry]]] = defaultdict(lambda: defaultdict(list))
    for each in sorted(entries, key=lambda each: (_sureness(each), each.id)):
        for iban in _ibans(each.entry):
            groups[each.entry.account, each.entry.cents, iban][each.entry.day].append(each)
    found: dict[str, str] = {}
    for days in groups.values():
        if len({_sureness(each) for own in days.values() for each in own}) == 1:
            continue
        for day in sorted(days):
            near = [one for apart in _NEAR for one in days.get(day + apart, ())]
            for each in (one for one in days[day] if one.id not in told):
                surer = next((one for one in near if one.id not in taken and _is_surer(one, each)), None)
                if surer is not None and each.id not in found:
                    found[each.id] = surer.id
                    taken.add(surer.id)
    return found


def _is_surer(one: IdentifiedEntry, other: IdentifiedEntry) -> bool:
    return _sureness(one) < _sureness(other) and _say_the_same(one.entry, other.entry)


def _told_again(ordered: Sequence[IdentifiedEntry]) -> Iterator[tuple[str, str]]:
    """Of one account, day and amount, the surest first: each less sure one with a surer one of its own.

    As many as can be: where one is left without, it is found out again which stands for which.
    """
    free: dict[str, dict[str, IdentifiedEntry]] = defaultdict(dict)
    for _, level in groupby(ordered, key=_sureness):
        # Those with an account first: they are like few others.
        own = sorted(level, key=lambda each: (not _ibans(each.entry), each.id))
        pairs: dict[str, tuple[IdentifiedEntry, IdentifiedEntry]] = {}
        for each in own:
            _find(each, free, pairs, set(), again=len(ordered) <= _MOST_ALIKE)
        yield from ((each.id, surer) for surer, (_, each) in pairs.items())
        for each in own:
            free[min(_ibans(each.entry), default="")][each.id] = each


def _find(
    each: IdentifiedEntry,
    free: Mapping[str, dict[str, IdentifiedEntry]],
    pairs: dict[str, tuple[IdentifiedEntry, IdentifiedEntry]],
    seen: set[str],
    *,
    again: bool,
) -> bool:
    """Give the entry a surer one that may be the same; or one whose own finds another (an augmenting path)."""
    ibans = _ibans(each.entry)
    for key in [*ibans, ""] if ibans else ["", *(key for key in free if key)]:
        surer = next((one for one in free.get(key, {}).values() if _alike(one.entry, each.entry)), None)
        if surer is not None:
            pairs[surer.id] = (free[key].pop(surer.id), each)
            return True
    for id_, (surer, owner) in list(pairs.items()) if again else ():
        if id_ not in seen and _alike(surer.entry, each.entry):
            seen.add(id_)
            if _find(owner, free, pairs, seen, again=again):
                pairs[id_] = (surer, each)
                return True
    return False


def _ibans(entry: BankEntry) -> set[str]:
    return {part.iban for part in entry.parts} - {""}


def _sureness(each: IdentifiedEntry) -> tuple[bool, int]:
    """Sorts what has the bank's reference first, then CAMT, MT940, CSV: entries of one sort are never held as one.

    A notification and a statement of one bank mostly share their references: then they are one entry, of one sort.
    """
    return not each.entry.reference, FORMATS.index(each.format)


def _alike(one: BankEntry, other: BankEntry) -> bool:
    """Whether both may be the same movement, told in two ways."""
    if _ibans(one) and _ibans(other):
        return bool(_ibans(one) & _ibans(other))
    return _say_the_same(one, other)


def _say_the_same(one: BankEntry, other: BankEntry) -> bool:
    """Whether one text holds the other, or both name a number."""
    words = [
        plain_number(" ".join(_words(part.text, part.references) for part in entry.parts)) for entry in (one, other)
    ]
    shorter, longer = sorted(words, key=len)
    if len(shorter) >= _SHORTEST_WORDS and shorter in longer:
        return True
    return bool(_numbers(one) & _numbers(other))


def _numbers(entry: BankEntry) -> set[str]:
    """The digits of what may be a number of something in its texts: an invoice, a client, a contract."""
    found = (plain_number(run) for part in entry.parts for run in _RUN.findall(_words(part.text, part.references)))
    return {digits for digits in found if len(digits) >= _SHORTEST_WORDS}
