"""The forecast's paths, and what follows from them."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import DECILES, Forecast, quantile_column
from newretail_ml.panel import Periods

HORIZON, N_PATHS = 5, 40


def forecast_of(freq: str = "D", n_paths: int = N_PATHS) -> Forecast:
    """Three series; paths wander up or down, so neighbouring periods go together."""
    random = np.random.default_rng(0)
    level = random.gamma(4.0, 5.0, (3, n_paths, 1))
    paths = np.maximum(level + random.normal(0, 1, (3, n_paths, HORIZON)), 0.0)
    keys = pd.DataFrame({"item_id": ["cup", "tea", "tea"], "location_id": ["n", "n", "s"]})
    periods = Periods.spanning("2026-01-05", "2026-01-05", freq).resized(HORIZON)
    return Forecast(keys, periods, paths.astype(np.float32))


@pytest.fixture
def forecast():
    return forecast_of()


def test_size(forecast):
    assert (forecast.horizon, forecast.n_paths) == (HORIZON, N_PATHS)
    assert repr(forecast) == "Forecast(3 series x 40 paths x 5 periods, 2026-01-05 to 2026-01-09)"


@pytest.mark.parametrize("shape", [(2, 4, 5), (3, 4, 6), (3, 5), (3, 4, 5, 1)])
def test_paths_of_another_shape_are_refused(forecast, shape):
    with pytest.raises(DataError, match=r"not \(series, paths, horizon\) = \(3, paths, 5\)"):
        Forecast(forecast.keys, forecast.periods, np.zeros(shape, dtype=np.float32))


def test_mean_and_quantiles(forecast):
    np.testing.assert_allclose(forecast.mean(), forecast.paths.mean(axis=1), rtol=1e-6)
    low, middle, high = forecast.quantiles([0.0, 0.5, 1.0])
    np.testing.assert_array_equal(low, forecast.paths.min(axis=1))
    np.testing.assert_allclose(middle, np.median(forecast.paths, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(high, forecast.paths.max(axis=1))


@pytest.mark.parametrize(("n_series", "n_paths"), [(0, 4), (3, 1), (300, 7), (257, 40)])
def test_quantiles_are_numpys(n_series, n_paths):
    paths = np.random.default_rng(0).poisson(2.0, (n_series, n_paths, 3)).astype(np.float32)
    keys = pd.DataFrame({"item_id": np.arange(n_series).astype(str)})
    forecast = Forecast(keys, Periods.spanning("2026-01-05", "2026-01-07", "D"), paths)
    levels = (0.0, 0.05, 0.5, 0.77, 1.0)
    expected = np.quantile(paths.astype(np.float64), levels, axis=1)
    np.testing.assert_allclose(forecast.quantiles(levels), expected, rtol=1e-12)


def test_total_adds_up_each_path(forecast):
    np.testing.assert_allclose(forecast.total(3), forecast.paths[:, :, :3].sum(axis=2), rtol=1e-6)
    later = forecast.total(2, after=3)
    np.testing.assert_allclose(later, forecast.paths[:, :, 3:].sum(axis=2), rtol=1e-6)
    assert not forecast.total(0).any()


def test_total_over_each_series_own_lead_time(forecast):
    total = forecast.total(np.array([1, 5, 2]))
    for series, lead_time in enumerate([1, 5, 2]):
        expected = forecast.paths[series, :, :lead_time].sum(axis=1)
        np.testing.assert_allclose(total[series], expected, rtol=1e-6)
    assert total.shape == (3, N_PATHS)


def test_total_spreads_wider_than_independent_periods(forecast):
    """Which is why the paths are kept whole."""
    independent = np.sqrt(forecast.paths.var(axis=1).sum(axis=1))
    assert (forecast.total(HORIZON).std(axis=1) > 1.8 * independent).all()


@pytest.mark.parametrize(
    ("periods", "after"), [(6, 0), (3, 3), (-1, 0), (1, -1), (np.array([1, 6, 1]), 0)]
)
def test_total_beyond_the_horizon_is_refused(forecast, periods, after):
    with pytest.raises(DataError, match="longer horizon"):
        forecast.total(periods, after=after)


def test_sum_by_adds_path_by_path(forecast):
    by_item = forecast.sum_by(["item_id"])
    assert by_item.keys.to_numpy().tolist() == [["cup"], ["tea"]]
    np.testing.assert_array_equal(by_item.paths[0], forecast.paths[0])
    np.testing.assert_allclose(by_item.paths[1], forecast.paths[1] + forecast.paths[2])
    by_both = forecast.sum_by(["location_id", "item_id"])
    assert by_both.keys.to_numpy().tolist() == [["n", "cup"], ["n", "tea"], ["s", "tea"]]
    np.testing.assert_array_equal(by_both.paths, forecast.paths)


def test_select(forecast):
    for series in ([2, 0], np.array([2, 0])):
        chosen = forecast.select(series)
        assert chosen.keys["location_id"].tolist() == ["s", "n"]
        np.testing.assert_array_equal(chosen.paths, forecast.paths[[2, 0]])
    masked = forecast.select(forecast.keys["item_id"] == "tea")
    np.testing.assert_array_equal(masked.paths, forecast.paths[1:])


def test_frame_of_quantiles(forecast):
    frame = forecast.to_frame()
    levels = [quantile_column(level) for level in DECILES]
    assert list(frame.columns) == ["item_id", "location_id", "date", "mean", *levels]
    assert frame["date"].tolist() == list(forecast.periods.dates) * 3
    np.testing.assert_allclose(frame["mean"], forecast.mean().ravel())
    np.testing.assert_allclose(frame["q0.9"], forecast.quantiles([0.9]).ravel())


@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_paths_to_frame_and_back(freq):
    forecast = forecast_of(freq)
    frame = forecast.paths_frame()
    assert len(frame) == 3 * N_PATHS * HORIZON
    back = Forecast.from_frame(frame.sample(frac=1.0, random_state=3))
    pd.testing.assert_frame_equal(back.keys, forecast.keys)
    assert back.periods == forecast.periods
    np.testing.assert_array_equal(back.paths, forecast.paths)


@pytest.mark.parametrize("autocorrelation", [0.0, 0.9])
def test_quantiles_to_frame_and_back(autocorrelation):
    forecast = forecast_of(n_paths=2_000)
    levels = np.linspace(0.02, 0.98, 25)
    frame = forecast.to_frame(levels).sample(frac=1.0, random_state=3)
    back = Forecast.from_frame(frame, n_paths=4_000, autocorrelation=autocorrelation)
    assert back.periods == forecast.periods
    middle = [0.1, 0.25, 0.5, 0.75, 0.9]
    spread = np.ptp(forecast.quantiles([0.1, 0.9]), axis=0)
    error = np.abs(back.quantiles(middle) - forecast.quantiles(middle))
    assert (error < 0.1 * spread).all()
    low, high = forecast.quantiles([0.02, 0.98])
    assert (back.paths >= low[:, None] - 1e-4).all()
    assert (back.paths <= high[:, None] + 1e-4).all()


def test_autocorrelation_widens_totals():
    frame = forecast_of(n_paths=2_000).to_frame(np.linspace(0.02, 0.98, 25))
    spreads = []
    for autocorrelation in (0.0, 0.5, 0.9):
        drawn = Forecast.from_frame(frame, n_paths=4_000, autocorrelation=autocorrelation)
        spreads.append(drawn.total(HORIZON).std(axis=1))
    independent, half, nearly_whole = spreads
    assert (half > 1.2 * independent).all()
    assert (nearly_whole > 1.25 * half).all()
    by_hand = np.sqrt(drawn.paths.var(axis=1).sum(axis=1))
    np.testing.assert_allclose(independent, by_hand, rtol=0.08)


def test_drawing_is_reproducible(forecast):
    frame = forecast.to_frame()
    draws = [Forecast.from_frame(frame, n_paths=30, random_state=seed).paths for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_quantiles_that_cross_or_fall_below_zero_are_mended():
    frame = pd.DataFrame(
        {"item_id": "tea", "date": ["2026-01-05"], "q0.1": [-3.0], "q0.9": [2.0], "q0.5": [4.0]}
    )
    drawn = Forecast.from_frame(frame.assign(date=pd.to_datetime(frame["date"])), n_paths=500)
    assert drawn.paths.min() == 0.0
    assert drawn.paths.max() == 4.0
    assert np.median(drawn.paths) == pytest.approx(2.0, abs=0.2)


def test_frames_with_holes_are_refused(forecast):
    for frame in (forecast.to_frame(), forecast.paths_frame()):
        with pytest.raises(DataError, match="one row for each series, period and path"):
            Forecast.from_frame(frame.drop(index=[3]))


def test_one_quantile_is_too_few(forecast):
    with pytest.raises(DataError, match=r"Name them q0\.1"):
        Forecast.from_frame(forecast.to_frame([0.5]))


def test_quantile_columns_are_named_by_their_level():
    assert [quantile_column(level) for level in (0.1, 0.05, 0.975, 0.5)] == [
        "q0.1",
        "q0.05",
        "q0.975",
        "q0.5",
    ]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda frame: frame.iloc[:0], "no rows with item_id and date"),
        (lambda frame: frame.drop(columns="date"), "no rows with item_id and date"),
        (lambda frame: frame.drop(columns="item_id"), "no rows with item_id and date"),
        (lambda frame: frame.iloc[[0, 0, *range(2, len(frame))]], "one row for each series"),
        (lambda frame: frame.assign(**{"q0.5": np.nan}), "missing or infinite"),
        (lambda frame: frame.rename(columns={"q0.9": "q90"}), "level above 1"),
    ],
    ids=["empty", "no date", "no item", "a row twice", "missing values", "a level of 90"],
)
def test_spoiled_frames_are_refused(forecast, spoil, message):
    with pytest.raises(DataError, match=message):
        Forecast.from_frame(spoil(forecast.to_frame()))


def test_paths_with_missing_values_are_refused(forecast):
    with pytest.raises(DataError, match="missing or infinite"):
        Forecast.from_frame(forecast.paths_frame().assign(units=np.nan))


def test_an_impossible_autocorrelation_is_refused(forecast):
    with pytest.raises(DataError, match="from -1 to 1"):
        Forecast.from_frame(forecast.to_frame(), autocorrelation=1.5)


def test_levels_may_be_written_in_any_way(forecast):
    frame = forecast.to_frame([0.1, 0.5])
    other = frame.rename(columns={"q0.1": "q0.10", "q0.5": "q.5"})
    np.testing.assert_array_equal(
        Forecast.from_frame(other).paths, Forecast.from_frame(frame).paths
    )


def test_dates_may_be_text(forecast):
    frame = forecast.to_frame()
    text = frame.assign(date=frame["date"].dt.strftime("%Y-%m-%d"))
    assert Forecast.from_frame(text).periods == forecast.periods


def test_one_week_stays_a_week_where_it_is_told():
    forecast = forecast_of("W")
    frame = forecast.to_frame()
    one = frame[frame["date"] == forecast.periods.first]
    assert Forecast.from_frame(one, freq="W").periods == forecast.periods.resized(1)


def test_lead_times_may_be_whole_floats(forecast):
    np.testing.assert_array_equal(
        forecast.total(np.array([1.0, 5.0, 2.0])), forecast.total([1, 5, 2])
    )


@pytest.mark.parametrize("by", [[], ["channel"], "item_id"])
def test_sum_by_other_keys_is_refused(forecast, by):
    with pytest.raises(DataError, match="some of item_id, location_id"):
        forecast.sum_by(by)


def test_select_nothing(forecast):
    assert forecast.select([]).paths.shape == (0, N_PATHS, HORIZON)
