"""What showing a candidate is worth: purchases or margin, overstock that moves, shared stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import (
    check_number,
    check_numbers,
    need_columns,
    refuse_repeated,
    refuse_values,
)
from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.recommendation.slates.losses import Shown, least_losses
from newretail_ml.recommendation.slates.ruling import Ruling
from newretail_ml.recommendation.slates.sales import SalesCurve, plentiful
from newretail_ml.recommendation.slates.solving.one_by_one import Solver
from newretail_ml.recommendation.slates.solving.sharing import Goods, Shared
from newretail_ml.tables.parsing import row_of, to_text

PURCHASES, MARGIN, SCORES = "purchases", "margin", "score"
_STOCK = "stock"
_LEAST_CHANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Task:
    """All that decides what slates are worth.

    Attributes:
        candidates: of the customers.
        k: slots.
        objective: purchases, margin or score.
        chance: (n, m) chance of purchase; the score where the objective is score.
        worth: (n, m) worth of a purchase.
        margin: (n, m) money a unit, NaN where not known.
        attention: to each rank that the longest list can fill, falling from 1.
        group: (n, m) row of the stock table, -1 where there is no limit.
        stock: checked stock: its keys and units; None where none is shared.
        clearing: extra worth of a unit sold of what there is too much of.
        overstock: (rows of stock,) units that are too many.
    """

    candidates: Candidates
    k: int
    objective: str
    chance: np.ndarray
    worth: np.ndarray
    margin: np.ndarray
    attention: np.ndarray
    group: np.ndarray
    stock: pd.DataFrame | None
    clearing: float
    overstock: np.ndarray

    @property
    def there(self) -> np.ndarray:
        """(n, m) candidates of which there is a unit."""
        if self.stock is None:
            return self.candidates.there
        units = np.append(self.stock[c.UNITS].to_numpy(float), np.inf)
        return np.asarray(self.candidates.there & (units[self.group] >= 1))

    def goods(self, ruling: Ruling) -> Goods:
        """What is offered under rules."""
        worth = np.where(ruling.allowed & self.there, self.worth, -np.inf)
        solver = Solver.of(list(ruling.limits.values()), self.attention)
        if self.stock is not None:
            worth = least_losses(worth, self.chance, self.group, self._units)
        return Goods(ruling, solver, self.chance, worth, self._shared(worth))

    def value(self, goods: Goods, slate: np.ndarray) -> float:
        """What slates are expected to be worth, stock running out included."""
        if self.stock is None:
            return goods.total(slate)
        counted = np.where(np.isfinite(goods.worth), goods.worth, 0.0)
        seen = Shown.of(slate, self.chance, np.where(counted < 0, self.group, -1), self.attention)
        return goods.total(slate) + seen.difference(self.worth, counted, self._units)

    @property
    def _units(self) -> np.ndarray:
        """(rows of stock,) whole units that there are."""
        assert self.stock is not None  # noqa: S101
        return np.floor(self.stock[c.UNITS].to_numpy(float))

    def _shared(self, worth: np.ndarray) -> Shared | None:
        if self.stock is None:
            return None
        n_rows = len(self.stock)
        inside = (self.group >= 0) & np.isfinite(worth)
        demand = np.bincount(self.group[inside], self.chance[inside], n_rows)
        units = self._units
        # Losses are counted as if there were no limit, at what the limit makes of them at least.
        loss = np.bincount(self.group[inside & (worth < 0)], minlength=n_rows) > 0
        limited = (~plentiful(demand, units) & ~loss) | (self.clearing * self.overstock > 0)
        inside &= limited[self.group]
        group = np.where(inside, self.group, -1)
        largest, each = np.full(n_rows, _LEAST_CHANCE), np.zeros(n_rows)
        np.maximum.at(largest, group[inside], self.chance[inside])
        each[group[inside]] = worth[inside]
        curve = SalesCurve(
            stock=np.where(loss, np.inf, units),
            worth=each,
            largest=largest,
            extra_stock=np.floor(np.minimum(self.overstock, units)),
            extra_worth=np.full(n_rows, self.clearing),
        )
        return Shared(group, curve)

    def endless(self) -> Task:
        """The same with all the stock one could want."""
        return replace(self, stock=None, group=np.full(self.group.shape, -1))

    def alone(self) -> Task:
        """The same for slates that do not know that others have them too; what is out stays out."""
        return replace(self.endless(), worth=np.where(self.there, self.worth, -np.inf))


def task_of(
    candidates: Candidates,
    k: int,
    objective: str,
    clearing: float,
    attention: Sequence[float] | None,
    stock: pd.DataFrame | None,
) -> Task:
    """What slates of k are worth.

    Raises:
        DataError: an argument cannot be used.
    """
    _check_objective(objective, clearing, stock)
    margin = _margins(candidates, objective)
    if objective == SCORES:
        chance = candidates.of_lines(candidates.lines[c.SCORE].to_numpy(float), 0.0)
    else:
        chance = candidates.chance()
    worth = margin if objective == MARGIN else np.ones(chance.shape)
    table = None if stock is None else _checked_stock(stock)
    group = np.full(chance.shape, -1) if table is None else _groups(candidates, table)
    overstock = np.zeros(0 if table is None else len(table))
    if clearing and table is not None:
        overstock = _column(table, _STOCK, c.OVERSTOCK)
    elif clearing:
        too_many = _column(candidates.items, "items", c.OVERSTOCK) > 0
        worth = worth + clearing * candidates.of_items(too_many, False)
    weights = _attention(k, attention, chance.shape[1])
    return Task(
        candidates, k, objective, chance, worth, margin, weights, group, table, clearing, overstock
    )


def _check_objective(objective: str, clearing: float, stock: pd.DataFrame | None) -> None:
    if objective not in (PURCHASES, MARGIN, SCORES):
        raise DataError(
            f"the objective {objective!r} is not known",
            next_step=f"Choose {PURCHASES}, {MARGIN} or {SCORES}.",
        )
    check_number("clearing", clearing)
    if objective == SCORES and (clearing or stock is not None):
        raise DataError(
            "scores are not chances: no stock can be shared or cleared by them",
            next_step="Add chances with purchase_chances, and plan for purchases or margin.",
        )


def _margins(candidates: Candidates, objective: str) -> np.ndarray:
    """(n, m) money a unit, NaN where it is not known."""
    if c.UNIT_MARGIN not in candidates.items:
        if objective == MARGIN:
            need_columns(candidates.items, "items", [c.UNIT_MARGIN])
        return np.full(candidates.line.shape, np.nan)
    values = pd.to_numeric(candidates.items[c.UNIT_MARGIN], errors="coerce")
    bad = np.isinf(values.to_numpy(float))
    if objective == MARGIN:
        bad |= values.isna().to_numpy()
    given = candidates.items[c.UNIT_MARGIN]
    refuse_values(given, bad, "items", "are not finite numbers", "Give the margin of each item.")
    return candidates.of_items(values.to_numpy(float), 0.0)


def _checked_stock(stock: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(stock, pd.DataFrame):
        raise DataError(
            f"a {type(stock).__name__} is not a table of stock",
            next_step="Pass a frame of item_id, location_id where it differs, and units.",
        )
    need_columns(stock, _STOCK, [c.ITEM, c.UNITS])
    keys = [name for name in (c.ITEM, c.LOCATION) if name in stock]
    table = stock.reset_index(drop=True)
    table = table.assign(**{name: to_text(table[name]).astype(object) for name in keys})
    units = pd.to_numeric(table[c.UNITS], errors="coerce").astype(float)
    bad = ~(np.isfinite(units.to_numpy(float)) & (units >= 0).to_numpy())
    refuse_values(table[c.UNITS], bad, _STOCK, "are not units of at least zero")
    refuse_repeated(table, _STOCK, keys, "Add up the units of a place: channels share them.")
    return table.assign(**{c.UNITS: units})


def _groups(candidates: Candidates, stock: pd.DataFrame) -> np.ndarray:
    """(n, m) row of the stock that each candidate comes from, -1 where it is not named."""
    lines = candidates.lines[[c.ITEM]]
    keys = [c.ITEM]
    if c.LOCATION in stock:
        keys = [c.ITEM, c.LOCATION]
        lines = lines.assign(**{c.LOCATION: _locations(candidates)})
    return candidates.of_lines(row_of(lines, stock, keys), -1)


def _locations(candidates: Candidates) -> np.ndarray:
    """(lines,) where the customer of each candidate buys."""
    if c.LOCATION in candidates.lines:
        return to_text(candidates.lines[c.LOCATION]).to_numpy(object)
    if c.HOME_LOCATION in candidates.customers:
        home = to_text(candidates.customers[c.HOME_LOCATION]).to_numpy(object)
        row = pd.Index(candidates.customers[c.CUSTOMER]).get_indexer(candidates.lines[c.CUSTOMER])
        return np.asarray(home[row])
    raise DataError(
        "stock is by location, and no location of the customers is known",
        table=_STOCK,
        column=c.LOCATION,
        next_step="Pass customers with home_location_id, or lists with location_id.",
    )


def _column(frame: pd.DataFrame, table: str, name: str) -> np.ndarray:
    need_columns(frame, table, [name])
    return check_numbers(f"{table}.{name}", pd.Series(frame[name]).fillna(0.0))


def _attention(k: int, attention: Sequence[float] | None, longest: int) -> np.ndarray:
    if attention is None:
        return np.ones(min(k, longest))
    weights = check_numbers("attention", attention)
    if len(weights) != k or weights[0] != 1.0 or (np.diff(weights) > 0).any():
        raise DataError(
            f"attention has {len(weights)} numbers for {k} ranks, or does not fall from 1",
            next_step="Give one number a rank, the first 1, each no more than the one before.",
        )
    return weights[:longest]
