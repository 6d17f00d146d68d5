"""The job `newretail orders`: what to order for the series of a partition, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.jobs.blocks import block_of, partition_of
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.running import RunOver
from newretail_ml.jobs.series import refusal
from newretail_ml.jobs.supply import Supply, check_keys, state_in
from newretail_ml.jobs.task import Answer
from newretail_ml.replenishment import order_up_to, plan_orders
from newretail_ml.tables import RetailTables
from newretail_ml.tables.digest import fingerprint

SERVICE_LEVEL = 0.95
_UNKNOWN_STOCK = "it was not counted lately, so what is on hand is unknown"


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
    """

    demand: Demand
    supply: Supply
    service_level: float | None
    partitions: int

    name = "orders"
    key = c.ITEM

    def facts(self) -> dict[str, Any]:
        """Arguments, the model version, and a digest of the state."""
        supply = self.supply.facts()
        if self.supply.state_file is not None:
            supply["state_digest"] = fingerprint({"state": state_in(self.supply.state_file)})
        return {**self.demand.facts(), "service_level": self.service_level, "supply": supply}

    def prepared(self, over: RunOver, work: Path) -> OrdersTask:
        """The task as it runs, once there are partitions."""
        return replace(self, demand=self.demand.with_groups(over, work))

    def __call__(self, folder: Path) -> Answer:
        """The order lines of a partition.

        Raises:
            DataError: there is no stock table and no state, or one of them is wrong.
        """
        tables = RetailTables.read(folder)
        state = self._state(tables, int(folder.name))
        made, refused = self.demand.forecasts(tables)
        blocks = block_of(state[c.ITEM], self.demand.series.blocks)
        lines, uncounted = [], []
        for forecast in made:
            here = set(block_of(forecast.keys[c.ITEM], self.demand.series.blocks))
            counted = state[pd.Series(blocks, index=state.index).isin(here)]
            known = pd.MultiIndex.from_frame(counted[list(forecast.keys)])
            if pd.MultiIndex.from_frame(forecast.keys).isin(known).any():
                lines.append(self._orders(forecast, counted))
            else:
                uncounted.append(refusal(forecast.keys, _UNKNOWN_STOCK))
        rows = pd.concat(lines, ignore_index=True) if lines else pd.DataFrame()
        refused = pd.concat([refused, *uncounted], ignore_index=True)
        return Answer(rows, refused, len(tables.orders))

    def _state(self, tables: RetailTables, number: int) -> pd.DataFrame:
        keys = [name for name in c.SERIES_KEYS if name in self.demand.series.by]
        if self.supply.state_file is None:
            state = self.supply.from_stock(tables, self.demand.series.freq)
        else:
            state = state_in(self.supply.state_file)
            state = state[partition_of(state[c.ITEM], self.partitions) == number]
        check_keys(state, keys)
        return state

    def _orders(self, forecast: Forecast, state: pd.DataFrame) -> pd.DataFrame:
        level = service_level_of(list(state), self.service_level)
        if level is not None:
            return order_up_to(forecast, state, service_level=level)
        return plan_orders(forecast, state).orders
