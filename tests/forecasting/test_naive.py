"""The baselines' point forecasts by hand."""

import numpy as np
import pytest

from newretail_ml.forecasting import MovingAverage, SeasonalAverage, SeasonalNaive
from tests.forecasting.worlds import panel_of

WEEKS = np.repeat([100.0, 10.0, 4.0, 6.0], 7)[None, :]


def unknown(*weeks):
    """Four weeks of 100, 10, 4 and 6 a day, some of them out of stock."""
    censored = np.zeros(WEEKS.shape, dtype=bool)
    for week in weeks:
        censored[:, 7 * week : 7 * week + 7] = True
    return panel_of(WEEKS, censored=censored)


@pytest.mark.parametrize(
    ("model", "weeks", "expected"),
    [
        (SeasonalNaive(), [], 6.0),
        (SeasonalNaive(), [3], 4.0),
        (SeasonalNaive(), [2, 3], 10.0),
        (SeasonalNaive(), [1, 2, 3], 100.0),
        (SeasonalNaive(), [0, 1, 2, 3], 30.0),
        (SeasonalNaive(14), [], 5.0),
        (SeasonalAverage(2), [], 5.0),
        (SeasonalAverage(3), [2], 8.0),
        (SeasonalAverage(), [], 30.0),
        (MovingAverage(7), [], 6.0),
        (MovingAverage(14), [3], 4.0),
        (MovingAverage(7), [3], 38.0),
        (MovingAverage(), [], 30.0),
        (MovingAverage(), [0, 1, 2, 3], 30.0),
    ],
)
def test_the_last_known_demand_counts(model, weeks, expected):
    assert model._mean(unknown(*weeks), 14).mean() == pytest.approx(expected)


def test_the_phase_of_the_season_is_kept():
    week = np.array([1.0, 2, 3, 4, 5, 6, 7])
    panel = panel_of(np.concatenate([10 * week, week, week[:3]])[None, :])
    np.testing.assert_allclose(SeasonalNaive()._mean(panel, 9)[0], [4, 5, 6, 7, 1, 2, 3, 4, 5])
    np.testing.assert_allclose(SeasonalAverage(2)._mean(panel, 3)[0], [22, 27.5, 33])
