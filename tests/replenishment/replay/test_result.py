"""Key figures, ledger and comparison: by hand, and in agreement with one another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import base_stock_policy, moving_average_policy, replay
from newretail_ml.replenishment.replay.totals import REASONS
from tests.replenishment.replay.cases import cases

TERMS = pd.DataFrame(
    {
        "item_id": ["tea"],
        "on_hand": 4,
        "lead_time": 1,
        "review_period": 2,
        "pack_size": 3,
        "holding_cost": 1.0,
        "unit_cost": 2.0,
        "unit_price": 7.0,
        "order_cost": 10.0,
        "transport_cost": 0.5,
    }
)
DEMAND = np.array([[3.0, 3, 2, 1, 4, 0]])


def by_hand(**rules):
    """Orders of 3 in periods 0, 2 and 4, delivered in 1, 3 and 5."""
    return replay(lambda now: np.array([2.0]), DEMAND, TERMS, baseline=None, **rules)


def test_key_figures_by_hand():
    figures = by_hand().kpis()
    # on hand 1 1 0 2 0 3, sales 3 3 1 1 2 0, short 0 0 1 0 2 0
    expected = {
        "fill_rate": 10 / 13,
        "cycle_service_level": 2 / 4,
        "waste_share": 0.0,
        "days_out_of_stock": 2,
        "units_sold": 10,
        "units_lost": 3,
        "holding": 7.0,
        "shortage": 15.0,
        "waste": 0.0,
        "ordering": 30.0,
        "transport": 4.5,
        "cost": 56.5,
        "profit": 50 - 7 - 30 - 4.5,
        "turns": 10 / (7 / 6),
    }
    assert figures.to_dict() == pytest.approx(expected)


def test_warm_up_leaves_figures_and_not_records():
    outcome = by_hand(warm_up=3)
    assert outcome.sales.shape == (1, 6)
    figures = outcome.kpis()
    assert figures[["units_sold", "units_lost", "holding", "ordering"]].tolist() == [3, 2, 5, 10]
    assert figures["cycle_service_level"] == pytest.approx(1 / 2)


def test_with_backorders_who_waits_costs_each_period():
    figures = by_hand(backorders=True).kpis()
    # net stock at the end: 1 1 -1 1 -3 0
    assert figures[["units_sold", "units_lost", "shortage", "holding"]].tolist() == [13, 4, 20, 3]
    assert figures["fill_rate"] == pytest.approx(9 / 13)
    assert figures["profit"] == pytest.approx(13 * 5 - 20 - 3 - 30 - 4.5)


def test_ledger_by_hand():
    ledger = by_hand().ledger()
    assert ledger.columns.tolist() == ["item_id", "period", "reason", "units", "money"]
    rows = ledger[["period", "reason", "units", "money"]].to_numpy().tolist()
    assert rows[:6] == [
        [0, "holding", 1.0, 1.0],
        [0, "ordering", 3.0, 10.0],
        [1, "holding", 1.0, 1.0],
        [1, "transport", 3.0, 1.5],
        [2, "shortage", 1.0, 5.0],
        [2, "ordering", 3.0, 10.0],
    ]


@given(cases())
@settings(max_examples=40, deadline=None)
def test_ledger_series_and_key_figures_agree(case):
    outcome = case.play(warm_up=0)
    paths = case.demand.shape[1] if case.demand.ndim == 3 else 1
    money = outcome.ledger().groupby("reason", observed=False)["money"].sum() / paths
    figures, table = outcome.kpis(), outcome.by_series()
    for reason in REASONS:
        assert figures[reason] == pytest.approx(money.get(reason, 0.0))
    for column in (*REASONS, "cost", "profit", "units_sold", "units_lost", "days_out_of_stock"):
        assert table[column].sum() == pytest.approx(figures[column])
    assert figures["cost"] == pytest.approx(sum(figures[reason] for reason in REASONS))
    assert outcome.cost.sum() / paths == pytest.approx(figures["cost"])
    rates = table[["fill_rate", "cycle_service_level", "waste_share"]]
    assert ((rates >= 0) & (rates <= 1)).all().all()


@given(cases(), st.data())
@settings(max_examples=25, deadline=None)
def test_cycle_service_counts_cycles_without_a_shortage(case, data):
    outcome = case.play()
    place = (0,) if case.demand.ndim == 2 else (0, 1)
    demand, received = case.demand[place], outcome.received[place]
    late = outcome.short[place]
    if case.backorders:
        late = np.minimum(late, demand)
    starts = [case.warm_up]
    starts += [t for t in range(case.warm_up + 1, len(demand)) if received[t] > 0]
    ends = [*starts[1:], len(demand)]
    good = sum(not late[a:b].any() for a, b in zip(starts, ends, strict=True))
    assert outcome.totals.cycles[place] == len(starts)
    assert outcome.totals.cycles_met[place] == good


def chain(periods=60):
    rng = np.random.default_rng(4)
    dates = pd.date_range("2025-01-06", periods=periods, freq="7D")
    frame = pd.DataFrame({"item_id": np.repeat(["tea", "jam", "salt"], periods)})
    return Panel.from_frame(
        frame.assign(date=np.tile(dates, 3), units=rng.poisson(5, 3 * periods)), freq="W"
    )


def terms_of(panel, **columns):
    base = {"on_hand": 8, "lead_time": 2, "review_period": 1, "holding_cost": 0.1}
    return panel.keys.assign(**base, unit_cost=4, unit_price=7, **columns)


def test_comparison_lies_between_baseline_and_clairvoyant():
    panel = chain()
    outcome = replay(base_stock_policy(22), panel, terms_of(panel), start="2025-06-02", warm_up=5)
    table = outcome.compare()
    assert table.index.tolist() == ["policy", "baseline", "clairvoyant"]
    assert table["name"].tolist() == ["base stock", "13-period moving average", "clairvoyant"]
    own = replay(moving_average_policy(), panel, terms_of(panel), start=21, warm_up=5)
    assert table.loc["baseline", "cost"] == pytest.approx(own.kpis()["cost"])
    assert table.loc["clairvoyant", "cost"] < table["cost"].iloc[:2].min()
    assert table.loc["clairvoyant", "profit"] > table["profit"].iloc[:2].max()
    base, least = table["cost"].iloc[1], table["cost"].iloc[2]
    share = (base - table["cost"].iloc[0]) / (base - least)
    assert table["gap_closed"].tolist() == pytest.approx([share, 0.0, 1.0])


def test_figures_of_paths_are_means():
    rng = np.random.default_rng(1)
    demand = rng.poisson(4, (2, 6, 30))
    terms = pd.DataFrame({"item_id": ["a", "b"], "on_hand": 5, "lead_time": 1})
    terms = terms.assign(review_period=2, holding_cost=1, shortage_cost=4)
    whole = replay(base_stock_policy([14, 9]), demand, terms)
    paths = [
        replay(base_stock_policy([14, 9]), demand[:, path], terms, baseline=None)
        for path in range(6)
    ]
    for path, alone in enumerate(paths):
        np.testing.assert_array_equal(whole.sales[:, path], alone.sales)
        np.testing.assert_allclose(whole.clairvoyant.cost[:, path], alone.clairvoyant.cost)
    costs = [alone.kpis()["cost"] for alone in paths]
    assert whole.kpis()["cost"] == pytest.approx(np.mean(costs))
    assert whole.compare().loc["policy", "cost"] == pytest.approx(np.mean(costs))
    assert set(whole.ledger()["path"]) == set(range(6))


def test_dates_are_in_the_ledger_and_in_turns():
    panel = chain()
    outcome = replay(base_stock_policy(22), panel, terms_of(panel), start=8, baseline=None)
    ledger = outcome.ledger()
    assert (ledger["date"] == panel.periods.dates[8 + ledger["period"]]).all()
    sold, stock = outcome.sales.sum(), outcome.on_hand.sum() / 52
    assert outcome.kpis()["turns"] == pytest.approx(sold / stock)


def test_records_can_be_let_go():
    outcome = replay(base_stock_policy(6), DEMAND, TERMS, keep=False, baseline=None)
    assert outcome.kpis()["units_sold"] > 0
    assert outcome.clairvoyant.cost.shape == (1,)
    for asked in ("sales", "on_hand", "waste"):
        with pytest.raises(DataError, match="keep=True"):
            getattr(outcome, asked)
    with pytest.raises(DataError, match="no baseline"):
        _ = outcome.baseline
    assert outcome.compare().index.tolist() == ["policy", "clairvoyant"]


def test_repr_tells_the_story():
    assert repr(by_hand()) == (
        "Replay(<lambda> on 1 series x 6 periods, lost sales: fill rate 76.9%, cost 56 "
        "(holding 7, shortage 15, ordering 30, transport 4); "
        "compare() sets it beside baseline and clairvoyant)"
    )
