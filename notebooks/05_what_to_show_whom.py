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
# # What to show whom
#
# A member opens the app, and there are ten places to fill. This notebook fills them: it looks at
# what members do, lets models compete on weeks that they did not see, asks the best one why, keeps
# to what is in stock and to the merchant's rules, and says what each rule costs. Then the slates
# have to prove themselves. The chain is a simulated one, so the tastes of its members are known
# and the next four weeks can be played with any slates.

# %%
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml import RetailTables, plots
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import (
    AtMostPer,
    ChanceModel,
    ItemNeighbours,
    LeastMargin,
    Mix,
    PersonalFrequency,
    Placement,
    Popularity,
    TwoStageRanker,
    available_items,
    backtest_recommenders,
    plan_slates,
)
from newretail_ml.world import SAMPLE, best_slate, make_world, replay_slates, revenue_gap

pd.set_option("display.max_colwidth", 200)
pd.set_option("display.width", 160)
here = next(p for p in (Path("data/sample"), Path("../data/sample")) if p.is_dir())

# %% [markdown]
# ## 1. What do members do?
#
# An interaction is one member, one order, one item. Until something is bought again, it was bought
# for the first time; so how much of what members buy is new to them?

# %%
tables = RetailTables.read(here)
known = Interactions.from_tables(tables)
print(known)

events = known.events
bought = pd.DataFrame({"member": events.customer, "item": events.item, "order": events.order})
bought["again"] = bought.duplicated(["member", "item"])
bought["orders before"] = bought.groupby("member")["order"].rank(method="dense").astype(int) - 1
so_far = pd.cut(bought["orders before"], [-1, 0, 4, 9, 19, 10_000])
so_far = so_far.cat.rename_categories(["none", "1 to 4", "5 to 9", "10 to 19", "20 and more"])
table = bought.groupby(so_far, observed=True)["again"].agg(["size", "mean"])
table.columns = ["items bought", "share bought before"]
table.round(2)

# %% [markdown]
# After a dozen orders, most of what goes into a basket was there before. So there are two
# questions, and one number cannot answer both:
#
# - **next**: what will this member buy in the next four weeks? Mostly what was bought before.
# - **discovery**: what will this member buy for the first time?
#
# ## 2. Which model?
#
# Each model learns from all weeks but the last four, and its lists are held against what was
# bought in those. The mean over members has a standard error; bars are two of them. Coverage is
# the share of the range that is shown to anybody.

# %%
few = {"n_windows": 3, "n_trees": 30}  # Quick; the defaults learn from more.
models = {
    "popularity": Popularity(),
    "personal frequency": PersonalFrequency(),
    "item neighbours": ItemNeighbours(),
    "two-stage ranker": TwoStageRanker(**few),
}
judged = backtest_recommenders(models, known, cuts=1, progress=False)
print(judged)

# %%
plots.accuracy_coverage_chart(judged)

# %% [markdown]
# Is the lead luck? All models were asked the same members, so the differences are taken member by
# member. The last column is corrected for having made several comparisons.

# %%
against = judged.compare(against="two-stage ranker")
against[["view", "second", "difference", "lower", "upper", "p_holm"]].round(3)

# %% [markdown]
# The two questions do not have one winner: habits go a long way towards the next basket, and what
# a member will try is hard to tell for every model in a shop with a hundred items.
#
# For whom are the lists good? Whoever was here last week is easy to guess. Members who have not
# come for months are hard, and there are few of them: the bars say how little is known.

# %%
plots.segment_chart(judged, "recency")

# %% [markdown]
# A caution that stands under every such table: these purchases were made under the slates and
# shelves of those weeks. The order of the models is a good guess. What the lists *sell* is another
# question, and section 7 comes back to it.
#
# ## 3. One member, and why
#
# The model learns once more, from all weeks up to today.

# %%
ranker = TwoStageRanker(**few).fit(known)
popular = Popularity().fit(known)
member = known.customers["customer_id"].iloc[200]
columns = ["item_id", "rank", "slot", "reason"]
ranker.recommend([member], k=10, mix={"repeat": 6, "discovery": 4})[columns]

# %% [markdown]
# Six places for what this member is likely to need again, four for something new, each with its
# reason. For one of them in full: facts, and what each group of facts adds to the score.

# %%
first = ranker.recommend([member], k=1)["item_id"].item()
ranker.explain(member, first).round(2)

# %% [markdown]
# ## 4. Is it there?
#
# A slate that shows an empty shelf annoys twice. How often would that happen, had nobody looked at
# the stock of each member's own shop?

# %%
stock = available_items(tables)
here_now = stock[stock["units"] > 0]
there = set(zip(here_now["location_id"], here_now["item_id"], strict=True))
home = dict(zip(known.customers["customer_id"], known.locations[known.home], strict=True))


def share_missing(lists):
    """Share of the places that show what the member's shop does not have."""
    shop = lists["customer_id"].map(home)
    pairs = zip(shop, lists["item_id"], strict=True)
    return 1 - np.mean([pair in there for pair in pairs])


shown = {
    "popularity": popular.recommend(k=10),
    "two-stage ranker": ranker.recommend(k=10),
    "two-stage ranker, in stock": ranker.recommend(k=10, available=stock),
}
pd.Series({name: share_missing(lists) for name, lists in shown.items()}).map("{:.1%}".format)

# %% [markdown]
# ## 5. What do rules cost?
#
# The manager of the smallest store has rules of her own for the slates of its members:
#
# - at most two items of each brand in a slate;
# - no item that earns less than two a unit;
# - two places for something new;
# - a contract: the brand Harbour is in 60% of the slates, among the first three places.
#
# Rules can be kept in many ways, so the planner looks for the slates that keep all of them and are
# expected to sell most. It needs chances, not only scores: how often was an item with such a
# score, at such a rank, bought within four weeks?

# %%
wide = {"k": 30, "mix": {"repeat": 20, "discovery": 10}}
candidates = ranker.recommend(available=stock, **wide)
chances = ChanceModel.learn(candidates, ranker)
lists = chances.of(candidates, known)
price = known.prices.price[known.prices.day(known.cut)]
items = tables.items.merge(pd.DataFrame({"item_id": known.items["item_id"], "price": price}))
items["unit_margin"] = items["price"] - items["unit_cost"]
store = tables.customers["home_location_id"].value_counts().index[-1]
hers = lists[lists["customer_id"].map(home) == store]
rules = [
    AtMostPer("brand", 2),
    LeastMargin(2.0),
    Mix({"discovery": 2}),
    Placement(where={"brand": "Harbour"}, share=0.6, at_rank=3),
]
falling = 0.9 ** np.arange(10)  # The chance that anybody looks down to a rank.
plan = plan_slates(hers, items=items, rules=rules, attention=falling, progress=False)
print(plan)
one = plan.slates.loc[plan.slates["why"] != "", "customer_id"].value_counts().index[0]
columns = ["item_id", "rank", "slot", "chance", "unit_margin", "why"]
plan.slates[plan.slates["customer_id"] == one].merge(items)[columns].round(3)

# %%
plots.slate_cost_chart(plan.explain())

# %% [markdown]
# Each bar is the difference to slates that were made anew without that one rule: to the left the
# rule costs, to the right it brings. Now the manager can decide: a contract that pays less than it
# costs is not worth having, and a floor under margins trades purchases for money. The chances are
# those of members who bought, mostly without being shown anything; what *showing* moves may be more
# or less.
#
# ## 6. The last twenty
#
# An e-mail has three places. Of the twenty items that members want most, twenty units each are left
# in the whole chain, for four weeks. Whoever makes each slate by itself promises them to
# everybody. The planner that knows of the shared stock shows them to those who want nothing else
# as much, and shows the others something else. Both are played in the world, where whoever comes
# first is served first.

# %%
wanted = lists.groupby("item_id")["chance"].sum().nlargest(20).index
scarce = pd.DataFrame({"item_id": wanted, "units": 20})
for_plan = scarce.assign(units=scarce["units"] / known.events.units.mean())  # In purchases.
emails = {
    "unaware of stock": plan_slates(lists, k=3, progress=False).slates,
    "aware of stock": plan_slates(lists, k=3, stock=for_plan, progress=False).slates,
}
world = make_world(SAMPLE)
counts = ["purchases", "units", "sold_out"]
runs = {
    name: pd.DataFrame(
        [
            replay_slates(world, one, stock=scarce, random_state=seed)[counts].sum()
            for seed in range(5)
        ]
    )
    for name, one in emails.items()
}
more = (runs["aware of stock"] - runs["unaware of stock"])["purchases"]
print(f"Purchases more by the aware slates: {more.mean():+,.0f} on average,", end=" ")
print(f"{more.min():+,.0f} to {more.max():+,.0f} over {len(more)} plays.")
pd.DataFrame({name: table.mean() for name, table in runs.items()}).T.round(0)

# %% [markdown]
# ## 7. The world's verdict
#
# Backtests judge what was bought without these slates. In the simulated chain the slates can be
# shown: members come, look down the slate, and buy what they want of it. How far is it from what is
# popular to the best slates, made by somebody who knows all tastes, and how much of that way do
# ours go? Nobody can know the tastes; they are there as a yardstick.
#
# Shelves are full here, for all slates alike. The last row ranks by chance times price instead of
# chance.

# %%
ours = shown["two-stage ranker"]
by_price = plan_slates(
    chances.of(ranker.recommend(**wide), known),
    items=items.assign(unit_margin=items["price"]),
    objective="margin",
    progress=False,
).slates
best = best_slate(world, 10)
verdict = {}
for name, slate in {"two-stage ranker": ours, "the same, by expected revenue": by_price}.items():
    gap = revenue_gap(world, slate, shown["popularity"], best)
    verdict[name] = {
        "popularity": gap.popular,
        "this slate": gap.achieved,
        "best possible": gap.best,
        "share of the gap closed": gap.share_closed,
        "standard error": gap.standard_error,
    }
print("Revenue per visit from the slate:")
pd.DataFrame(verdict).T.round(3)

# %% [markdown]
# What a visit brings is more than what a slate brings: members also buy what nobody showed them,
# and some of what a slate sells they came for anyway. Before a chain believes such a number of
# its own slates, it should leave some of them to chance and compare.
