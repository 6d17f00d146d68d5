"""The order list on the command line: stock or a state, service level or cost."""

import numpy as np
import pandas as pd
import pytest

QUICK = ("--model", "moving-average", "--horizon", 7, "--quiet")
SELLING = ["online", "store_01", "store_02"]


@pytest.fixture
def ordered(ask, chain, work):
    """Runs the command and reads the order list back."""

    def run(*rest: object, source: object = chain) -> tuple[pd.DataFrame, str]:
        answer = ask("orders", source, *QUICK, "--out", "out.parquet", *rest)
        assert (answer.code, answer.err) == (0, "")
        return pd.read_parquet("out.parquet"), answer.out

    return run


@pytest.fixture(scope="session")
def stock(frames) -> pd.DataFrame:
    """Stock of the last day where things are sold."""
    last = frames["stock"][frames["stock"]["date"] == frames["stock"]["date"].max()]
    return last[last["location_id"].isin(SELLING)]


def state_of(stock: pd.DataFrame, **others: object) -> pd.DataFrame:
    state = stock[["item_id", "location_id", "on_hand"]].reset_index(drop=True)
    return state.assign(**{"lead_time": 5, "review_period": 2} | others)


def test_the_order_list(ordered, stock, frames):
    orders, told = ordered()
    keys = ["item_id", "location_id"]
    merged = orders.merge(stock, on=keys, suffixes=("", "_counted"))
    assert len(merged) == len(orders) == 12
    assert (merged["on_hand"] == merged["on_hand_counted"]).all()
    pack = orders["item_id"].map(frames["items"].set_index("item_id")["pack_size"])
    assert (orders["units"] == orders["packs"] * pack).all()
    covered = orders["on_hand"] + orders["units"] - orders["order_up_to"]
    assert (covered >= 0).all()
    assert (covered[orders["packs"] > 0] < pack[orders["packs"] > 0]).all()
    assert orders["why"].str.contains("(5 lead time + 2 review)", regex=False).all()
    cost = orders["item_id"].map(frames["items"].set_index("item_id")["unit_cost"])
    placed = orders[orders["units"] > 0]
    assert told == (
        f"{len(placed)} order lines for {placed['units'].sum():,.0f} units, "
        f"{(cost * orders['units']).sum():,.0f} at cost. "
        "In out.parquet, by moving-average.\n"
    )


def test_more_service_needs_more_stock(ordered):
    some, _ = ordered("--service-level", 0.5)
    usual, _ = ordered()
    much, _ = ordered("--service-level", 0.99)
    assert some["units"].sum() < usual["units"].sum() < much["units"].sum()


def test_the_service_level_is_095_unless_told_otherwise(ordered):
    usual, _ = ordered()
    told, _ = ordered("--service-level", 0.95)
    pd.testing.assert_frame_equal(usual, told)


def test_holding_costs_decide_instead(ordered):
    cheap, told = ordered("--holding-rate", 0.01)
    dear, _ = ordered("--holding-rate", 20)
    assert dear["units"].sum() < cheap["units"].sum()
    assert f"Expected profit {cheap['expected_profit'].sum():,.0f} above" in told


def test_a_budget_is_kept_and_its_worth_told(ordered):
    free, _ = ordered("--holding-rate", 0.2)
    budget = round(0.5 * free["order_value"].sum())
    some, told = ordered("--holding-rate", 0.2, "--budget", budget)
    assert 0 < some["order_value"].sum() <= budget
    assert (some["binding_rule"] == "budget").any()
    assert "One more unit of budget would earn " in told


def test_a_forecast_reaches_over_the_lead_time_by_itself(ordered):
    orders, _ = ordered("--lead-time", 30, "--review-period", 10)
    assert orders["why"].str.contains("expected in 40 periods").all()


def test_weeks_are_not_taken_for_days(ordered, monkeypatch):
    """Two weeks of holding cost fourteen times a day's."""
    seen = {}

    def caught(tables, **terms):
        seen.update(terms)
        raise ZeroDivisionError

    monkeypatch.setattr("newretail_ml.jobs.supply.state_from_tables", caught)
    for freq, rate in (("D", 0.365), ("W", 7 * 0.365), ("M", 365 / 12 * 0.365)):
        with pytest.raises(ZeroDivisionError):
            ordered("--freq", freq, "--holding-rate", 0.365)
        assert seen["holding_rate"] == pytest.approx(rate)


def test_full_shelves_need_no_order(ordered, stock, work):
    state_of(stock, on_hand=100_000).to_csv("state.csv", index=False)
    orders, told = ordered("--state", "state.csv")
    assert (orders["units"] == 0).all()
    assert orders["why"].str.endswith("cover it").all()
    assert told.startswith("0 order lines for 0 units, 0 at cost.")


def test_the_same_state_from_a_file_makes_the_same_orders(ordered, stock, frames, work):
    packs = stock["item_id"].map(frames["items"].set_index("item_id")["pack_size"])
    state = state_of(stock, pack_size=packs.to_numpy())
    state.to_csv("state.csv", index=False)
    state.to_parquet("state.parquet")
    usual, _ = ordered()
    for name in ("state.csv", "state.parquet"):
        orders, _ = ordered("--state", name)
        pd.testing.assert_frame_equal(orders, usual)


def test_costs_in_the_state_decide_by_themselves(ordered, stock, work):
    for holding in (0.01, 100.0):
        costs = {"shortage_cost": 1.0, "holding_cost": holding}
        state_of(stock, **costs).to_csv("state.csv", index=False)
        by_cost, told = ordered("--state", "state.csv")
        assert (by_cost["units"].sum() > 0) == (holding < 1)
        assert "Expected profit " in told
    by_level, _ = ordered("--state", "state.csv", "--service-level", 0.9)
    assert by_level["why"].str.contains("enough in 90% of cases").all()


def test_ids_of_a_state_may_be_numbers(ask, frames, stock, work):
    number = {f"item_000{n}": n for n in range(1, 5)}
    for name, table in frames.items():
        if name != "events" and "item_id" in table:
            table.assign(item_id=table["item_id"].map(number)).to_parquet(f"{name}.parquet")
    state = state_of(stock.assign(item_id=stock["item_id"].map(number)))
    state.to_parquet("numbers.parquet")
    state.assign(item_id=state["item_id"].astype(float)).to_csv("numbers.csv", index=False)
    for name in ("numbers.parquet", "numbers.csv"):
        answer = ask("orders", ".", *QUICK, "--out", "out/orders.csv", "--state", name)
        assert answer.code == 0
        assert pd.read_csv("out/orders.csv")["order_up_to"].notna().all()


def test_what_has_no_forecast_or_no_stock_is_said(ordered, stock, work):
    state = state_of(stock)
    state.loc[0, "item_id"] = "tea"
    state.to_csv("state.csv", index=False)
    orders, _ = ordered("--state", "state.csv")
    assert len(orders) == 13
    undecided = orders[orders["order_up_to"].isna()]
    assert set(undecided["why"]) == {
        "no forecast, so no order was made",
        "no stock record, so no order was made",
    }
    assert (undecided["units"] == 0).all()


def test_unknown_costs_are_not_taken_for_nothing(ordered, spoilt, frames):
    items = frames["items"].copy()
    items.loc[0, "unit_cost"] = np.nan
    items.to_parquet(spoilt / "items.parquet")
    orders, told = ordered(source=spoilt)
    unknown = orders[(orders["units"] > 0) & (orders["item_id"] == items["item_id"][0])]
    assert len(unknown)
    assert f" at cost without {len(unknown)} of unknown cost." in told


def test_old_stock_is_told(ask, spoilt, frames, work):
    stock = frames["stock"]
    stock[stock["date"] <= "2025-06-30"].to_parquet(spoilt / "stock.parquet")
    answer = ask("orders", spoilt, *QUICK[:-1], "--out", "out.csv")
    assert answer.code == 0
    assert "Stock was last counted on 2025-06-30, sales go on to 2025-07-04." in answer.err
