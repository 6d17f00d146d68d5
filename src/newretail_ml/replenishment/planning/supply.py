"""What the planner is told: stock by date, terms of supply, and rules over many lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.replenishment.planning.terms import checked_columns, checked_keys, supplier_keys

ORDER_DAYS = "order_days"
DELIVERY_DAYS = "delivery_days"
TRUCK_VOLUME = "truck_volume"
TRUCK_COST = "truck_cost"
TRUCK_SMALLEST_FILL = "truck_smallest_fill"
SUBSTITUTE = "substitute_id"
SHARE = "share"


@dataclass(frozen=True, eq=False)
class State:
    """Stock and open orders, with their dates.

    Attributes:
        stock: one row a series: keys and on_hand, in units. An on_order is read only where
            there is no `due`, and is then taken to arrive in the first period.
        due: open orders: keys, date of arrival, units. What is overdue is taken to arrive in
            the first period.
        batches: what is on hand by best-before date: keys, date (the last on which it may be
            sold), units. They add up to on_hand for each series that is named.

    Raises:
        DataError: a key repeats, or a number is missing, negative or none.

    >>> stock = pd.DataFrame({"item_id": ["milk"], "on_hand": [9]})
    >>> due = pd.DataFrame({"item_id": ["milk"], "date": ["2026-03-02"], "units": [12]})
    >>> State(stock, due).stock["on_hand"].tolist()
    [9.0]
    """

    stock: pd.DataFrame
    due: pd.DataFrame | None = None
    batches: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        stock = checked_columns(self.stock, "state", required=[c.ITEM, c.ON_HAND])
        object.__setattr__(self, "stock", checked_keys(stock, "state"))
        for name in ("due", "batches"):
            frame = getattr(self, name)
            if frame is not None:
                object.__setattr__(self, name, _dated_units(frame, name))


@dataclass(frozen=True, eq=False)
class Supply:
    """How goods are bought.

    Attributes:
        terms: columns of supply by item_id, by location_id or by both: lead_time and
            review_period in periods, pack_size, pallet_size, minimum_units and minimum_value
            (if anything is ordered), shelf_capacity and presentation_minimum in units, volume
            of a unit, shelf_life in periods, launch_date, delisting_date, supplier_id.
        suppliers: one row a supplier_id, or one for each location_id that it delivers to, with
            any of: order_days and delivery_days ("mon thu"; daily forecasts only), minimum_value
            and minimum_units of the whole order, truck_volume, truck_cost, truck_smallest_fill
            (share of a truck, 0 to 1), lead_time, review_period.
        closed: dates without orders and deliveries; with a supplier_id, of that supplier.

    Raises:
        DataError: a key repeats, a number is out of its range, or a date is none.

    >>> suppliers = pd.DataFrame({"supplier_id": ["farm"], "order_days": ["mon thu"]})
    >>> Supply(pd.DataFrame({"item_id": ["milk"], "lead_time": [1]}), suppliers).closed is None
    True
    """

    terms: pd.DataFrame
    suppliers: pd.DataFrame | None = None
    closed: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        terms = checked_columns(self.terms, "supply")
        object.__setattr__(self, "terms", checked_keys(terms, "supply"))
        if self.suppliers is not None:
            suppliers = checked_columns(self.suppliers, "suppliers", required=[c.SUPPLIER])
            suppliers = checked_keys(suppliers, "suppliers", supplier_keys(suppliers))
            object.__setattr__(self, "suppliers", suppliers)
        if self.closed is not None:
            closed = checked_columns(self.closed, "closed", required=[c.DATE])
            _check_closed(closed, self.suppliers)
            object.__setattr__(self, "closed", closed)


@dataclass(frozen=True, eq=False)
class OrderRules:
    """Rules over many lines.

    Attributes:
        budget: most money for all orders of today, at unit_cost.
        capacity: most stock at arrival, orders included: units, volume or both; by location_id,
            or one row for all places together.
        substitution: item_id, substitute_id, share: of the demand for an item that is out of
            stock, the share that buys the substitute instead.

    Raises:
        DataError: a number is out of its range, or a column is missing.

    >>> OrderRules(budget=5_000).capacity is None
    True
    """

    budget: float | None = None
    capacity: pd.DataFrame | None = None
    substitution: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.budget is not None:
            check_number("budget", self.budget)
        if self.capacity is not None:
            object.__setattr__(self, "capacity", _checked_capacity(self.capacity))
        if self.substitution is not None:
            needed = [c.ITEM, SUBSTITUTE, SHARE]
            frame = checked_columns(self.substitution, "substitution", required=needed)
            object.__setattr__(self, "substitution", frame)


def _checked_capacity(capacity: pd.DataFrame) -> pd.DataFrame:
    checked = checked_columns(capacity, "capacity")
    _need_one_of(checked, (c.UNITS, c.VOLUME), "capacity")
    return checked_keys(checked, "capacity", [c.LOCATION] if c.LOCATION in checked else [])


def _check_closed(closed: pd.DataFrame, suppliers: pd.DataFrame | None) -> None:
    if c.SUPPLIER in closed:
        known = [] if suppliers is None else suppliers[c.SUPPLIER]
        unknown = (closed[c.SUPPLIER].notna() & ~closed[c.SUPPLIER].isin(known)).to_numpy()
        refuse_values(closed[c.SUPPLIER], unknown, "closed", "are not among the suppliers")


def _dated_units(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    return checked_columns(frame, table, required=[c.ITEM, c.DATE, c.UNITS])


def _need_one_of(frame: pd.DataFrame, columns: Iterable[str], table: str) -> None:
    if not set(columns) & set(frame.columns):
        raise DataError(
            f"there is neither {' nor '.join(columns)}", table=table, next_step="Add one of them."
        )
