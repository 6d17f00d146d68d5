"""Replay, (s, S) policies and order plans: the building blocks of replenishment, timed.

Replay: 1,000 items at a location, 10,000 periods of Poisson demand, base stock reviewed in every
period, a lead time of one. Ours checks its input, plays all of it, keeps every record, and adds the
ledger up to money by series and reason; once with lost sales, once with backorders. stockpyl
simulates one such item at a time, backorders alone; its events put demand before the order, so that
its lead time of two is our one. Its simulation keeps every record and adds up money as well. Both
costs a period are printed beside the exact one, which shows that both play the same system.

(s, S): the exact policy for Poisson demand with a mean of 50, at several fixed costs and lead
times, beside stockpyl's exact policy, which has no lead time. Orders: `plan_orders` on daily paths
of 50,000 item-locations without rules over many lines; and of 5,000 under a budget, packs,
suppliers' minimums and rooms, with the gap to the bound of the linear relaxation.

Our time is the median of five runs, of the orders of three; stockpyl's of one, after a small one.
All run in this process on one core, and seconds are its processor time, which neighbours on the
machine disturb less than the clock on the wall. An argument sets another number of series for the
replay.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from statistics import median
from typing import TypeVar

import numpy as np
import pandas as pd
from stockpyl.sim import simulation
from stockpyl.ss import s_s_discrete_exact
from stockpyl.supply_chain_network import single_stage_system

from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.demand import PoissonDemand
from newretail_ml.replenishment.lost_sales import LostSales, lost_sales_cost
from newretail_ml.replenishment.newsvendor import newsvendor_cost
from newretail_ml.replenishment.planning import OrderPlan, OrderRules, Supply, plan_orders
from newretail_ml.replenishment.replay import base_stock_policy, replay
from newretail_ml.replenishment.ss_policy import SSPolicy, best_ss

N_SERIES, N_PERIODS, PEER_PERIODS, N_RUNS = 1_000, 10_000, 20_000, 5
MEAN, LEVEL, HOLDING, SHORTAGE = 5.0, 12, 1.0, 4.0
LEDGER_SERIES, LEDGER_PERIODS = 500, 400
SS_MEAN, FIXED_COSTS, LEAD_TIMES, PEER_FIXED_COSTS = 50.0, (5, 64, 100, 1_000), (0, 2, 8), (5, 64)
N_FREE, N_COUPLED, N_SHOPS, N_SUPPLIERS, N_PATHS, HORIZON, N_PLANS = (
    50_000,
    5_000,
    10,
    50,
    200,
    6,
    3,
)
FIRST_DAY = pd.Timestamp("2026-03-02")
_T = TypeVar("_T")


def timed(work: Callable[[], _T]) -> tuple[_T, float]:
    """What the work gives, and the seconds of processor time that it took."""
    begin = time.process_time()
    result = work()
    return result, time.process_time() - begin


def terms(n_series: int) -> pd.DataFrame:
    columns = {"on_hand": LEVEL, "lead_time": 1, "review_period": 1}
    costs = {"holding_cost": HOLDING, "shortage_cost": SHORTAGE}
    return pd.DataFrame({"item_id": np.arange(n_series), **columns, **costs})


def ours(demand: np.ndarray, backorders: bool) -> float:
    """Cost a series and period."""
    outcome = replay(
        base_stock_policy(LEVEL),
        demand,
        terms(len(demand)),
        backorders=backorders,
        baseline=None,
        progress=False,
    )
    return float(outcome.by_series()["cost"].sum() / demand.size)


def theirs(n_periods: int) -> float:
    """Cost a period."""
    node = single_stage_system(
        holding_cost=HOLDING,
        stockout_cost=SHORTAGE,
        demand_type="P",
        mean=MEAN,
        policy_type="BS",
        base_stock_level=LEVEL,
        shipment_lead_time=2,
    )
    return simulation(node, n_periods, rand_seed=1, progress_bar=False) / n_periods


def ledger_seconds(demand: np.ndarray) -> tuple[float, float]:
    """Rows of a ledger in a long table, and the seconds that it took to write them."""
    outcome = replay(base_stock_policy(LEVEL), demand, terms(len(demand)), baseline=None)
    return timed(lambda: float(len(outcome.ledger())))


def compare_replays(n_series: int) -> None:
    """Print one table: seconds, item-periods a second, cost a period and the exact one."""
    demand = np.random.default_rng(0).poisson(MEAN, (n_series, N_PERIODS)).astype(float)
    item = LostSales(PoissonDemand(MEAN), 1, HOLDING, SHORTAGE)
    waits = float(newsvendor_cost(LEVEL, PoissonDemand(2 * MEAN), SHORTAGE, HOLDING))
    exact = {False: lost_sales_cost(item, LEVEL), True: waits}
    print(f"\n{'':28}{'seconds':>9}{'item-periods/s':>17}{'cost':>9}{'exact':>9}")
    speeds = {}
    for backorders, what in ((False, "lost sales"), (True, "backorders")):
        runs = [timed(lambda waits=backorders: ours(demand, waits)) for _ in range(N_RUNS)]
        seconds = median(spent for _, spent in runs)
        speeds[what] = demand.size / seconds
        row(f"newretail-ml, {what}", seconds, speeds[what], runs[0][0], exact[backorders])
    theirs(100)
    cost, seconds = timed(lambda: theirs(PEER_PERIODS))
    peer = PEER_PERIODS / seconds
    row("stockpyl, backorders", seconds, peer, cost, exact[True])
    for what, speed in speeds.items():
        print(f"newretail-ml, {what} / stockpyl: {speed / peer:,.0f} times the periods a second")
    rows, seconds = ledger_seconds(demand[:LEDGER_SERIES, :LEDGER_PERIODS])
    print(f"ledger as a long table: {rows:,.0f} rows, {rows / seconds:,.0f} a second")


def row(name: str, seconds: float, speed: float, cost: float, exact: float) -> None:
    print(f"{name:28}{seconds:9.2f}{speed:17,.0f}{cost:9.4f}{exact:9.4f}")


def compare_policies() -> None:
    """Print one table: milliseconds, the exact policy, its cost."""
    best_ss(PoissonDemand(SS_MEAN), 1, HOLDING, SHORTAGE)
    print(f"\n{'(s, S), mean 50':28}{'ms':>9}{'s':>7}{'S':>7}{'cost':>12}")
    alone = {}
    for fixed_cost, lead_time in product(FIXED_COSTS, LEAD_TIMES):
        found = [timed(lambda at=(fixed_cost, lead_time): policy(*at)) for _ in range(N_RUNS)]
        seconds = median(spent for _, spent in found)
        if lead_time == 0:
            alone[fixed_cost] = seconds
        policy_row(f"fixed cost {fixed_cost:,}, lead time {lead_time}", seconds, found[0][0])
    for fixed_cost in PEER_FIXED_COSTS:
        found, seconds = timed(lambda fixed=fixed_cost: peer_policy(fixed))
        policy_row(f"  stockpyl, fixed cost {fixed_cost:,}", seconds, found)
        ratio = seconds / alone[fixed_cost]
        print(f"newretail-ml / stockpyl: {ratio:,.0f} times the policies a second")


def policy(fixed_cost: float, lead_time: int) -> SSPolicy:
    return best_ss(PoissonDemand(SS_MEAN), fixed_cost, HOLDING, SHORTAGE, lead_time)


def peer_policy(fixed_cost: float) -> SSPolicy:
    found = s_s_discrete_exact(HOLDING, SHORTAGE, fixed_cost, True, demand_mean=SS_MEAN)
    return SSPolicy(*map(float, found))


def policy_row(name: str, seconds: float, found: SSPolicy) -> None:
    levels = f"{found.reorder_point:7,.0f}{found.order_up_to:7,.0f}"
    print(f"{name:28}{1e3 * seconds:9.2f}{levels}{found.cost:12.4f}")


@dataclass(frozen=True)
class Chain:
    """Made-up paths, stock and terms of some items at ten shops each."""

    forecast: Forecast
    state: pd.DataFrame
    terms: pd.DataFrame
    costs: pd.DataFrame

    @classmethod
    def of(cls, n_lines: int) -> "Chain":
        """Poisson demand at levels as different as a retailer's, three days of stock."""
        random = np.random.default_rng(0)
        rate = random.gamma(0.8, 4.0, (n_lines, 1, 1))
        paths = random.poisson(rate, (n_lines, N_PATHS, HORIZON)).astype(np.float32)
        items = pd.DataFrame({"item_id": [f"item {item}" for item in range(n_lines // N_SHOPS)]})
        shops = pd.DataFrame({"location_id": [f"shop {shop}" for shop in range(N_SHOPS)]})
        keys, count = items.merge(shops, how="cross"), len(items)
        terms = items.assign(
            supplier_id=[f"supplier {item % N_SUPPLIERS}" for item in range(count)],
            lead_time=3,
            review_period=3,
            pack_size=random.integers(1, 7, count),
            volume=random.uniform(0.1, 2.0, count),
        )
        unit_cost = random.uniform(1.0, 5.0, count)
        costs = items.assign(unit_cost=unit_cost, unit_price=1.5 * unit_cost, holding_cost=0.01)
        forecast = Forecast(keys, Periods(FIRST_DAY, HORIZON, "D"), paths)
        return cls(forecast, keys.assign(on_hand=random.poisson(3 * rate.ravel())), terms, costs)

    def plan(self, supply: Supply | None = None, rules: OrderRules | None = None) -> OrderPlan:
        """Today's orders."""
        return plan_orders(self.forecast, self.state, supply or self.terms, self.costs, rules)

    def rules(self, free: OrderPlan) -> tuple[Supply, OrderRules]:
        """Rules that bind: a share of what would be ordered without them."""
        random = np.random.default_rng(1)
        orders = free.orders.merge(self.terms[["item_id", "volume"]])
        minimum = orders.groupby("supplier_id")["order_value"].sum()
        minimum *= random.uniform(0.3, 1.5, len(minimum))
        filled = orders["volume"] * (orders["expected_stock"] + orders["units"])
        room = filled.groupby(orders["location_id"]).sum()
        room *= random.uniform(0.6, 1.0, len(room))
        supply = Supply(self.terms, minimum.rename("minimum_value").reset_index())
        rules = OrderRules(
            budget=0.8 * orders["order_value"].sum(),
            capacity=room.rename("volume").reset_index(),
        )
        return supply, rules


def compare_plans() -> None:
    """Print one table: seconds, lines a second, profit, gap to the bound."""
    print(f"\n{'plan_orders':28}{'seconds':>9}{'lines/s':>10}{'profit':>12}{'gap':>9}{'bind':>6}")
    plan_row("line by line", N_FREE, Chain.of(N_FREE).plan)
    chain = Chain.of(N_COUPLED)
    rules = chain.rules(chain.plan())
    plan_row("under rules over many lines", N_COUPLED, lambda: chain.plan(*rules))


def plan_row(name: str, n_lines: int, work: Callable[[], OrderPlan]) -> None:
    runs = [timed(work) for _ in range(N_PLANS)]
    seconds, plan = median(spent for _, spent in runs), runs[0][0]
    binding = int(plan.explain()["binding"].sum())
    figures = f"{plan.expected_profit:12,.0f}{plan.gap:9.3%}{binding:6}"
    print(f"{name:28}{seconds:9.2f}{n_lines / seconds:10,.0f}{figures}")


def main() -> int:
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else N_SERIES
    print(f"stockpyl {version('stockpyl')}, numpy {np.__version__}, one core")
    compare_replays(n_series)
    compare_policies()
    compare_plans()
    return 0


if __name__ == "__main__":
    sys.exit(main())
