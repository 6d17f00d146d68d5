"""What a tracker is told, as plain names and values."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecasting import Backtest
from newretail_ml.forecasting.judging.backtest import CUT
from newretail_ml.panel import Panel
from newretail_ml.tracking.store import without_password

_LONGEST_VALUE = 250


class MetricValue(NamedTuple):
    """One value of a metric; the step of a fold is its number."""

    name: str
    value: float
    step: int = 0


def flattened(params: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Parameters with dotted names and short values.

    >>> flattened({"model": {"horizon": 28, "recipe": None}})
    {'model.horizon': '28', 'model.recipe': 'None'}
    """
    flat: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{name}.")
        else:
            flat[allowed(f"{prefix}{name}")] = _short(str(value))
    return flat


def finite_metrics(metrics: Mapping[str, float], step: int = 0) -> list[MetricValue]:
    """The metrics that are numbers: a tracker turns infinity into 1.8e308.

    >>> finite_metrics({"bias": 0.5, "mase": float("nan")})
    [MetricValue(name='bias', value=0.5, step=0)]
    """
    return [
        MetricValue(allowed(name), float(value), step)
        for name, value in metrics.items()
        if math.isfinite(value)
    ]


def backtest_facts(backtest: Backtest) -> dict[str, str]:
    """Which model won, and from which last known days the forecasts were made."""
    cuts = sorted(backtest.scores[CUT].unique())
    return {
        "best_model": backtest.best,
        "backtest.cuts": ", ".join(str(pd.Timestamp(cut).date()) for cut in cuts),
    }


def panel_digest(panel: Panel) -> str:
    """16 hex digits over all that a panel holds; two panels share them when they are equal."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{panel.periods}".encode())
    for frame in (panel.keys, panel.statics, panel.events):
        digest.update("\x1f".join(map(str, frame.columns)).encode())
        # pandas 2 cannot hash a frame without columns.
        if len(frame.columns):
            digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    for name, array in _arrays(panel):
        digest.update(f"{name}{array.shape}".encode())
        for row in np.atleast_2d(array):
            digest.update(row.tobytes())
    return digest.hexdigest()


def data_facts(panel: Panel, fingerprint: str) -> dict[str, str]:
    """Which data, of how many series, from when to when."""
    return {
        "data.fingerprint": fingerprint,
        "data.first_date": str(panel.periods.first.date()),
        "data.last_date": str(panel.last_date.date()),
        "data.series": str(panel.n_series),
        "data.periods": str(panel.cut),
        "data.frequency": panel.periods.freq,
        "data.series_by": ", ".join(panel.keys.columns),
        "data.plans": ", ".join(panel.plans),
        "data.censored_share": f"{panel.censored.mean() if panel.censored.size else 0.0:.4f}",
    }


def data_schema(panel: Panel) -> str:
    """Columns and types of the panel's long frame, in the words of MLflow's page."""
    columns = [*panel.keys.columns, c.DATE, c.UNITS, *panel.plans]
    types = {c.DATE: "datetime", **dict.fromkeys((c.UNITS, *panel.plans), "float")}
    colspec = [{"name": name, "type": types.get(name, "string")} for name in columns]
    return json.dumps({"mlflow_colspec": colspec})


def _arrays(panel: Panel) -> Iterator[tuple[str, np.ndarray]]:
    yield c.UNITS, panel.units
    yield c.CENSORED, panel.censored
    yield c.LAUNCH_DATE, panel.launch
    yield c.DELISTING_DATE, panel.delisting
    yield from sorted(panel.plans.items())


def allowed(name: str) -> str:
    """A name as MLflow takes it."""
    return re.sub(r"[^\w\-. /]", "_", name)[:_LONGEST_VALUE]


def _short(text: str) -> str:
    text = without_password(text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
