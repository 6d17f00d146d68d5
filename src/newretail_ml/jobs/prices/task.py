"""Price lists of the categories in a partition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError, NewRetailError
from newretail_ml.jobs.prices.response import SavedResponse, at_prices
from newretail_ml.jobs.prices.rules import PriceRules
from newretail_ml.jobs.task import Answer
from newretail_ml.panel import Panel
from newretail_ml.pricing import LocalLevelRegression, merged, part_of, plan_prices
from newretail_ml.pricing.response.curves import Curve
from newretail_ml.tables import RetailTables

_NO_COST = "its unit cost is not known"
_NEVER_SOLD = "it was never sold"
_NO_PRICE = "its price is not known"
_DELISTED = "it is delisted"
_FLOOR = "even the greatest change leaves its price below what its cost and margin need"
_UNKNOWN = "the model does not know it"
_CLOSE = 1e-9
_DIGITS = 4

Made: TypeAlias = tuple[pd.DataFrame, pd.DataFrame]
"""A price list, and what is not on it: key columns and reason."""


@dataclass(frozen=True)
class PriceTask:
    """A price list for each category, from what its own sales say of its demand.

    Every category is learned and priced by itself, an item without category as well, so that
    the answer does not depend on which categories share a partition.

    Args:
        rules: what the lists must keep.
        per: what has a price of its own: item_id, or item_id and location_id.
        freq: length of a period.
        until: last day of the sales to learn from; None for all.
        seed: of the draws behind the intervals.
        model: a response that was learned before; None to learn one from each category.
    """

    rules: PriceRules = field(default_factory=PriceRules)
    per: tuple[str, ...] = (c.ITEM,)
    freq: str = "D"
    until: str | None = None
    seed: int = 0
    model: SavedResponse | None = None

    name = "prices"
    key = c.CATEGORY

    def facts(self) -> dict[str, Any]:
        """Arguments, for the digest and the tracker."""
        learned = {"name": LocalLevelRegression.__name__, "fitted": "on each category by itself"}
        return {
            **{name: getattr(self, name) for name in ("per", "freq", "until", "seed")},
            "rules": self.rules.facts(),
            "model": learned if self.model is None else self.model.facts(),
        }

    def __call__(self, folder: Path) -> Answer:
        """The lists of the partition's categories, in their order.

        Raises:
            DataError: the chain has no prices, or no unit costs.
        """
        tables = RetailTables.read(folder)
        _require_prices_and_costs(tables)
        panel = Panel.from_tables(tables, by=(c.ITEM, c.LOCATION), freq=self.freq)
        if self.until is not None:
            panel = panel.until(self.until)
        made = [self._category(part, tables) for part in _categories(panel)]
        return Answer(
            rows=_together([rows for rows, _ in made], list(self.per)),
            refused=_together([refused for _, refused in made], [*self.per, c.REASON]),
            rows_in=len(tables.orders),
        )

    def _category(self, panel: Panel, tables: RetailTables) -> Made:
        """The list of one category, and what is not on it."""
        usable = _reasons_of_series(panel)
        there = usable == ""
        refused = self._refused(panel.keys, usable)
        if not there.any():
            return pd.DataFrame(), refused
        panel = panel.select(there)
        try:
            rows, more = self._list(self._learned(panel), panel, tables)
        except NewRetailError as error:
            rows, more = pd.DataFrame(), self._all_refused(panel.keys, error)
        if c.CATEGORY in panel.statics and len(rows):
            rows.insert(len(self.per), c.CATEGORY, panel.statics[c.CATEGORY].iloc[0])
        return rows, pd.concat([refused, more])

    def _learned(self, panel: Panel) -> Curve | None:
        """How the demand of the category answers prices; None where nothing is known."""
        if self.model is not None:
            return self.model.of_series(panel)
        response = LocalLevelRegression(random_state=self.seed).fit(panel).response_
        assert isinstance(response, Curve)  # noqa: S101
        return response

    def _list(self, learned: Curve | None, panel: Panel, tables: RetailTables) -> Made:
        if learned is None:
            return pd.DataFrame(), self._unknown(panel, panel.keys.iloc[:0])
        assert tables.items is not None  # noqa: S101
        response = merged(learned, list(self.per))
        # Panels hold prices in single precision: 10.3 is 10.300000190734863 there.
        response = at_prices(response, np.round(response.prices, _DIGITS))
        costs = tables.items[[c.ITEM, c.UNIT_COST]]
        cost = response.keys[c.ITEM].map(costs.set_index(c.ITEM)[c.UNIT_COST]).to_numpy(float)
        moves = response.evidence.identified & (response.units(response.prices) > 0)
        points = self.rules.points(response.prices)
        for product in np.flatnonzero(~moves):
            points[product] = response.prices[[product]]
        reasons = self._reasons_of_products(cost, points, moves)
        unknown = self._unknown(panel, response.keys)
        refused = pd.concat([self._refused(response.keys, reasons), unknown])
        there = np.flatnonzero(reasons == "")
        if not len(there):
            return pd.DataFrame(), refused
        plan = plan_prices(
            part_of(response, there),
            costs,
            self.rules.of_list(),
            points=[points[product] for product in there],
            random_state=self.seed,
            progress=False,
        )
        return plan.prices, refused

    def _unknown(self, panel: Panel, known: pd.DataFrame) -> pd.DataFrame:
        """What a model that was fitted before has never seen."""
        per = list(self.per)
        there = pd.MultiIndex.from_frame(panel.keys[per])
        seen = there.isin(pd.MultiIndex.from_frame(known[per]))
        return self._refused(panel.keys, np.where(seen, "", _UNKNOWN).astype(object))

    def _reasons_of_products(
        self, cost: np.ndarray, points: list[np.ndarray], moves: np.ndarray
    ) -> np.ndarray:
        """(n,) why a product cannot be on the list; empty where it can."""
        reasons = np.full(len(cost), "", dtype=object)
        highest = np.array([row.max(initial=0.0) for row in points])
        reasons[moves & (highest < self.rules.least_price(cost) - _CLOSE)] = _FLOOR
        reasons[~np.isfinite(cost)] = _NO_COST
        return reasons

    def _refused(self, keys: pd.DataFrame, reasons: np.ndarray) -> pd.DataFrame:
        """Keys of prices that are not on the list: those all of whose series have a reason."""
        table = keys[list(self.per)].assign(**{c.REASON: reasons})
        whole = table.groupby(list(self.per))[c.REASON].transform("min") != ""
        return table[whole].drop_duplicates(list(self.per))

    def _all_refused(self, keys: pd.DataFrame, error: NewRetailError) -> pd.DataFrame:
        words = " ".join(str(error).split()).partition(". ")[0]
        return self._refused(keys, np.full(len(keys), f"no list for its category: {words}", object))


def _require_prices_and_costs(tables: RetailTables) -> None:
    if tables.extent.last_price is None:
        raise DataError(
            "there is no table of prices, so nothing can be learned of what they do",
            table="prices",
            next_step="Add one: date, item_id, price, and location_id where prices differ.",
        )
    if tables.items is None or c.UNIT_COST not in tables.items:
        raise DataError(
            "unit costs are not known, so nothing can be said of profit",
            table="items",
            column=c.UNIT_COST,
            next_step="Add the column to the items table.",
        )


def _categories(panel: Panel) -> Iterator[Panel]:
    """A panel a category, in their order; an item without one has its own."""
    item = panel.keys[c.ITEM].astype(str)
    category = panel.statics.get(c.CATEGORY, pd.Series(np.nan, index=item.index, dtype="str"))
    alone = item.where(category.isna(), "")
    for rows in alone.groupby([category.fillna(""), alone], sort=True).indices.values():
        yield panel.select(np.sort(rows))


def _reasons_of_series(panel: Panel) -> np.ndarray:
    """(series,) why a series cannot be priced; empty where it can."""
    reasons = np.full(panel.n_series, "", dtype=object)
    sold = pd.Series(panel.units[:, : panel.cut].sum(axis=1))
    ever = sold.groupby(panel.keys[c.ITEM].to_numpy()).transform("sum").to_numpy()
    reasons[ever <= 0] = _NEVER_SOLD
    price = panel.plans.get(c.PRICE)
    reasons[np.isnan(price).all(axis=1) if price is not None else slice(None)] = _NO_PRICE
    reasons[panel.delisting <= panel.cut] = _DELISTED
    return reasons


def _together(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    some = [frame for frame in frames if len(frame)]
    if not some:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    return pd.concat(some, ignore_index=True)
