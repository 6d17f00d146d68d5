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
# # From shelf prices to a price list
#
# A chain knows what it charged and what it sold. What should it charge next month? This notebook
# goes from the tables to a list with a reason on every line, says how sure it is, and what each
# rule costs. Then the list has to prove itself. The chain is a simulated one, so the truth is known
# and the next two months can be played under any prices.

# %%
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml import Panel, RetailTables, plots
from newretail_ml.errors import InfeasibleError
from newretail_ml.forecasting import MovingAverage, RecoveredDemand
from newretail_ml.pricing.demand import LocalLevelRegression, ShrunkenLogLog
from newretail_ml.pricing.estimation import estimate
from newretail_ml.pricing.learning import GuardRails, PriceLearner, prior_from_response
from newretail_ml.pricing.markdown import MarkdownRules, plan_markdowns
from newretail_ml.pricing.price_list import (
    AveragePrice,
    MarginFloor,
    MaxChange,
    PriceLink,
    plan_prices,
    points_around,
    price_points,
    what_if,
)
from newretail_ml.pricing.response import ConstantElasticity, merged, part_of
from newretail_ml.world import SAMPLE, make_world
from newretail_ml.world.pricing import current_prices, profit_gap, replay_prices
from newretail_ml.world.true_response import true_response

pd.set_option("display.max_colwidth", 200)
pd.set_option("display.width", 160)
here = next(p for p in (Path("data/sample"), Path("../data/sample")) if p.is_dir())

# %% [markdown]
# ## 1. What did prices do?
#
# A price that never moved tells nothing about other prices. So the first look is at how often
# prices moved, and how far.

# %%
tables = RetailTables.read(here)
world = make_world(SAMPLE)
today = current_prices(world)
chain = Panel.from_tables(tables)
panel = chain.select(chain.keys["item_id"].isin(today["item_id"]).to_numpy())
never_sold = np.isnan(panel.plans["price"][:, : panel.cut]).all(axis=1)
panel = panel.select(~never_sold)

price = pd.DataFrame(panel.plans["price"][:, : panel.cut].astype(float))
moves = (price.ffill(axis=1).pct_change(axis=1).abs() > 0.005).sum(axis=1)
seen = pd.DataFrame(
    {
        "category": panel.statics["category"].to_numpy(),
        "price moves": moves,
        "lowest over highest price": price.min(axis=1) / price.max(axis=1),
        "days on promotion": np.nanmean(panel.plans["promotion"][:, : panel.cut], axis=1),
        "days sold out": panel.censored[:, : panel.cut].mean(axis=1),
    }
)
print(panel)
seen.groupby("category").mean().round(2)

# %% [markdown]
# ## 2. How does demand answer?
#
# An elasticity of -2.5 says: where the price rises by 1%, demand falls by 2.5%. The model finds one
# for each item, from all shops that sell it. Items with few price moves lean on what is usual in
# the chain, and say so. The orange mark is the truth, which no real chain would know.

# %%
model = LocalLevelRegression().fit(panel)
table = model.elasticity_
truth = true_response(world)
true_elasticity = pd.Series(truth.own_elasticities(), truth.keys["item_id"])
true_of_table = table["item_id"].map(true_elasticity)
plots.elasticity_chart(table, truth=true_of_table)

# %%
inside = true_of_table.between(table["lower"], table["upper"])
print(f"The truth is inside the 90% interval for {inside.mean():.0%} of {len(table)} items.")
print("Mean of the estimates", f"{table['elasticity'].mean():.2f}; of the truth", end=" ")
print(f"{true_of_table.mean():.2f}.")
ranks = table["elasticity"].corr(true_of_table, method="spearman")
print(f"Rank correlation of estimates and truth: {ranks:.2f}.")
unknown = table[~table["identified"]]
print(f"\nNot told by the data: {len(unknown)} items. For example:")
for line in unknown.drop_duplicates("reason").head(3).itertuples():
    print(f"- {line.item_id}: {line.reason}.")

# %% [markdown]
# ### The best days sell out
#
# On a day that ends with an empty shelf, sales say only that demand was at least so much. These
# are often the cheap days: the promotion worked, and the goods were gone. Whoever takes such sales
# for demand, or leaves the days out, misses the best of the cheap days, and believes that customers
# care little about prices.

# %%
counters = seen.groupby("category")["days sold out"].mean().nlargest(2).index
rows = panel.statics["category"].isin(counters).to_numpy()
some = panel.select(rows)
open_ended = np.zeros_like(some.censored)
ways = {
    "at least what was sold": some,
    "sold-out days left out": replace(
        some, units=np.where(some.censored, np.nan, some.units), censored=open_ended
    ),
    "sales taken for demand": replace(some, censored=open_ended),
}
found = {}
for way, data in ways.items():
    fitted = LocalLevelRegression().fit(data).elasticity_
    error = fitted["elasticity"] - fitted["item_id"].map(true_elasticity)
    found[way] = {
        "mean elasticity": fitted["elasticity"].mean(),
        "truth": fitted["item_id"].map(true_elasticity).mean(),
        "typical error": np.sqrt((error**2).mean()),
    }
print("In", " and ".join(counters) + ", where shelves are empty most often:")
pd.DataFrame(found).T.round(2)

# %% [markdown]
# ## 3. What if?
#
# One price for all shops: the answers of an item's shops are added up. Here is the drink whose
# price alone could gain most, as far as prices were seen. The bands are the doubt; where it is
# grey, prices were never seen, and the curve is a guess.

# %%
response = merged(model.response_, ["item_id"])
costs = response.keys.merge(tables.items)
in_drinks = (costs["category"] == "drinks").to_numpy()
drinks = part_of(response, in_drinks)
drink_costs = costs[in_drinks].reset_index(drop=True)
curves = what_if(drinks, drink_costs, shares=np.round(np.arange(0.7, 1.301, 0.02), 2))
told = drinks.keys.loc[drinks.evidence.identified, "item_id"]
known_prices = curves[curves["item_id"].isin(told) & ~curves["beyond_data"]]
most = known_prices.loc[known_prices["total_profit"].idxmax()]
plots.what_if_chart(curves[curves["item_id"] == most["item_id"]], price=most["price"])

# %% [markdown]
# The red line is where all drinks together earn most. That need not be the top of the lower curve:
# an item takes customers from its neighbours, and their profit counts too.
#
# ## 4. A price list under rules
#
# The drinks' manager has rules:
#
# - at least 15% of a price is margin;
# - no price moves by more than 10%;
# - prices end in 9;
# - the chain's own juice costs at least 5% less than the brand's;
# - on average, prices do not rise.
#
# Prices that the data cannot tell about are kept. The plan is the best list there is under these
# rules, with a proof of how far it may be from that.

# %%
juices = drink_costs[drink_costs["subcategory"] == "juice"].assign(
    price=drinks.prices[(drink_costs["subcategory"] == "juice").to_numpy()]
)
own, brand = juices.sort_values("price")["item_id"].iloc[:2]
rules = [
    MarginFloor(0.15),
    MaxChange(0.1),
    PriceLink(own, brand, at_most=0.95),
    AveragePrice(at_most=1.0),
]
points = price_points(0.89 * drinks.prices, 1.11 * drinks.prices, ".x9")
plan = plan_prices(drinks, drink_costs, rules, points=points, progress=False)
print(plan)
columns = ["item_id", "current_price", "price", "profit_gain", "binding_rule"]
plan.prices[columns].round(2)

# %%
for line in plan.prices.itertuples():
    print(f"{line.item_id}: {line.why}")
for note in plan.notes:
    print(f"\nA doubt: {note}.")

# %% [markdown]
# Who gains, and who loses? An item whose price stays can lose customers to a cheaper neighbour.

# %%
plots.price_moves_chart(plan)

# %% [markdown]
# ### What do the rules cost?
#
# Rules are added one by one, and the list is made anew each time. What they take is expected
# profit, and some of it is money that nobody would have seen: prices are kept where the data tells
# nothing because a claimed gain there would be a guess.

# %%
plots.waterfall_chart(plan)

# %%
plan.explain()[["rule", "cost", "prices_moved", "products_bound"]].round(2)

# %% [markdown]
# Rules can contradict one another. Say that the owner wants the own juice a fifth below the brand,
# and no price to move by more than 5%. No list can do both. The planner does not just give up: it
# says which rules cannot live together.

# %%
try:
    plan_prices(
        drinks,
        drink_costs,
        [MarginFloor(0.15), MaxChange(0.05), PriceLink(own, brand, at_most=0.8)],
        points=points,
        progress=False,
    )
except InfeasibleError as error:
    print(error)

# %% [markdown]
# ### How careful?
#
# The expected gain is a mean over what may be true. A careful merchant asks for a list that does
# well where things turn out badly: on average over the worst tenth of what may be true.

# %%
careful = plan_prices(
    drinks, drink_costs, rules, points=points, uncertainty="cautious", progress=False
)
pd.concat(
    {
        name: one.totals.set_index("measure").loc["profit", ["gain", "lower", "upper"]]
        for name, one in {"expected": plan, "cautious": careful}.items()
    },
    axis=1,
).T.round(2)

# %% [markdown]
# ## 5. Would it have earned?
#
# Now all categories, each with its average price held. The next two months are played in the world
# three times: at today's prices, at our list, and at the best list under the same rules, by
# somebody who knows the truth. Nobody can know it; it is there as a yardstick.


# %%
def chain_list(demand, **options):
    """The list of the whole chain, in steps of 2% up to 10%."""
    held = [MaxChange(0.1), AveragePrice(at_most=1.0, by="category")]
    steps = points_around(demand.prices, down=0.1, up=0.1)
    lines = demand.keys.merge(tables.items)
    return plan_prices(
        demand, lines, held, points=steps, gap=2e-3, time_limit=8, progress=False, **options
    )


ours, known = chain_list(response), chain_list(truth, n_draws=1)
lists = [one.prices[["item_id", "price"]] for one in (ours, known)]
gap = profit_gap(world, *lists)
days = SAMPLE.plan_days
claimed = ours.totals.set_index("measure").loc["profit", ["gain_share", "lower", "upper", "now"]]
print(f"Profit of {days} days: today {gap.current:,.0f}, ours {gap.achieved:,.0f},", end=" ")
print(f"best possible {gap.best:,.0f}.")
print(f"Our list closes {gap.share_closed:.0%} of the gap.")
print(f"It claimed {claimed['gain_share']:+.1%}", end=" ")
print(f"({claimed['lower'] / claimed['now']:+.1%} to {claimed['upper'] / claimed['now']:+.1%}),")
print(f"and earned {gap.achieved / gap.current - 1:+.1%}.")

# %%
category = tables.items[["item_id", "category"]]
replayed = [replay_prices(world, one).merge(category) for one in (today, *lists)]
by_category = pd.concat(
    [one.groupby("category")["profit"].sum() for one in replayed],
    axis=1,
    keys=["today", "ours", "best possible"],
)
by_category["gap closed"] = (by_category["ours"] - by_category["today"]) / (
    by_category["best possible"] - by_category["today"]
)
by_category.round({"today": 0, "ours": 0, "best possible": 0, "gap closed": 2})

# %% [markdown]
# Not every category gains the same, and a single item can lose. The claim is a statement about the
# list as a whole, and only as good as its interval.
#
# ## 6. A trap: the raw matrix
#
# Textbooks estimate how the demand of each product answers to the price of each other one, put the
# numbers into a matrix, and look for the best prices. With eleven brands that is 121 numbers. Each
# has an error, and an optimizer is a machine that finds errors: it raises the price of whatever
# seems to send customers to dear neighbours.
#
# This is real data: orange juice in the stores of Dominick's in Chicago, 1990 to 1992. The
# data is its publisher's and does not come with this library.

# %%
juice = next((p for p in (here.parents[1] / "../shared/data/oj_yx.parquet",) if p.is_file()), None)
if juice is None:
    print("The orange juice data does not lie beside this folder, so section 6 is left out.")

# %%
BRANDS = [str(number) for number in range(1, 12)]
PRICES = [f"price{brand}" for brand in BRANDS]


def juice_rows(path):
    """Brand, store and week: units, price, promotions, and the unit cost that the margin tells."""
    rows = pd.read_parquet(path)
    brand = rows["brand"].astype(int)
    price = rows[PRICES].to_numpy()[np.arange(len(rows)), brand - 1]
    promotion = ((rows["deal"] > 0) | (rows["feat"] > 0)).astype(float)
    weeks = pd.to_timedelta(7 * (rows["week"].astype(int) - 40), unit="D")
    return rows.assign(
        item_id=brand.astype(str),
        location_id=rows["store"].astype(int).astype(str),
        date=pd.Timestamp("1990-06-11") + weeks,
        units=np.exp(rows["logmove"]),
        price=price,
        promotion=promotion,
        unit_cost=price * (1 - rows["profit"] / 100),
    )


def raw_matrix(rows):
    """Log demand of each brand on all eleven log prices, by least squares."""
    logs = rows.assign(**{name: np.log(rows[name]) for name in PRICES})
    fits = [estimate(logs[logs["item_id"] == brand], "logmove", PRICES) for brand in BRANDS]
    means = rows.groupby("item_id")["units"].mean().reindex(BRANDS).to_numpy()
    return ConstantElasticity(
        means,
        rows[PRICES].mean().to_numpy(),
        [[fit[name] for name in PRICES] for fit in fits],
        keys=pd.DataFrame({"item_id": BRANDS}),
    )


def shrunken(rows):
    """Demand by brand and store with coefficients drawn to what brands share, one price a brand."""
    keys = ["item_id", "location_id", "date"]
    every = pd.MultiIndex.from_product([sorted(rows[key].unique()) for key in keys], names=keys)
    # A week without a row is unknown, not a week without a sale.
    whole = rows.set_index(keys)[["units", "price", "promotion"]].reindex(every).reset_index()
    fitted = ShrunkenLogLog().fit(Panel.from_frame(whole, freq="W"))
    return merged(fitted.response_, ["item_id"])


def juice_list(demand, costs, rules, uncertainty="mean"):
    """The list within 10%, and how it looks."""
    steps = demand.prices[:, None] * np.linspace(0.9, 1.1, 21)
    plan = plan_prices(demand, costs, rules, points=steps, uncertainty=uncertainty, progress=False)
    ratio = plan.prices["price"] / plan.prices["current_price"]
    profit = plan.totals.set_index("measure").loc["profit"]
    ends = [f"{profit[end] / profit['now']:+.1%}" for end in ("lower", "upper")]
    return plan, {
        "brands strictly inside": int(ratio.between(0.901, 1.099).sum()),
        "claimed gain": f"{profit['gain_share']:+.1%}",
        "90% interval": " to ".join(ends) if ends[0] != ends[1] else "it knows no doubt",
    }


# %%
tried = {}
if juice is not None:
    rows = juice_rows(juice)
    juice_costs = rows.groupby("item_id", as_index=False)["unit_cost"].mean()
    held = [AveragePrice(at_most=1.0, at_least=0.999)]
    raw, sober = raw_matrix(rows), shrunken(rows)
    tried = {
        "raw": juice_list(raw, juice_costs, []),
        "shrunken": juice_list(sober, juice_costs, []),
        "raw, average price held": juice_list(raw, juice_costs, held),
        "shrunken, average price held": juice_list(sober, juice_costs, held),
        "the same, cautious": juice_list(sober, juice_costs, held, "cautious"),
    }
pd.DataFrame({name: words for name, (_, words) in tried.items()}).T

# %% [markdown]
# The raw matrix sends every price to a bound, and promises a quarter more profit. Nobody who has
# run a shop believes that.
#
# Half of it is the claim that all prices could rise at once and few customers would leave. The data
# can hardly refute that: it tells how customers move between brands, much less how they leave the
# shelf altogether. Shrinking does not help here; a rule does. With the average price held, only the
# differences between brands count.
#
# The other half is errors that the optimizer found. Coefficients that are drawn to what brands
# share leave it fewer, and a cautious objective does not bet on those that remain. What is left is
# a gain of a few percent, most prices strictly inside their bounds, and an interval. Montgomery
# (1997), in the same chain, found 0.4% for one price everywhere and 2.7% store by store.

# %%
plots.price_moves_chart(tried["the same, cautious"][0]) if tried else None

# %% [markdown]
# ## 7. Two more questions
#
# **Something has to go.** One drink leaves the range in June. How to sell what is left? The
# forecast says what would sell at today's price, the response how that changes. Prices only go
# down, at most every third day; what is left at the end brings a fifth of its cost. (The stock is
# three times what it is, or it would sell out in time by itself. It is paid for, whatever it
# brings, so the best profit may be a loss.)

# %%
last_days = tables.items.dropna(subset=["delisting_date"]).nlargest(1, "delisting_date").iloc[0]
leaving = last_days["item_id"]
forecast = (
    RecoveredDemand(MovingAverage())
    .fit(panel.select((panel.keys["item_id"] == leaving).to_numpy()))
    .forecast((last_days["delisting_date"] - panel.periods.dates[panel.cut]).days)
)
stock = tables.stock[tables.stock["date"] == tables.stock["date"].max()]
state = forecast.keys.merge(stock[["item_id", "location_id", "on_hand"]]).assign(
    unit_cost=last_days["unit_cost"], salvage_value=0.2 * last_days["unit_cost"]
)
state["on_hand"] *= 3
markdown = plan_markdowns(forecast, model.response_, state, rules=MarkdownRules(every=3))
print(markdown)
row = int(state["on_hand"].argmax())
print(markdown.prices["why"].iloc[row])
plots.markdown_chart(markdown, row)

# %% [markdown]
# **What the data cannot tell, a small trial can.** One item's price never moved. The learner tries
# other prices in half of the shops on half of the days, never further than 10% from today's, and
# drops a price that clearly loses. It starts from what is usual in the chain. Its log says with
# which chance each price was drawn, so that anybody can work out later what another rule would
# have earned.

# %%
quiet = unknown.loc[unknown["price_moves"].idxmin(), "item_id"]
now = float(today.set_index("item_id").loc[quiet, "price"])
cost = float(today.set_index("item_id").loc[quiet, "unit_cost"])
mine = panel.keys["item_id"] == quiet
shops = panel.keys.loc[mine, "location_id"].to_numpy()
usual = dict(zip(shops, model.response_.base_units[mine.to_numpy()], strict=True))
learner = PriceLearner(
    pd.DataFrame(
        {"item_id": quiet, "price": np.round(now * np.array([0.9, 0.95, 1, 1.05, 1.1]), 2)}
    ),
    prior_from_response(part_of(response, (response.keys["item_id"] == quiet).to_numpy())),
    GuardRails(exposure=0.5, exposed_by="location_id", periods=0.5, max_change=0.1),
)
shelf = pd.DataFrame({"item_id": quiet, "location_id": shops}).assign(
    current_price=now, unit_cost=cost, expected=[usual[shop] for shop in shops]
)
rng, logs = np.random.default_rng(1), []
for day in pd.date_range("2026-06-01", periods=60):
    log = learner.choose(shelf, day)
    chosen = log[log["chosen"]]
    wanted = chosen["expected"] * (chosen["price"] / now) ** true_elasticity[quiet]
    learner = learner.observe(chosen.assign(units=rng.poisson(wanted)))
    logs.append(log)
log = pd.concat(logs, ignore_index=True)
believed = learner.beliefs()
print(f"Truth {true_elasticity[quiet]:.2f}; believed before", end=" ")
print(
    f"{learner.prior['elasticity'].iloc[0]:.2f} ± {learner.prior['elasticity_error'].iloc[0]:.2f},"
)
print(f"after 60 days {believed['elasticity'].mean():.2f} ±", end=" ")
print(f"{believed['elasticity_error'].mean():.2f}.")
log.loc[log["date"] == log["date"].max(), ["location_id", "price", "propensity", "chosen"]].round(2)

# %% [markdown]
# Sixty days of small steps, item by item, teach little: the doubt about a single shop is as wide as
# before. What would teach more stands in the reasons of section 2: more price moves, of different
# depths, apart from promotions.
