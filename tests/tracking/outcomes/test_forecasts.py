"""Demand beside a forecast: stock-outs are no lack of demand, and flags are rarely false."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import tracking
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Panel, Periods
from newretail_ml.tracking.outcomes.drift import slope_p_value, total_over_clusters
from newretail_ml.tracking.outcomes.levels import Levels

DAYS = pd.date_range("2026-03-02", periods=28)
DECILES = [f"q{level / 10:g}" for level in range(1, 10)]


def chain(
    rng: np.random.Generator, items: int, mean: float, stock: int | None = None
) -> tuple[Panel, np.ndarray]:
    """Sales of four weeks after a year's first day, and the demand behind them."""
    demand = rng.poisson(mean, (items, len(DAYS)))
    # A series begins with its first sale.
    demand[:, 0] = np.maximum(demand[:, 0], 1)
    sold = demand if stock is None else np.minimum(demand, stock)
    frame = pd.DataFrame(
        {
            "item_id": np.repeat([f"item {n:03}" for n in range(items)], len(DAYS)),
            "date": np.tile(DAYS, items),
            "units": sold.ravel(),
            "censored": False if stock is None else (demand >= stock).ravel(),
        }
    )
    return Panel.from_frame(frame), demand


def forecast_of(panel: Panel, mean: float, seed: int = 1) -> Forecast:
    """What is known to be true: the same distribution for all."""
    paths = np.random.default_rng(seed).poisson(mean, (panel.n_series, 400, len(DAYS)))
    return Forecast(panel.keys, Periods(DAYS[0], len(DAYS), "D"), paths.astype(np.float32))


def test_bias_is_that_of_expected_and_wanted_units() -> None:
    panel, demand = chain(np.random.default_rng(1), 30, 5.0)
    found = tracking.outcomes(forecast_of(panel, 6.0), panel)
    expected = forecast_of(panel, 6.0).mean()
    assert found.figures["bias"] == pytest.approx(expected.sum() / demand.sum() - 1, abs=1e-6)
    first = found.by_week.iloc[0]
    assert first["week"] == pd.Timestamp("2026-03-02")
    assert first["bias"] == pytest.approx(expected[:, :7].sum() / demand[:, :7].sum() - 1, abs=1e-6)
    gap = (expected - demand)[:, :7].sum(axis=1)
    error = gap.std(ddof=1) * np.sqrt(30) / demand[:, :7].sum()
    assert first["bias_error"] == pytest.approx(error, rel=1e-4)
    assert found.by_week["biased"].all()
    assert "biased beyond chance in the weeks of 2026-03-02" in repr(found)


@pytest.mark.parametrize(("mean", "stock"), [(3.0, 4), (20.0, 22), (0.8, 2)])
def test_days_without_stock_are_no_days_without_demand(mean: float, stock: int) -> None:
    """A right forecast looks right, however many days sold out; in-stock days alone mislead."""
    panel, demand = chain(np.random.default_rng(2), 200, mean, stock)
    truly = mean / demand.mean() - 1
    found = tracking.outcomes(forecast_of(panel, mean), panel)
    assert found.figures["share_sold_out"] > 0.15
    assert found.figures["bias"] == pytest.approx(truly, abs=0.03)
    assert (found.by_week["bias_in_stock"] > 0.08).all()
    assert found.by_week["days_sold_out"].sum() == panel.censored.sum()
    sold_out = found.table[found.table["censored"]]
    assert (sold_out["demand"] >= sold_out["units"]).all()
    kept = found.table[~found.table["censored"]]
    assert (kept["demand"] == kept["units"]).all()


def test_weeks_are_flagged_falsely_as_rarely_as_is_said() -> None:
    """5% of right forecasts have a flagged week at most, and 5% seem to drift."""
    rng, n_runs = np.random.default_rng(3), 1500
    flagged, drifts = 0, 0
    for _ in range(n_runs):
        errors = rng.standard_t(5, (12, 4)) * rng.gamma(1.0, 1.0, (12, 1))
        p_values = np.array([total_over_clusters(week).p_value for week in errors.T])
        flagged += int(p_values.min() * 4 < 0.05)
        drifts += int(slope_p_value(pd.DataFrame(errors)) < 0.05)
    assert 0.01 < flagged / n_runs < 0.065
    assert 0.02 < drifts / n_runs < 0.065


def test_a_level_that_moves_is_a_drift() -> None:
    panel, _ = chain(np.random.default_rng(4), 40, 5.0)
    forecast = forecast_of(panel, 5.0)
    assert tracking.outcomes(forecast, panel).figures["drift"] == 0.0
    rising = forecast.paths * np.linspace(0.8, 1.2, len(DAYS), dtype=np.float32)
    found = tracking.outcomes(Forecast(forecast.keys, forecast.periods, rising), panel)
    assert found.figures["drift"] == 1.0
    assert "drifts over the weeks" in repr(found)


def test_coverage_is_what_was_promised_with_and_without_stock() -> None:
    for stock in (None, 23):
        panel, _ = chain(np.random.default_rng(5), 100, 20.0, stock)
        found = tracking.outcomes(forecast_of(panel, 20.0), panel)
        assert found.figures["coverage"] == pytest.approx(0.8, abs=0.02)
    assert "coverage should be 80%" in repr(found)


def test_a_table_of_deciles_says_the_same_as_paths() -> None:
    panel, _ = chain(np.random.default_rng(6), 50, 20.0, 22)
    paths, table = forecast_of(panel, 20.0), forecast_of(panel, 20.0).to_frame()
    found, coarse = (tracking.outcomes(one, panel) for one in (paths, table))
    assert coarse.figures["bias"] == pytest.approx(found.figures["bias"], abs=0.01)


def test_ranks_that_demand_may_have_count_in_part() -> None:
    table = pd.DataFrame([[0.0] * 4 + [1.0, 1.0, 2.0, 3.0, 5.0]] * 4, columns=DECILES)
    levels = Levels.of(table.assign(mean=1.4))
    sold = pd.Series([0.0, 2.0, 9.0, 5.0])
    inside = levels.inside(sold, pd.Series([False, False, False, True]))
    # 0 has a rank from 0 to .5, 2 one from .6 to .8, 9 one above .9, and 5 or more one above .8.
    assert inside.round(3).tolist() == [0.8, 1.0, 0.0, 0.5]


def test_without_quantiles_there_is_no_coverage_and_demand_is_the_mean_at_least() -> None:
    panel, _ = chain(np.random.default_rng(7), 10, 5.0, 4)
    table = forecast_of(panel, 5.0).to_frame()[["item_id", "date", "mean"]]
    found = tracking.outcomes(table, panel)
    assert np.isnan(found.figures["coverage"])
    sold_out = found.table[found.table["censored"]]
    assert (sold_out["demand"] == sold_out[["mean", "units"]].max(axis=1)).all()


def test_what_is_not_past_or_not_known_is_left_out_and_counted() -> None:
    panel, _ = chain(np.random.default_rng(8), 10, 5.0)
    table = forecast_of(panel, 5.0).to_frame()
    strange = table.head(3).assign(item_id="stranger")
    found = tracking.outcomes(pd.concat([table, strange]), panel.until("2026-03-15"))
    assert len(found.table) == 10 * 14
    assert found.by_week["rows"].tolist() == [70, 70]
    assert "143 rows are left out" in repr(found)


def test_few_items_say_nothing_of_chance() -> None:
    panel, _ = chain(np.random.default_rng(9), 2, 5.0)
    found = tracking.outcomes(forecast_of(panel, 9.0), panel)
    assert found.by_week["p_value"].isna().all()
    assert not found.by_week["biased"].any()
    assert "2 items are too few to tell bias from chance" in repr(found)


def test_weekly_panels_stand_for_themselves() -> None:
    weeks = pd.date_range("2026-01-05", periods=6, freq="7D")
    frame = pd.DataFrame(
        {"item_id": np.repeat(list("abcdef"), 6), "date": np.tile(weeks, 6), "units": 5.0}
    )
    found = tracking.outcomes(
        frame[["item_id", "date"]].assign(mean=6.0), Panel.from_frame(frame, freq="W")
    )
    assert found.by_week["week"].tolist() == weeks.tolist()
    assert found.by_week["bias"].round(3).tolist() == [0.2] * 6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mean": np.nan}, "forecast.mean: 280 values are missing"),
        ({"mean": "much"}, "means of the forecast are not numbers"),
        ({"date": pd.Timestamp("2027-01-01")}, "280 rows share item_id and date"),
        ({"date": "01.02.2026"}, "forecast.date: 280 values are not dates"),
        ({"item_id": "stranger"}, "rows share item_id and date"),
    ],
)
def test_a_forecast_that_cannot_be_read_is_refused(change: dict, words: str) -> None:
    panel, _ = chain(np.random.default_rng(10), 10, 5.0)
    with pytest.raises(DataError, match=words):
        tracking.outcomes(forecast_of(panel, 5.0).to_frame().assign(**change), panel)


def test_what_has_not_happened_yet_is_said() -> None:
    panel, _ = chain(np.random.default_rng(11), 10, 5.0)
    later = forecast_of(panel, 5.0).to_frame()
    later["date"] += pd.Timedelta(days=365)
    with pytest.raises(DataError, match=r"it is for 2027-03-02 to .* known until 2026-03-29"):
        tracking.outcomes(later, panel)
    by_place = forecast_of(panel, 5.0).to_frame().assign(location_id="shop")
    with pytest.raises(DataError, match="the decision is by item_id, location_id and D"):
        tracking.outcomes(by_place, panel)
    with pytest.raises(DataError, match="a list does not tell what happened"):
        tracking.outcomes(later, [1])  # type: ignore[arg-type]


def test_true_demand_of_the_world_is_met_better_than_by_days_in_stock(sample_world) -> None:
    """On shelves that ran out sales were 2,502 units and demand 3,435."""
    tables, truth = sample_world.tables, sample_world.truth
    panel = Panel.from_tables(tables)
    wanted = truth.demand_frame().groupby(["item_id", "location_id", "date"], as_index=False)
    wanted = wanted[["units", "mean"]].sum().rename(columns={"units": "wanted"})
    days = wanted[(wanted["date"] > "2026-04-19") & (wanted["date"] <= panel.last_date)]
    draws = np.random.default_rng(0).poisson(days["mean"].to_numpy(), (300, len(days)))
    levels = np.quantile(draws, np.arange(1, 10) / 10, axis=0)
    table = days[["item_id", "location_id", "date", "mean"]].assign(
        **dict(zip(DECILES, levels, strict=True))
    )
    found = tracking.outcomes(table, panel)
    beside = found.table.merge(wanted.drop(columns="mean"), on=["item_id", "location_id", "date"])
    out = beside[beside["censored"]]
    assert len(out) > 500
    assert out["units"].sum() < 0.8 * out["wanted"].sum()
    assert out["demand"].sum() == pytest.approx(out["wanted"].sum(), rel=0.03)
    truly = beside["mean"].sum() / beside["wanted"].sum() - 1
    assert found.figures["bias"] == pytest.approx(truly, abs=0.01)
    assert found.by_week["bias_in_stock"].mean() > truly + 0.05
