"""Replay of a chain, beside stockpyl's simulation.

1,000 items at a location, 10,000 periods of Poisson demand, base stock reviewed in every period, a
lead time of one. Ours checks its input, plays all of it, keeps every record, and adds the ledger up
to money by series and reason; once with lost sales, once with backorders. stockpyl simulates one
such item at a time, backorders alone; its events put demand before the order, so that its lead
time of two is our one. Its simulation keeps every record and adds up money as well. Both costs a
period are printed beside the exact one, which shows that both play the same system.

Our time is the median of five runs; stockpyl's of one, after a small one. Both run in this process
on one core, and seconds are its processor time, which neighbours on the machine disturb less than
the clock on the wall. An argument sets another number of series.
"""

import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median

import numpy as np
import pandas as pd
from stockpyl.sim import simulation
from stockpyl.supply_chain_network import single_stage_system

from newretail_ml.replenishment.demand import PoissonDemand
from newretail_ml.replenishment.lost_sales import LostSales, lost_sales_cost
from newretail_ml.replenishment.newsvendor import newsvendor_cost
from newretail_ml.replenishment.replay import base_stock_policy, replay

N_SERIES, N_PERIODS, PEER_PERIODS, N_RUNS = 1_000, 10_000, 20_000, 5
MEAN, LEVEL, HOLDING, SHORTAGE = 5.0, 12, 1.0, 4.0
LEDGER_SERIES, LEDGER_PERIODS = 500, 400


def timed(work: Callable[[], float]) -> tuple[float, float]:
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


def main() -> int:
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else N_SERIES
    print(f"stockpyl {version('stockpyl')}, numpy {np.__version__}, one core")
    compare_replays(n_series)
    return 0


if __name__ == "__main__":
    sys.exit(main())
