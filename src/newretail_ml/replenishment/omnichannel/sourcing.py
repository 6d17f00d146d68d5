"""Where online orders are filled from: one stock, many places, one programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.omnichannel.counter import counter_values
from newretail_ml.replenishment.omnichannel.distances import distances_to
from newretail_ml.replenishment.omnichannel.names import (
    LATITUDE,
    LONGITUDE,
    MARGIN,
    PERIODS_LEFT,
    PICK_COST,
    PROTECTED,
)
from newretail_ml.replenishment.omnichannel.sourcing_answer import (
    filled_lines,
    unfilled_lines,
)
from newretail_ml.replenishment.omnichannel.sourcing_problem import (
    SourcingProblem,
    nearest_places,
)
from newretail_ml.replenishment.omnichannel.sourcing_programme import assign
from newretail_ml.replenishment.omnichannel.tables import check_known, checked


@dataclass(frozen=True)
class Shipping:
    """What parcels cost.

    Attributes:
        parcel: money a parcel.
        kilometre: money a parcel and kilometre.
        split: money for each parcel of an order beyond the first (packing, goodwill).
        reach: kilometres beyond which nothing is sent.
    """

    parcel: float
    kilometre: float
    split: float = 0.0
    reach: float = np.inf

    def __post_init__(self) -> None:
        for name in ("parcel", "kilometre", "split"):
            check_number(name, getattr(self, name))
        if not self.reach >= 0:
            raise DataError("reach is no distance", next_step="Pass kilometres of at least 0.")


@dataclass(frozen=True, eq=False)
class Sourcing:
    """Where each order line is filled from, and what that costs.

    Attributes:
        lines: order_id, item_id, location_id, units, distance, and of the whole line shipping,
            splitting, labour and lost_at_counter, and why.
        unfilled: order_id, item_id, units, margin (lost with the line), why.
        cost: all costs, with the margin lost on lines that are not filled.
        bound: no assignment costs less.
        nearest_cost: the same costs of the baseline: orders in turn, each from the nearest place
            that has all of it (or, if it may be split, each line from the nearest that has it).
    """

    lines: pd.DataFrame
    unfilled: pd.DataFrame
    cost: float
    bound: float
    nearest_cost: float

    @property
    def saving(self) -> float:
        """Money saved against the baseline."""
        return self.nearest_cost - self.cost

    @property
    def gap(self) -> float:
        """Share of the cost that a perfect assignment might save at most."""
        return max(self.cost - self.bound, 0.0) / abs(self.cost) if self.cost else 0.0


def source_orders(
    orders: pd.DataFrame,
    stock: pd.DataFrame,
    places: pd.DataFrame,
    shipping: Shipping,
    *,
    counter: Forecast | None = None,
    distances: pd.DataFrame | None = None,
    split: bool = True,
    gap: float = 0.001,
    time_limit: float = 10.0,
) -> Sourcing:
    """Fill online orders from the stock of stores and warehouses with the least cost.

    The cost of a line is its share of the parcel (by distance), labour, and the margin that its
    units would have earned on the counter: with the counter's paths, the k-th unit of a stock is
    worth its margin times the chance that demand reaches k, less the loss on it if it were left
    (see `counter_values`); a unit that would be marked down is cheap to ship. A line is left out
    where it costs more than its margin. A line always leaves from one place; an order may be
    split between lines.

    One mixed-integer programme, exact for up to a few thousand pairs of line and place; beyond,
    for pairs that the linear relaxation finds worth looking at, with a bound for all. On
    the worth of what stays behind: Acimovic and Graves (2015), Making better fulfillment
    decisions on the fly in an online retail environment.

    Args:
        orders: order_id, item_id, units, margin (lost with a unit that is not shipped; a large
            number where an order must be filled), and latitude and longitude of the customer
            unless distances are given.
        stock: item_id, location_id, on_hand, and, if known, protected units; with counter also
            shortage_cost and, if known, unit_cost with salvage_value, and periods_left.
        places: location_id, pick_cost a unit, and latitude and longitude unless distances are
            given.
        shipping: what parcels cost.
        counter: paths of the counter's demand by item_id and location_id until the next delivery
            or the end of the season; without it, units taken cost nothing there.
        distances: order_id, location_id, distance in kilometres.
        split: whether lines of an order may leave from different places. If not, an order is
            filled whole from one place or not at all.
        gap: share of the cost that may be missed; small cases are always solved to the end.
        time_limit: seconds for the mixed-integer programme; if they are over, the best answer
            found so far, at least as good as the baseline.

    Raises:
        DataError: a column is missing, a number is wrong, an order line or stock row repeats,
            a location is unknown, or a distance is missing.

    >>> orders = pd.DataFrame({"order_id": ["a"], "item_id": ["tea"], "units": [2],
    ...                        "margin": [9.0], "latitude": [0.0], "longitude": [0.0]})
    >>> stock = pd.DataFrame({"item_id": "tea", "location_id": ["near", "far"], "on_hand": [1, 5]})
    >>> places = pd.DataFrame({"location_id": ["near", "far"], "pick_cost": [0.5, 0.5],
    ...                        "latitude": [0.0, 0.0], "longitude": [0.1, 0.5]})
    >>> answer = source_orders(orders, stock, places, Shipping(3.0, 0.01))
    >>> answer.lines[["order_id", "location_id", "units", "labour"]].values.tolist()
    [['a', 'far', 2, 1.0]]
    """
    check_number("gap", gap)
    check_number("time_limit", time_limit, above=0.0)
    lines, stock, places = _checked_tables(orders, stock, places)
    if lines.empty or places.empty:
        raise DataError("there are no order lines or no places", next_step="Pass at least one.")
    customers = lines.drop_duplicates(c.ORDER).reset_index(drop=True)
    kilometres = distances_to(customers, places, distances)
    problem = _problem(lines, stock, places, kilometres, shipping, counter, split)
    found = assign(problem, gap=gap, time_limit=time_limit)
    nearest = nearest_places(problem, kilometres)
    # A large case that ran out of time must not be left behind its own baseline.
    place = min(found.place, nearest, key=problem.cost)
    return Sourcing(
        filled_lines(problem, place, lines, places, kilometres),
        unfilled_lines(problem, place, lines, stock),
        problem.cost(place),
        found.bound,
        problem.cost(nearest),
    )


def _checked_tables(
    orders: pd.DataFrame, stock: pd.DataFrame, places: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    line, cell = [c.ORDER, c.ITEM], [c.ITEM, c.LOCATION]
    orders = checked(
        orders, "orders", ids=line, key=line, numbers={c.UNITS: 1, MARGIN: 0}, whole=[c.UNITS]
    )
    optional = {PROTECTED: 0, c.SHORTAGE_COST: 0, c.UNIT_COST: 0, PERIODS_LEFT: 0}
    stock = checked(
        stock,
        "stock",
        ids=cell,
        key=cell,
        numbers={c.ON_HAND: 0},
        whole=[c.ON_HAND],
        optional={**optional, c.SALVAGE_VALUE: -np.inf},
    )
    places = checked(places, "places", ids=[c.LOCATION], key=[c.LOCATION], numbers={PICK_COST: 0})
    check_known(stock, "stock", c.LOCATION, places[c.LOCATION], "places")
    where = [name for name in (LATITUDE, LONGITUDE) if name in orders]
    moved = (orders.groupby(c.ORDER)[where].transform("nunique") > 1).any(axis=1)
    if where and moved.any():
        raise DataError(
            f"{moved.sum():,} lines of the same order go to different places",
            table="orders",
            rows=orders.index[moved],
            next_step="Give each order one place.",
        )
    number = pd.factorize(orders[c.ORDER])[0]
    orders = orders.assign(order=number).sort_values("order", kind="stable", ignore_index=True)
    return orders, stock, places


def _problem(
    lines: pd.DataFrame,
    stock: pd.DataFrame,
    places: pd.DataFrame,
    kilometres: np.ndarray,
    shipping: Shipping,
    counter: Forecast | None,
    split: bool,
) -> SourcingProblem:
    item, items = pd.factorize(lines[c.ITEM])
    stock = stock[stock[c.ITEM].isin(items)]
    row = pd.Index(items).get_indexer(stock[c.ITEM])
    column = pd.Index(places[c.LOCATION]).get_indexer(stock[c.LOCATION])
    units = lines[c.UNITS].to_numpy(int)
    wanted = np.bincount(item, units, minlength=len(items)).astype(int)
    free = stock[c.ON_HAND].to_numpy()
    if PROTECTED in stock:
        free = np.floor(np.maximum(free - stock[PROTECTED].to_numpy(), 0.0) + 1e-9)
    room = np.zeros((len(items), len(places)), dtype=np.int64)
    room[row, column] = np.minimum(free, wanted[row])
    order = lines["order"].to_numpy()
    reached = (kilometres <= shipping.reach) & np.isfinite(kilometres)
    parcel = shipping.parcel + shipping.kilometre * np.where(reached, kilometres, 0.0)
    return SourcingProblem(
        order=order,
        bundle=np.arange(len(lines)) if split else order,
        item=item,
        units=units,
        margin=lines[MARGIN].to_numpy(),
        parcel_cost=np.where(reached, parcel, np.inf),
        pick_cost=places[PICK_COST].to_numpy(),
        room=room,
        unit_loss=_unit_losses(stock, row, column, room, counter),
        split_cost=shipping.split,
    )


def _unit_losses(
    stock: pd.DataFrame,
    row: np.ndarray,
    column: np.ndarray,
    room: np.ndarray,
    counter: Forecast | None,
) -> np.ndarray:
    """(items, places, units) worth on the counter of the first, second, ... unit taken away."""
    most = max(int(room.max(initial=0)), 1)
    losses = np.zeros((*room.shape, most))
    if counter is None or stock.empty:
        return losses
    on_hand = stock[c.ON_HAND].to_numpy().astype(np.int64)
    values = counter_values(stock, counter, max(int(on_hand.max()), 1))
    last = on_hand[:, None] - 1 - np.arange(most)
    losses[row, column] = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return losses
