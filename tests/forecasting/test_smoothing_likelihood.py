"""The same optimum as statsmodels' `ETSModel`, on real series."""

import warnings

import numpy as np
import pandas as pd
import pytest

from newretail_ml.forecasting.smoothing.fit import fit_form
from newretail_ml.forecasting.smoothing.form import Form, History
from tests.forecasting.worlds import online_retail_task

TOLERANCE = 1e-3  # three digits of the log-likelihood
EVERY_SERIES, EVERY_FIFTH = 1, 5  # statsmodels takes a tenth of a second a series
CASES = [
    (Form(), EVERY_SERIES),
    (Form("damped"), EVERY_SERIES),
    (Form("additive"), EVERY_FIFTH),
    (Form("none", "additive", 7), EVERY_FIFTH),
    (Form("none", "additive", 12), EVERY_FIFTH),
]


@pytest.fixture(scope="module")
def real_series(shared_data):
    """The series of each season: 30 of 345 days, and 30 of 51 months, that sell often enough."""
    parts = pd.read_parquet(shared_data / "carparts.parquet")
    months = parts.pivot_table("y", "unique_id", "ds").dropna().to_numpy(float)
    months = months[(months > 0).mean(axis=1) > 0.3]
    days = online_retail_task(shared_data)[:, :345]
    return {12: months[:: len(months) // 30][:30], 7: days[:: len(days) // 30][:30]}


def statsmodels_likelihood(form, values):
    ets = pytest.importorskip("statsmodels.tsa.exponential_smoothing.ets")
    model = ets.ETSModel(
        values,
        error="add",
        trend="add" if form.has_trend else None,
        damped_trend=form.trend == "damped",
        seasonal="add" if form.has_season else None,
        seasonal_periods=form.length if form.has_season else None,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(disp=False).llf


@pytest.mark.shared
@pytest.mark.parametrize(("form", "step"), CASES, ids=lambda case: getattr(case, "name", ""))
def test_no_likelihood_is_below_that_of_statsmodels(form, step, real_series):
    seasons = [form.length] if form.has_season else [7, 12]
    gains = []
    for values in (real_series[season][::step] for season in seasons):
        ours = fit_form(form, History.of(values)).log_likelihood
        theirs = np.array([statsmodels_likelihood(form, row) for row in values])
        gains.extend((ours - theirs) / np.abs(theirs))
    assert len(gains) == 30 * len(seasons) / step
    assert min(gains) > -TOLERANCE
    assert np.mean(np.abs(gains) < TOLERANCE) >= 0.5  # elsewhere ours is the better optimum
