"""The price of one piece (BT-146), from which a reader comes back to the line's net."""

from decimal import Decimal

_FEWEST, _MOST = 2, 10


def unit_price(net_cents: int, quantity: int | Decimal) -> str:
    """The price of one of so many units of a net that is not negative, with the fewest decimals, 2 to 10, that do.

    >>> unit_price(13192, 3), unit_price(23125, Decimal("2.5"))
    ('43.973', '92.50')
    """
    count, parts = quantity.as_integer_ratio()
    net_cents *= parts
    for places in range(_FEWEST, _MOST + 1):
        scale = 10 ** (places - 2)
        price = (2 * net_cents * scale + count) // (2 * count)
        back = (2 * price * count + scale) // (2 * scale)
        if back == net_cents:
            break
    return f"{Decimal(price).scaleb(-places):.{places}f}"
