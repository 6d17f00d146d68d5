"""The job `newretail forecast`: demand of the series of a partition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import DECILES, Forecast
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.running import Stage
from newretail_ml.jobs.task import Answer
from newretail_ml.tables import RetailTables


@dataclass(frozen=True)
class ForecastTask:
    """One row for each series and period: keys, date, mean and deciles, or every path.

    Args:
        demand: what is forecast, by which model.
        paths: every sample path instead of the mean and deciles.
    """

    demand: Demand
    paths: bool = False

    name = "forecast"
    key = c.ITEM

    def facts(self) -> dict[str, Any]:
        """Arguments and model version."""
        return {**self.demand.facts(), "paths": self.paths}

    def prepared(self, stage: Stage) -> ForecastTask:
        """The task as it runs, once there are partitions."""
        return replace(self, demand=self.demand.prepared(stage))

    def __call__(self, folder: Path) -> Answer:
        """The forecasts of a partition."""
        tables = RetailTables.read(folder)
        made, refused = self.demand.forecasts(tables)
        tabled = [self._table(forecast) for forecast in made]
        rows = pd.concat(tabled, ignore_index=True) if tabled else pd.DataFrame()
        return Answer(rows, refused, len(tables.orders))

    def _table(self, forecast: Forecast) -> pd.DataFrame:
        return forecast.paths_frame() if self.paths else forecast.to_frame(DECILES)
