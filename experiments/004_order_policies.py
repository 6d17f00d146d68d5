"""Which order policy costs least: an average with safety stock, or a plan on a forecast's paths?

Answer (2026-11-29): a plan on a forecast's paths. On those of exponential smoothing it costs 26%
less than ordering up to a moving average with safety stock (7.19 million against 9.68), on the
default forecaster's 22% less (7.60), on a moving average's 19% less (7.81); four weeks of cover
cost 13% less (8.39). A clairvoyant would pay 1.07. Here the default was not the best forecaster.

Dominick's orange juice, all brands of every fifth store, 23 weeks from the 98th on, replayed with
sales as demand: weekly reviews, a lead time of two weeks, lost sales; a unit short costs 1, a unit
in stock at the end of a week .05. Policies with defaults, and none was chosen on these weeks. Cost
is money over all weeks; the clairvoyant knows all demand.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml.forecasting import AutoForecaster, ExponentialSmoothing, MovingAverage
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import (
    ForecastPolicy,
    Policy,
    Replay,
    moving_average_policy,
    replay,
)

FILES = {"oj_yx.parquet": "orange juice at Dominick's, table yx of R package bayesm"}
START, HISTORY, LEAD_TIME, COVERED = 98, 13, 2, 3


def compare(data: Path, quick: bool) -> Mapping[str, Replay]:
    panel = orange_juice(data / "oj_yx.parquet", every=40 if quick else 5)
    before = np.nan_to_num(panel.units[:, START - HISTORY : START])
    terms = panel.keys.assign(
        on_hand=np.ceil(COVERED * before.mean(axis=1)),
        lead_time=LEAD_TIME,
        review_period=1,
        shortage_cost=1.0,
        holding_cost=0.05,
    )
    policies: dict[str, Policy] = {
        "moving average, safety stock": moving_average_policy(HISTORY),
        "moving average, four weeks of cover": moving_average_policy(HISTORY, cover=COVERED + 1),
        "plan on a moving average's paths": ForecastPolicy(MovingAverage(HISTORY)),
        "plan on exponential smoothing's paths": ForecastPolicy(ExponentialSmoothing()),
        "plan on the default's paths": ForecastPolicy(AutoForecaster(COVERED, progress=False)),
    }
    if quick:
        policies = {name: policies[name] for name in list(policies)[:3]}
        panel = panel.until(START + 4)
    return {
        name: replay(policy, panel, terms, start=START, progress=False)
        for name, policy in policies.items()
    }


def orange_juice(file: Path, every: int) -> Panel:
    """Weeks by brand and store."""
    rows = pd.read_parquet(file).astype({"brand": int, "store": int, "week": int})
    rows = rows[rows["store"].isin(sorted(rows["store"].unique())[::every])]
    dates = pd.Timestamp("1990-06-14") + pd.to_timedelta(7 * (rows["week"] - 40), unit="D")
    frame = rows[["brand", "store"]].set_axis(["item_id", "location_id"], axis=1).astype(str)
    units = np.exp(rows["logmove"]).round()
    return Panel.from_frame(frame.assign(date=dates, units=units), freq="W")
