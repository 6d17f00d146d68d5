"""The categories of a New Retail supermarket, as the synthetic world knows them."""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = ("store", "online")
STORE, ONLINE = 0, 1
BRANDS = ("Amber", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Harbour")


@dataclass(frozen=True)
class Category:
    """What items of one category have in common.

    Attributes:
        name: its name.
        subcategories: items of one subcategory stand in for one another.
        price: middle price of an item.
        popularity: units sold, over those of an average category.
        shelf_life: days for which a unit can be sold, None for goods that keep.
        weekend: Saturday's demand in stores over Tuesday's.
        summer: log of the yearly peak over the yearly mean.
        peak: day of the year on which the yearly season peaks.
        festival_appetite: how much of a shopping festival's pull it feels.
        holiday_lift: demand in stores on a public holiday over that on an ordinary day.
    """

    name: str
    subcategories: tuple[str, ...]
    price: float
    popularity: float
    shelf_life: int | None
    weekend: float
    summer: float
    peak: int
    festival_appetite: float
    holiday_lift: float


CATEGORIES = (
    Category("fresh", ("fruit", "vegetables", "meat"), 12, 1.5, 7, 1.4, 0.12, 200, 0.4, 1.25),
    Category("dairy", ("milk", "yoghurt", "cheese"), 15, 1.4, 14, 1.2, 0.10, 210, 0.5, 1.05),
    Category("bakery", ("bread", "cake", "dumplings"), 10, 1.2, 5, 1.3, 0.15, 10, 0.5, 1.25),
    Category("drinks", ("juice", "tea", "water"), 9, 1.3, None, 1.25, 0.45, 205, 0.8, 1.2),
    Category("snacks", ("biscuits", "chocolate", "nuts"), 14, 1.0, None, 1.35, 0.25, 15, 1.2, 1.3),
    Category("pantry", ("noodles", "oil", "rice"), 28, 0.7, None, 1.2, 0.10, 20, 1.0, 0.95),
    Category("household", ("laundry", "paper", "soap"), 25, 0.6, None, 1.15, 0.0, 1, 1.3, 0.9),
    Category(
        "beauty", ("shampoo", "skin care", "toothpaste"), 38, 0.4, None, 1.2, 0.08, 330, 1.6, 1
    ),
)
"""All categories. An item's category is a position in this tuple."""
