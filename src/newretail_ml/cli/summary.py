"""What the demo tells a merchant."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.cli.demo_decisions import LoopMoney
from newretail_ml.cli.orders import order_summary
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import Backtest
from newretail_ml.forecasting.standard import AUTO
from newretail_ml.panel import Panel
from newretail_ml.pricing import PriceList
from newretail_ml.pricing.price_list import names as w
from newretail_ml.recommendation import SlatePlan
from newretail_ml.replenishment.order_up_to import EXPECTED_DEMAND
from newretail_ml.tables import RetailTables

_LABEL_WIDTH, _LINE_WIDTH = 14, 96
_BASELINE = "moving-average"


def summary_of(
    tables: RetailTables,
    panel: Panel,
    model: str,
    judged: Backtest,
    forecast: Forecast,
    orders: pd.DataFrame,
    terms: str,
    prices: PriceList | None,
    shown: SlatePlan | None,
    money: LoopMoney,
) -> str:
    """The run in a dozen lines.

    Args:
        tables: what came in.
        panel: the series made of them.
        model: the model, in words.
        judged: how it did on the last weeks of history.
        forecast: what it says.
        orders: what to order.
        terms: on which the orders were decided, in words.
        prices: what to charge, where that can be known.
        shown: what to show members, where there are any.
        money: what such decisions earn in a simulated chain.
    """
    chain = forecast.paths.sum(axis=(0, 2), dtype=np.float64)
    low, high = np.quantile(chain, [0.1, 0.9])
    units = f"between {low:,.0f} and {high:,.0f} in 8 of 10 cases"
    facts = {
        "The chain": _chain(tables, panel),
        "Stock-outs": _stock_outs(panel, orders),
        "Model": model,
        "Accuracy": _accuracy(judged),
        f"Next {forecast.horizon} days": f"{chain.mean():,.0f} units expected in all, {units}",
        "To order": f"{order_summary(orders, tables)} {terms}",
        "To charge": _charged(prices),
        "To show": _shown(shown),
        "Does it pay?": _paid(money),
    }
    lines = [_line(label, words) for label, words in facts.items() if words]
    return "\n".join([*lines, "", *_largest(orders)])


def next_steps(out: Path, sample: Path, link: str | None) -> str:
    """Where everything is, and the commands to try next."""
    steps = [
        f"newretail forecast {sample} --out forecast.csv --horizon 14",
        f"newretail orders {sample} --out orders.csv --lead-time 7 --holding-rate 0.25",
        f"newretail backtest {sample} --freq W --horizon 8 --out out/weekly",
        "newretail forecast FOLDER_WITH_YOUR_ORDERS --out forecast.csv",
    ]
    if not sample.is_dir():
        steps.insert(0, f"python -m newretail_ml.world {sample}")
    return "\n".join(
        [
            f"All is in {out}: week.html (a page to open), tables, and plots (*.png).",
            "Try next:",
            *(f"  {step}" for step in steps),
            f"Runs and models: {link or 'not tracked'}",
        ]
    )


def _line(label: str, words: str) -> str:
    indent = " " * _LABEL_WIDTH
    return textwrap.fill(
        words, _LINE_WIDTH, initial_indent=label.ljust(_LABEL_WIDTH), subsequent_indent=indent
    )


def _chain(tables: RetailTables, panel: Panel) -> str:
    dates = panel.periods.resized(panel.cut).dates
    return (
        f"{len(tables.orders):,} order lines, {panel.cut:,} days from {dates[0]:%Y-%m-%d} to "
        f"{dates[-1]:%Y-%m-%d}; {panel.n_series:,} series, one for each item in each place"
    )


def _stock_outs(panel: Panel, orders: pd.DataFrame) -> str:
    on_sale = panel.on_sale()
    if not on_sale.any():
        return ""
    share, empty = panel.censored[on_sale].mean(), int((orders[c.ON_HAND] <= 0).sum())
    return (
        f"{share:.1%} of item-days ended without stock; what they sold counts as a lower bound of "
        f"demand, not as demand. Today {empty:,} of {len(orders):,} shelves are empty"
    )


def _accuracy(result: Backtest) -> str:
    scores = result.leaderboard().loc[AUTO]
    week = scores.get("total_7_coverage_80", np.nan)
    covered = f"{week:.0%} of week totals fell inside their 80% interval"
    loss = result.leaderboard()["weighted_quantile_loss"]
    gain = 1 - loss[AUTO] / loss[_BASELINE]
    return f"{gain:.1%} less quantile loss than a moving average; {covered}"


def _charged(prices: PriceList | None) -> str:
    if prices is None:
        return ""
    moved = int((prices.prices[w.CHANGE] != 0).sum())
    profit = prices.totals.set_index(w.MEASURE).loc[w.PROFIT]
    return (
        f"{moved:,} of {len(prices.prices):,} prices change by at most 10%: profit a day "
        f"{profit[w.GAIN]:+,.0f} ({profit[w.GAIN_SHARE]:+.1%}), between {profit[w.LOWER]:+,.0f} "
        f"and {profit[w.UPPER]:+,.0f} in 9 of 10 cases"
    )


def _shown(shown: SlatePlan | None) -> str:
    if shown is None:
        return ""
    members = shown.slates[c.CUSTOMER].nunique()
    return (
        f"{len(shown.slates):,} slots for {members:,} members, all in stock where they shop; "
        f"{shown.purchases:,.0f} purchases of these items expected in a week"
    )


def _paid(money: LoopMoney) -> str:
    usual, library, clairvoyant = (one.profit for one in money.runs)
    return (
        f"In a simulated chain of {money.shops} shops and {money.items} items, four weeks: profit "
        f"{library:,.0f} with these decisions, {usual:,.0f} as usual, {clairvoyant:,.0f} knowing "
        f"the truth; {money.share_closed:.0%} of the gap closed, on one throw of the dice"
    )


def _largest(orders: pd.DataFrame, most: int = 5) -> list[str]:
    placed = orders[orders[c.UNITS] > 0]
    if placed.empty:
        return ["Nothing has to be ordered: the stock covers what is expected."]
    names = [*(key for key in c.SERIES_KEYS if key in orders), c.ON_HAND, EXPECTED_DEMAND, c.UNITS]
    top = placed.nlargest(most, c.UNITS)[names].rename(columns={c.UNITS: "units to order"})
    return [
        "The largest order lines, with the demand expected until the next delivery:",
        top.round(1).to_string(index=False),
    ]
