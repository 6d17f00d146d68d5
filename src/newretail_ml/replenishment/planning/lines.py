"""The lines to decide on: every table joined, checked, and turned into arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.planning.line_terms import (
    check_shelf,
    holding_of,
    loss_of,
    minimum_of,
    number,
    period_of,
    shortage_of,
    steps_of,
)
from newretail_ml.replenishment.planning.stock import Stock, stock_of
from newretail_ml.replenishment.planning.supply import State, Supply
from newretail_ml.replenishment.planning.timing import Timing, timing_of
from newretail_ml.replenishment.planning.wide import supplier_of, with_supplier_terms
from newretail_ml.tables.parsing import row_of

NEVER = 2**30
OPEN = "open"
NO_ORDER_DAY = "no order day"
LAUNCH = c.LAUNCH_DATE
DELISTING = c.DELISTING_DATE


@dataclass(frozen=True)
class Lines:
    """One entry a line; periods are counted from the first of the forecast.

    Attributes:
        series: the line's series in the forecast.
        supplier: row in the table of suppliers, -1 without.
        status: why no order may be placed at all, or "open".
        arrival, following, next_order, review: see `Timing`.
        launch, delisting: first period on sale, first period no longer on sale.
        shelf_life: periods, `NEVER` where the item keeps.
        pack, step: units of a pack; units in which orders grow, a pack or a pallet.
        holding, shortage: cost of a unit left and of a unit short.
        left_over: further cost of a unit left when the next order arrives.
        transport: cost of a unit delivered.
        loss: cost of a unit that is wasted or outlives the item.
        unit_cost: NaN where it is not known.
        volume: of a unit, NaN where it is not known.
        order_cost: of placing the line.
        shelf, presentation: most and fewest units at arrival, infinite without.
        minimum: units, if anything is ordered; by `minimum_rule`, the column that asks for most.
        stock: what is on hand and on its way.
    """

    series: np.ndarray
    supplier: np.ndarray
    status: np.ndarray
    arrival: np.ndarray
    following: np.ndarray
    next_order: np.ndarray
    review: np.ndarray
    launch: np.ndarray
    delisting: np.ndarray
    shelf_life: np.ndarray
    pack: np.ndarray
    step: np.ndarray
    holding: np.ndarray
    left_over: np.ndarray
    transport: np.ndarray
    shortage: np.ndarray
    loss: np.ndarray
    unit_cost: np.ndarray
    volume: np.ndarray
    order_cost: np.ndarray
    shelf: np.ndarray
    presentation: np.ndarray
    minimum: np.ndarray
    minimum_rule: np.ndarray
    stock: Stock

    def __len__(self) -> int:
        return len(self.series)

    @property
    def end(self) -> np.ndarray:
        """(lines,) first period in which units of today's order can no longer be sold."""
        return np.minimum(self.arrival + self.shelf_life, self.delisting)

    @property
    def smallest(self) -> np.ndarray:
        """(lines,) units of the smallest order: one step, or the minimum in whole steps."""
        return self.step * np.maximum(np.ceil(self.minimum / self.step - 1e-9), 1.0)

    def take(self, rows: np.ndarray) -> Lines:
        """Some of the lines."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        stock = values.pop("stock")
        parts = {field.name: getattr(stock, field.name)[rows] for field in fields(stock)}
        taken = {name: value[rows] for name, value in values.items()}
        return Lines(stock=Stock(**parts), **taken)


def lines_of(table: pd.DataFrame, state: State, supply: Supply | None, forecast: Forecast) -> Lines:
    """The lines that have a forecast.

    Args:
        table: their rows of `wide_table`.
        state: for open orders and batches.
        supply: for suppliers and closed days.
        forecast: the paths.

    Raises:
        DataError: something that a decision needs is missing or contradicts itself.
    """
    keys, periods = list(forecast.keys.columns), forecast.periods
    supplier = supplier_of(table, None if supply is None else supply.suppliers)
    table = with_supplier_terms(table, supplier, supply)
    check_shelf(table)
    timing = timing_of(table, supplier, supply, periods)
    launch = period_of(table, c.LAUNCH_DATE, periods, -NEVER)
    delisting = period_of(table, c.DELISTING_DATE, periods, NEVER)
    shelf_life = number(table, c.SHELF_LIFE, NEVER).astype(int)
    pack, step = steps_of(table)
    ends = (shelf_life < NEVER) | (delisting < NEVER)
    minimum, minimum_rule = minimum_of(table)
    return Lines(
        series=row_of(table, forecast.keys, keys),
        supplier=supplier,
        status=_status(timing, launch, delisting),
        arrival=timing.arrival,
        following=timing.following,
        next_order=timing.next_order,
        review=timing.review,
        launch=launch,
        delisting=delisting,
        shelf_life=shelf_life,
        pack=pack,
        step=step,
        holding=holding_of(table),
        left_over=number(table, c.LEFT_OVER_COST, 0.0),
        transport=number(table, c.TRANSPORT_COST, 0.0),
        shortage=shortage_of(table),
        loss=loss_of(table, ends),
        unit_cost=number(table, c.UNIT_COST),
        volume=number(table, c.VOLUME),
        order_cost=number(table, c.ORDER_COST, 0.0),
        shelf=number(table, c.SHELF_CAPACITY, np.inf),
        presentation=number(table, c.PRESENTATION_MINIMUM, -np.inf),
        minimum=minimum,
        minimum_rule=minimum_rule,
        stock=stock_of(table, state, keys, periods),
    )


def _status(timing: Timing, launch: np.ndarray, delisting: np.ndarray) -> np.ndarray:
    too_early = timing.following <= launch
    too_late = timing.arrival >= delisting
    return np.select(
        [too_late, too_early, ~timing.open_today], [DELISTING, LAUNCH, NO_ORDER_DAY], OPEN
    )
