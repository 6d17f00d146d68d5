"""Small simulated shops whose response to prices is known."""

import numpy as np
import pandas as pd

from newretail_ml.panel import Panel


def shop(
    n_items=3,
    n_locations=2,
    n_periods=80,
    elasticity=-2.0,
    cross=0.3,
    freq="W",
    seed=0,
    units=200.0,
    noise=0.1,
    counts=False,
    promotion=True,
    future=0,
) -> Panel:
    """Log-log demand with cross effects, promotions of one week in five, and Gaussian errors."""
    rng = np.random.default_rng(seed)
    shape = (n_items, n_locations, n_periods + future)
    promoted = rng.random(shape) < 0.2
    cut = np.where(promoted, rng.choice([0.7, 0.8, 0.9], shape), 1.0)
    log_price = np.log(cut * rng.choice([1.9, 2.0, 2.2], shape))
    others = log_price.sum(axis=0, keepdims=True) - log_price
    effect = elasticity * log_price + cross * others + 0.3 * promoted * promotion
    mean = units * np.exp(effect + rng.normal(0, 0.3, (*shape[:2], 1)))
    sold = rng.poisson(mean) if counts else mean * np.exp(rng.normal(0, noise, shape))
    sold = sold.astype(float)
    sold[:, :, n_periods:] = np.nan
    item, place, period = np.meshgrid(*map(np.arange, shape), indexing="ij")
    days = pd.date_range("2026-01-05", periods=shape[2], freq="7D" if freq == "W" else "D")
    frame = pd.DataFrame(
        {
            "item_id": [f"i{number:02d}" for number in item.ravel()],
            "location_id": [f"s{number}" for number in place.ravel()],
            "date": days[period.ravel()],
            "units": sold.ravel(),
            "price": np.exp(log_price).ravel(),
        }
    )
    if promotion:
        frame["promotion"] = promoted.ravel().astype(float)
    if n_locations == 1:
        frame = frame.drop(columns="location_id")
    return Panel.from_frame(frame, freq=freq)
