"""The two tasks on which forecasts are compared with peers, and how they are scored.

The last 6 months of 2,674 car parts, and the last 28 days of the 500 items of UCI Online Retail
with most selling days.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml.forecasting.judging.metrics import bias, mase, rmsse, wape
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
MISSING = "Skipped: name the folder with carparts.parquet and online_retail.parquet."


@dataclass(frozen=True)
class Task:
    """One panel, to be cut one horizon before its end."""

    name: str
    panel: Panel
    horizon: int
    freq: str

    @property
    def training(self) -> Panel:
        """What both sides see."""
        return self.panel.until(self.panel.cut - self.horizon)

    @property
    def actual(self) -> np.ndarray:
        """(series, horizon) what happened."""
        return self.panel.units[:, self.panel.cut - self.horizon :]


def tasks(folder: Path) -> list[Task]:
    """Car parts and Online Retail."""
    parts = Panel.from_frame(pd.read_parquet(folder / "carparts.parquet"), freq="M")
    tables = RetailTables.read(folder / "online_retail.parquet", mapping="online_retail")
    retail = Panel.from_tables(tables, by=("item_id",)).until("2011-12-08").most_sold(500)
    return [Task("car parts", parts, 6, "MS"), Task("Online Retail", retail, 28, "D")]


def long_table(panel: Panel) -> pd.DataFrame:
    """Every row that the source has, as the peers read it."""
    series, period = np.nonzero(~np.isnan(panel.units))
    ids = np.array([f"{number:06}" for number in range(panel.n_series)])
    return pd.DataFrame(
        {
            "unique_id": ids[series],
            "ds": panel.periods.dates[period],
            "y": panel.units[series, period].astype(np.float64),
        }
    )


def scores(task: Task, forecast: np.ndarray) -> list[float]:
    """RMSSE, MASE, WAPE, bias."""
    history, actual = task.training.units, task.actual
    season = task.panel.periods.season
    scaled = rmsse(actual, forecast, history), mase(actual, forecast, history, season)
    means = [float(np.nanmean(score)) for score in scaled]
    return [*means, wape(actual, forecast), bias(actual, forecast)]
