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
# # From sales history to a forecast you can order on
#
# A merchant plans the drinks and snacks of five shops for the next four weeks. The June festival
# falls into them, one item was launched less than three weeks ago, and one is not on sale yet. The
# chain is a simulated one, so here, and only here, we can look up what customers really wanted.

# %%
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from matplotlib.dates import ConciseDateFormatter

from newretail_ml import Panel, RetailTables, plots
from newretail_ml.forecasting import (
    AutoForecaster,
    HarmonicRegression,
    Hierarchy,
    LaunchCurve,
    MovingAverage,
    RecoveredDemand,
    SeasonalNaive,
    StockCosts,
    backtest,
    compare_models,
    explain_all,
    explain_one,
    past_errors,
    reconcile,
    recover_demand,
    segments,
)
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, new_figure, series_name
from newretail_ml.replenishment import order_up_to, state_from_tables
from newretail_ml.world import SAMPLE, make_world

HORIZON = 28
pd.set_option("display.max_colwidth", 140)
here = next(p for p in (Path("data/sample"), Path("../data/sample")) if p.is_dir())

# %%
tables = RetailTables.read(here)
chain = Panel.from_tables(tables)
panel = chain.select(chain.statics["category"].isin(["drinks", "snacks"]).to_numpy())
print(panel)

truth = make_world(SAMPLE).truth
item = pd.Index(truth.items).get_indexer(panel.keys["item_id"])
shop = pd.Index(truth.shops).get_indexer(panel.keys["location_id"])
wanted = truth.demand.sum(axis=3)[:, item, shop].T  # (series, days), the planned days included

# %% [markdown]
# ## 1. What the history says, and what it hides
#
# An empty shelf sells nothing, however many customers stand before it. On such days sales are only
# the least that demand can have been, and `recover_demand` estimates how much more it was, from
# the item's own past up to that day.

# %%
recovered = recover_demand(panel)
empty = panel.censored & panel.on_sale()
hidden = pd.DataFrame(
    {
        "days with an empty shelf": empty.sum(axis=1),
        "sold on them": np.where(empty, panel.units, 0).sum(axis=1),
        "recovered": np.where(empty, recovered.units, 0).sum(axis=1),
        "really wanted": np.where(empty, wanted[:, : panel.cut], 0).sum(axis=1),
    }
)
by_category = hidden.groupby(panel.statics["category"]).sum()
by_category.loc["both"] = by_category.sum()
by_category.round().astype(int)

# %%
sold, found, real = by_category.loc["both"].iloc[1:]
print(f"Sales missed {1 - sold / real:.0%} of the demand of these days.")
print(f"Recovered demand is {found / real:.0%} of what was wanted.")

# %%
worst = int((hidden["recovered"] - hidden["sold on them"]).argmax())
days_shown = 70
runs = np.convolve(empty[worst], np.ones(days_shown), "valid")
shown = slice(int(runs.argmax()), int(runs.argmax()) + days_shown)
dates = panel.periods.dates[shown]

figure, axes = new_figure()
for day in dates[empty[worst, shown]]:
    half = pd.Timedelta(hours=12)
    axes.axvspan(day - half, day + half, color=RED, alpha=0.12, lw=0)
axes.plot(dates, wanted[worst, shown], color=GREY, lw=1, label="really wanted")
axes.plot(dates, recovered.units[worst, shown], color=ORANGE, lw=1.6, label="recovered demand")
axes.plot(dates, panel.units[worst, shown], color=BLUE, lw=1.6, label="sold")
axes.set_title(f"{series_name(panel.keys.iloc[worst])}: shaded days ended with an empty shelf")
axes.set_ylabel("units")
axes.set_ylim(0, None)
axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
figure.legend(frameon=False, ncols=3, fontsize=8, loc="outside lower center")
figure

# %% [markdown]
# ## 2. The forecast
#
# `AutoForecaster` is the default: it fits several models, lets each forecast the past weeks as if
# they had not happened yet, and weighs them by how far they went astray. It recovers demand by
# itself, and says how its combination did beside its best member.

# %%
model = AutoForecaster(HORIZON, progress=False).fit(panel)
forecast = model.forecast(HORIZON)
print(*model.notes_, sep="\n")
model.judged_.set_index("model").round(4)

# %% [markdown]
# A forecast is a bundle of sample paths: ways in which the coming weeks may go. Below is the series
# that is expected to sell most. The festival ends on 20 June; it is known from the calendar.

# %%
busiest = int(forecast.mean().sum(axis=1).argmax())
plots.fan_chart(panel, forecast, busiest)

# %% [markdown]
# An item that was launched a moment ago follows the launches before it, and its own sales take over
# as they come in. One that is not on sale yet has nothing but its attributes and its price.
# Launches are rare, so the range is best learned from the whole chain. Promotions and festivals to
# come do not move it: where they are planned, look twice.

# %%
new = panel.launch > panel.cut - HORIZON
launch_curve = LaunchCurve().fit(recover_demand(chain))
by_item = launch_curve.forecast(HORIZON, panel=recovered.select(new)).sum_by(["item_id"])
totals = {
    "drinks and snacks": forecast.select(new).sum_by(["item_id"]).total(HORIZON),
    "whole chain": by_item.total(HORIZON),
}
future = slice(panel.cut, panel.cut + HORIZON)
launch_days = pd.Series(panel.launch[new]).groupby(panel.keys["item_id"][new].to_numpy()).max()
launches = pd.DataFrame({"on sale from": panel.periods.dates[launch_days].date}, launch_days.index)
for source, total in totals.items():
    low, high = np.quantile(total, [0.1, 0.9], axis=1)
    launches[f"4 weeks, by {source}"] = [
        f"{middle:.0f} ({one:.0f} to {other:.0f})"
        for middle, one, other in zip(total.mean(axis=1), low, high, strict=True)
    ]
came = pd.Series(wanted[:, future].sum(axis=1)).groupby(panel.keys["item_id"]).sum()
launches["really wanted"] = came[launches.index]
launches

# %%
of_items = Panel.from_tables(tables, by=["item_id"])
of_items = of_items.select(of_items.keys["item_id"].isin(by_item.keys["item_id"]).to_numpy())
launched = int(np.flatnonzero(launch_days < panel.cut)[0])
figure = plots.fan_chart(of_items, by_item, launched, history=28)
figure.axes[0].set_title(f"{by_item.keys['item_id'][launched]} in all shops, by the whole chain")
figure

# %% [markdown]
# ## 3. How far can it be trusted?
#
# Three times four weeks are forecast from the past, by the default and by rules that a planner
# might use instead. Each model is fitted once, before all of them, and goes on with newer days.
#
# - `weighted_quantile_loss`: how good the whole range is, which is what orders depend on;
# - `rmsse`: how good the expected value is, 1 being about as good as "tomorrow is like today";
# - `bias`: units expected too many, as a share of all units.

# %%
unit_cost = panel.keys["item_id"].map(tables.items.set_index("item_id")["unit_cost"]).to_numpy()
recent = slice(panel.cut - 84, panel.cut)
margin = panel.plans["price"][:, recent].T - unit_cost
units = panel.units[:, recent].T
terms = StockCosts(  # for chapter 7
    holding=round(0.01 * float(np.average(unit_cost, weights=units.sum(axis=0))), 2),
    lost_sale=round(float(np.nansum(margin * units) / units.sum()), 2),
    lead_time=5,
    review_period=2,
)
models = {
    "auto": AutoForecaster(HORIZON, progress=False),
    "moving average": MovingAverage(),
    "moving average, recovered": RecoveredDemand(MovingAverage()),
    "last week again": SeasonalNaive(),
}
result = backtest(
    models,
    panel,
    horizon=HORIZON,
    folds=3,
    refit=False,
    costs=terms,
    keep_series=True,
    keep_forecasts=True,
    progress=False,
)
board = result.leaderboard()
board[["weighted_quantile_loss", "rmsse", "wape", "bias"]].round(3)

# %%
for metric in ("weighted_quantile_loss", "rmsse"):
    said = compare_models(result, "auto", "moving average", metric, cluster="item_id").words
    print(textwrap.fill(said, 100), end="\n\n")

# %% [markdown]
# Such scores skip days with an empty shelf, since nobody knows what was wanted on them. But shelves
# are emptied on the days of high demand: what is left to judge by is on the quiet side, and favours
# models that are too low. With the truth at hand the difference can be seen.


# %%
def past_forecasts(name):
    """Position of the first day, and the forecast, of each fold."""
    made = [result.forecasts[name, fold] for fold in range(3)]
    return [(int(panel.periods.position([one.periods.first])[0]), one) for one in made]


def true_bias(name):
    """Units expected too many over all days, as a share of what was wanted."""
    made = past_forecasts(name)
    real = sum(wanted[:, first : first + HORIZON].sum() for first, _ in made)
    return sum(one.mean().sum() for _, one in made) / real - 1


bias = board[["bias"]].rename(columns={"bias": "on days with stock"})
bias["on all days, against what was wanted"] = [true_bias(name) for name in bias.index]
bias.map("{:+.1%}".format)

# %% [markdown]
# Are the ranges honest? Where the dots lie on the diagonal, demand falls below the 80% level of the
# forecast 80% of the time, for single days as well as for the totals that an order has to cover.

# %%
plots.reliability_chart(result, "auto")

# %%
plots.coverage_chart(result, "auto")

# %% [markdown]
# And where does it fail? The large and the small, the steady and the erratic, the new and the old
# are judged apart. Bias is that of days with stock, so a little too much is what a good model
# shows.

# %%
first_cut = result.scores["cut"].min()
classes = segments(panel.until(first_cut))
plots.bias_chart(result, classes, "auto")

# %%
by_class = result.by_segment(classes, "abc").reset_index()
by_class.pivot_table("weighted_quantile_loss", "abc", "model", observed=True)[[*models]].round(3)

# %%
plots.residuals_chart(result, "auto")

# %% [markdown]
# ## 4. Why does it say so?
#
# The learned member of the combination is explained by factors: from what a series of this size
# sells on any day, group by group of features, to the units of one day. Here it is the busiest day
# of the busiest series.

# %%
learned = model.trees
day = forecast.periods.dates[int(forecast.mean()[busiest].argmax())]
reasons = explain_one(learned, busiest, day)

figure, axes = new_figure(height=3.4)
start = reasons["units"].shift(fill_value=0.0)
step = reasons["units"] - start
colors = [GREY] + [ORANGE if change > 0 else BLUE for change in step[1:]]
rows = np.arange(len(reasons))[::-1]
axes.barh(rows, step, left=start, color=colors, height=0.65)
words = [f"{reasons['units'][0]:.1f} units", *(f"x {one:.2f}" for one in reasons["factor"][1:])]
for row, edge, factor in zip(rows, np.maximum(start, reasons["units"]), words, strict=True):
    axes.text(edge + 0.1, row, factor, va="center", fontsize=9)
last = reasons["units"].iloc[-1]
axes.set_xlim(0, 1.1 * reasons["units"].max())
axes.set_yticks(rows, reasons["group"])
axes.set_xlabel("units")
axes.set_title(f"{series_name(panel.keys.iloc[busiest])}, {day:%d %B %Y}: {last:.1f} units")
figure

# %% [markdown]
# Over all series and days: how far each group moves a forecast, up or down. A strength of 0.1 is a
# tenth.

# %%
explain_all(learned).set_index("group").round(3)

# %% [markdown]
# ## 5. What if?
#
# The plan for June holds prices and promotions. Another plan needs no new fit: prices of one item
# are cut by a fifth for the four weeks, without and with a promotion in the shop. It is the item
# with the highest revenue among those for which nothing is planned.

# %%
price, promotion = panel.plans["price"][:, future], panel.plans["promotion"][:, future]
revenue = np.nan_to_num(forecast.mean() * price).sum(axis=1)
outlook = pd.DataFrame({"revenue": revenue, "planned": np.nansum(promotion, axis=1)})
outlook = outlook.groupby(panel.keys["item_id"]).sum()
chosen = outlook.query("planned == 0")["revenue"].idxmax()
rows = np.flatnonzero(panel.keys["item_id"] == chosen)

plan = panel.keys.iloc[np.repeat(rows, HORIZON)].reset_index(drop=True)
plan["date"] = np.tile(forecast.periods.dates, len(rows))
cut_price = plan.assign(price=0.8 * price[rows].ravel())
promoted = plan.assign(promotion=1.0)
answers = {
    "as planned": model.mean(HORIZON)[rows],
    "a fifth cheaper": model.mean(HORIZON, price=cut_price)[rows],
    "a fifth cheaper, promoted": model.mean(HORIZON, price=cut_price, promo=promoted)[rows],
}
gain = [paid * price[rows] - unit_cost[rows[0]] for paid in (1.0, 0.8, 0.8)]
answer = pd.DataFrame(
    {
        "units": [mean.sum() for mean in answers.values()],
        "margin": [
            (mean * a_unit).sum() for mean, a_unit in zip(answers.values(), gain, strict=True)
        ],
    },
    index=pd.Index(answers, name=chosen),
)
answer.round().astype(int)

# %%
figure, axes = new_figure()
for (name, mean), color in zip(answers.items(), (GREY, BLUE, ORANGE), strict=True):
    axes.plot(forecast.periods.dates, mean.sum(axis=0), color=color, lw=2, label=name)
axes.set_ylim(0, None)
axes.set_ylabel("expected units, all shops")
axes.set_title(f"{chosen} under three plans")
axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
figure.legend(frameon=False, ncols=3, fontsize=8, loc="outside lower center")
figure

# %%
elasticity = truth.elasticities.loc[chosen, chosen]
lift = float(np.exp(truth.display_lifts[chosen]))
ratio = answer["units"] / answer["units"].iloc[0]
alone = [learned.mean(HORIZON, panel=recovered, price=one)[rows].sum() for one in (None, cut_price)]
print(f"A fifth cheaper: x {ratio.iloc[1]:.2f}. In truth x {0.8**elasticity:.2f}.")
print(f"Promoted as well: x {ratio.iloc[2]:.2f}. In truth x {0.8**elasticity * lift:.2f}.")
print(f"The learned member alone, a fifth cheaper: x {alone[1] / alone[0]:.2f}.")

# %% [markdown]
# Only the learned member of the combination knows prices; the others hold the answer back. And it
# is about this item alone: what its promotion takes from its neighbours on the shelf is not in it.
#
# ## 6. Levels that add up
#
# The buyer plans items in shops, the shop manager a shop, and the board the total. Each level is
# forecast by what suits it: totals by a regression on calendar, price and events, which a single
# item is too noisy for. Then all are reconciled, path by path, weighted by their past errors.

# %%
hierarchy = Hierarchy.of(panel, levels=[(), "category", "location_id"])
above = np.arange(hierarchy.n_above)
nodes = hierarchy.aggregate(recovered).select(above)
regression = HarmonicRegression(orders=[(1, 0, 1)], progress=False)
upper = regression.clone().fit(nodes).forecast(HORIZON)
summed = hierarchy.sum(forecast)
base = hierarchy.combine([upper, summed.select(np.arange(len(above), len(hierarchy.keys)))])

errors_above = past_errors(regression, nodes, horizon=HORIZON, folds=3)
errors_below = [
    recovered.units[:, first : first + HORIZON] - made.mean()
    for first, made in past_forecasts("auto")
]
errors = np.concatenate([errors_above, np.concatenate(errors_below, axis=1)])
coherent = reconcile(base, hierarchy, residuals=errors)

items_and_total = hierarchy.bottom(coherent).sum_by(["item_id"]).paths.sum(axis=0)
gap = np.abs(items_and_total / coherent.paths[0] - 1).max()
print(hierarchy)
print(f"On any path and day, the items differ from the total by {gap:.6f} of it at most.")

# %%
came = hierarchy.summing @ wanted[:, future]
views = {
    "its own forecast": upper.mean(),
    "sum of its series": summed.mean()[above],
    "reconciled": coherent.mean()[above],
    "really wanted": came[above],
}
labels = nodes.keys[["category", "location_id"]].replace("all", "").sum(axis=1).replace("", "total")
levels = pd.DataFrame({view: made.sum(axis=1) for view, made in views.items()}, index=labels)
levels.round().astype(int)

# %%
off = levels.loc["total"].iloc[:3] / levels.loc["total", "really wanted"] - 1
print("The total is off by", ", ".join(f"{share:+.0%} ({view})" for view, share in off.items()))

# %% [markdown]
# The regression takes the only June festival that it has seen at its word; in the noise of single
# items it hardly shows. Reconciling listens to both. One June decides nothing: it is the plan of
# the chain, not yet the one to order on.

# %%
figure = plots.fan_chart(nodes.select([0]), coherent.select([0]), history=56)
(axes,) = figure.axes
axes.set_title("drinks and snacks in all shops, reconciled")
axes.plot(forecast.periods.dates, came[0], color="black", lw=1, ls=":", label="really wanted")
axes.legend(handles=[axes.lines[-1]], frameon=False, loc="upper left", fontsize=8)
figure

# %% [markdown]
# ## 7. From the forecast to the order
#
# An order has to last until the one after it arrives: five days of lead time and two until the next
# review. A unit that is left over costs, we assume, a hundredth of its purchase price a day in
# money, space and waste; a sale that is lost costs the margin. Together they say how often stock
# should be enough.

# %%
print(f"Left over: {terms.holding:.2f} a unit and day. Lost: {terms.lost_sale:.2f} a unit.")
print(f"So stock should last in {terms.critical_ratio:.1%} of the cases.")

state = state_from_tables(tables, lead_time=terms.lead_time, review_period=terms.review_period)
state = state.merge(forecast.keys)
orders = order_up_to(forecast, state, service_level=terms.critical_ratio)
orders.nlargest(6, "units")[["item_id", "location_id", "units", "why"]]

# %%
plots.orders_chart(orders)

# %% [markdown]
# What is the better forecast worth? In the backtest of chapter 3 each model filled the shelves on
# these terms, and what was left over or lost was paid for: money for a thousand units of demand,
# above what a clairvoyant would have paid. The first column is what a shop can know, from series
# that did not run out; the second asks what was wanted in all of them.


# %%
def true_cost(name):
    """Money for a unit that was wanted, mean over the folds."""
    made = past_forecasts(name)
    scores = [terms.score(wanted[:, first : first + HORIZON], one) for first, one in made]
    return np.mean([score["stock_cost"] for score in scores])


costs = board[["stock_cost"]].rename(columns={"stock_cost": "as the backtest sees it"})
costs["against what was wanted"] = [true_cost(name) for name in costs.index]
(1000 * costs).round().astype(int)

# %%
saved = 1 - costs.loc["auto"] / costs.loc["moving average"]
for view, share in saved.items():
    words = "less" if share > 0 else "more"
    print(f"{view}: the default costs {abs(share):.0%} {words} than the moving average")

# %% [markdown]
# Where empty shelves are not counted, a rule that orders too little looks cheaper than it is. And
# that was a quiet spring. These are the seven days of June that today's order has to last for:

# %%
june = {
    "default": forecast,
    "moving average": MovingAverage().fit(panel).forecast(HORIZON),
    "moving average, recovered": RecoveredDemand(MovingAverage()).fit(panel).forecast(HORIZON),
}
scores = pd.DataFrame({name: terms.score(wanted[:, future], one) for name, one in june.items()}).T
scores["money"] = scores["stock_cost"] * wanted[:, future][:, : terms.interval].sum()
scores[["left_over", "lost_sales", "money"]].round(3).astype({"money": int})

# %% [markdown]
# ## A week later
#
# The model is saved and loaded, a week of sales comes in, and `update` goes on from there without a
# new fit. (The week is the simulated truth, as if no shelf had been empty.)

# %%
with TemporaryDirectory() as folder:
    model.save(Path(folder) / "drinks_and_snacks.model")
    loaded = AutoForecaster.load(Path(folder) / "drinks_and_snacks.model")
assert (loaded.forecast(HORIZON).paths == forecast.paths).all()

week = slice(panel.cut, panel.cut + 7)
later = replace(
    panel,
    units=np.hstack([panel.units, wanted[:, week].astype(np.float32)]),
    censored=np.hstack([panel.censored, np.zeros((panel.n_series, 7), dtype=bool)]),
)
began = time.perf_counter()
updated = loaded.update(later).forecast(HORIZON - 7)
print(f"Updated and forecast in {time.perf_counter() - began:.1f} seconds.")

rest = slice(panel.cut + 7, panel.cut + HORIZON)
left = {
    "said a week ago": forecast.mean()[:, 7:].sum(),
    "said now": updated.mean().sum(),
    "really wanted": wanted[:, rest].sum(),
}
pd.Series(left).round().astype(int).to_frame("units of the three weeks that are left")
