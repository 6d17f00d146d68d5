"""The competition's score beside a twin that goes node by node."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.hierarchy import Hierarchy, rmsse_by_level, wrmsse

LEVELS = [(), c.LOCATION, "brand", (c.LOCATION, "brand")]


def world(seed, n_series=14, n_periods=60, horizon=5):
    random = np.random.default_rng(seed)
    keys = pd.DataFrame(
        {
            c.ITEM: [f"i{n}" for n in range(n_series)],
            c.LOCATION: random.choice(["A", "B"], n_series),
        }
    )
    statics = pd.DataFrame({"brand": random.choice(["x", "y", "z"], n_series)})
    hierarchy = Hierarchy.of_keys(keys, statics, levels=LEVELS)
    units = random.poisson(random.uniform(0.2, 4.0, (n_series, 1)), (n_series, n_periods + horizon))
    units[:, :20] *= random.random((n_series, 1)) < 0.5  # late starters
    nodes = hierarchy.summing @ units.astype(float)
    forecast = nodes[:, n_periods:] + random.normal(size=(len(nodes), horizon))
    labels = pd.concat([keys, statics], axis=1)
    return hierarchy, labels, units[:, :n_periods], nodes[:, n_periods:], forecast


def twin(hierarchy, labels, history, actual, forecast, sales):
    scores = []
    for level in [*LEVELS, (c.ITEM, c.LOCATION)]:
        columns = [level] if isinstance(level, str) else list(level)
        name = " x ".join(columns) or "total"
        nodes = hierarchy.keys.index[hierarchy.keys["level"] == name]
        score = 0.0
        for node in nodes:
            inside = np.ones(len(labels), dtype=bool)
            for column in columns:
                inside &= (labels[column] == hierarchy.keys.loc[node, column]).to_numpy()
            past = history[inside].sum(axis=0)
            past = past[np.flatnonzero(past)[0] :]
            scale = sum((b - a) ** 2 for a, b in pairwise(past)) / (len(past) - 1)
            squared = sum((a - f) ** 2 for a, f in zip(actual[node], forecast[node], strict=True))
            score += (
                sales[inside].sum() / sales.sum() * (squared / len(actual[node]) / scale) ** 0.5
            )
        scores.append(score)
    return sum(scores) / len(scores)


@pytest.mark.parametrize("seed", range(3))
def test_score_equals_the_twin(seed):
    hierarchy, labels, history, actual, forecast = world(seed)
    past = hierarchy.summing @ history
    units = history[:, -28:].sum(axis=1)
    expected = twin(hierarchy, labels, history, actual, forecast, units)
    assert wrmsse(actual, forecast, past, hierarchy) == pytest.approx(expected, rel=1e-10)
    revenue = units * np.random.default_rng(seed).uniform(1, 9, len(units))
    expected = twin(hierarchy, labels, history, actual, forecast, revenue)
    ours = wrmsse(actual, forecast, past, hierarchy, sales=revenue)
    assert ours == pytest.approx(expected, rel=1e-10)


def test_perfect_and_unknown():
    hierarchy, _, history, actual, forecast = world(7)
    past = hierarchy.summing @ history
    assert wrmsse(actual, actual, past, hierarchy) == 0.0
    unknown = actual.copy()
    unknown[hierarchy.rows("total")] = np.nan
    levels = rmsse_by_level(unknown, forecast, past, hierarchy)
    assert list(levels.index) == list(hierarchy.levels)
    assert np.isnan(levels["total"])
    assert wrmsse(unknown, forecast, past, hierarchy) == pytest.approx(levels.iloc[1:].mean())


def test_series_without_a_scale_are_left_out():
    hierarchy = Hierarchy.of_keys(pd.DataFrame({c.ITEM: ["tea", "cup"]}), levels=[])
    history, actual = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]), np.array([[3.0], [9.0]])
    assert wrmsse(actual, np.array([[1.0], [1.0]]), history, hierarchy) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"actual": np.ones((2, 1))}, "actual: there are 2 rows for"),
        ({"sales": np.ones(3)}, "14 numbers"),
        ({"sales": -np.ones(14)}, "14 numbers"),
        ({"sales": np.full(14, np.nan)}, "14 numbers"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    hierarchy, _, history, actual, forecast = world(0)
    arguments = {"actual": actual, "forecast": forecast, "history": hierarchy.summing @ history}
    with pytest.raises(DataError, match=message):
        wrmsse(hierarchy=hierarchy, **{**arguments, **changes})
