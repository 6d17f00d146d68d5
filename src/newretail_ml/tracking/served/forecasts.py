"""A forecast as a model that a batch engine may call with any rows in any order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import Forecaster
from newretail_ml.panel import Periods
from newretail_ml.tracking.served.kinds import FORECASTER, write_kind

UNKNOWN = "unknown"
RAISE = "raise"
MISSING = "missing"

_TABLE = "forecast.parquet"
_CALENDAR = "calendar.json"
_FORECASTER = "forecaster.pkl"
_ROWS = "model input"


@dataclass(frozen=True, eq=False)
class ServedForecast:
    """Rows of series and date in, the same rows with their forecast out.

    What comes out of a row depends on its own series and date alone, so rows may come in any
    batches, repeated and in any order.

    Attributes:
        table: one row a series and period, series by series: keys, date, mean, quantiles.
        periods: the calendar of the horizon.
        folder: where it was loaded from, with the fitted forecaster beside the table.

    >>> forecast = Forecast(pd.DataFrame({"item_id": ["tea"]}),
    ...                     Periods.spanning("2026-01-01", "2026-01-02", "D"),
    ...                     np.array([[[1, 2], [3, 4]]], dtype=np.float32))
    >>> served = ServedForecast(forecast.to_frame(levels=[0.5]), forecast.periods)
    >>> served.predict(pd.DataFrame({"item_id": "tea", "date": [pd.Timestamp("2026-01-02")]}))
      item_id       date  mean  q0.5
    0     tea 2026-01-02   3.0   3.0
    """

    table: pd.DataFrame
    periods: Periods
    folder: Path | None = None

    @property
    def keys(self) -> list[str]:
        """The columns that name a series."""
        return [name for name in c.SERIES_KEYS if name in self.table]

    @property
    def answers(self) -> list[str]:
        """The columns of the answer: mean, q0.1, ..."""
        return [name for name in self.table if name not in (*c.SERIES_KEYS, c.DATE)]

    @cached_property
    def series(self) -> pd.DataFrame:
        """The keys of each series, in the order of the table."""
        return self.table.loc[:: len(self.periods), self.keys].reset_index(drop=True)

    @cached_property
    def numbers(self) -> np.ndarray:
        """(rows of the table, answers) float64."""
        return self.table[self.answers].to_numpy(float)

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Keys, date, mean and quantiles of each row, in the order and with the index of the input.

        Args:
            model_input: the key columns and date; a date stands for the period that holds it.
            params: ``{"unknown": "missing"}`` leaves rows of unknown series or dates empty;
                otherwise they are an error.

        Raises:
            DataError: a column is missing, or a row's series or date is not known.
        """
        asked = self._asked(model_input)
        series, period = self._series_of(asked), self._period_of(asked[c.DATE])
        unknown = (series < 0) | (period < 0)
        if unknown.any() and (params or {}).get(UNKNOWN, RAISE) != MISSING:
            self._refuse(asked, series < 0, period < 0)
        row = np.where(unknown, 0, series * len(self.periods) + period)
        answer = self.numbers[row]
        answer[unknown] = np.nan
        return asked.assign(**dict(zip(self.answers, answer.T, strict=True)))

    def get_raw_model(self) -> ServedForecast:
        """This object, for `PyFuncModel.get_raw_model`."""
        return self

    @cached_property
    def forecaster(self) -> Forecaster:
        """The fitted model with its history, for sample paths or newer data.

        It is unpickled, and a pickle can run any code: load models only from a tracker you trust.
        """
        import cloudpickle

        if self.folder is None:
            raise DataError(
                "no forecaster is stored beside this forecast",
                next_step="Load the model with mlflow.pyfunc.load_model.",
            )
        with (self.folder / _FORECASTER).open("rb") as file:
            forecaster: Forecaster = cloudpickle.load(file)
        return forecaster

    def _asked(self, model_input: pd.DataFrame) -> pd.DataFrame:
        for column in (*self.keys, c.DATE):
            if column not in model_input:
                raise DataError(
                    "the column is missing",
                    table=_ROWS,
                    column=column,
                    next_step=f"Pass the columns {', '.join((*self.keys, c.DATE))}.",
                )
        return model_input[[*self.keys, c.DATE]]

    def _series_of(self, asked: pd.DataFrame) -> np.ndarray:
        """(rows,) position of each row's series, -1 where it is not known."""
        numbered = self.series.assign(position=np.arange(len(self.series)))
        position = asked[self.keys].merge(numbered, how="left", on=self.keys)["position"]
        return position.fillna(-1).to_numpy(np.int64)

    def _period_of(self, dates: pd.Series) -> np.ndarray:
        """(rows,) position of each row's date in the horizon, -1 outside it."""
        known = dates.notna().to_numpy()
        position = np.full(len(dates), -1, dtype=np.int64)
        position[known] = self.periods.position(dates[known])
        return np.where(position < len(self.periods), np.maximum(position, -1), -1)

    def _refuse(self, asked: pd.DataFrame, no_series: np.ndarray, no_date: np.ndarray) -> None:
        first, last = self.periods.first.date(), self.periods.last_day.date()
        column, wrong, what = (
            (", ".join(self.keys), no_series, "belong to a series that the model was not fitted on")
            if no_series.any()
            else (c.DATE, no_date, f"lie outside the forecast, {first} to {last}")
        )
        raise DataError(
            f"{wrong.sum():,} rows {what}",
            table=_ROWS,
            column=column,
            rows=asked.index[wrong],
            next_step='Leave them out, or pass params={"unknown": "missing"} to get empty values.',
        )


def save_served(
    folder: Path, forecaster: Forecaster, forecast: Forecast, levels: tuple[float, ...]
) -> ServedForecast:
    """Write what `_load_pyfunc` reads: the forecast's table, its calendar and the forecaster."""
    import cloudpickle

    served = ServedForecast(forecast.to_frame(levels), forecast.periods, folder)
    folder.mkdir(parents=True)
    write_kind(folder, FORECASTER)
    served.table.to_parquet(folder / _TABLE, index=False)
    periods = forecast.periods
    calendar = {"first": str(periods.first.date()), "count": len(periods), "freq": periods.freq}
    (folder / _CALENDAR).write_text(json.dumps(calendar))
    with (folder / _FORECASTER).open("wb") as file:
        cloudpickle.dump(forecaster, file)
    return served


def _load_pyfunc(path: str) -> ServedForecast:
    """What `mlflow.pyfunc.load_model` calls."""
    folder = Path(path)
    calendar = json.loads((folder / _CALENDAR).read_text())
    periods = Periods(pd.Timestamp(calendar["first"]), calendar["count"], calendar["freq"])
    return ServedForecast(pd.read_parquet(folder / _TABLE), periods, folder)
