"""The two tasks on which forecasts are compared with peers, and how they are scored.

The last 6 months of car parts, and the last 28 days of the 500 items of UCI Online Retail with
most selling days. All 2,674 car parts are trained on; the 165 of them whose rows end after little
more than a year have no demand in the test months, and the other 2,509 are scored.

A forecast that everybody can compute has to come out as published, or the figures beside it are of
another task: `Task.check` sees to that before anything is compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml.forecasting.judging.metrics import bias, mase, rmsse, wape
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
MEAN, NAIVE = "mean of 12 months", "seasonal naive"
# Of ../shared/data/README.md.
PARTS = {
    MEAN: (0.5028, 0.9600, 1.4287, 0.1554),
    NAIVE: (0.7074, 1.0449, 1.6174, 0.1538),
}
RETAIL = {NAIVE: (0.9605, 1.3273, 1.1479, 0.0865)}
MISSING = "Skipped: name the folder with carparts.parquet and online_retail.parquet."


@dataclass(frozen=True)
class Task:
    """One panel, to be cut one horizon before its end.

    Attributes:
        name: of the data.
        panel: all series, whole history.
        horizon: periods to forecast.
        freq: of the peers' calendars.
        scored: (series,) bool, True where the source has rows of every test period.
        published: name of a simple forecast -> its `scores`.
    """

    name: str
    panel: Panel
    horizon: int
    freq: str
    scored: np.ndarray
    published: Mapping[str, tuple[float, float, float, float]]

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.panel.n_series:,} series x {self.training.cut} periods, "
            f"horizon {self.horizon}, {self.scored.sum():,} series scored"
        )

    @property
    def training(self) -> Panel:
        """What both sides see."""
        return self.panel.until(self.panel.cut - self.horizon)

    @property
    def actual(self) -> np.ndarray:
        """(series, horizon) what happened; NaN, which never counts, where the source is silent."""
        units = self.panel.units[:, self.panel.cut - self.horizon :]
        return np.where(self.scored[:, None], units, np.nan)

    def check(self) -> None:
        """Print the simple forecasts, and stop where they are not what was published."""
        for name, expected in self.published.items():
            found = np.round(scores(self, self._simple(name)), 4)
            assert np.allclose(found, expected), f"{name}: {found}, published {expected}"
            print(f"as published, {name}: RMSSE, MASE, WAPE, bias {found}")

    def _simple(self, name: str) -> np.ndarray:
        """(series, horizon) mean of the last year, or what the season before was."""
        units, season = self.training.units, self.panel.periods.season
        last = units[:, -season:]
        if name == MEAN:
            return last.mean(axis=1, keepdims=True).repeat(self.horizon, axis=1)
        return last[:, np.arange(self.horizon) % season]


def tasks(folder: Path) -> list[Task]:
    """Car parts and Online Retail."""
    return [car_parts(folder), online_retail(folder)]


def car_parts(folder: Path) -> Task:
    """Months of spare parts, most of them without demand."""
    rows = pd.read_parquet(folder / "carparts.parquet")
    panel = Panel.from_frame(rows, freq="M")
    return Task("car parts", panel, 6, "MS", _complete(panel, rows, 6), PARTS)


def online_retail(folder: Path) -> Task:
    """Days of gifts; a day without a line is a day without a sale."""
    tables = RetailTables.read(folder / "online_retail.parquet", mapping="online_retail")
    panel = Panel.from_tables(tables, by=("item_id",)).until("2011-12-08").most_sold(500)
    return Task("Online Retail", panel, 28, "D", np.ones(panel.n_series, dtype=bool), RETAIL)


def _complete(panel: Panel, rows: pd.DataFrame, horizon: int) -> np.ndarray:
    """(series,) bool: has the source a row of each of the last periods?"""
    cut = panel.periods.dates[panel.cut - horizon]
    n_rows = rows.loc[rows["ds"] >= cut, "unique_id"].value_counts()
    return (panel.keys["item_id"].map(n_rows) == horizon).to_numpy()


def long_table(panel: Panel) -> pd.DataFrame:
    """Every period that the panel knows, as the peers read it; zero after a series has ended."""
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
    """RMSSE, MASE, WAPE, bias of the series that are scored."""
    history, actual = task.training.units, task.actual
    season = task.panel.periods.season
    scaled = rmsse(actual, forecast, history), mase(actual, forecast, history, season)
    means = [float(np.nanmean(score)) for score in scaled]
    return [*means, wape(actual, forecast), bias(actual, forecast)]
