"""What a policy is shown: the past as sales, the plans, and nothing of the demand to come."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import base_stock_policy, replay
from tests.replenishment.replay.cases import cases

SHOWN = ("on_hand", "position", "on_order", "pipeline", "sales", "sold_out", "waiting", "by_age")


def chain(periods=12, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "item_id": np.repeat(["tea", "jam"], periods),
            "date": np.tile(pd.date_range("2026-01-05", periods=periods, freq="7D"), 2),
            "units": rng.poisson(4, 2 * periods),
            "price": rng.choice([2.0, 3.0], 2 * periods),
        }
    )
    return Panel.from_frame(frame, freq="W")


def terms_of(panel, **columns):
    base = {"on_hand": 3, "lead_time": 1, "review_period": 1}
    return panel.keys.assign(**base, holding_cost=1, shortage_cost=5, **columns)


def looking(seen, level=6, what=SHOWN):
    base = base_stock_policy(level)

    def policy(now):
        seen.append({name: getattr(now, name) for name in what})
        return base(now)

    return policy


@given(cases(), st.integers(0, 24), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_future_and_unmet_demand_change_nothing_that_is_shown(case, cut, seed):
    rng, first, second = np.random.default_rng(seed), [], []
    outcome = case.play(looking(first))
    if not case.backorders:
        unmet = outcome.short > 0
        case.demand[unmet] += rng.integers(0, 9, unmet.sum())
    case.demand[..., cut:] = rng.poisson(3, case.demand[..., cut:].shape)
    case.play(looking(second))
    shown = [before for before in first if before["sales"].shape[0] <= cut]
    for before, after in zip(shown, second, strict=False):
        for name in SHOWN:
            np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def test_a_panel_shows_sales_and_not_demand():
    panel, seen, again = chain(), [], []
    known = replace(panel, units=panel.units.copy())
    outcome = replay(
        looking(seen, what=("panel",)), known, terms_of(panel), start="2026-02-02", baseline=None
    )
    unmet = outcome.short > 0
    assert unmet.any()
    known.units[:, 4:][unmet] += 5
    known.units[:, 10:] += 3
    replay(looking(again, what=("panel",)), known, terms_of(panel), start=4, baseline=None)
    for before, after in zip(seen[:7], again[:7], strict=True):
        np.testing.assert_array_equal(before["panel"].units, after["panel"].units)
        np.testing.assert_array_equal(before["panel"].censored, after["panel"].censored)
    last = seen[-1]["panel"]
    np.testing.assert_array_equal(last.units[:, :4], panel.units[:, :4])
    np.testing.assert_array_equal(last.units[:, 4:], outcome.sales[:, :-1])
    np.testing.assert_array_equal(last.censored[:, 4:], outcome.on_hand[:, :-1] == 0)
    assert last.cut == 11
    assert last.plans["price"] is panel.plans["price"]


def reachable(thing, found):
    """Every array that can be reached through attributes and containers."""
    parts = []
    if isinstance(thing, np.ndarray):
        found.append(thing)
        parts = [thing.base]
    elif isinstance(thing, dict):
        parts = list(thing.values())
    elif isinstance(thing, list | tuple):
        parts = list(thing)
    elif hasattr(thing, "__dict__") and not isinstance(thing, pd.DataFrame):
        parts = list(vars(thing).values())
    for part in parts:
        reachable(part, found)
    return found


@pytest.mark.parametrize("backorders", [False, True])
def test_true_demand_cannot_be_reached(backorders):
    panel, arrays = chain(), []
    outcome = replay(
        lambda now: arrays.append((now.panel, reachable(now, []))) or np.zeros(2),
        panel,
        terms_of(panel),
        start=5,
        backorders=backorders,
        baseline=None,
    )
    truth = [panel.units, outcome.setting.demand]
    assert len(arrays) == 7
    for _, found in arrays:
        assert len(found) > 5
        assert not any(np.shares_memory(one, true) for one in found for true in truth)


def test_what_a_policy_does_to_the_arrays_stays_with_it():
    def vandal(now):
        for name in ("on_hand", "position", "pipeline", "sales", "sold_out"):
            getattr(now, name)[...] = 7
        now.terms["holding_cost"] = 0.0
        with pytest.raises(ValueError, match="read-only"):
            now.reviewing[:] = True
        return np.full(2, 4.0)

    panel = chain()
    terms = terms_of(panel).assign(review_period=2)
    spoilt = replay(vandal, panel, terms, start=3, baseline=None)
    plain = replay(lambda now: np.full(2, 4.0), panel, terms, start=3, baseline=None)
    assert spoilt.kpis()["cost"] == plain.kpis()["cost"]
    np.testing.assert_array_equal(spoilt.sales, plain.sales)
    np.testing.assert_array_equal(spoilt.orders, plain.orders)


def test_pipeline_due_and_state_agree():
    panel, checked = chain(), []

    def policy(now):
        assert now.date == panel.periods.dates[4 + now.period]
        assert now.pipeline.shape == (3, 2)
        due = now.due.groupby("item_id", sort=False)["units"].sum().reindex(panel.keys["item_id"])
        np.testing.assert_allclose(due.fillna(0.0), now.on_order)
        np.testing.assert_allclose(now.position, now.on_hand + now.on_order)
        assert now.state["on_hand"].tolist() == now.on_hand.tolist()
        assert now.state["on_order"].tolist() == now.on_order.tolist()
        checked.append(now.pipeline.tolist())
        return np.array([now.period + 1.0, 0.0])

    terms = terms_of(panel).assign(lead_time=2)
    due = pd.DataFrame({"item_id": ["jam", "tea"], "period": [1, 2], "units": [3, 8]})
    assert panel.keys["item_id"].tolist() == ["jam", "tea"]
    replay(policy, panel, terms, start=4, due=due, baseline=None)
    assert checked[:3] == [
        [[0, 0], [3, 0], [0, 8]],
        [[0, 0], [1, 8], [0, 0]],
        [[0, 0], [2, 0], [0, 0]],
    ]


def test_last_sales_and_last_sold_out_are_the_end_of_all():
    panel = chain(20)
    panel.censored[1, 3] = True

    def policy(now):
        for periods in (1, 3, 8, 100):
            np.testing.assert_array_equal(now.last_sales(periods), now.sales[-periods:])
            np.testing.assert_array_equal(now.last_sold_out(periods), now.sold_out[-periods:])
        return np.zeros(2)

    replay(policy, panel, terms_of(panel), start=5, baseline=None)


def test_stock_by_age_is_stock_on_hand():
    panel = chain()
    terms = terms_of(panel, shelf_life=[3, np.nan], unit_cost=1)

    def policy(now):
        np.testing.assert_allclose(now.by_age[:, 0].sum(), now.on_hand[0])
        assert np.isnan(now.by_age[:, 1]).all()
        return np.full(2, 6.0)

    replay(policy, panel, terms, baseline=None)


def test_arrays_have_no_panel_and_paths_no_table():
    def asks_panel(now):
        return now.panel

    def asks_state(now):
        return now.state

    terms = terms_of(chain())
    with pytest.raises(DataError, match="no panel to show"):
        replay(asks_panel, np.ones((2, 3)), terms)
    with pytest.raises(DataError, match="state is no table"):
        replay(asks_state, np.ones((2, 4, 3)), terms)
