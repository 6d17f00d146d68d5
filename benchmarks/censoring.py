"""What stock-outs do to forecasts, on chains whose true demand is known.

Worlds of `newretail_ml.world` in which about 5%, 15% and 30% of the item-location days end without
stock; 5 seeds, 2 cuts each, 28 days ahead. Each model learns four times: from sales as they are
(naive), from the days with stock alone (left out), from recovered demand, and from true demand,
which nobody has. Judged against true demand of all days, stock or not:

  bias        units forecast too much over all units
  by censoring  the same, less that of the model that learned from true demand
  / naive     |by censoring| over that of the naive model; at most .25 is the aim
  RMSSE       averaged over series, scaled by true history
  coverage    of the central 80% interval of the 28-day total

The first table is about history itself: units that an approach would take for demand, over true
demand, less one, from the 13th week on.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.forecasting import ExponentialSmoothing, LightGBMForecaster, MovingAverage
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.censoring import RecoveredDemand, recover_demand
from newretail_ml.forecasting.judging.metrics import average, rmsse
from newretail_ml.panel import Panel
from newretail_ml.world import ChainConfig, make_world

SHARES = (0.05, 0.15, 0.30)
SEEDS = range(5)
CUTS = (280, 336)
HORIZON = 28
WARM_UP = 84
APPROACHES = ("naive", "left out", "recovered", "true demand")
MODELS: dict[str, Forecaster] = {
    "moving average": MovingAverage(),
    "exponential smoothing": ExponentialSmoothing(),
    "LightGBM": LightGBMForecaster(HORIZON, max_rounds=200, n_threads=1),
}


@dataclass(frozen=True)
class Known:
    """A chain's panel, and the demand that it never saw."""

    panel: Panel
    demand: np.ndarray


@dataclass(frozen=True)
class Result:
    """Forecasts of one model by one approach at one cut, beside the truth."""

    mean: np.ndarray
    truth: np.ndarray
    rmsse: float
    covered: float


def known_world(share: float, seed: int) -> Known:
    """A small chain with about this share of stock-outs."""
    config = ChainConfig(
        days=CUTS[-1] + HORIZON,
        n_stores=2,
        n_items=24,
        n_customers=200,
        units_per_day=1.5,
        stockout_share=share,
        random_state=seed,
    )
    world = make_world(config)
    panel = Panel.from_tables(world.tables)
    items = {item: place for place, item in enumerate(world.truth.items)}
    shops = {shop: place for place, shop in enumerate(world.truth.shops)}
    item = panel.keys["item_id"].map(items).to_numpy(int)
    shop = panel.keys["location_id"].map(shops).to_numpy(int)
    wanted = world.truth.demand[: panel.cut].sum(axis=3)[:, item, shop].T
    return Known(panel, wanted.astype(np.float32))


def learned(approach: str, model: Forecaster, view: Panel, demand: np.ndarray) -> Forecaster:
    """The model, fitted to what the approach takes for demand."""
    nowhere = np.zeros_like(view.censored)
    if approach == "naive":
        return model.clone().fit(replace(view, censored=nowhere))
    if approach == "true demand":
        return model.clone().fit(replace(view, units=demand, censored=nowhere))
    return (RecoveredDemand(model) if approach == "recovered" else model.clone()).fit(view)


def judged(model: Forecaster, known: Known, cut: int) -> Result:
    """One horizon against true demand."""
    ahead = slice(cut, cut + HORIZON)
    on_sale = known.panel.on_sale(periods=ahead)
    forecast = model.forecast(HORIZON)
    truth = np.where(on_sale, known.demand[:, ahead], np.nan)
    mean = np.where(on_sale, forecast.mean(), 0.0)
    history = np.where(known.panel.on_sale(), known.demand, np.nan)[:, :cut]
    whole = on_sale.all(axis=1)
    total = (forecast.paths * on_sale[:, None, :]).sum(axis=2)[whole]
    low, high = np.quantile(total, (0.1, 0.9), axis=1)
    wanted = truth[whole].sum(axis=1)
    covered = float(((low <= wanted) & (wanted <= high)).mean())
    score = average(rmsse(truth, mean, history))
    return Result(mean, np.nan_to_num(truth), score, covered)


def results(worlds: list[Known]) -> Iterator[tuple[str, str, Result]]:
    """Every model by every approach at every cut."""
    for known in worlds:
        for cut in CUTS:
            view = known.panel.until(cut)
            for name, model in MODELS.items():
                for approach in APPROACHES:
                    fitted = learned(approach, model, view, known.demand[:, :cut])
                    yield name, approach, judged(fitted, known, cut)


def history_table(worlds: list[Known]) -> None:
    """Bias of what each approach takes for demand in history."""
    sums: dict[str, float] = defaultdict(float)
    for known in worlds:
        panel = known.panel
        on_sale = panel.on_sale() & (np.arange(panel.cut) >= WARM_UP)
        shown = on_sale & ~panel.censored
        true = float(known.demand[on_sale].sum())
        sums["true"] += true
        sums["naive"] += float(panel.units[on_sale].sum())
        sums["left out"] += float(panel.units[shown].mean() * on_sale.sum())
        sums["recovered"] += float(recover_demand(panel).units[on_sale].sum())
        sums["censored"] += float(panel.censored[on_sale].mean()) / len(worlds)
    bias = {name: sums[name] / sums["true"] - 1 for name in APPROACHES[:3]}
    figures = "".join(f"{name:>12} {value:+.4f}" for name, value in bias.items())
    print(f"\n{sums['censored']:.1%} of the item-location days without stock")
    print(f"history: {figures}   recovered/naive {abs(bias['recovered'] / bias['naive']):.2f}")


def forecast_table(worlds: list[Known]) -> None:
    """Bias and accuracy of each model by each approach."""
    found: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for name, approach, result in results(worlds):
        found[name, approach].append(result)
    print(
        f"{'':24}{'':12}{'bias':>9}{'by censoring':>14}{'/ naive':>9}{'RMSSE':>8}{'coverage':>10}"
    )
    for name in MODELS:
        units = sum(one.truth.sum() for one in found[name, "naive"])
        mean = {way: sum(one.mean.sum() for one in found[name, way]) for way in APPROACHES}
        excess = {way: (mean[way] - mean["true demand"]) / units for way in APPROACHES}
        for way in APPROACHES:
            scores = [np.mean([getattr(one, of) for one in found[name, way]]) for of in SCORES]
            print(
                f"{name:24}{way:12}{mean[way] / units - 1:+9.4f}{excess[way]:+14.4f}"
                f"{abs(excess[way] / excess['naive']):9.2f}{scores[0]:8.4f}{scores[1]:10.3f}"
            )


SCORES = ("rmsse", "covered")


def main() -> int:
    begin = time.perf_counter()
    for share in SHARES:
        worlds = [known_world(share, seed) for seed in SEEDS]
        history_table(worlds)
        forecast_table(worlds)
    print(f"\n{time.perf_counter() - begin:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
