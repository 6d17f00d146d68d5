"""Names of the columns that only this package reads or writes, and words that it shares."""

from typing import Final

LATITUDE: Final = "latitude"
LONGITUDE: Final = "longitude"
DISTANCE: Final = "distance"

PROTECTED: Final = "protected"
PERIODS_LEFT: Final = "periods_left"
PICK_COST: Final = "pick_cost"
SHIPPING_COST: Final = "shipping_cost"
MARGIN: Final = "margin"
ONLINE_MARGIN: Final = "online_margin"

SHIPPING: Final = "shipping"
LABOUR: Final = "labour"
LOST_AT_COUNTER: Final = "lost_at_counter"
SPLITTING: Final = "splitting"
WHY: Final = "why"


def last_units(units: float) -> str:
    """The last units of a stock as the subject of a sentence.

    >>> last_units(1), last_units(1200.0)
    ('the last unit is', 'the last 1,200 units are')
    """
    return "the last unit is" if units == 1 else f"the last {units:,.0f} units are"
