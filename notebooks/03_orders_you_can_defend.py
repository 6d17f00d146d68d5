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
# # An order list you can defend
#
# "Why so many?" asks the owner. "Why so few?" asks the shop. "Can we afford it?" asks the bank.
# This is tonight's order list for the fresh goods, drinks and snacks of five shops, with an answer
# to each of them: a reason on every line, a price on every rule, and a look back at what the same
# method would have earned. The chain is a simulated one, so what customers wanted is known.

# %%
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml import Panel, RetailTables, plots
from newretail_ml.errors import InfeasibleError
from newretail_ml.forecasting import (
    LaunchCurve,
    LightGBMForecaster,
    MovingAverage,
    RecoveredDemand,
    recover_demand,
)
from newretail_ml.replenishment import (
    ForecastPolicy,
    OrderRules,
    QuickResponseCosts,
    State,
    Supply,
    moving_average_policy,
    plan_orders,
    protection_levels,
    quick_response,
    replay,
    service_cost_curve,
    source_orders,
    state_from_tables,
)
from newretail_ml.replenishment.omnichannel import Shipping
from newretail_ml.world import SAMPLE, make_world

HORIZON, HOLDING_RATE = 17, 0.25
pd.set_option("display.max_colwidth", 200)
here = next(p for p in (Path("data/sample"), Path("../data/sample")) if p.is_dir())

# %% [markdown]
# ## 1. From the tables to an order list
#
# Tonight is 31 May. The forecast is a bundle of sample paths for the days to come. The trees alone
# are used here, for speed; `AutoForecaster(HORIZON)`, the default, goes in their place.

# %%
tables = RetailTables.read(here)
chain = Panel.from_tables(tables)
panel = chain.select(chain.statics["category"].isin(["fresh", "drinks", "snacks"]).to_numpy())
model = RecoveredDemand(LightGBMForecaster(horizon=HORIZON, learning_rate=0.1, rows_per_period=1))
forecast = model.clone().fit(panel).forecast(HORIZON)
print(panel)
print(forecast)

# %% [markdown]
# The tables know what is on the shelves, what a unit costs and what it sells for. The rest is
# ours to say. Goods come five days after the order, and orders are placed every other day. Drinks
# come from further away: ten days, and an order a week. A unit in stock costs a quarter of its
# purchase price a year in money, space and work.

# %%
state = state_from_tables(tables, lead_time=5, review_period=2, holding_rate=HOLDING_RATE)
state = forecast.keys.merge(state, on=["item_id", "location_id"])
category = tables.items.set_index("item_id")["category"]
drinks = state["item_id"].map(category) == "drinks"
state.loc[drinks, ["lead_time", "review_period"]] = [10, 7]
state.sample(4, random_state=0).T

# %% [markdown]
# What is on its way is not in the tables. We take it that the shops have ordered what they sold,
# and that the sales of the last five days come in over the next five.


# %%
def on_its_way(panel, today):
    """What was sold in the five days before a day, to come in over the next five."""
    sold, lag = panel.to_frame(), pd.Timedelta(days=5)
    sold = sold[(sold["date"] < today) & (sold["date"] >= today - lag)]
    return sold.assign(date=sold["date"] + lag)[
        ["item_id", "location_id", "date", "units"]
    ].dropna()


due = on_its_way(panel, pd.Timestamp("2026-06-01"))
tonight = State(state, due)
plan = plan_orders(forecast, tonight)
plan

# %% [markdown]
# ## 2. Why so many?
#
# Every line says what is expected to sell while this order has to last, what stock will be left by
# then, and which rule had the last word. Some lines to look at twice:


# %%
def busiest(lines):
    """The line of some that is expected to sell most."""
    return lines["expected_demand"].idxmax()


orders = plan.orders
life = orders["item_id"].map(tables.items.set_index("item_id")["shelf_life"])
dates = tables.items.set_index("item_id")[["launch_date", "delisting_date"]]
ends = orders["item_id"].map(dates["delisting_date"])
starts = orders["item_id"].map(dates["launch_date"])
coming = panel.plans["promotion"][:, panel.cut + 5 : panel.cut + 7].any(axis=1)
promoted = orders.merge(panel.keys[coming], how="left", indicator=True)["_merge"] == "both"
chosen = {
    "fresh, keeps a week": busiest(orders[life <= 7]),
    "on promotion when it comes": busiest(orders[promoted & life.isna()]),
    "leaves the range in June": busiest(orders[ends.notna()]),
    "new since May": busiest(orders[starts > "2026-05-01"]),
    "enough for now": busiest(orders[(orders["units"] == 0) & orders["expected_demand"].notna()]),
}
looked = orders.loc[list(chosen.values())]
for reason, line in zip(chosen, looked.itertuples(), strict=True):
    print(f"{reason}: {line.item_id} in {line.location_id}, {line.units:,.0f} units")
    print(f"    {line.why}\n")

# %% [markdown]
# The juice that leaves the range: what is left then is lost, so the last order is a careful one.

# %%
leaving = orders.loc[[chosen["leaves the range in June"]], ["item_id", "location_id"]]
staying = plan_orders(forecast, State(state.drop(columns="delisting_date"), due))
for words, made in {"as planned": plan, "if it stayed": staying}.items():
    print(f"{words}: {made.orders.merge(leaving)['units'].iloc[0]:.0f} units")

# %% [markdown]
# An item that is not on sale yet has no stock record, and is named rather than forgotten. Once its
# shelf is said to be empty, the answer is about its launch.

# %%
newcomer = dates["launch_date"].idxmax()
print(orders.loc[orders["item_id"] == newcomer, "why"].iloc[0])

regular = tables.prices.sort_values("date").groupby("item_id")["regular_price"].last()
launched = forecast.keys[forecast.keys["item_id"] == newcomer].merge(tables.items)
launched = launched[["item_id", "location_id", "unit_cost", "pack_size", "launch_date"]].assign(
    on_hand=0, lead_time=5, review_period=2, unit_price=regular[newcomer]
)
launched["holding_cost"] = HOLDING_RATE / 365 * launched["unit_cost"]
tonight = State(pd.concat([state, launched], ignore_index=True), due)
plan = plan_orders(forecast, tonight)
print(plan.orders.loc[plan.orders["item_id"] == newcomer, "why"].iloc[0])

# %% [markdown]
# ## 3. What do the rules cost?
#
# Now the others at the table: the owner grants two thirds of the money, one shop has a small back
# room, and a brand that delivers by itself takes no order below a minimum. Each rule is tried
# alone, then all together.

# %%
spent = plan.orders["order_value"].sum()
at_shop = plan.orders["location_id"] == "store_04"
stocked = (plan.orders["expected_stock"].clip(lower=0) + plan.orders["units"])[at_shop].sum()
room = pd.DataFrame({"location_id": ["store_04"], "units": [0.6 * stocked]})

brand = tables.items.set_index("item_id")["brand"]
by_brand = plan.orders.groupby(plan.orders["item_id"].map(brand))["order_value"].sum()
smallest = by_brand.idxmin()
brands = tables.items[["item_id"]].assign(supplier_id=tables.items["brand"])
suppliers = pd.DataFrame({"supplier_id": brands["supplier_id"].unique()})
suppliers["minimum_value"] = np.where(
    suppliers["supplier_id"] == smallest, 1.5 * by_brand[smallest], 0.0
)
supply = Supply(brands, suppliers)
budget = spent * 2 / 3

tried = {
    "no rule": plan,
    "budget": plan_orders(forecast, tonight, rules=OrderRules(budget=budget)),
    "back room of store_04": plan_orders(forecast, tonight, rules=OrderRules(capacity=room)),
    f"minimum order of {smallest}": plan_orders(forecast, tonight, supply),
    "all three": plan_orders(
        forecast, tonight, supply, rules=OrderRules(budget=budget, capacity=room)
    ),
}
costs = pd.DataFrame(
    {
        "value of the order": [one.orders["order_value"].sum() for one in tried.values()],
        "expected profit": [one.expected_profit for one in tried.values()],
    },
    index=pd.Index(tried, name="rules"),
)
costs["what they cost"] = plan.expected_profit - costs["expected profit"]
costs.round().astype(int)

# %%
ruled = tried["all three"]
ruled.explain().round(2)

# %%
plots.plan_chart(ruled)

# %% [markdown]
# The shadow price answers the owner: what would one more unit of money earn? It holds for small
# changes; so ask again with a little more.

# %%
price_of_money = ruled.explain().set_index("rule").loc["budget", "shadow_price"]
more = 200.0
richer = plan_orders(
    forecast, tonight, supply, rules=OrderRules(budget=budget + more, capacity=room)
)
gained = richer.expected_profit - ruled.expected_profit
print(f"One more unit of budget is said to earn {price_of_money:.2f}.")
print(f"{more:.0f} more earn {gained:.0f}, which is {gained / more:.2f} a unit.")
print("Borrow it" if price_of_money > 0.01 else "Leave it", "if money costs 1% until it is back.")

# %%
shorter = ruled.orders[ruled.orders["binding_rule"] == "budget"]
for line in shorter.nlargest(2, "rule_cost").itertuples():
    print(f"{line.item_id} in {line.location_id}: {line.why}\n")

# %% [markdown]
# Rules can contradict one another. The shops want full fresh counters, ten units of each at least;
# the owner grants a tenth of the money. No list can do both, and the planner says by how much.

# %%
full_counters = state["item_id"].map(category) == "fresh"
shown = State(state.assign(presentation_minimum=np.where(full_counters, 10.0, 0.0)), due)
try:
    plan_orders(forecast, shown, rules=OrderRules(budget=0.1 * spent))
except InfeasibleError as error:
    print(error)
    conflicts = error.conflicts
conflicts.round(1)

# %% [markdown]
# ## 4. Would it have earned?
#
# Three weeks are played once more, with the same terms. Both policies see sales only, never what
# customers wanted; a sale that meets an empty shelf is lost; what goes off is paid for. The usual
# practice orders up to a four-week moving average with a safety stock. The clairvoyant knows all
# demand beforehand, so nobody can do better.

# %%
START = pd.Timestamp("2026-05-11")
first = int(panel.periods.position([START])[0])
truth = make_world(SAMPLE).truth
item = pd.Index(truth.items).get_indexer(panel.keys["item_id"])
shop = pd.Index(truth.shops).get_indexer(panel.keys["location_id"])
wanted = truth.demand.sum(axis=3)[: panel.cut, item, shop].T

units, censored = panel.units.copy(), panel.censored.copy()
units[:, first:], censored[:, first:] = wanted[:, first:], False
world = replace(panel, units=units, censored=censored)

eve = tables.stock[tables.stock["date"] == START - pd.Timedelta(days=1)]
replayed = state.drop(columns=["on_hand", "launch_date", "delisting_date"])
replayed = panel.keys[["item_id", "location_id"]].merge(replayed)
replayed = replayed.merge(eve[["item_id", "location_id", "on_hand"]], how="left")
replayed["on_hand"] = replayed["on_hand"].fillna(0)
on_sale = panel.keys.merge(replayed, how="left", indicator=True)["_merge"] == "both"
world = world.select(on_sale.to_numpy())
arriving = on_its_way(world, START)

outcome = replay(
    ForecastPolicy(model, refit_every=100),
    world,
    replayed,
    start=START,
    due=arriving,
    baseline=moving_average_policy(28),
    progress=False,
)
compared = outcome.compare()
compared.round({"cost": 0, "profit": 0, "fill_rate": 3, "gap_closed": 2})

# %%
saved = 1 - compared.loc["policy", "cost"] / compared.loc["baseline", "cost"]
more_or_less = "less" if saved > 0 else "more"
print(f"The planner costs {abs(saved):.0%} {more_or_less} than the usual practice,")
print(f"and closes {compared.loc['policy', 'gap_closed']:.0%} of the gap to the clairvoyant.")

# %%
plots.losses_chart(outcome, by="item_id", most=8)

# %% [markdown]
# One item in one shop, day by day: the one that loses most.

# %%
worst = int(np.argmax(outcome.cost))
plots.stock_chart(outcome, worst)

# %% [markdown]
# Could the usual practice do as well with another safety level? The curve tries several, on the
# very weeks that it is judged on, a luxury that no planner has.

# %%
curve = service_cost_curve(
    lambda level: moving_average_policy(28, service_level=level),
    [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99],
    world,
    replayed,
    start=START,
    due=arriving,
    progress=False,
)
plots.service_cost_chart(curve, outcome)

# %% [markdown]
# ## 5. One stock, several channels
#
# In a shop, the counter and the app draw on the same shelf. A unit picked for the app earns less:
# somebody has to walk and pack. So the last units are kept for the counter, as far as it is likely
# to want them until the next delivery in two days.

# %%
PICKING = 1.0
by_channel = Panel.from_tables(tables, by=["item_id", "location_id", "channel"])
fresh_here = state.loc[full_counters & (state["location_id"] == "store_04")]
rows = by_channel.keys["location_id"].eq("store_04") & by_channel.keys["item_id"].isin(
    fresh_here["item_id"]
)
two = RecoveredDemand(MovingAverage()).fit(by_channel.select(rows.to_numpy())).forecast(2)

margins = two.keys.merge(fresh_here).rename(columns={"shortage_cost": "margin"})
margins["margin"] -= PICKING * (margins["channel"] == "online")
kept = protection_levels(two, margins, stock=fresh_here)
app = kept[kept["channel"] == "online"]
app.nlargest(5, "on_hand")[["item_id", "on_hand", "kept_for_better", "offered", "why"]]

# %% [markdown]
# The online shop need not ship from its own shelf either. Take the members' online orders of the
# last day as if they were still to be packed. A parcel from the customer's own region is cheap,
# one from afar is dear, and the last unit on a shelf is worth more than one of many.

# %%
stock = state.assign(periods_left=state["review_period"])
lines = tables.demand_lines()
last_day = (lines["time"] >= "2026-05-31") & (lines["location_id"] == "online")
online = lines[last_day & lines["item_id"].isin(stock["item_id"])]
online = online.merge(tables.customers[["customer_id", "home_location_id"]], on="customer_id")
sales = online.groupby(["order_id", "item_id"], as_index=False)["units"].sum()
sales["margin"] = sales["item_id"].map(stock.groupby("item_id")["shortage_cost"].mean())

region = tables.locations.set_index("location_id")["region"]
places = pd.DataFrame({"location_id": stock["location_id"].unique(), "pick_cost": 0.25})
customers = online.drop_duplicates("order_id")[["order_id", "home_location_id"]]
distances = customers.merge(places[["location_id"]], how="cross")
near = distances["home_location_id"].map(region) == distances["location_id"].map(region)
distances["distance"] = np.where(near, 20.0, 120.0)

sourced = source_orders(
    sales,
    stock,
    places,
    Shipping(parcel=1.0, kilometre=0.01, split=0.5),
    counter=forecast,
    distances=distances[["order_id", "location_id", "distance"]],
)
print(f"{len(sourced.lines)} of {len(sales)} lines are sent; for the others:")
print(sourced.unfilled["why"].value_counts().head(2).to_string())
print(f"In all, margin lost on the others included, that costs {sourced.cost:,.2f}.")
print(f"From the nearest place that has the goods, order by order: {sourced.nearest_cost:,.2f}.")
sourced.lines[["order_id", "item_id", "location_id", "units", "why"]].head(4)

# %% [markdown]
# ## 6. A small first order
#
# A new item starts on 16 June, and nobody knows whether it will fly. Ordering the whole season at
# once is a bet. A smaller first order, a look at the sales of two weeks, and a second order that is
# a tenth dearer and takes five days is another one, with better odds. The forecast follows earlier
# launches of the chain; what is left after six weeks brings a fifth of its purchase price.

# %%
recovered = recover_demand(chain)
launch_day = dates.loc[newcomer, "launch_date"]
days_ahead = (launch_day - chain.periods.dates[chain.cut - 1]).days - 1
curve_of_launches = LaunchCurve().fit(recovered)
rows = (chain.keys["item_id"] == newcomer).to_numpy()
season = curve_of_launches.forecast(days_ahead + 42, panel=recovered.select(rows), n_paths=1000)
paths = season.sum_by(["item_id"]).paths[0][:, days_ahead:]

cost = launched["unit_cost"].iloc[0]
season_costs = QuickResponseCosts(
    price=regular[newcomer], first_cost=cost, second_cost=1.1 * cost, salvage=0.2 * cost
)
two_orders = quick_response(paths, season_costs, read=14, lead_time=5)
two_orders

# %%
shares = [0.0, 0.25, 0.5, 0.75, 1.0]
sold_by_then = np.unique(np.round(np.array(shares) * two_orders.first_order))
answers = pd.DataFrame(
    {"sold in two weeks": sold_by_then, "order again": two_orders.second_order(sold_by_then)}
).astype(int)
answers

# %%
worth = two_orders.value / two_orders.value_of_perfect_information
print(f"The second look is worth {two_orders.value:,.0f} ± {two_orders.standard_error:,.0f},")
print(f"{worth:.0%} of what knowing the future would be worth.")
