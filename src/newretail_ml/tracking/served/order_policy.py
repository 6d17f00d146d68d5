"""A policy of orders that decides line by line: a forecast, the terms, and the planner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment import plan_orders
from newretail_ml.replenishment.planning.order_plan import COLUMNS
from newretail_ml.replenishment.planning.terms import checked_columns, checked_keys
from newretail_ml.tables.parsing import row_of, to_text
from newretail_ml.tracking.served.rows import ROWS, positions


@dataclass(frozen=True, eq=False)
class OrderPolicy:
    """What `plan_orders` would order of each line by itself.

    Rules over many lines (a budget, a truck) are no part of it: whoever has them plans all lines
    at once.

    Args:
        forecast: paths of each series, until the next order of each line arrives.
        terms: columns of supply and costs by any of the forecast's keys, for lines that do not
            bring their own: lead_time, review_period, pack_size, unit_cost, holding_cost, ...
        backorders: demand waits where stock is short.

    Raises:
        DataError: the terms repeat a key, or a number is out of its range.

    >>> from newretail_ml.panel import Periods
    >>> forecast = Forecast(pd.DataFrame({"item_id": ["tea"]}),
    ...                     Periods.spanning("2026-01-01", "2026-01-03", "D"),
    ...                     np.array([[[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]]], dtype=float))
    >>> terms = pd.DataFrame({"lead_time": [2], "review_period": [1], "holding_cost": [0.1],
    ...                       "shortage_cost": [2.0]})
    >>> policy = OrderPolicy(forecast, terms)
    >>> state = pd.DataFrame({"item_id": ["tea", "tea"], "on_hand": [4, 20]})
    >>> policy.decide(state)["units"].tolist()
    [6.0, 0.0]
    """

    forecast: Forecast
    terms: pd.DataFrame | None = None
    backorders: bool = False

    def __post_init__(self) -> None:
        keys = self.forecast.keys.apply(to_text).reset_index(drop=True)
        terms = pd.DataFrame() if self.terms is None else self.terms
        terms = checked_keys(checked_columns(terms, "terms"), "terms")
        foreign = [name for name in c.SERIES_KEYS if name in terms and name not in keys]
        if foreign:
            raise DataError(
                f"the forecast is only by {', '.join(keys)}",
                table="terms",
                column=foreign[0],
                next_step="Give one row for each key of the forecast.",
            )
        object.__setattr__(self, "terms", terms)
        object.__setattr__(
            self, "forecast", Forecast(keys, self.forecast.periods, self.forecast.paths)
        )

    @property
    def keys(self) -> list[str]:
        """The columns that name a line."""
        return list(self.forecast.keys)

    def get_params(self) -> dict[str, Any]:
        """For the tracker."""
        return {
            "backorders": self.backorders,
            "horizon": self.forecast.horizon,
            "paths": self.forecast.n_paths,
            "first_period": self.forecast.periods.first.date(),
            "terms": ", ".join(() if self.terms is None else self.terms.columns),
        }

    def series_of(self, state: pd.DataFrame) -> np.ndarray:
        """(lines,) the series of each line in the forecast, -1 where it has none."""
        return positions(state, self.forecast.keys, self.keys)

    def decide(self, state: pd.DataFrame) -> pd.DataFrame:
        """Today's order of each line, as if there were no other.

        Args:
            state: keys, on_hand, and any of on_order (which arrives in the first period) and the
                columns of the terms. A line may come several times.

        Returns:
            One row a line, in their order: keys, and what `OrderPlan.orders` says.

        Raises:
            DataError: a number is missing or out of its range, or a line has no forecast.
        """
        lines = self.completed(state)
        made = [self._planned(part, state.index) for part in self._once(lines)]
        answer = pd.concat(made) if made else pd.DataFrame(columns=[*self.keys, *COLUMNS])
        return answer.sort_index().set_axis(state.index)

    def completed(self, state: pd.DataFrame) -> pd.DataFrame:
        """The lines with the terms that they do not bring themselves, numbered from 0.

        Raises:
            DataError: a value is missing or cannot be used; rows are those of the state.
        """
        try:
            lines = checked_columns(state, ROWS, [*self.keys, c.ON_HAND])
        except DataError as error:
            raise _of_rows(error, state.index) from None
        terms = self.terms if self.terms is not None else pd.DataFrame()
        shared = [name for name in self.keys if name in terms]
        if not len(terms):
            return lines
        found = row_of(lines, terms, shared) if shared else np.zeros(len(lines), dtype=int)
        for name in terms.columns.difference(shared):
            theirs = terms[name].take(np.maximum(found, 0)).set_axis(lines.index).where(found >= 0)
            lines[name] = (
                lines[name].where(lines[name].notna(), theirs) if name in lines else theirs
            )
        return lines

    def _once(self, lines: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """The lines in parts in which none comes twice."""
        time = lines.groupby(self.keys, sort=False, dropna=False).cumcount()
        return (part for _, part in lines.groupby(time.to_numpy(), sort=True))

    def _planned(self, lines: pd.DataFrame, labels: pd.Index) -> pd.DataFrame:
        series = self.series_of(lines)
        try:
            plan = plan_orders(
                self.forecast.select(series),
                lines.reset_index(drop=True),
                backorders=self.backorders,
            )
        except DataError as error:
            raise _of_rows(error, labels[lines.index]) from None
        orders = plan.orders
        return orders.take(row_of(lines, orders, self.keys)).set_axis(lines.index)


def _of_rows(error: DataError, labels: pd.Index) -> DataError:
    """The same error, with the rows that the caller knows."""
    rows = [labels[row] for row in error.rows if isinstance(row, int | np.integer)]
    return DataError(
        error.problem, table=ROWS, column=error.column, rows=rows, next_step=error.next_step
    )
