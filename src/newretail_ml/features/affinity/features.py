"""Features of pairs of a customer and an item: each has a name and one definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.features.affinity.bought import HALF_LIVES, ORDER_DECAYS
from newretail_ml.features.affinity.goods import WINDOWS
from newretail_ml.features.affinity.pairs import Pairs
from newretail_ml.features.affinity.tastes import LABELS

OWN, CYCLE, RECENT = "bought before", "how often", "how lately"
CUSTOMER, ITEM, PRICE, TASTE = "the customer", "popularity", "price", "category and brand"
_PRIOR_ORDERS = 5.0


@dataclass(frozen=True)
class PairFeature:
    """One number for each pair of a customer and an item.

    Attributes:
        name: name of the column.
        part: what it is about, in words.
        values: its definition.
    """

    name: str
    part: str
    values: Callable[[Pairs], np.ndarray]


class PairFeatures:
    """An ordered list of features of pairs.

    Training and prediction get their numbers from the same definitions.

    Args:
        features: the features, with distinct names.

    >>> import pandas as pd
    >>> from newretail_ml.features.affinity import Affinity
    >>> from newretail_ml.interactions import Interactions
    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "bob"], "item_id": ["tea"] * 3,
    ...                        "time": ["2026-05-01", "2026-05-09", "2026-05-10"]})
    >>> known = Affinity.of(Interactions.from_frame(orders))
    >>> some = PairFeatures([feature for feature in PAIR_FEATURES.features
    ...                      if feature.name in ("times_bought", "days_since_bought")])
    >>> some.matrix(known.pairs(np.array([0, 1]), np.array([0, 0])))
    array([[2., 2.],
           [1., 1.]], dtype=float32)
    """

    def __init__(self, features: Iterable[PairFeature]) -> None:
        self.features = tuple(features)
        names = self.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(
                f"the features hold {', '.join(twice)} twice", next_step="Drop the second one."
            )

    @property
    def names(self) -> list[str]:
        """Name of each column."""
        return [feature.name for feature in self.features]

    @property
    def parts(self) -> list[str]:
        """What each column is about, in words."""
        return [feature.part for feature in self.features]

    def matrix(self, pairs: Pairs, out: np.ndarray | None = None) -> np.ndarray:
        """(pairs, features) float32 values, missing where nothing is known.

        Args:
            pairs: customers and items.
            out: array to write into.
        """
        if out is None:
            out = np.empty((len(pairs.item), len(self.features)), np.float32)
        with np.errstate(divide="ignore", invalid="ignore"):
            for column, feature in enumerate(self.features):
                out[:, column] = feature.values(pairs)
        return out


def _share_of_orders(pairs: Pairs) -> np.ndarray:
    """Share of the customer's orders with the item, shrunken towards that of all customers."""
    return np.asarray(
        (pairs.own("times") + _PRIOR_ORDERS * pairs.good("share"))
        / (pairs.member("orders") + _PRIOR_ORDERS)
    )


def _cycle(pairs: Pairs) -> np.ndarray:
    """Days between orders with the item: the customer's, or else those of its other buyers."""
    own = pairs.own("gap")
    return np.where(np.isfinite(own), own, pairs.good("gap"))


def _overdue(pairs: Pairs) -> np.ndarray:
    return np.asarray(pairs.own("since_last") / np.maximum(_cycle(pairs), 1.0))


def _overdue_days(pairs: Pairs) -> np.ndarray:
    """Days past the due date, in standard deviations of the own gaps."""
    late = pairs.own("since_last") - pairs.own("gap")
    return np.asarray(late / np.maximum(pairs.own("gap_spread"), 1.0))


def _in_last_order(pairs: Pairs) -> np.ndarray:
    return pairs.own("orders_since") == 0


def _since_first_order(pairs: Pairs) -> np.ndarray:
    """Share of the orders since the first one with the item that had it too."""
    return np.asarray(pairs.own("times") / pairs.own("orders_from_first"))


def _orders_to_come(pairs: Pairs) -> np.ndarray:
    """Orders in four weeks at the customer's own rate, silence counting as a gap."""
    days = np.maximum(pairs.member("since_first"), 28.0)
    return np.asarray(28.0 * pairs.member("orders") / days)


def _silence(pairs: Pairs) -> np.ndarray:
    """Orders that were to be expected since the item's last sale: many where it is gone."""
    return pairs.good("since_sold") * pairs.good("sold", -1)


def _change(late: int, early: int) -> Callable[[Pairs], np.ndarray]:
    """Rate of sales in a shorter window over that in a longer one, a sale in 100 days added."""
    return lambda pairs: (pairs.good("sold", late) + 0.01) / (pairs.good("sold", early) + 0.01)


def _own(name: str, part: int | None = None) -> Callable[[Pairs], np.ndarray]:
    return lambda pairs: pairs.own(name, part)


def _member(name: str) -> Callable[[Pairs], np.ndarray]:
    return lambda pairs: pairs.member(name)


def _good(name: str, part: int | None = None) -> Callable[[Pairs], np.ndarray]:
    return lambda pairs: pairs.good(name, part)


def _label(column: str, lift: bool) -> Callable[[Pairs], np.ndarray]:
    return lambda pairs: pairs.label_lift(column) if lift else pairs.label_share(column)


PAIR_FEATURES = PairFeatures(
    [
        PairFeature("times_bought", OWN, _own("times")),
        PairFeature("share_of_orders", OWN, _share_of_orders),
        PairFeature("since_first_order_share", OWN, _since_first_order),
        *(
            PairFeature(f"decayed_{days:.0f}_days", RECENT, _own("decayed", place))
            for place, days in enumerate(HALF_LIVES)
        ),
        *(
            PairFeature(f"decayed_by_orders_{rate:g}", OWN, _own("by_orders", place))
            for place, rate in enumerate(ORDER_DECAYS)
        ),
        PairFeature("days_since_bought", RECENT, _own("since_last")),
        PairFeature("days_since_first_bought", RECENT, _own("since_first")),
        PairFeature("orders_since_bought", RECENT, _own("orders_since")),
        PairFeature("in_last_order", RECENT, _in_last_order),
        PairFeature("own_gap", CYCLE, _own("gap")),
        PairFeature("own_gap_spread", CYCLE, _own("gap_spread")),
        PairFeature("overdue", CYCLE, _overdue),
        PairFeature("overdue_days", CYCLE, _overdue_days),
        PairFeature("own_units", OWN, _own("units")),
        PairFeature("own_price_ratio", PRICE, _own("price_ratio")),
        PairFeature("returned", OWN, _own("returned")),
        PairFeature("orders", CUSTOMER, _member("orders")),
        PairFeature("items", CUSTOMER, _member("items")),
        PairFeature(
            "repeat_share",
            CUSTOMER,
            lambda pairs: 1 - pairs.member("items") / pairs.member("events"),
        ),
        PairFeature("days_since_order", CUSTOMER, _member("since_last")),
        PairFeature("days_since_first_order", CUSTOMER, _member("since_first")),
        PairFeature("days_between_orders", CUSTOMER, _member("cycle")),
        PairFeature("recent_orders", CUSTOMER, _member("recent_orders")),
        PairFeature("orders_to_come", CUSTOMER, _orders_to_come),
        PairFeature("basket", CUSTOMER, _member("basket")),
        PairFeature("units", CUSTOMER, _member("units")),
        PairFeature("price_ratio", PRICE, _member("price_ratio")),
        *(
            PairFeature(f"sold_{days:.0f}_days", ITEM, _good("sold", place))
            for place, days in enumerate(WINDOWS)
        ),
        PairFeature("sold_ever", ITEM, _good("sold", -1)),
        PairFeature("rising_this_week", ITEM, _change(0, 1)),
        PairFeature("rising", ITEM, _good("rising")),
        PairFeature("rising_after_all", ITEM, _change(1, 3)),
        PairFeature("silence", ITEM, _silence),
        PairFeature("buyers", ITEM, _good("buyers")),
        PairFeature("orders_per_buyer", ITEM, _good("repeats")),
        PairFeature("bought_again", ITEM, _good("again")),
        PairFeature("usual_gap", CYCLE, _good("gap")),
        PairFeature("item_age", ITEM, _good("age")),
        PairFeature("days_since_sold", ITEM, _good("since_sold")),
        PairFeature("item_units", ITEM, _good("units")),
        PairFeature(
            "units_to_usual", CUSTOMER, lambda pairs: pairs.good("units") / pairs.member("units")
        ),
        PairFeature("sold_a_year_ago", ITEM, _good("last_year")),
        PairFeature("returned_by_others", ITEM, _good("returned")),
        PairFeature("available", ITEM, _good("available")),
        PairFeature("planned_price_ratio", PRICE, _good("price_ratio")),
        PairFeature("planned_price_change", PRICE, _good("price_change")),
        PairFeature("planned_price", PRICE, _good("price")),
        PairFeature("planned_promotion", PRICE, _good("promotion")),
        *(PairFeature(f"{column}_share", TASTE, _label(column, False)) for column in LABELS),
        *(PairFeature(f"{column}_lift", TASTE, _label(column, True)) for column in LABELS),
    ]
)
