"""Pricing, timed: elasticities on ten million rows beside pyfixest.

Elasticity: log units on log price and promotion, 10 million rows of 100,000 store-items, ordered
by week; store-item effects absorbed, once alone and once with week effects, errors clustered by
store-item; and units, zeros kept, by Poisson pseudo-likelihood on the first tenth of the rows.
pyfixest runs without copies of the data, which is its fastest. Each pair of runs follows one
another, and the figure is the median of their ratios; both coefficients and standard errors are
printed, which shows that both do the same work. An argument sets another number of rows.

Markdown: 10,000 items with 3 to 300 units, 10 weeks left, 8 price points, 150 paths of demand
whose level is not known beforehand, and elasticities that are known up to an error.

Price lists: a category of 200 items x 10 price points under seven rules (margin, change, average
price, competitors, sizes, number of changes, revenue), once for each kind of demand, with 30
seconds to prove the optimum; and 10,000 items under rules of their own, with intervals from 200
draws.
"""

import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from typing import TypeVar

import numpy as np
import pandas as pd

from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.pricing.choice import MultinomialLogit
from newretail_ml.pricing.estimation import Family, estimate
from newretail_ml.pricing.markdown import MarkdownRules, plan_markdowns
from newretail_ml.pricing.price_list import (
    AveragePrice,
    CompetitorIndex,
    MarginFloor,
    MaxChange,
    MostChanges,
    PriceList,
    RevenueHeld,
    SizeLinks,
    plan_prices,
)
from newretail_ml.pricing.response import ConstantElasticity, DemandResponse, Linear, SemiLog

N_ROWS, N_STORES, N_ITEMS, N_PAIRS = 10_000_000, 100, 1_000, 3
SHARE_ON_SALE = 0.8
CAUSES = ["log_price", "promotion"]
OUTCOMES = {"linear": "log_units", "poisson": "units"}
Answer = tuple[np.ndarray, np.ndarray]
_T = TypeVar("_T")


def timed(work: Callable[..., _T], *arguments: object) -> tuple[float, _T]:
    """Seconds on the wall, and what the work returns."""
    start = time.perf_counter()
    done = work(*arguments)
    return time.perf_counter() - start, done


def sales(n_rows: int, random_state: int = 0) -> pd.DataFrame:
    """Weekly sales of store-items with a price elasticity of -2.5 and a lift of 0.3."""
    rng = np.random.default_rng(random_state)
    n_series = N_STORES * N_ITEMS
    n_weeks = max(round(n_rows / SHARE_ON_SALE / n_series), 2)
    week, series = np.divmod(np.arange(n_weeks * n_series), n_series)
    sold = rng.random(len(week)) < SHARE_ON_SALE
    week, series = week[sold][:n_rows], series[sold][:n_rows]
    promotion = (rng.random(len(week)) < 0.1).astype(float)
    log_price = rng.normal(1.0, 0.5, n_series)[series] + 0.02 * rng.standard_normal(n_weeks)[week]
    log_price += 0.1 * rng.standard_normal(len(week)) - 0.2 * promotion
    level = rng.normal(2.0, 1.0, n_series)[series] + 0.1 * rng.standard_normal(n_weeks)[week]
    log_units = level - 2.5 * log_price + 0.3 * promotion + 0.5 * rng.standard_normal(len(week))
    return pd.DataFrame(
        {
            "store_item": series,
            "week": week,
            "log_price": log_price,
            "promotion": promotion,
            "log_units": log_units,
            "units": rng.poisson(np.exp(log_units)).astype(float),
        }
    )


def ours(frame: pd.DataFrame, family: Family, absorb: list[str]) -> Answer:
    """Coefficients and standard errors by this library."""
    found = estimate(
        frame, OUTCOMES[family], CAUSES, absorb=absorb, cluster="store_item", family=family
    )
    return found.coefficients, found.standard_errors


def peers(frame: pd.DataFrame, family: Family, absorb: list[str]) -> Answer:
    """The same by pyfixest."""
    import pyfixest

    fit = pyfixest.feols if family == "linear" else pyfixest.fepois
    found = fit(
        f"{OUTCOMES[family]} ~ {' + '.join(CAUSES)} | {' + '.join(absorb)}",
        frame,
        vcov={"CRV1": "store_item"},
        copy_data=False,
        store_data=False,
        lean=True,
    )
    return found.coef().to_numpy(), found.se().to_numpy()


def elasticities(n_rows: int) -> None:
    """Ours beside pyfixest's, with one effect and with two."""
    warnings.filterwarnings("ignore", module="pyfixest")
    frame = sales(n_rows)
    small = frame.head(min(300_000, n_rows))
    tenth = frame.head(max(n_rows // 10, 300_000))
    print(f"Elasticity: {len(frame):,} rows, {frame['store_item'].nunique():,} store-items")
    for family, rows in (("linear", frame), ("poisson", tenth)):
        for absorb in (["store_item"], ["store_item", "week"]):
            name = f"{family}, {len(rows):,} rows, {' + '.join(absorb)}"
            ours(small, family, absorb), peers(small, family, absorb)
            ratios = []
            for _ in range(N_PAIRS):
                our_time, our_answer = timed(ours, rows, family, absorb)
                peer_time, peer_answer = timed(peers, rows, family, absorb)
                ratios.append(our_time / peer_time)
                print(f"  {name}: ours {our_time:.2f} s, pyfixest {peer_time:.2f} s", flush=True)
            for whose, answer in (("ours", our_answer), ("pyfixest", peer_answer)):
                print(f"  {whose}: coefficients {answer[0].round(8)}, errors {answer[1].round(8)}")
            beside = f"ours / pyfixest {version('pyfixest')}"
            print(f"  {name}: {beside}: {median(ratios):.2f}", flush=True)


def markdowns(n_items: int = 10_000, weeks: int = 10, n_paths: int = 150) -> None:
    """Seconds for this week's prices of many items, with few rules and with many."""
    rng = np.random.default_rng(0)
    keys = pd.DataFrame({"item_id": np.arange(n_items).astype(str)})
    stock = rng.integers(3, 300, n_items).astype(float)
    price = rng.uniform(5, 50, n_items).round(2)
    mean = (stock / weeks * rng.uniform(0.4, 1.0, n_items))[:, None, None]
    level = rng.gamma(4, 0.25, (n_items, n_paths, 1))
    paths = rng.poisson(mean * level, (n_items, n_paths, weeks)).astype(np.float32)
    forecast = Forecast(keys, Periods(pd.Timestamp("2026-01-05"), weeks, "W"), paths)
    elasticity = rng.uniform(-3, -1.2, n_items)
    draws = rng.normal(elasticity, 0.3, (50, n_items))
    response = ConstantElasticity(mean[:, 0, 0], price, elasticity, draws=draws, keys=keys)
    state = keys.assign(on_hand=stock, salvage_value=0.1 * price)
    strict = MarkdownRules(every=2, smallest_step=0.1, most_changes=2)
    for name, rules in (("down only", MarkdownRules()), ("every 2nd week, twice at most", strict)):
        seconds, plan = timed(plan_markdowns, forecast, response, state, None, rules)
        print(f"Markdown, {name}: {seconds:.1f} s for {n_items:,} items; {plan}")


def category(kind: str, n: int = 200) -> tuple[DemandResponse, pd.DataFrame, list[np.ndarray]]:
    """Demand of a category in families of four sizes, its costs, and ten price points an item."""
    rng = np.random.default_rng(3)
    sizes = np.tile([1.0, 2.0, 3.0, 4.0], n // 4)
    price = np.repeat(rng.uniform(1, 3, n // 4), 4) * np.tile([1, 1.9, 2.7, 3.4], n // 4)
    price = np.round(price * rng.uniform(0.97, 1.03, n), 2)
    costs = pd.DataFrame(
        {
            "item_id": [str(item) for item in range(1, n + 1)],
            "unit_cost": price * rng.uniform(0.5, 0.8, n),
            "competitor_price": np.round(price * rng.uniform(0.95, 1.1, n), 2),
            "family": [str(item // 4) for item in range(n)],
            "pack_size": sizes,
        }
    )
    points = [np.unique(np.round(np.append(p * np.linspace(0.88, 1.12, 9), p), 2)) for p in price]
    units, own = rng.lognormal(3.0, 1.0, n), -rng.uniform(1.2, 4.0, n)
    if kind == "separable":
        return ConstantElasticity(units, price, own), costs, points
    if kind == "multinomial logit":
        slope = -rng.uniform(0.3, 1.2)
        worth = np.log(units / units.sum() * 1.5) - slope * price
        return MultinomialLogit(worth, slope, price, market_size=2_000), costs, points
    cross = 0.15 * rng.random((n, n)) * (rng.random((n, n)) < 10 / n)
    np.fill_diagonal(cross, own)
    if kind == "linear, cross effects":
        return Linear(units, price, cross * units[:, None] / price), costs, points
    if kind == "semi-log, cross effects":
        return SemiLog(units, price, cross / price), costs, points
    return ConstantElasticity(units, price, cross), costs, points


def price_lists() -> None:
    """A category under rules for each kind of demand, and many items at once."""
    rules = [
        MarginFloor(0.15),
        MaxChange(0.1),
        AveragePrice(1.0),
        CompetitorIndex(1.05),
        SizeLinks(),
        MostChanges(100),
        RevenueHeld(0.98),
    ]
    kinds = ["separable", "multinomial logit", "linear, cross effects"]
    print("Price lists: 200 items x 10 points")
    for kind in [*kinds, "semi-log, cross effects", "constant elasticity, cross effects"]:
        response, costs, points = category(kind)

        def listed(
            response: DemandResponse = response,
            costs: pd.DataFrame = costs,
            points: list[np.ndarray] = points,
        ) -> PriceList:
            return plan_prices(response, costs, rules, points=points, time_limit=30.0)

        seconds, plan = timed(listed)
        print(f"  {kind}: {seconds:.1f} s, gap {plan.gap:.5%} ({plan.how})", flush=True)
    rng = np.random.default_rng(0)
    price, own = np.round(rng.uniform(1, 20, 10_000), 2), -rng.uniform(1.1, 4.0, 10_000)
    draws = own + rng.normal(0.0, 0.3, (200, 10_000))
    many = ConstantElasticity(rng.lognormal(2.0, 1.0, 10_000), price, own, draws=draws)
    seconds, plan = timed(plan_prices, many, 0.6 * price, rules[:2])
    print(f"  10,000 items, each on its own: {seconds:.2f} s, gap {plan.gap:.5%}", flush=True)


def main() -> None:
    """All sections."""
    elasticities(int(sys.argv[1]) if len(sys.argv) > 1 else N_ROWS)
    markdowns()
    price_lists()


if __name__ == "__main__":
    main()
