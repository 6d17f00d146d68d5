"""Names of the columns that only this package reads or writes."""

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
