# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From a chain's tables to an order list
#
# A small chain has four shops, an online shop and a hundred items. Tonight someone has to decide
# what to order. This notebook goes the whole way: what came in, what will sell, how sure we are,
# and what to order, with a reason on every line.

# %%
from pathlib import Path

import pandas as pd

from newretail_ml import Panel, RetailTables, plots
from newretail_ml.features import DayOfWeek, Lag, Recipe, RollingMean, SeasonalMean
from newretail_ml.forecasting import (
    LightGBMForecaster,
    MovingAverage,
    SeasonalNaive,
    backtest,
)
from newretail_ml.replenishment import order_up_to, state_from_tables

pd.set_option("display.max_colwidth", 120)
here = next(p for p in (Path("data/sample"), Path("../data/sample")) if p.is_dir())

# %% [markdown]
# ## What came in
#
# The tables are checked at the door and then frozen. The report counts everything that was
# repaired or left out, so that nobody has to wonder later.

# %%
tables = RetailTables.read(here)
print(tables)
print(tables.report)

# %% [markdown]
# ## A day without stock is not a day without demand
#
# The panel puts every item and location on one calendar. Where the shelf was empty in the evening,
# sales only tell us that demand was *at least* so much. Those days are marked, and count as unknown
# from here on.

# %%
panel = Panel.from_tables(tables)
print(panel)
frame = panel.to_frame()
frame.groupby("censored")["units"].agg(["mean", "size"]).rename(
    index={False: "stock was left", True: "stock ran out"}
)

# %% [markdown]
# ## The shared core: features that cannot see the future
#
# A recipe lists features by name. Ask for a target day and a horizon, and every feature looks back
# far enough that nothing after the origin is used. Training and prediction use this same code.

# %%
recipe = Recipe([Lag(7), RollingMean(28), SeasonalMean(7, 4), DayOfWeek()])
recipe.frame(panel.select([0]), ["2026-05-30", "2026-05-31", "2026-06-05"], horizon=7)

# %% [markdown]
# ## Who forecasts best?
#
# Each model is fitted once, eight weeks ago, and judged on the four weeks that followed and on the
# four after them. The quantile loss rewards the right spread as well as the right level, and that
# is what orders depend on. (The trees take larger steps than by default, for speed.)

# %%
trees = LightGBMForecaster(horizon=28, learning_rate=0.1, rows_per_period=1)
models = {
    "last week again": SeasonalNaive(),
    "mean of four weeks": MovingAverage(),
    "lightgbm": trees,
}
result = backtest(models, panel, horizon=28, folds=2, refit=False, progress=False)
result.leaderboard()[["weighted_quantile_loss", "rmsse", "wape", "bias"]].round(3)

# %%
plots.leaderboard_chart(result)

# %% [markdown]
# Are the intervals honest, and not for single days only? An order has to last for a lead time, so
# the *totals* matter.

# %%
plots.coverage_chart(result, "lightgbm")

# %% [markdown]
# ## The forecast is a fan of paths
#
# A path is one way in which the coming weeks may go. The bands below are only what the paths look
# like day by day; the paths themselves know that a weak week stays weak.

# %%
model = trees.clone().fit(panel)
forecast = model.forecast(28)
busiest = int(forecast.mean().sum(axis=1).argmax())
plots.fan_chart(panel, forecast, busiest)

# %%
plots.importance_chart(model.feature_importance())

# %% [markdown]
# Why joint paths? Pretend that the days were independent, and the spread of a week's total comes
# out too small for most items. Stock planned on it would run out more often than promised.

# %%
on_sale = forecast.total(7).max(axis=1) > 0
week = forecast.total(7)[on_sale].std(axis=1)
independent = forecast.paths[on_sale, :, :7].var(axis=1).sum(axis=1) ** 0.5
ratio = pd.Series(week / independent)
print(f"A week's spread is {ratio.median():.2f} times that of independent days (median item),")
print(f"and more than {ratio.quantile(0.9):.2f} times for one item in ten.")

# %% [markdown]
# ## The order list
#
# An order placed now has to last until the next one arrives: five days of lead time and two until
# the next review. Demand over these seven days is the sum along each path.

# %%
state = state_from_tables(tables, lead_time=5, review_period=2)
orders = order_up_to(forecast, state, service_level=0.95)
orders[orders.units > 0].nlargest(8, "units")[["item_id", "location_id", "units", "why"]]

# %%
plots.orders_chart(orders)

# %% [markdown]
# ## What service costs
#
# The last points of service are the dear ones.

# %%
levels = [0.8, 0.9, 0.95, 0.98, 0.99]
cost = tables.items.set_index("item_id")["unit_cost"]
rows = []
for level in levels:
    placed = order_up_to(forecast, state, service_level=level)
    rows.append((level, placed.units.sum(), (placed.units * placed.item_id.map(cost)).sum()))
pd.DataFrame(rows, columns=["service level", "units", "at cost"]).round(2)
