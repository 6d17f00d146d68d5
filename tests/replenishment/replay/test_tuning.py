"""Tuning: against the exact lost-sales base stock, a loop by hand, and windows of a panel."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment.demand import PoissonDemand
from newretail_ml.replenishment.lost_sales import LostSales, lost_sales_base_stock
from newretail_ml.replenishment.replay import base_stock_policy, moving_average_policy, replay
from newretail_ml.replenishment.replay.tuning import tune


def terms_of(items, **changed):
    table = {
        "item_id": items,
        "on_hand": 10,
        "lead_time": 1,
        "review_period": 1,
        "holding_cost": 1.0,
        "shortage_cost": 4.0,
    }
    return pd.DataFrame({**table, **changed})


@pytest.mark.parametrize(("lead_time", "shortage_cost"), [(0, 9), (1, 4), (2, 9), (3, 19)])
def test_the_tuned_level_is_the_exact_one(lead_time, shortage_cost):
    exact = lost_sales_base_stock(LostSales(PoissonDemand(5), lead_time, 1, shortage_cost))
    demand = np.random.default_rng(lead_time).poisson(5, size=(1, 40, 170))
    terms = terms_of(["tea"], lead_time=lead_time, shortage_cost=shortage_cost)
    tuned = tune(base_stock_policy, range(5, 36), demand, terms, warm_up=20)
    assert abs(tuned.value - exact.level) <= 1
    assert not tuned.at_edge
    at_exact = tuned.table[tuned.table["value"] == exact.level].iloc[0]
    assert abs(at_exact["cost"] / 150 - exact.cost) < 4 * at_exact["standard_error"] / 150
    # The same demand for all: the difference to the best is known better than the cost.
    near = tuned.table[(tuned.table["value"] - tuned.value).abs() == 1]
    assert (near["standard_error_above_best"] < near["standard_error"]).all()


def test_every_series_can_have_its_own_value():
    demand = np.random.default_rng(0).poisson([[[2]], [[5]], [[9]]], size=(3, 10, 80))
    terms = terms_of(["a", "b", "c"])
    own = tune(base_stock_policy, range(2, 26), demand, terms, groups=np.arange(3), warm_up=20)
    for series in range(3):
        alone = tune(
            base_stock_policy,
            range(2, 26),
            demand[series : series + 1],
            terms_of(["x"]),
            warm_up=20,
        )
        assert own.by_series[series] == alone.value
    together = tune(base_stock_policy, range(2, 26), demand, terms, warm_up=20)
    cost = [
        replay(tuned.policy(), demand, terms, warm_up=20, baseline=None).cost.sum() / 10
        for tuned in (own, together)
    ]
    assert cost[0] < cost[1] == pytest.approx(together.table["cost"].min())
    assert cost[0] == pytest.approx(own.table.groupby("group")["cost"].min().sum())


def test_groups_share_a_value():
    demand = np.random.default_rng(0).poisson([[2], [9], [2]], size=(3, 300))
    tuned = tune(
        base_stock_policy, range(1, 31), demand, terms_of(["a", "b", "c"]), groups=["s", "b", "s"]
    )
    assert tuned.by_series[0] == tuned.by_series[2] < tuned.by_series[1]
    assert set(tuned.table["group"]) == {"s", "b"}
    assert "2 groups" in repr(tuned)
    with pytest.raises(DataError, match="each group has its own value"):
        _ = tuned.value


def a_panel(series=4, days=60):
    units = np.random.default_rng(3).poisson(4, size=(series, days))
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"i{k}" for k in range(series)], days),
            "ds": np.tile(pd.date_range("2026-01-01", periods=days), series),
            "y": units.ravel(),
        }
    )
    return Panel.from_frame(frame)


def cover_policy(cover):
    return moving_average_policy(7, cover=cover)


def test_windows_of_a_panel_are_replayed_each_by_itself():
    panel, candidates = a_panel(), [1.0, 2.0, 3.0, 4.0]
    terms = terms_of(panel.keys["item_id"])
    tuned = tune(cover_policy, candidates, panel, terms, starts=[20, "2026-02-10"], periods=20)
    by_hand = np.array(
        [
            [
                replay(cover_policy(cover), panel.until(end), terms, start=start).cost
                for start, end in ((20, 40), (40, 60))
            ]
            for cover in candidates
        ]
    ).mean(axis=1)
    assert tuned.table["cost"].to_numpy() == pytest.approx(by_hand.sum(axis=1))
    assert tuned.value == candidates[int(by_hand.sum(axis=1).argmin())]
    error = by_hand.std(axis=1, ddof=1) * np.sqrt(4)
    assert tuned.table["standard_error"].to_numpy() == pytest.approx(error)


def test_what_follows_the_windows_does_not_count():
    panel = a_panel()
    changed = panel.units.copy()
    changed[:, 40:] += 50
    terms = terms_of(panel.keys["item_id"])
    later = Panel(panel.keys, panel.periods, changed, panel.censored, panel.launch, panel.delisting)
    tables = [
        tune(cover_policy, [1, 2, 3], known, terms, starts=[10, 20], periods=20).table
        for known in (panel, later)
    ]
    pd.testing.assert_frame_equal(*tables)


def test_a_best_value_at_the_edge_is_told():
    demand = np.random.default_rng(0).poisson(5, size=(1, 10, 50))
    tuned = tune(base_stock_policy, [2, 3, 4], demand, terms_of(["tea"]))
    assert tuned.value == 4 and tuned.at_edge and "widen the candidates" in repr(tuned)
    assert not tune(base_stock_policy, [4], demand, terms_of(["tea"])).at_edge


def test_equal_candidates_give_the_smallest():
    tuned = tune(base_stock_policy, [7, 6, 5], np.zeros((1, 9)), terms_of(["tea"]))
    assert tuned.value == 5
    assert np.isnan(tuned.table["standard_error"]).all()


def test_options_reach_the_replay():
    demand = np.random.default_rng(0).poisson(5, size=(1, 10, 80))
    lost, waiting = (
        tune(base_stock_policy, range(5, 25), demand, terms_of(["tea"]), backorders=backorders)
        for backorders in (False, True)
    )
    # Waiting customers add to demand later, so a textbook's level is higher than with lost sales.
    assert waiting.value >= lost.value
    assert waiting.table["cost"].iloc[0] > lost.table["cost"].iloc[0]


DEMAND = np.ones((2, 10))
TERMS = terms_of(["a", "b"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"candidates": []}, "candidates"),
        ({"candidates": [1, np.nan]}, "candidates"),
        ({"candidates": ["many"]}, "candidates"),
        ({"starts": []}, "there are no windows"),
        ({"starts": [4], "periods": 7}, "from 4 over 7 periods lies outside"),
        ({"starts": [-1], "periods": 3}, "lies outside"),
        ({"starts": [10]}, "lies outside"),
        ({"starts": ["2026-01-01"]}, "is a date"),
        ({"periods": 0}, "periods"),
        ({"groups": ["x"]}, "1 groups for 2 series"),
        ({"groups": ["x", None]}, "1 groups for 2 series"),
        ({"demand": a_panel(2)}, "no starts are given"),
        ({"terms": TERMS.drop(columns="lead_time")}, "lead_time"),
    ],
)
def test_wrong_input(changed, message):
    good = {"candidates": [1, 2], "demand": DEMAND, "terms": TERMS}
    with pytest.raises(DataError, match=message):
        tune(base_stock_policy, **{**good, **changed})
