"""All rules of the planner at once, on random chains, checked from the returned table alone."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from newretail_ml.errors import InfeasibleError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import OrderPlan, OrderRules, Supply, plan_orders

MONDAY = pd.Timestamp("2026-03-02")
CLOSE = 1e-6

SUPPLIER_RULES = ("minimum_value", "minimum_units", "truck_volume")


@dataclass
class Chain:
    """Lines in two places from two suppliers; only supplier a and place S1 have shared rules.

    Attributes:
        forecast: its paths.
        state: one wide table of stock, terms and costs.
        suppliers: minimums and trucks of supplier a.
        budget, room: of all orders, and volume at S1; NaN without.
        backorders: whether demand waits.
    """

    forecast: Forecast = field(repr=False)
    state: pd.DataFrame
    suppliers: pd.DataFrame
    budget: float
    room: float
    backorders: bool

    def __getitem__(self, column: str) -> np.ndarray:
        """(lines,) terms; NaN where there are none."""
        return self.state.reindex(columns=[column])[column].to_numpy()

    def plan(self, **changed) -> OrderPlan:
        supply = Supply(self.forecast.keys.assign(lead_time=self["lead_time"]), self.suppliers)
        room = pd.DataFrame({"location_id": ["S1"], "volume": [self.room]})
        rules = OrderRules(
            budget=None if np.isnan(self.budget) else self.budget,
            capacity=None if np.isnan(self.room) else room,
        )
        state = self.state.assign(**changed)
        try:
            return plan_orders(
                self.forecast, state, supply, rules=rules, backorders=self.backorders
            )
        except InfeasibleError as error:
            # Nothing but a presentation minimum forces an order.
            assert "presentation_minimum" in self.state
            assert len(error.conflicts)
            reject()

    def free_plan(self) -> OrderPlan:
        return plan_orders(self.forecast, self.state, backorders=self.backorders)


def line_rules(rng, n, pack_size):
    """A value of each rule of a line, missing for half of the lines where it may be."""

    def some(values):
        return np.where(rng.random(n) < 0.5, values, np.nan)

    def dates():
        return MONDAY + pd.to_timedelta(some(rng.integers(0, 9, n)), unit="D")

    return {
        "pallet_size": pack_size * rng.integers(1, 4, n),
        "minimum_units": rng.integers(0, 15, n),
        "minimum_value": rng.integers(0, 25, n),
        "shelf_capacity": some(rng.integers(10, 60, n)),
        "presentation_minimum": some(rng.integers(0, 10, n)),
        "order_cost": rng.choice([0.0, 3.0, 20.0], n),
        "shelf_life": some(rng.integers(1, 6, n)),
        "launch_date": dates(),
        "delisting_date": dates(),
    }


def terms(rng, n):
    """What every line has."""
    return {
        "on_hand": rng.integers(0, 15, n),
        "lead_time": rng.integers(0, 4, n),
        "review_period": rng.integers(1, 4, n),
        "pack_size": rng.choice([1, 2, 5, 1.5], n),
        "supplier_id": rng.choice(["a", "b"], n),
        "volume": rng.uniform(0.1, 2.0, n),
        "holding_cost": 0.1,
        "shortage_cost": rng.uniform(0.5, 6.0, n),
        "unit_cost": rng.uniform(0.5, 3.0, n).round(2),
    }


def suppliers_of(rng, names, units, value):
    """Rules of supplier a, around the units and the value that are usually wanted of it."""
    suppliers = pd.DataFrame({"supplier_id": ["a", "b"]})
    sizes = {
        "minimum_value": rng.uniform(0, 2) * value,
        "minimum_units": rng.uniform(0, 2) * units,
        "truck_volume": rng.uniform(5, 40),
    }
    given = {name: sizes[name] for name in names}
    if "truck_volume" in given:
        given |= {"truck_cost": rng.choice([1.0, 8.0])}
        given |= {"truck_smallest_fill": rng.choice([0.0, 0.5, 0.9])}
    return suppliers.assign(**{name: [size, np.nan] for name, size in given.items()})


@st.composite
def chains(draw, budgets=True):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(2, 12))
    mean = rng.gamma(2.0, 2.0, n)
    paths = rng.poisson(mean[:, None, None], (n, 20, 16)).astype("float32")
    keys = pd.DataFrame({"item_id": [f"item {k:02}" for k in range(n)]})
    keys["location_id"] = np.where(np.arange(n) % 2, "S2", "S1")
    state = keys.assign(**terms(rng, n))
    rules = line_rules(rng, n, state["pack_size"].to_numpy())
    names = draw(st.sets(st.sampled_from(sorted(rules))))
    wanted = mean * state["review_period"]
    from_a = wanted[state["supplier_id"] == "a"]
    value = (wanted * state["unit_cost"]).sum()
    at_s1 = (wanted * state["volume"])[::2].sum()
    shared = draw(st.sets(st.sampled_from(SUPPLIER_RULES)))
    return Chain(
        forecast=Forecast(keys, Periods(MONDAY, 16, "D"), paths),
        state=state.assign(**{name: rules[name] for name in names}),
        suppliers=suppliers_of(rng, sorted(shared), from_a.sum(), value / 2),
        budget=rng.uniform(0.2, 1.5) * value if budgets and draw(st.booleans()) else np.nan,
        room=rng.uniform(0.2, 3.0) * at_s1 if draw(st.booleans()) else np.nan,
        backorders=draw(st.booleans()),
    )


def after(dates) -> np.ndarray:
    """(lines,) days from the first of the forecast; NaN without a date."""
    return (pd.to_datetime(pd.Series(dates)) - MONDAY).dt.days.to_numpy(float)


def check_lines(chain: Chain, orders: pd.DataFrame) -> None:
    units, stock = orders["units"].to_numpy(), orders["expected_stock"].to_numpy()
    step = np.fmax(chain["pack_size"], chain["pallet_size"])
    assert (units >= 0).all()
    np.testing.assert_allclose(units / step, np.round(units / step))
    np.testing.assert_allclose(orders["packs"] * chain["pack_size"], units)
    np.testing.assert_allclose(orders["order_value"], units * chain["unit_cost"])
    least = np.fmax(chain["minimum_units"], chain["minimum_value"] / chain["unit_cost"])
    ordered = units > 0
    assert not (ordered & (units < least - CLOSE)).any()
    assert not (ordered & (stock + units > chain["shelf_capacity"] + CLOSE)).any()
    arrival, following = chain["lead_time"], chain["lead_time"] + chain["review_period"]
    launch, delisting = after(chain["launch_date"]), after(chain["delisting_date"])
    assert not (ordered & ((launch >= following) | (delisting <= arrival))).any()
    room = np.floor((np.nan_to_num(chain["shelf_capacity"], nan=1e9) - stock + 1e-9) / step) * step
    smallest = np.ceil(np.nan_to_num(least) / step - 1e-9) * step
    possible = (room >= smallest) & (stock + room >= chain["presentation_minimum"] - CLOSE)
    stays = ~(delisting <= following)
    bare = stock + units < chain["presentation_minimum"] - CLOSE
    assert not (possible & stays & bare).any()


def check_shared_rules(chain: Chain, orders: pd.DataFrame) -> None:
    value, units = orders["order_value"].to_numpy(), orders["units"].to_numpy()
    assert not value.sum() > chain.budget + CLOSE
    supplier, mine = chain.suppliers.iloc[0], (chain["supplier_id"] == "a")
    for name, ordered in (("minimum_value", value), ("minimum_units", units)):
        total = ordered[mine].sum()
        assert total == 0 or not total < supplier.get(name, 0) - CLOSE
    fill = supplier.get("truck_smallest_fill", 0) * supplier.get("truck_volume", 0)
    assert (units * chain["volume"])[mine].sum() >= trucks_needed(chain, orders) * fill - CLOSE
    here = chain["location_id"] == "S1"
    stock = np.fmax(orders["expected_stock"].fillna(orders["on_hand"]), 0)
    there, coming = ((some * chain["volume"])[here].sum() for some in (stock, units))
    assert not coming > max(chain.room - there, 0) + CLOSE


def trucks_needed(chain: Chain, orders: pd.DataFrame) -> float:
    """Trucks that bring the orders from supplier a."""
    volume = (orders["units"] * chain["volume"])[chain["supplier_id"] == "a"].sum()
    return np.ceil(volume / chain.suppliers.iloc[0].get("truck_volume", np.inf) - 1e-9)


@settings(max_examples=40, deadline=None)
@given(chain=chains())
def test_no_order_breaks_a_rule_and_profits_add_up(chain):
    plan = chain.plan()
    orders = plan.orders
    check_lines(chain, orders)
    check_shared_rules(chain, orders)
    freight = trucks_needed(chain, orders) * chain.suppliers.iloc[0].get("truck_cost", 0.0)
    total = orders["expected_profit"].sum() - freight
    assert plan.expected_profit == pytest.approx(total, rel=1e-5, abs=1e-5)
    assert plan.expected_profit <= plan.bound + CLOSE
    assert plan.expected_profit <= chain.free_plan().expected_profit + CLOSE
    assert (orders["rule_cost"] >= -CLOSE).all()
    assert (orders["why"].str.contains("no order") == (orders["units"] == 0)).all()


@settings(max_examples=20, deadline=None)
@given(chain=chains(budgets=False), dearer=st.floats(0.0, 20.0))
def test_lines_without_shared_rules_are_planned_alone_and_rise_with_shortage_cost(chain, dearer):
    alone = (chain["supplier_id"] == "b") & (chain["location_id"] == "S2")
    units = chain.plan().orders["units"][alone]
    assert units.equals(chain.free_plan().orders["units"][alone])
    shortage = np.where(alone, chain["shortage_cost"] + dearer, chain["shortage_cost"])
    assert (chain.plan(shortage_cost=shortage).orders["units"][alone] >= units).all()


def test_trucks_for_lines_that_can_order_nothing():
    """The minimum order does not fit the shelf."""
    keys = pd.DataFrame({"item_id": ["tea"]})
    forecast = Forecast(keys, Periods(MONDAY, 4, "D"), np.full((1, 2, 4), 3.0, "float32"))
    state = keys.assign(on_hand=0, lead_time=1, review_period=1, holding_cost=0.1, volume=1.0)
    rules = {"shortage_cost": 2.0, "minimum_units": 20, "shelf_capacity": 10, "supplier_id": "a"}
    supply = Supply(keys, pd.DataFrame({"supplier_id": ["a"], "truck_volume": [9.0]}))
    row = plan_orders(forecast, state.assign(**rules), supply).orders.iloc[0]
    assert row["units"] == 0
    assert row["binding_rule"] == "minimum_units"
