"""For how many further reviews should a unit left over at the end of its cycle cost holding?

Answer (2026-11-23): for about one. On the mean of four panels .75 costs least at 5 : 1 (.809; 1
costs .810), and 1 at 20 : 1 (.934; .75 costs .942). Charging nothing costs .863 and 1.045.

Training periods are replayed with `ForecastPolicy(left_over_reviews=...)`: lead time 2, lost sales,
first two periods not counted. Ratios are shortage : holding; costs are relative to ordering up to a
13-period average of sales with safety stock. All orders share forecasts made from true demand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import AutoForecaster, Forecaster, MovingAverage
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import ForecastPolicy, Policy, moving_average_policy, replay
from newretail_ml.tables import RetailTables

FILES = {
    "online_retail.parquet": "UCI Online Retail, the order lines as published",
    "oj_yx.parquet": "orange juice at Dominick's, table yx of R package bayesm",
    "carparts.parquet": "monthly sales of 2,674 car parts, R package expsmooth, long",
}
BETTER = {"cost_at_5": "lower", "cost_at_20": "lower"}
FURTHER_REVIEWS, RATIOS = (0.0, 0.5, 0.75, 1.0, 1.5, 2.0), (5, 20)
LEAD_TIME, HORIZON, REFIT_EVERY = 2, 3, 4


@dataclass
class Remembered:
    """Forecasts made once, by periods known and horizon, so that all policies see the same."""

    forecasts: dict[tuple[int, int], Forecast]
    known: int = 0

    @classmethod
    def of(cls, model: Forecaster, panel: Panel, start: int) -> Self:
        """A forecast at the start of each period, from the demand before it."""
        made = {}
        for known in range(start, panel.cut):
            (model.update if (known - start) % REFIT_EVERY else model.fit)(panel.until(known))
            made[known, HORIZON] = model.forecast(HORIZON, n_paths=300)
        return cls(made)

    def clone(self) -> Self:
        """The same forecasts, at no time yet."""
        return type(self)(self.forecasts)

    def fit(self, panel: Panel) -> None:
        """Turn to the time at which so much is known."""
        self.known = panel.cut

    update = fit

    def forecast(self, horizon: int, **_: Any) -> Forecast:
        """As it was made."""
        return self.forecasts[self.known, horizon]


def online_retail(file: Path, ranks: slice) -> Panel:
    """Items by rank in the number of weeks with sales, before what is replayed."""
    tables = RetailTables.read(file, mapping="online_retail")
    panel = Panel.from_tables(tables, by=("item_id",), freq="W").until("2011-07-31")
    weeks = (panel.units[:, :24] > 0).sum(axis=1)
    return panel.select(np.sort(np.argsort(-weeks, kind="stable")[ranks]))


def orange_juice(file: Path) -> Panel:
    """Weeks by brand and store."""
    rows = pd.read_parquet(file).astype({"brand": int, "store": int, "week": int})
    dates = pd.Timestamp("1990-06-14") + pd.to_timedelta(7 * (rows["week"] - 40), unit="D")
    frame = rows[["brand", "store"]].set_axis(["item_id", "location_id"], axis=1).astype(str)
    units = np.exp(rows["logmove"]).round()
    return Panel.from_frame(frame.assign(date=dates, units=units), freq="W").until(98)


def car_parts(file: Path) -> Panel:
    """Every third part that has all its months."""
    panel = Panel.from_frame(pd.read_parquet(file), freq="M").until(44)
    return panel.select(np.flatnonzero(~np.isnan(panel.units).any(axis=1))[::3])


best_items = partial(online_retail, ranks=slice(500))
slow_items = partial(online_retail, ranks=slice(1_000, 1_600))
PANELS: dict[str, tuple[str, Callable[[Path], Panel], int]] = {
    "Online Retail, 500 best items": ("online_retail", best_items, 24),
    "its items 1,000 to 1,600": ("online_retail", slow_items, 24),
    "orange juice": ("oj_yx", orange_juice, 80),
    "car parts": ("carparts", car_parts, 30),
}


def relative_costs(panel: Panel, start: int, forecasts: Remembered, ratio: int) -> list[float]:
    """Cost for each number of further reviews, that of the moving average being 1."""
    stock = np.ceil(HORIZON * np.nan_to_num(panel.units[:, start - 13 : start]).mean(axis=1))
    terms = panel.keys.assign(on_hand=stock, lead_time=LEAD_TIME, review_period=1)
    terms = terms.assign(shortage_cost=1.0, holding_cost=1 / ratio)
    policies: list[Policy] = [moving_average_policy(13)]
    policies += [ForecastPolicy(forecasts, left_over_reviews=more) for more in FURTHER_REVIEWS]
    played = [replay(each, panel, terms, start=start, warm_up=LEAD_TIME) for each in policies]
    return [float(outcome.cost.sum() / played[0].cost.sum()) for outcome in played[1:]]


def compare(data: Path, quick: bool) -> pd.DataFrame:
    """A model is a number of further reviews, a fold a panel."""
    rows = []
    for name in ["car parts"] if quick else PANELS:
        file, make, start = PANELS[name]
        panel = make(data / f"{file}.parquet")
        if quick:
            panel = panel.select(np.arange(0, panel.n_series, 100)).until(start + 4)
        model = MovingAverage() if quick else AutoForecaster(HORIZON, progress=False)
        forecasts = Remembered.of(model, panel, start)
        for ratio in RATIOS:
            costs = relative_costs(panel, start, forecasts, ratio)
            rows += [
                (f"{more:g} reviews", name, f"cost_at_{ratio}", cost)
                for more, cost in zip(FURTHER_REVIEWS, costs, strict=True)
            ]
    return pd.DataFrame(rows, columns=["model", "fold", "metric", "value"])
