"""What is known of a series before it sells: its keys, its attributes and its price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.panel import Panel

LAUNCHED = "launched"


@dataclass(frozen=True)
class Attributes:
    """Attributes of the series of a panel.

    Attributes:
        labels: name -> (series,) text, missing where it is not known.
        numbers: name -> (series,) float as it stands in the panel, NaN where it is not known.
    """

    labels: dict[str, pd.Series]
    numbers: dict[str, np.ndarray]

    @property
    def n_series(self) -> int:
        """How many series there are."""
        return len(next(iter(self.numbers.values())))

    @classmethod
    def of(cls, panel: Panel, launched: np.ndarray) -> Attributes:
        """Keys, static attributes, the price now (or at the launch), and who was launched."""
        labels = {name: text(panel.keys[name]) for name in panel.keys}
        numbers = {LAUNCHED: launched.astype(np.float64)}
        for name in panel.statics:
            column = panel.statics[name]
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
                numbers[str(name)] = _finite(column.to_numpy(np.float64, na_value=np.nan))
            else:
                labels[str(name)] = text(column)
        if c.PRICE in panel.plans:
            numbers[c.PRICE] = _finite(_price(panel))
        return cls(labels, numbers)

    def select(self, series: np.ndarray) -> Attributes:
        """Those of some series."""
        labels = {name: x.iloc[series].reset_index(drop=True) for name, x in self.labels.items()}
        return Attributes(labels, {name: x[series] for name, x in self.numbers.items()})


def text(column: pd.Series) -> pd.Series:
    """Labels as text, missing ones as None.

    >>> text(pd.Series(["tea", None])).tolist()
    ['tea', None]
    """
    labels = column.astype("str").to_numpy(object)
    return pd.Series(np.where(column.isna(), None, labels), dtype=object)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _price(panel: Panel) -> np.ndarray:
    """(series,) price in the last known period, or on the day of a launch that is to come."""
    plan = panel.plans.get(c.REGULAR_PRICE, panel.plans[c.PRICE])
    period = np.minimum(np.maximum(panel.cut - 1, panel.launch), plan.shape[1] - 1)
    return plan[np.arange(len(plan)), period].astype(np.float64)
