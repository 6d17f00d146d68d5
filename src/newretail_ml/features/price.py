"""Features of the price plan, which a retailer knows in advance."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features.base import PlannedFeature
from newretail_ml.features.block import Block, Rows, WindowTotals
from newretail_ml.features.lags import periods_since, ratio


class _PlanFeature(PlannedFeature):
    """A feature of one plan at the target period and, where it looks back, before it."""

    plan = c.PRICE

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """The feature of the plan, read at the targets."""
        plans = block.panel.plans
        if self.plan not in plans:
            raise DataError(
                f"the feature {self.name} needs the plan {self.plan!r}, which the panel lacks",
                table="panel",
                next_step="Add a prices table, or leave the feature out of the recipe.",
            )
        end = int(rows.targets.max()) + 1
        first = max(int(rows.targets.min()) - self.looks_back, 0)
        plan = plans[self.plan][block.series, first:end].astype(np.float64)
        return self.of_plan(plan)[:, rows.targets - first]

    @property
    def looks_back(self) -> int:
        """Periods before the target that the feature looks at."""
        return 0

    @abstractmethod
    def of_plan(self, plan: np.ndarray) -> np.ndarray:
        """(series, periods) the feature at every period of the plan."""


@dataclass(frozen=True)
class Price(_PlanFeature):
    """Planned price."""

    def of_plan(self, plan: np.ndarray) -> np.ndarray:
        """The plan itself."""
        return plan


@dataclass(frozen=True)
class PriceRatio(_PlanFeature):
    """Planned price over its mean of the ``window`` periods before: below one is a bargain."""

    window: int

    @property
    def looks_back(self) -> int:
        """The window before the target."""
        return self.window

    def of_plan(self, plan: np.ndarray) -> np.ndarray:
        """Price over past mean."""
        known = ~np.isnan(plan)
        total = WindowTotals(np.where(known, plan, 0.0)).over(self.window)
        count = WindowTotals(known.astype(float)).over(self.window)
        past = np.full(plan.shape, np.nan)
        past[:, 1:] = ratio(total, count)[:, :-1]
        return ratio(plan, past)


@dataclass(frozen=True)
class PriceChange(_PlanFeature):
    """Planned price over the price ``periods`` before, less one."""

    periods: int

    @property
    def looks_back(self) -> int:
        """The distance."""
        return self.periods

    def of_plan(self, plan: np.ndarray) -> np.ndarray:
        """Relative change."""
        change = np.full(plan.shape, np.nan)
        change[:, self.periods :] = ratio(plan[:, self.periods :], plan[:, : -self.periods]) - 1.0
        return change


@dataclass(frozen=True)
class Discount(PlannedFeature):
    """One less planned price over regular price: the depth of a price cut."""

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """Depth at the targets."""
        price = Price().values(block, rows)
        return 1.0 - ratio(price, _RegularPrice().values(block, rows))


@dataclass(frozen=True)
class _RegularPrice(Price):
    plan = c.REGULAR_PRICE


@dataclass(frozen=True)
class Promotion(Price):
    """1 while a promotion runs (the share of the period in which it does), else 0."""

    plan = c.PROMOTION


@dataclass(frozen=True)
class PeriodsSincePromotion(_PlanFeature):
    """Periods since the last promotion, ``within`` at most, which also stands for never."""

    within: int = 56
    plan = c.PROMOTION

    @property
    def looks_back(self) -> int:
        """The cap."""
        return self.within

    def of_plan(self, plan: np.ndarray) -> np.ndarray:
        """Distance to the last promoted period, capped."""
        return np.fmin(periods_since(plan > 0), self.within)
