"""The job `newretail orders`: what to order for the series of a partition, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.jobs.blocks import block_of, owner_of, partition_of
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.running import Stage
from newretail_ml.jobs.series import refusal
from newretail_ml.jobs.supply import Supply, check_keys, state_in, stock_lags
from newretail_ml.jobs.task import Answer
from newretail_ml.replenishment import order_up_to, plan_orders
from newretail_ml.tables import RetailTables
from newretail_ml.tables.digest import fingerprint

SERVICE_LEVEL = 0.95
_NO_STOCK = "no stock record, so no order was made"
_NO_FORECAST = "no forecast, so no order was made"


def service_level_of(state_columns: Sequence[str], asked: float | None) -> float | None:
    """The service level to order by; None where holding and shortage have a price."""
    priced = {c.SHORTAGE_COST, c.HOLDING_COST} <= set(state_columns)
    return SERVICE_LEVEL if asked is None and not priced else asked


@dataclass(frozen=True)
class OrdersTask:
    """One order line for each series, as `order_up_to` or `plan_orders` tells it.

    Each series is decided by itself: rules that lines of several partitions share, such as a
    budget, are no part of it.

    Args:
        demand: what is forecast, by which model; its horizon covers the longest lead time.
        supply: how goods come in, and what is on hand.
        service_level: probability of no stock-out in a cycle; None for the least cost where
            costs are known.
        partitions: how many there are.
        present: those that hold order lines; they answer for the stock of the others.
    """

    demand: Demand
    supply: Supply
    service_level: float | None
    partitions: int
    present: tuple[int, ...] = (0,)

    name = "orders"
    key = c.ITEM

    def facts(self) -> dict[str, Any]:
        """Arguments, the model version, and a digest of the state."""
        supply = self.supply.facts()
        if self.supply.state_file is not None:
            supply["state_digest"] = fingerprint({"state": state_in(self.supply.state_file)})
        return {**self.demand.facts(), "service_level": self.service_level, "supply": supply}

    def prepared(self, stage: Stage) -> OrdersTask:
        """The task as it runs, once there are partitions."""
        present = tuple(part.number for part in stage.partitions)
        supply = self.supply.seen_from_anywhere()
        return replace(self, demand=self.demand.prepared(stage), supply=supply, present=present)

    def __call__(self, folder: Path) -> Answer:
        """The order lines of a partition.

        Raises:
            DataError: there is no stock table and no state, or one of them is wrong.
        """
        tables = RetailTables.read(folder)
        made, refused = self.demand.forecasts(tables)
        state = self._state(tables, int(folder.name))
        if made and self.supply.state_file is None:
            sold = made[0].periods.first - pd.Timedelta(days=1)
            stock_lags(tables, sold, self.demand.series.until)
        lines = [state.iloc[:0][self._keys]]
        for forecast in made:
            counted = self._of_block(state, forecast)
            if _common(counted, forecast.keys):
                lines.append(self._orders(forecast, counted))
            else:
                refused = pd.concat([refused, refusal(forecast.keys, _NO_STOCK)])
        rows = pd.concat(lines[1:] or lines, ignore_index=True)
        named = pd.concat([rows[self._keys], refused.reindex(columns=self._keys)])
        unsold = state.loc[~_index(state, self._keys).isin(_index(named, self._keys)), self._keys]
        refused = pd.concat([refused, refusal(unsold, _NO_FORECAST)], ignore_index=True)
        return Answer(rows, refused, len(tables.orders))

    @property
    def _keys(self) -> list[str]:
        return [name for name in c.SERIES_KEYS if name in self.demand.series.by]

    def _state(self, tables: RetailTables, number: int) -> pd.DataFrame:
        if self.supply.state_file is None:
            state = self.supply.from_stock(tables, self.demand.series.freq)
        else:
            state = state_in(self.supply.state_file)
            places = partition_of(state[c.ITEM], self.partitions)
            state = state[owner_of(places, self.present) == number]
        check_keys(state, self._keys)
        return state

    def _of_block(self, state: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
        """The rows of the blocks that a forecast covers."""
        blocks = self.demand.series.blocks
        there = np.unique(block_of(forecast.keys[c.ITEM], blocks))
        return state[np.isin(block_of(state[c.ITEM], blocks), there)]

    def _orders(self, forecast: Forecast, state: pd.DataFrame) -> pd.DataFrame:
        level = service_level_of(list(state), self.service_level)
        if level is not None:
            return order_up_to(forecast, state, service_level=level)
        return plan_orders(forecast, state).orders


def _common(state: pd.DataFrame, keys: pd.DataFrame) -> bool:
    names = list(keys)
    return bool(_index(keys, names).isin(_index(state, names)).any())


def _index(frame: pd.DataFrame, names: list[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[names])
