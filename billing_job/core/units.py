"""What a line counts: a word of the catalogues, and the unit code that XML has for it (UN/ECE Recommendation 20)."""

from billing_job.core.categories import DISCOUNT, MINIMUM, MONTHLY_FEE, REFUND, RENTAL

PIECE, NUMBER, CALL, MESSAGE = "piece", "number", "call", "message"
MINUTE, HOUR, DAY, WEEK, MONTH, YEAR = "minute", "hour", "day", "week", "month", "year"
NOTHING = "nothing"
"""A discount counts nothing: the page leaves its quantity empty."""

CODES = {
    PIECE: "C62",
    # Recommendation 20 has a code for calls (C0), which few programs know; the word on the page says it.
    NUMBER: "C62",
    CALL: "C62",
    MESSAGE: "C62",
    MINUTE: "MIN",
    HOUR: "HUR",
    DAY: "DAY",
    WEEK: "WEE",
    MONTH: "MON",
    YEAR: "ANN",
    NOTHING: "C62",
}
"""word → code; every word has its plural in each catalogue of `templates/locales/`."""

_WORDS = {code: word for word, code in CODES.items() if code != "C62"} | {"H87": PIECE}
_OWN_CODES = frozenset(
    {*CODES.values(), "H87", "EA", "SET", "PR", "DZN", "NAR", "E48", "LS", "SEC", "QAN"}
    | {"GRM", "KGM", "TNE", "MTR", "KMT", "MTK", "MTQ", "LTR", "KWH", "AD", "2P", "4L", "E34"}
)
"""What a charge of one's own may count, beside the words: codes of Recommendation 20."""
_SETUP = "number_setup"
_OF_CATEGORY = {
    _SETUP: NUMBER,
    "call": CALL,
    "message": MESSAGE,
    MONTHLY_FEE: MONTH,
    MINIMUM: NOTHING,
    DISCOUNT: NOTHING,
    REFUND: PIECE,
}


_OF_SECONDS = {60: MINUTE, 3_600: HOUR, 86_400: DAY}


def unit_of_seconds(seconds: int) -> str:
    """What so many seconds are called; a piece where they have no name."""
    return _OF_SECONDS.get(seconds, PIECE)


def unit_of_category(category: str, number: str) -> str:
    """What lines of a category count; rentals of one number are its months, those of several are numbers."""
    if category == RENTAL:
        return MONTH if number else NUMBER
    return _OF_CATEGORY.get(category, PIECE)


def unit_word(unit: str) -> str:
    """The word for a unit that may be given by its code: "HUR" is an hour; a code without a word is its own."""
    return _WORDS.get(unit, unit)


def unit_code(unit: str) -> str:
    """The code of a unit: of a word, or the code that it is."""
    return CODES.get(unit, unit)


def charge_unit(text: str) -> str | None:
    """What a charge of one's own counts: a word, or a code where there is no word; None for neither.

    A piece of goods has a code of its own, which lines of use do without.
    """
    word = text.strip().lower()
    if word in CODES and word != NOTHING:
        return "H87" if word == PIECE else word
    code = text.strip().upper()
    if code not in _OWN_CODES:
        return None
    return code if code == "H87" else _WORDS.get(code, code)
