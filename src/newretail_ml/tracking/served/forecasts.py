"""A forecast as a model that a batch engine may call with any rows in any order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import DECILES, Forecast
from newretail_ml.forecasting import Forecaster
from newretail_ml.panel import Periods
from newretail_ml.tracking.served.kinds import FORECASTER
from newretail_ml.tracking.served.pickles import read_pickle, write_pickle
from newretail_ml.tracking.served.rows import EXAMPLE_ROWS, Column, Served, key_type, positions

_TABLE: Final = "forecast.parquet"
_CALENDAR: Final = "calendar.json"
_FILE: Final = "forecaster.pkl"


@dataclass(frozen=True, eq=False)
class ServedForecast(Served):
    """Rows of series and date in, the same rows with their forecast out.

    What comes out of a row depends on its own series and date alone, so rows may come in any
    batches, repeated and in any order.

    Attributes:
        table: one row a series and period, series by series: keys, date, mean, quantiles.
        periods: the calendar of the horizon.
        model: the fitted forecaster with its history.
        folder: where it was loaded from, with the forecaster beside the table.

    >>> forecast = Forecast(pd.DataFrame({"item_id": ["tea"]}),
    ...                     Periods.spanning("2026-01-01", "2026-01-02", "D"),
    ...                     np.array([[[1, 2], [3, 4]]], dtype=np.float32))
    >>> served = ServedForecast(forecast.to_frame(levels=[0.5]), forecast.periods)
    >>> served.predict(pd.DataFrame({"item_id": "tea", "date": [pd.Timestamp("2026-01-02")]}))
      item_id       date  mean  q0.5
    0     tea 2026-01-02   3.0   3.0
    """

    kind: ClassVar[str] = FORECASTER
    table: pd.DataFrame
    periods: Periods
    model: Forecaster | None = None
    folder: Path | None = None

    @classmethod
    def of(
        cls, model: Forecaster, forecast: Forecast, levels: Sequence[float] = DECILES
    ) -> ServedForecast:
        """A fitted model, and what it says of the periods that will be asked for."""
        return cls(forecast.to_frame(tuple(levels)), forecast.periods, model)

    @property
    def keys(self) -> list[str]:
        """The columns that name a series."""
        return [name for name in c.SERIES_KEYS if name in self.table]

    @property
    def answers(self) -> list[str]:
        """The columns of the answer: mean, q0.1, ..."""
        return [name for name in self.table if name not in (*c.SERIES_KEYS, c.DATE)]

    @property
    def asked(self) -> tuple[Column, ...]:
        """Keys and date; a date stands for the period that holds it."""
        keys = (Column(name, key_type(self.table[name])) for name in self.keys)
        return (*keys, Column(c.DATE, "datetime"))

    @property
    def answered(self) -> tuple[Column, ...]:
        """Keys, date, mean and quantiles."""
        return (*self.asked, *map(Column, self.answers))

    @property
    def example(self) -> pd.DataFrame:
        """The first rows of the table."""
        return self.table[[*self.keys, c.DATE]].head(EXAMPLE_ROWS)

    @cached_property
    def series(self) -> pd.DataFrame:
        """The keys of each series, in the order of the table."""
        return self.table.loc[:: len(self.periods), self.keys].reset_index(drop=True)

    @cached_property
    def numbers(self) -> np.ndarray:
        """(rows of the table, answers) float64."""
        return self.table[self.answers].to_numpy(float)

    @cached_property
    def forecaster(self) -> Forecaster:
        """The fitted model with its history, for sample paths or newer data.

        It is unpickled, and a pickle can run any code: load models only from a tracker you trust.
        """
        if self.model is not None:
            return self.model
        if self.folder is None:
            raise DataError(
                "no forecaster is stored beside this forecast",
                next_step="Load the model with mlflow.pyfunc.load_model.",
            )
        forecaster: Forecaster = read_pickle(self.folder / _FILE)
        return forecaster

    def write(self, folder: Path) -> None:
        """The forecast's table, its calendar, and the forecaster, pickled."""
        self.table.to_parquet(folder / _TABLE, index=False)
        periods = self.periods
        calendar = {"first": str(periods.first.date()), "count": len(periods), "freq": periods.freq}
        (folder / _CALENDAR).write_text(json.dumps(calendar))
        write_pickle(self.forecaster, folder / _FILE)

    @classmethod
    def read(cls, folder: Path) -> ServedForecast:
        """The forecast of a folder; its forecaster is read when it is asked for."""
        calendar = json.loads((folder / _CALENDAR).read_text())
        periods = Periods(pd.Timestamp(calendar["first"]), calendar["count"], calendar["freq"])
        return cls(pd.read_parquet(folder / _TABLE), periods, folder=folder)

    def _unknown(self, rows: pd.DataFrame) -> list[tuple[np.ndarray, str, str]]:
        first, last = self.periods.first.date(), self.periods.last_day.date()
        return [
            (
                positions(rows, self.series, self.keys) < 0,
                ", ".join(self.keys),
                "belong to a series that the model was not fitted on",
            ),
            (
                self._period_of(rows[c.DATE]) < 0,
                c.DATE,
                f"lie outside the forecast, {first} to {last}",
            ),
        ]

    def _answer(
        self,
        rows: pd.DataFrame,
        known: np.ndarray,
        choices: Mapping[str, Any],  # noqa: ARG002
    ) -> pd.DataFrame:
        series = positions(rows, self.series, self.keys)
        row = series * len(self.periods) + self._period_of(rows[c.DATE])
        answer = self.numbers[np.where(known, row, 0)]
        answer[~known] = np.nan
        return rows.assign(**dict(zip(self.answers, answer.T, strict=True)))

    def _period_of(self, dates: pd.Series) -> np.ndarray:
        """(rows,) position of each row's date in the horizon, -1 outside it."""
        known = dates.notna().to_numpy()
        position = np.full(len(dates), -1, dtype=np.int64)
        position[known] = self.periods.position(dates[known])
        return np.where(position < len(self.periods), np.maximum(position, -1), -1)
