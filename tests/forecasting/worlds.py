"""Small panels and forecasts for the tests of forecasting, in plain arrays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Panel, Periods

MONDAY = "2025-01-06"
NOT_YET = 3  # the mixed panel launches one series, and delists one, so far beyond its cut


def panel_of(units: Any, freq: str = "D", **changes: Any) -> Panel:
    """Series i000, i001, ... with these units from a Monday on; any other field on request."""
    units = np.asarray(units, dtype=np.float32)
    n_series, cut = units.shape
    panel = Panel(
        keys=pd.DataFrame({c.ITEM: [f"i{number:03}" for number in range(n_series)]}),
        periods=Periods.spanning(MONDAY, MONDAY, freq).resized(cut),
        units=units,
        censored=np.zeros(units.shape, dtype=bool),
        launch=np.full(n_series, -1, dtype=np.int32),
        delisting=np.full(n_series, Panel.NEVER, dtype=np.int32),
    )
    return replace(panel, **changes)


def forecast_of(paths: Any) -> Forecast:
    """A forecast with these (series, paths, horizon) paths."""
    paths = np.asarray(paths, dtype=np.float32)
    keys = pd.DataFrame({c.ITEM: [f"i{number:03}" for number in range(len(paths))]})
    return Forecast(keys, Periods.spanning(MONDAY, MONDAY, "D").resized(paths.shape[2]), paths)


def negative_binomial(shape: tuple[int, int], seed: int, *, dispersion: float = 2.0) -> np.ndarray:
    """Stationary, independent demand; each series has its own mean, about 2 to 20."""
    random = np.random.default_rng(seed)
    mean = np.exp(random.uniform(np.log(2.0), np.log(20.0), (shape[0], 1)))
    return random.negative_binomial(dispersion, dispersion / (dispersion + mean), shape)


def mixed_panel(freq: str = "D", cut: int = 120, seed: int = 0) -> Panel:
    """Twelve series in whole units: most ordinary, the last six each odd in one way."""
    units = negative_binomial((12, cut), seed).astype(np.float32)
    units[6, : cut - 4] = 0.0  # sells for four periods
    units[7] = 0.0  # never sold
    censored = np.zeros(units.shape, dtype=bool)
    censored[8] = np.random.default_rng(seed + 1).random(cut) < 0.3  # out of stock now and then
    launch = np.full(12, -1, dtype=np.int32)
    delisting = np.full(12, Panel.NEVER, dtype=np.int32)
    delisting[9] = cut - 20  # gone
    units[9, cut - 20 :] = 0.0
    delisting[10] = cut + NOT_YET  # will go
    launch[11] = cut + NOT_YET  # will come
    units[11] = 0.0
    return panel_of(units, freq, censored=censored, launch=launch, delisting=delisting)


def online_retail_task(folder: Path) -> np.ndarray:
    """(items, days) units of the 500 items with most selling days, 2010-12-01 to 2011-12-08."""
    columns = ["InvoiceNo", "StockCode", "Quantity", "UnitPrice", "InvoiceDate"]
    lines = pd.read_parquet(folder / "online_retail.parquet", columns=columns)
    code = lines["StockCode"].astype(str)
    kept = code.str.fullmatch(r"\d{5}[A-Za-z]*") & (lines["UnitPrice"] > 0)
    kept &= ~lines["InvoiceNo"].astype(str).str.startswith("C")
    lines = lines[kept & (lines["InvoiceDate"] < "2011-12-09")]
    lines = lines.assign(date=lines["InvoiceDate"].dt.normalize())
    daily = lines.pivot_table("Quantity", "StockCode", "date", aggfunc="sum", fill_value=0)
    days = pd.date_range("2010-12-01", "2011-12-08")
    units = daily.clip(lower=0).reindex(columns=days, fill_value=0).to_numpy(float)
    most_selling_days = np.argsort(-(units > 0).sum(axis=1), kind="stable")[:500]
    return units[most_selling_days]
