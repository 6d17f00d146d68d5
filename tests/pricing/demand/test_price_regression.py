"""Regressions of demand on prices: truth found, refusals with reasons, short histories helped."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.panel.periods import Periods
from newretail_ml.pricing.demand.regression import PriceRegression, compare_controls
from tests.pricing.demand.shops import shop

# Own price with store effects, each brand by itself: shared/data/README.md.
BRANDS = [-2.90, -1.96, -3.69, -4.06, -3.48, -1.88, -3.66, -2.22, -3.75, -3.36, -1.41]


def market(
    elasticities=(-1.5, -2.0, -3.0),
    n_locations=6,
    n_weeks=120,
    seed=0,
    shared_shock=0.0,
    own_shock=0.0,
    drift=0.0,
    noise=0.15,
) -> Panel:
    """Prices follow costs, and shocks of demand: of an item's week, and of its location's week."""
    rng = np.random.default_rng(seed)
    shape = (len(elasticities), n_locations, n_weeks)
    cost = rng.normal(0, 0.1, (shape[0], 1, n_weeks))
    week, here = rng.normal(size=(shape[0], 1, n_weeks)), rng.normal(size=shape)
    level = np.linspace(0, drift, n_weeks)
    price = cost + shared_shock * week + own_shock * here + level + rng.normal(0, 0.04, shape)
    demand = np.array(elasticities)[:, None, None] * price + rng.normal(0, noise, shape)
    demand += 2.0 * (shared_shock * week + own_shock * here)
    item, place, at = np.meshgrid(*map(np.arange, shape), indexing="ij")
    frame = pd.DataFrame(
        {
            "item_id": [f"i{number:02d}" for number in item.ravel()],
            "location_id": [f"s{number}" for number in place.ravel()],
            "date": pd.date_range("2023-01-02", periods=n_weeks, freq="7D")[at.ravel()],
            "units": np.exp(5.0 + demand).ravel(),
            "price": np.exp(1.0 + price).ravel(),
            "unit_cost": np.broadcast_to(np.exp(cost), shape).ravel(),
        }
    )
    return Panel.from_frame(frame, freq="W", plans=["unit_cost"])


def rows(price, units=None, seed=0, **more) -> Panel:
    """One item at one place."""
    price = np.asarray(price, float)
    rng = np.random.default_rng(seed)
    sold = 90 * price**-2.0 * np.exp(rng.normal(0, 0.1, len(price))) if units is None else units
    days = pd.date_range("2026-01-05", periods=len(price), freq="7D")
    frame = pd.DataFrame({"item_id": "tea", "date": days, "units": sold, "price": price})
    return Panel.from_frame(frame.assign(**more), freq="W")


@pytest.mark.parametrize("form", ["log-log", "poisson"])
def test_constant_elasticities_are_found(form):
    model = PriceRegression(form).fit(market())
    table = model.elasticity_
    assert table["elasticity"].to_numpy() == pytest.approx([-1.5, -2.0, -3.0], abs=0.2)
    assert table["identified"].all()
    own = model.response_.own_elasticities()
    assert own == pytest.approx(np.repeat(table["elasticity"], 6))


def test_intervals_cover_the_truth_as_often_as_they_say():
    truth = np.linspace(-3.0, -1.0, 12)
    inside = []
    for seed in range(10):
        panel = market(truth, n_locations=3, n_weeks=60, seed=seed)
        table = PriceRegression(check_controls=False, controls=()).fit(panel).elasticity_
        inside.append((table["lower"] <= truth) & (truth <= table["upper"]))
    assert 0.82 <= np.mean(inside) <= 0.97


@pytest.mark.parametrize("form", ["semi-log", "linear"])
def test_other_forms_have_slopes_of_their_own(form):
    rng = np.random.default_rng(1)
    price = rng.choice([2.0, 2.2, 2.5, 3.0], 120)
    mean = 400 * np.exp(-0.8 * price) if form == "semi-log" else 100 - 20 * price
    panel = rows(price, mean * np.exp(rng.normal(0, 0.03, 120)))
    model = PriceRegression(form).fit(panel)
    response = model.response_
    assert model.predict(panel, slice(0, 120))[0] == pytest.approx(mean, rel=0.05)
    assert response.units([2.0])[0] == pytest.approx(mean[price == 2.0][0], rel=0.05)
    slope = -0.8 * 2.5 if form == "semi-log" else -20 * 2.5 / 50
    assert response.own_elasticities([2.5])[0] == pytest.approx(slope, rel=0.08)


def test_promotions_are_told_from_prices():
    panel = shop(cross=0.0)
    held = PriceRegression(check_controls=False).fit(panel).elasticity_
    left_out = PriceRegression(controls=(), check_controls=False).fit(panel).elasticity_
    assert held["elasticity"].to_numpy() == pytest.approx([-2.0] * 3, abs=0.2)
    assert (left_out["elasticity"] < held["elasticity"] - 0.3).all()


def test_weekdays_are_held_and_come_back_in_predictions():
    rng = np.random.default_rng(4)
    days = np.arange(210)
    price = rng.choice([2.0, 2.2, 2.5], 210)
    units = 300 * price**-2.0 * np.exp(0.5 * (days % 7 == 5))
    frame = pd.DataFrame(
        {
            "item_id": "tea",
            "date": pd.date_range("2026-01-05", periods=210),
            "units": np.where(days < 182, units, np.nan),
            "price": price,
        }
    )
    panel = Panel.from_frame(frame)
    for form in ("log-log", "poisson"):
        predicted = PriceRegression(form).fit(panel.until(182)).predict(panel, slice(182, 210))
        assert predicted[0] == pytest.approx(units[182:], rel=0.02)


@pytest.mark.parametrize("form", ["log-log", "poisson"])
def test_months_and_trend_come_back_in_predictions(form):
    rng = np.random.default_rng(4)
    weeks = np.arange(170)
    dates = pd.date_range("2022-01-03", periods=170, freq="7D")
    price = rng.choice([2.0, 2.2, 2.5], 170)
    units = 300 * price**-2.0 * np.exp(0.005 * weeks + 0.4 * (dates.month == 12))
    panel = rows(price, np.where(weeks < 150, units, np.nan))
    panel = replace(panel, periods=Periods.spanning(dates[0], dates[-1], "W"))
    model = PriceRegression(form, effects=("series", "month"), controls=("trend",))
    predicted = model.fit(panel.until(150)).predict(panel, slice(150, 170))
    assert predicted[0] == pytest.approx(units[150:], rel=0.05)


def test_instruments_find_the_truth_where_prices_follow_demand():
    panel = market(shared_shock=0.0, own_shock=0.08)
    truth = [-1.5, -2.0, -3.0]
    plain = PriceRegression(controls=(), pooled=False).fit(panel)
    assert (plain.elasticity_["elasticity"] > np.array(truth) + 0.3).all()
    for instrument in ("elsewhere", "cost", "unit_cost"):
        found = PriceRegression(instruments=instrument, pooled=False).fit(panel).elasticity_
        assert found["elasticity"].to_numpy() == pytest.approx(truth, abs=0.25)
        assert (found["first_stage_f"] > 10).all()
    assert not plain.elasticity_["identified"].any()
    assert plain.elasticity_["reason"].str.contains("moves with what is held").all()


def test_shocks_that_all_locations_share_need_costs():
    panel = market(shared_shock=0.08, n_weeks=400)
    for instrument, near in (("elsewhere", False), ("cost", True)):
        model = PriceRegression(instruments=instrument, pooled=False, check_controls=False)
        found = model.fit(panel).elasticity_["elasticity"] - [-1.5, -2.0, -3.0]
        assert (found.abs() < 0.3).all() == near


def test_a_weak_instrument_is_refused():
    panel = market()
    panel.plans["unit_cost"][:] = np.random.default_rng(0).uniform(1, 2, panel.units.shape)
    table = PriceRegression(instruments="cost").fit(panel).elasticity_
    assert (table["first_stage_f"] < 10).all()
    assert not table["identified"].any()
    assert table["reason"].str.contains("instrument hardly moves").all()


def test_the_answer_moves_only_where_something_else_moved_it():
    clean, fooled = market(), market(own_shock=0.08)
    assert not compare_controls(clean).verdict["moves"].any()
    verdict = compare_controls(fooled).verdict
    assert verdict["moves"].all()
    assert verdict["between"].str.contains("elsewhere").all()
    table = compare_controls(fooled).table
    assert not table.loc[table["controls"] == "nothing", "counts"].any()


def test_clean_data_are_seldom_said_to_move():
    found = [compare_controls(market(seed=seed)).verdict["moves"].mean() for seed in range(1, 9)]
    assert np.mean(found) <= 0.05


def test_items_are_drawn_to_their_category():
    truth = np.repeat([-1.0, -4.0], 4)
    panel = market(truth, n_locations=1, n_weeks=30, noise=0.4)
    statics = pd.DataFrame({"category": np.repeat(["tea", "jam"], 4)})
    chain = PriceRegression(controls=(), check_controls=False).fit(panel)
    both = PriceRegression(controls=(), check_controls=False).fit(replace(panel, statics=statics))
    assert both.pooled_.groups.index.tolist() == ["tea", "jam"]
    misses = [np.abs(one.elasticity_["elasticity"] - truth).mean() for one in (both, chain)]
    assert misses[0] < misses[1]


def test_the_response_is_as_sure_as_the_table_and_repeats():
    panel = market()
    model, again = PriceRegression().fit(panel), PriceRegression().fit(panel)
    own = np.array([one.own_elasticities() for one in model.sample(200)])
    error = np.repeat(model.elasticity_["standard_error"].to_numpy(), 6)
    assert own.std(axis=0) == pytest.approx(error, rel=0.25)
    assert (own[:, 0] == own[:, 1]).all()
    assert (np.array([one.own_elasticities() for one in again.sample(200)]) == own).all()


def test_an_item_whose_price_never_moved_has_the_mean_and_no_say():
    panel = market()
    panel.plans["price"][:6] = 2.0
    for pooled in (True, False):
        model = PriceRegression(pooled=pooled).fit(panel)
        first = model.elasticity_.iloc[0]
        assert not first["identified"]
        assert "never moved" in first["reason"]
        assert first["elasticity"] == pytest.approx(model.pooled_.mean)
        assert np.isnan(first["unpooled"])
        assert model.response_.evidence.identified.tolist() == [False] * 6 + [True] * 12


def test_prices_that_move_with_promotions_only_are_not_identified():
    panel = shop(cross=0.0)
    promoted = panel.plans["promotion"][:2]
    panel.plans["price"][:2] = np.where(promoted > 0, 1.5, 2.0)
    first = PriceRegression().fit(panel).elasticity_.iloc[0]
    assert not first["identified"]
    assert "collinear with promotion" in first["reason"]


def test_one_price_for_all_locations_and_period_effects_leave_nothing():
    panel = market()
    panel.plans["price"][:6] = panel.plans["price"][:1]
    table = PriceRegression(effects=("series", "period")).fit(panel).elasticity_
    assert "period explain the price" in table.loc[0, "reason"]
    assert table["identified"].tolist() == [False, True, True]


def test_few_moves_say_little():
    price = np.where(np.arange(60) < 30, 2.0, 2.5)
    table = PriceRegression(effects=("series",)).fit(rows(price)).elasticity_
    assert not table.loc[0, "identified"]
    assert "moved 1 times" in table.loc[0, "reason"]


def test_many_zeros_ask_for_poisson():
    rng = np.random.default_rng(0)
    price = rng.choice([1.0, 1.3, 1.6], 300)
    panel = rows(price, rng.poisson(2 * price**-2.0).astype(float))
    table = PriceRegression().fit(panel).elasticity_
    assert 'form="poisson"' in table.loc[0, "reason"]
    kept = PriceRegression("poisson").fit(panel).elasticity_
    assert kept.loc[0, "elasticity"] == pytest.approx(-2.0, abs=0.6)


def test_days_out_of_stock_teach_nothing():
    panel = market()
    sold_out = np.random.default_rng(0).random(panel.units.shape) < 0.2
    censored = replace(panel, censored=sold_out)
    wrong = replace(censored, units=np.where(sold_out, 1.0, panel.units).astype(np.float32))
    one, other = (PriceRegression().fit(two).elasticity_ for two in (censored, wrong))
    assert one["elasticity"].tolist() == other["elasticity"].tolist()


def test_an_item_that_sells_out_at_low_prices_is_not_identified():
    panel = market()
    price, cut = panel.plans["price"][:6], panel.censored.copy()
    cut[:6] = (price < np.quantile(price, 0.3)) & (np.arange(panel.cut) % 3 == 0)
    table = PriceRegression().fit(replace(panel, censored=cut)).elasticity_
    assert table["identified"].tolist() == [False, True, True]
    assert "at low prices sold out" in table.loc[0, "reason"]


def still(price=2.0, n=40):
    return rows(np.full(n, price), np.ones(n))


def all_censored():
    panel = market()
    return replace(panel, censored=np.ones_like(panel.censored))


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (still, "never moved"),
        (lambda: still(0.0), "above zero"),
        (lambda: still(-1.0), "above zero"),
        (lambda: rows([2.0]), "1 periods"),
        (lambda: market(n_weeks=1), "1 periods"),
        (lambda: rows([2.0, 2.5, 2.2]), "3 periods"),
        (lambda: rows(np.tile([2.0, 2.5], 30), np.zeros(60)), "nothing was sold"),
        (all_censored, "nothing was sold"),
        (lambda: rows(np.full(40, np.nan), np.ones(40)), "no price at all"),
        (lambda: rows(np.tile([1.5, 2.0], 30), promotion=np.tile([1.0, 0.0], 30)), "collinear"),
    ],
)
@pytest.mark.parametrize("form", ["log-log", "linear", "poisson"])
def test_data_that_say_nothing_are_refused(panel, message, form):
    with pytest.raises(DataError, match=message):
        PriceRegression(form).fit(panel())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"form": "cubic"}, "no form"),
        ({"by": ("flavour",)}, "flavour"),
        ({"by": "item_id"}, "list of names"),
        ({"by": ()}, "list of names"),
        ({"effects": ("flavour",)}, "flavour"),
        ({"effects": "series"}, "list of names"),
        ({"controls": ("display",)}, "display"),
        ({"instruments": "weather"}, "weather"),
        ({"instruments": "cost", "form": "poisson"}, "poisson"),
        ({"instruments": "elsewhere", "effects": ("series", "period")}, "prices elsewhere"),
        ({"confidence": 1.5}, "confidence"),
        ({"half_life": 0.0}, "half_life"),
        ({"n_draws": 0}, "n_draws"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        PriceRegression(**arguments).fit(market(n_weeks=20))


def test_a_plan_with_a_name_that_is_taken_is_refused():
    panel = market(n_weeks=20)
    plans = {**panel.plans, "trend": panel.plans["unit_cost"]}
    with pytest.raises(DataError, match="another name"):
        PriceRegression().fit(replace(panel, plans=plans))


def test_some_prices_missing_are_left_out():
    panel = market()
    panel.plans["price"][:, ::7] = np.nan
    table = PriceRegression().fit(panel).elasticity_
    assert table["elasticity"].to_numpy() == pytest.approx([-1.5, -2.0, -3.0], abs=0.2)


@pytest.fixture(scope="module")
def juice(shared_data) -> Panel:
    data = pd.read_parquet(shared_data / "oj_yx.parquet")
    prices = data[[f"price{brand}" for brand in range(1, 12)]].to_numpy()
    brand, week = data["brand"].astype(int), data["week"].astype(int)
    frame = pd.DataFrame(
        {
            "item_id": brand.map("{:02d}".format),
            "location_id": data["store"].astype(int).astype(str),
            "date": pd.Timestamp("1990-06-11") + pd.to_timedelta(7 * (week - 40), unit="D"),
            "units": np.exp(data["logmove"]),
            "price": prices[np.arange(len(data)), brand - 1],
            "deal": (data["deal"] > 0).astype(float),
            "feat": (data["feat"] > 0).astype(float),
        }
    )
    frame["promotion"] = frame[["deal", "feat"]].max(axis=1)
    keys = ["item_id", "location_id", "date"]
    every = pd.MultiIndex.from_product([sorted(frame[key].unique()) for key in keys], names=keys)
    # Weeks without a row are unknown, not weeks without a sale.
    whole = frame.set_index(keys).reindex(every).reset_index()
    return Panel.from_frame(whole, freq="W", plans=["deal", "feat"])


def window(panel: Panel, first: int, n: int, ahead: int) -> Panel:
    """Weeks of a panel, of the series that sold in the first n of them."""
    at = slice(first, first + n + ahead)
    dates = panel.periods.dates[at]
    part = replace(
        panel,
        periods=Periods.spanning(dates[0], dates[-1], "W"),
        units=panel.units[:, at],
        censored=panel.censored[:, at],
        plans={name: plan[:, at] for name, plan in panel.plans.items()},
    )
    return part.select((part.units[:, :n] > 0).any(axis=1))


@pytest.mark.shared
def test_orange_juice_brands_by_themselves(juice):
    model = PriceRegression(
        effects=("location_id",), controls=(), pooled=False, check_controls=False
    ).fit(juice)
    found = model.elasticity_["elasticity"].to_numpy()
    # They were rounded to three digits before two.
    assert found == pytest.approx(BRANDS, abs=0.0056)


@pytest.mark.shared
@pytest.mark.parametrize("n", [12, 20])
def test_pooling_helps_short_histories_of_orange_juice(juice, n):
    """Eight weeks ahead, windows from weeks 40, 60, 80 and 100, all before week 137."""
    misses = []
    for first in (0, 20, 40, 60):
        part = window(juice, first, n, ahead=8)
        actual = np.log(part.units[:, n:])
        for pooled in (True, False):
            model = PriceRegression(pooled=pooled, check_controls=False).fit(part.until(n))
            gap = actual - np.log(model.predict(part, slice(n, n + 8)))
            misses.append(np.sqrt(np.nanmean(gap**2)))
    pooled, unpooled = np.reshape(misses, (4, 2)).mean(axis=0)
    assert pooled < unpooled
