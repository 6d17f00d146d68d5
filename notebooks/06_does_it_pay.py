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
# # Does it pay? The closed loop
#
# A forecast is judged by its error, an order list by its cost, a price list by what it promises, a
# slate by what was bought from the past. A shop is judged by what is in the till. In this notebook a
# chain lives on for four weeks, day by day, and every decision meets the same customers: whoever
# finds an empty shelf takes something else or leaves, whoever sees a good slate buys more, and
# tomorrow's forecast learns from what was *sold*, never from what was wanted.

# %%
import matplotlib.pyplot as plt
import pandas as pd

from newretail_ml import plots
from newretail_ml.world import (
    ChainConfig,
    Policies,
    View,
    clairvoyant_policies,
    library_policies,
    make_world,
    naive_policies,
    run,
)

pd.set_option("display.float_format", "{:,.1f}".format)
world = make_world(
    ChainConfig(days=300, plan_days=28, n_stores=2, n_items=24, n_customers=250,
                units_per_day=1.5, random_state=30)
)
world.tables

# %% [markdown]
# ## 1. Four weeks as usual
#
# The usual chain orders up to a moving average with a safety stock, keeps its prices, and shows
# everybody the bestsellers. The ledger counts what came of it: by day, item, shop and channel.

# %%
usual = run(world, naive_policies(), days=28)
usual.ledger.totals().T.rename(columns={0: "four weeks"})

# %% [markdown]
# *Profit* is revenue less the goods sold, the holding of stock, and what was thrown away. *Lost
# margin* is in no book: customers came for it, found nothing, and left. Where does it hurt?

# %%
category = world.tables.items.set_index("item_id")["category"]
by_item = usual.ledger.totals("item_id")
hurt = by_item.groupby(by_item["item_id"].map(category))[["lost_margin", "waste", "holding"]].sum()
ax = hurt.sort_values("lost_margin").plot.barh(figsize=(8, 3.6), color=["#b3282d", "#d9822b", "#8a9199"])
ax.set_title("What the usual chain loses, by category")
ax.set_xlabel("money in four weeks")
ax.set_ylabel("")
plt.tight_layout()

# %% [markdown]
# ## 2. What a policy sees
#
# Policies get a `View` of the evening: tables, stock, open orders, the price plan. Here is one that
# only looks, and notes beside each other what a shop sold and what customers had come for. Where the
# shelf was empty in the evening, sales are a lower bound. The library's models know that.

# %%
seen = []


def look(view: View) -> pd.DataFrame:
    """The usual orders; notes what the chain believes it could sell."""
    panel = view.panel
    seen.append({"date": view.date, "sold": panel.units[:, -1].sum(),
                 "shelves empty": panel.censored[:, -1].sum()})
    return view.usual_orders()


looked = run(world, Policies(orders=look, name="look"), days=14)
told = pd.DataFrame(seen).set_index("date")
wanted = looked.ledger.totals("date").set_index("date")["wanted"]
told["customers came for (nobody in the chain knows)"] = wanted.reindex(told.index)
told

# %% [markdown]
# ## 3. One decision at a time
#
# Now the library decides: prices alone, slates alone, then all four modules together (forecast,
# orders, prices, slates), each with its defaults. A clairvoyant that knows tastes, elasticities and
# the demand to come makes the same kinds of decisions: it shows how much there is to win at all.

# %%
runs = [
    usual,
    run(world, library_policies(["pricing"], name="prices"), days=28),
    run(world, library_policies(["recommendation"], name="slates"), days=28),
    run(world, library_policies(name="all four"), days=28),
    run(world, clairvoyant_policies(world, name="clairvoyant"), days=28),
]
plots.loop_profit_chart(runs)

# %%
profit = pd.Series({one.name: one.profit for one in runs})
gap = profit["clairvoyant"] - profit["naive"]
pd.DataFrame({"profit": profit, "% of the gap": 100 * (profit - profit["naive"]) / gap})

# %% [markdown]
# One month of one small chain is one throw of the dice, even with the same customers under all
# policies. `regret` repeats it over chains that nobody tuned on, with intervals; the README quotes
# its figures, and `benchmarks/closed_loop.py` prints them.
#
# ## 4. Where does the money come from?

# %%
plots.loop_money_chart([runs[0], runs[3], runs[4]])

# %% [markdown]
# Each decision changes what the others see: a price moves demand, the forecast has to follow, the
# order follows the forecast, and a slate that shows what is out of stock is wasted. What moved?

# %%
moved = runs[3].prices.merge(world.tables.items[["item_id", "category"]], on="item_id")
today = world.tables.prices[world.tables.prices["date"] == usual.ledger.entries["date"].min()]
moved["before"] = moved["item_id"].map(today.groupby("item_id")["regular_price"].first())
moved["change in %"] = 100 * (moved["price"] / moved["before"] - 1)
moved[["date", "category", "item_id", "before", "price", "change in %"]].head(10)

# %%
both = pd.concat(
    [one.ledger.totals("date").assign(run=one.name) for one in (runs[0], runs[3])]
)
filled = both.assign(**{"share of demand lost": both["lost"] / both["wanted"]})
ax = filled.pivot(index="date", columns="run", values="share of demand lost").plot(figsize=(8, 3))
ax.set_title("Customers who came for something and went without")
ax.set_ylabel("share of units wanted")
plt.tight_layout()

# %% [markdown]
# ## What the loop does not know
#
# Nobody brings anything back, what a slate sells is not missing next week, competitors do not answer,
# and warehouses keep their usual rule. `docs/decisions/024-the-closed-loop.md` lists it all. So read
# the figures as what better knowledge is worth *in such a world*, and try your own policies in it: a
# policy is any function of a `View`.
