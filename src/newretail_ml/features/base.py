"""What a feature is: a name made of its arguments, a shortest lag, and one way to compute it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import fields
from typing import ClassVar

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.features.block import Block, Rows

UNNAMED = "not part of the feature's name"


class Feature(ABC):
    """One column of the matrix. Subclasses are frozen dataclasses; their fields name them.

    Attributes:
        categorical: the values are codes of categories.
        in_units: the values are units of the series, and grow with it.
    """

    categorical: ClassVar[bool] = False
    in_units: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, int | float) and value <= 0:
                raise DataError(
                    f"{type(self).__name__} was given {field.name}={value}",
                    next_step=f"Choose a {field.name} above zero.",
                )

    @property
    def name(self) -> str:
        """The class and its arguments: ``RollingMean(28)`` is rolling_mean_28."""
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        named = (field for field in fields(self) if UNNAMED not in field.metadata)  # type: ignore[arg-type]
        arguments = (getattr(self, field.name) for field in named)
        return "_".join([words, *(_as_word(argument) for argument in arguments)])

    @property
    @abstractmethod
    def shortest_lag(self) -> int:
        """Periods between the target and the newest period the feature looks at; 0 = planned."""

    @abstractmethod
    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """(series of the block, rows) value for each target period and its horizon."""


class PlannedFeature(Feature):
    """A feature of the target period itself, known in advance: calendar, price, promotion."""

    @property
    def shortest_lag(self) -> int:
        """Planned features look at the target period."""
        return 0


class HistoryFeature(Feature):
    """A feature of the periods before the target.

    It is defined one period ahead. For a horizon further out it looks back further, by the
    smallest multiple of its season that keeps it at or before the origin of the forecast, so
    one definition serves every horizon and can never see what is not yet known.
    """

    of_demand_alone: ClassVar[bool] = True

    @property
    def shortest_lag(self) -> int:
        """History features look at the period before the target, unless they say otherwise."""
        return 1

    @property
    def season(self) -> int:
        """The feature looks back further in steps of this many periods."""
        return 1

    @property
    @abstractmethod
    def reach(self) -> int | None:
        """Periods that the state of one period is made of; None: all periods before it."""

    @abstractmethod
    def state(self, block: Block) -> np.ndarray:
        """(series of the block, periods of the block) the feature as of each period's end."""

    def delay(self, horizons: np.ndarray) -> np.ndarray:
        """Periods between the target and the state that is used, for each horizon."""
        late = np.maximum(horizons - self.shortest_lag, 0)
        return self.shortest_lag + -(-late // self.season) * self.season

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """The state at the newest period that is known at the origin."""
        position = rows.targets - self.delay(rows.horizons) - block.first
        return _columns(self.state(block), position)


def _columns(state: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Columns of a state; NaN where the position lies before the first."""
    begin, end = int(positions[0]), int(positions[-1]) + 1
    if begin >= 0 and np.array_equal(positions, np.arange(begin, end)):
        return state[:, begin:end]  # many targets in a row at one horizon: no need to copy
    columns = state[:, np.maximum(positions, 0)]
    columns[:, positions < 0] = np.nan
    return columns


def _as_word(argument: object) -> str:
    return argument.name if isinstance(argument, Feature) else str(argument)
