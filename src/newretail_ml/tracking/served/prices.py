"""A response to prices as a model that a batch engine may call with any prices in any order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import (
    check_number,
    check_whole,
    need_columns,
    refuse_repeated,
    refuse_values,
)
from newretail_ml.pricing import DemandResponse
from newretail_ml.pricing.price_list.names import BEYOND_DATA, IDENTIFIED
from newretail_ml.tracking.served.kinds import PRICE_RESPONSE
from newretail_ml.tracking.served.pickles import read_pickle, write_pickle
from newretail_ml.tracking.served.rows import (
    EXAMPLE_ROWS,
    ROWS,
    Column,
    Served,
    key_type,
    positions,
)

_FILE: Final = "response.pkl"
_COSTS: Final = "costs.parquet"
_SETTINGS: Final = "intervals.json"
_MEASURES: Final = (c.UNITS, c.REVENUE, c.PROFIT)
# Prices of a whole list that are looked at in one step.
_MOST_PRICES = 1 << 20
_MOST_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class ServedPrices(Served):
    """Products and prices in; units, revenue and profit of a period out, with intervals.

    Each row asks what happens if the price of its product alone moves there, and all others stay
    as they are.

    Attributes:
        model: expected demand as a function of prices.
        costs: unit_cost by any of the response's keys, for rows that do not bring their own;
            without either, profit is empty.
        level: of the intervals.
        n_draws: responses drawn for the intervals.
        random_state: seed of the draws.
    """

    kind: ClassVar[str] = PRICE_RESPONSE
    model: DemandResponse
    costs: pd.DataFrame | None = None
    level: float = 0.9
    n_draws: int = 200
    random_state: int = 0

    def __post_init__(self) -> None:
        check_number("level", self.level, above=0.0, at_most=1.0)
        check_whole("n_draws", self.n_draws, at_least=1)
        if self.costs is not None:
            need_columns(self.costs, "costs", [c.UNIT_COST])
            shared = [name for name in self.keys if name in self.costs]
            refuse_repeated(self.costs, "costs", shared)
            kept = self.costs[[*shared, c.UNIT_COST]].reset_index(drop=True)
            object.__setattr__(self, "costs", kept)

    @property
    def keys(self) -> list[str]:
        """The columns that name a product."""
        return list(self.model.keys)

    @property
    def asked(self) -> tuple[Column, ...]:
        """Keys, price, and unit_cost where the carried one does not hold."""
        return (*self._key_columns, Column(c.PRICE), Column(c.UNIT_COST, required=False))

    @property
    def answered(self) -> tuple[Column, ...]:
        """What the price brings, how sure that is, and whether the data can tell."""
        measures = (
            Column(f"{name}{end}") for name in _MEASURES for end in ("", "_lower", "_upper")
        )
        told = (Column(name, "boolean") for name in (IDENTIFIED, BEYOND_DATA))
        return (
            *self._key_columns,
            Column(c.PRICE),
            *measures,
            *told,
            Column(c.REASON, "string"),
        )

    @property
    def example(self) -> pd.DataFrame:
        """The first products at their current prices."""
        keys = self.model.keys.head(EXAMPLE_ROWS).reset_index(drop=True)
        return keys.assign(**{c.PRICE: self.model.prices[: len(keys)].astype(float)})

    @cached_property
    def draws(self) -> list[DemandResponse]:
        """Responses that are as likely as the data allows: the same for all rows."""
        return list(self.model.sample(self.n_draws, self.random_state))

    def write(self, folder: Path) -> None:
        """The response, its costs, and how intervals are made."""
        write_pickle(self.model, folder / _FILE)
        settings = {"level": self.level, "n_draws": self.n_draws, "random_state": self.random_state}
        (folder / _SETTINGS).write_text(json.dumps(settings))
        if self.costs is not None:
            self.costs.to_parquet(folder / _COSTS, index=False)

    @classmethod
    def read(cls, folder: Path) -> ServedPrices:
        """The response of a folder."""
        file = folder / _COSTS
        costs = pd.read_parquet(file) if file.is_file() else None
        settings = json.loads((folder / _SETTINGS).read_text())
        return cls(read_pickle(folder / _FILE), costs, **settings)

    @property
    def _key_columns(self) -> tuple[Column, ...]:
        keys = self.model.keys
        return tuple(Column(name, key_type(keys[name])) for name in keys)

    def _unknown(self, rows: pd.DataFrame) -> list[tuple[np.ndarray, str, str]]:
        price = rows[c.PRICE]
        bad = ~(np.isfinite(price) & (price > 0)).to_numpy()
        refuse_values(price, bad, ROWS, "are not finite prices above zero")
        unknown = positions(rows, self.model.keys, self.keys) < 0
        return [(unknown, ", ".join(self.keys), "belong to a product that the response lacks")]

    def _answer(
        self,
        rows: pd.DataFrame,
        known: np.ndarray,
        choices: Mapping[str, Any],  # noqa: ARG002
    ) -> pd.DataFrame:
        cost = self._costs_of(rows)
        answer = rows[[*self.keys, c.PRICE]].assign(
            **{one.name: np.nan for one in self.answered[len(self.keys) + 1 :]}
        )
        answer = answer.astype(dict.fromkeys((IDENTIFIED, BEYOND_DATA, c.REASON), object))
        places = np.flatnonzero(known)
        parts = [places[at : at + _MOST_ROWS] for at in range(0, len(places), _MOST_ROWS)]
        for part in parts:
            told = self._told(rows.iloc[part], cost[part])
            for name, values in told.items():
                answer.iloc[part, answer.columns.get_loc(name)] = values
        if known.all():
            answer = answer.astype({IDENTIFIED: bool, BEYOND_DATA: bool})
        return answer

    def _costs_of(self, rows: pd.DataFrame) -> np.ndarray:
        """(rows,) cost of a unit, NaN where nobody knows."""
        cost = np.full(len(rows), np.nan)
        if self.costs is not None:
            shared = [name for name in self.costs if name != c.UNIT_COST]
            found = positions(rows, self.costs, shared) if shared else np.zeros(len(rows), int)
            cost = np.append(self.costs[c.UNIT_COST].to_numpy(float), np.nan)[found]
        if c.UNIT_COST in rows:
            own = rows[c.UNIT_COST]
            refuse_values(own, (own < 0).to_numpy(), ROWS, "are below zero")
            cost = np.where(own.notna(), own, cost)
        return cost

    def _told(self, rows: pd.DataFrame, cost: np.ndarray) -> dict[str, np.ndarray]:
        """The answer to rows of known products, by column."""
        product = positions(rows, self.model.keys, self.keys)
        price = rows[c.PRICE].to_numpy(float)
        units = units_at(self.model, product, price)
        drawn = np.stack([units_at(one, product, price) for one in self.draws])
        ends = ((1 - self.level) / 2, (1 + self.level) / 2)
        low, high = np.quantile(drawn, ends, axis=0)
        told: dict[str, np.ndarray] = {}
        for name, per_unit in zip(_MEASURES, (1.0, price, price - cost), strict=True):
            # A price below cost turns the interval of units around.
            first, last = low * per_unit, high * per_unit
            told[name] = units * per_unit
            told[f"{name}_lower"] = np.minimum(first, last)
            told[f"{name}_upper"] = np.maximum(first, last)
        evidence = self.model.evidence
        lowest, highest = evidence.lowest[product], evidence.highest[product]
        told[IDENTIFIED] = evidence.identified[product]
        told[BEYOND_DATA] = (price < lowest * 0.999) | (price > highest * 1.001)
        told[c.REASON] = evidence.reason[product]
        return told


def units_at(response: DemandResponse, product: np.ndarray, price: np.ndarray) -> np.ndarray:
    """(rows,) units of each row's product, if its price alone moves.

    >>> from newretail_ml.pricing import Linear
    >>> units_at(Linear([80.0, 9.0], [10.0, 1.0], [-2.0, 0.0]), np.array([0, 0]), np.array([9, 11]))
    array([82., 78.])
    """
    if response.separable:
        number = pd.Series(product).groupby(product).cumcount().to_numpy()
    else:
        number = np.arange(len(product))
    order = np.argsort(number, kind="stable")
    step = max(_MOST_PRICES // response.n_products, 1)
    units = np.empty(len(product))
    for first in range(0, int(number.max(initial=-1)) + 1, step):
        start, end = np.searchsorted(number[order], (first, first + step))
        rows = order[start:end]
        where = (number[rows] - first, product[rows])
        lists = np.repeat(response.prices[None].astype(float), where[0].max() + 1, axis=0)
        lists[where] = price[rows]
        units[rows] = response.units(lists)[where]
    return units
