"""Slates against the truth of simulated chains: how much of the gap a recommender closes.

For each chain, members are shown ten items at every visit of the four weeks after today. Printed
are revenue per visit of each slate, the share of the way from what is popular (by orders at the
home store in the last four weeks) to the best slate that knows the tastes, with its standard error
over the members; the same share where only what members did not come for counts, and the share in
purchases, towards the best slate for purchases. Slates are replayed without luck. `drawn` and its
error are the share closed in one replay with luck, over the members' paired visits.

"told the law" knows the whole world but the tastes: it weighs each member's purchases of an item
against the prior of tastes, each pair alone. No learner that looks at pairs one by one can expect
more; one that also learns across items and members can. "best a month ago" knows the tastes, and
takes season, prices and levels as they were in the four weeks before today.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import Popularity, Recommender
from newretail_ml.recommendation.ranker import TwoStageRanker
from newretail_ml.world import (
    SAMPLE,
    ChainConfig,
    World,
    best_slate,
    make_world,
    replay_slates,
    revenue_gap,
)
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.slates.best import top_slate
from newretail_ml.world.slates.planning import expected_sums, worth
from newretail_ml.world.slates.wishes import Wishes

K, DAYS, SPREAD = 10, 28, float(np.sqrt(0.4**2 + 0.5**2 + 1.7**2))
WIDE = ChainConfig(n_stores=3, n_items=200, n_customers=1_500)
CHAINS = {
    "sample": SAMPLE,
    "sample, seed 1": replace(SAMPLE, random_state=1),
    "sample, seed 2": replace(SAMPLE, random_state=2),
    "sample, members 80%": replace(SAMPLE, member_share=0.8, random_state=3),
    "200 items, seed 1": replace(WIDE, random_state=1),
    "200 items, seed 2": replace(WIDE, random_state=2),
    "few members": replace(WIDE, n_items=120, n_customers=200, random_state=3),
}


def known_counts(world: World) -> pd.DataFrame:
    """Orders of each member with each item, customers x items."""
    orders = world.tables.orders
    bought = orders[orders["customer_id"].notna() & (orders["units"] > 0)]
    table = pd.crosstab(bought["customer_id"], bought["item_id"])
    tastes = world.truth.tastes
    return table.reindex(index=tastes.index, columns=tastes.columns, fill_value=0).astype(float)


def sold_at_home(world: World, column: str) -> pd.DataFrame:
    """Orders or revenue of the home store in the last four weeks, customers x items."""
    orders, tastes = world.tables.orders, world.truth.tastes
    last = orders["time"].dt.normalize().max()
    late = orders[(orders["time"] > last - pd.Timedelta(days=DAYS - 1)) & (orders["units"] > 0)]
    late = late.assign(orders=1.0, revenue=late["units"] * late["unit_price"])
    sold = late.pivot_table(index="location_id", columns="item_id", values=column, aggfunc="sum")
    home = world.tables.customers.set_index("customer_id")["home_location_id"].loc[tastes.index]
    table = sold.reindex(index=home, columns=tastes.columns).fillna(0.0)
    return table.set_axis(tastes.index)


def on_sale_tomorrow(world: World) -> pd.DataFrame:
    """What each shop has on sale on the first day after today, by the planned prices."""
    prices = world.tables.prices
    return prices.loc[prices["date"] == world.truth.dates[world.chain.config.days]][
        ["item_id", "location_id"]
    ]


def prices_tomorrow(world: World) -> pd.Series:
    """Regular price by item."""
    return pd.Series(world.chain.prices.regular[world.chain.config.days], world.truth.items)


def told_the_law(world: World, measure: str) -> pd.DataFrame:
    """Expected worth by the mean of tastes after the purchases that were seen."""
    config, truth = world.chain.config, world.truth
    past, coming = np.arange(config.days), config.days + np.arange(DAYS)
    came, others = exposure(world, Wishes.of(world, past))
    wishes = Wishes.of(world, coming)
    taste, liking = posterior(known_counts(world).to_numpy(), came, others, wishes)
    believed = replace(wishes, taste=taste, liking=liking)
    n, items = taste.shape
    rows, columns = np.arange(n)[:, None], np.arange(items)[None, :]
    worths = [worth(world, believed, measure)]
    value = expected_sums(believed, worths, rows, columns, (0, 1))[0]
    return pd.DataFrame(value, truth.tastes.index, truth.tastes.columns)


def exposure(world: World, wishes: Wishes) -> tuple[np.ndarray, np.ndarray]:
    """How often each member could have come for an item, or found it.

    What the law multiplies with taste, (customers, items), and with liking, (channels, customers,
    items).
    """
    tables, chain = world.tables, world.chain
    orders = tables.orders[tables.orders["customer_id"].notna() & (tables.orders["units"] > 0)]
    visit = orders.drop_duplicates("order_id")
    day = (visit["time"].dt.normalize() - chain.config.first_day).dt.days.to_numpy()
    shop = pd.Index(world.truth.shops).get_indexer(visit["location_id"])
    by = pd.Index(CHANNELS).get_indexer(visit["channel"])
    customer = world.truth.tastes.index.get_indexer(visit["customer_id"])
    came = np.zeros(wishes.taste.shape)
    others = np.zeros(wishes.liking.shape)
    pulled = wishes.pulled[day, shop, by, customer]
    np.add.at(came, customer, wishes.pull[day, shop, by] / pulled[:, None])
    np.add.at(others, (by, customer), wishes.others[day, shop, by])
    return came, others


def posterior(
    counts: np.ndarray, came: np.ndarray, others: np.ndarray, wishes: Wishes
) -> tuple[np.ndarray, np.ndarray]:
    """Mean taste and liking given the counts: a lognormal prior on a grid, Poisson counts."""
    grid = np.linspace(-4.5, 4.5, 91)
    level = np.log(wishes.taste).mean()
    order = np.argsort(wishes.taste, axis=None)
    known = np.log(wishes.taste.ravel()[order])
    total = np.zeros((2, *counts.shape))
    # Over the most that Poisson counts can have, so that nothing overflows.
    most = counts * np.log(np.maximum(counts, 1)) - counts
    liking = np.zeros((len(CHANNELS), *counts.shape))
    for z in grid:
        at = level + SPREAD * z
        liked = [np.interp(at, known, one.ravel()[order]) for one in wishes.liking]
        mean = came * np.exp(at) + sum(o * like for o, like in zip(others, liked, strict=True))
        weight = np.exp(-(z**2) / 2 + counts * np.log(np.maximum(mean, 1e-12)) - mean - most)
        total[0] += weight
        total[1] += weight * np.exp(at)
        for place, like in enumerate(liked):
            liking[place] += weight * like
    return (total[1] / total[0]).astype(np.float32), (liking / total[0]).astype(np.float32)


def a_month_ago(world: World) -> pd.DataFrame:
    """What members would have spent in the four weeks before today, customers x items."""
    wishes = Wishes.of(world, world.chain.config.days - DAYS + np.arange(DAYS))
    n, items = wishes.taste.shape
    rows, columns = np.arange(n)[:, None], np.arange(items)[None, :]
    value = expected_sums(wishes, [worth(world, wishes, "revenue")], rows, columns, (0, 1))[0]
    return pd.DataFrame(value, world.truth.tastes.index, world.truth.tastes.columns)


def recommended(
    model: Recommender, world: World, available: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The model's slates."""
    model.fit(Interactions.from_tables(world.tables))
    return model.recommend(world.truth.tastes.index, K, available=available)


def at_home(world: World, values: pd.DataFrame) -> pd.DataFrame:
    """Values of the items that the home store has on sale, 0 for the others."""
    sale = on_sale_tomorrow(world)
    carried = pd.crosstab(sale["location_id"], sale["item_id"])
    home = world.tables.customers.set_index("customer_id")["home_location_id"].loc[values.index]
    return values * carried.reindex(index=home, columns=values.columns, fill_value=0).to_numpy()


def slates_of(world: World) -> dict[str, pd.DataFrame]:
    """All slates that are compared, the start first and the best last."""
    counts, popular = known_counts(world), sold_at_home(world, "orders")
    price = prices_tomorrow(world)
    # The sold orders only break ties and fill up.
    habit = counts + popular / (1 + popular.to_numpy().max())
    return {
        "popular": top_slate(popular, K),
        "popular by revenue": top_slate(sold_at_home(world, "revenue"), K),
        "popularity model": recommended(Popularity(), world, on_sale_tomorrow(world)),
        "frequency, all items": top_slate(habit, K),
        "frequency": top_slate(at_home(world, habit), K),
        "frequency x price": top_slate(at_home(world, habit * price), K),
        "two-stage ranker, all items": recommended(TwoStageRanker(), world),
        "two-stage ranker": recommended(TwoStageRanker(), world, on_sale_tomorrow(world)),
        "told the law, purchases": top_slate(told_the_law(world, "purchases"), K),
        "told the law, revenue": top_slate(told_the_law(world, "revenue"), K),
        "best a month ago": top_slate(a_month_ago(world), K),
        "best for purchases": best_slate(world, K, days=DAYS, by="purchases"),
        "best": best_slate(world, K, days=DAYS),
    }


def judged(world: World, slates: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Figures of each slate."""
    popular, best, bought_most = slates["popular"], slates["best"], slates["best for purchases"]
    luck = {name: drawn(world, slate) for name, slate in slates.items()}
    rows = {}
    for name, slate in slates.items():
        money = revenue_gap(world, slate, popular, best, days=DAYS)
        bought = revenue_gap(world, slate, popular, bought_most, days=DAYS, by="purchases")
        added = revenue_gap(world, slate, popular, best, days=DAYS, added=True)
        share, error = paired(*(luck[one] for one in ("popular", name, "best")))
        rows[name] = {
            "revenue": money.achieved,
            "closed": money.share_closed,
            "error": money.standard_error,
            "closed_added": added.share_closed,
            "drawn": share,
            "drawn_error": error,
            "purchases": bought.achieved,
            "closed_purchases": bought.share_closed,
        }
    return pd.DataFrame(rows).T


def drawn(world: World, slate: pd.DataFrame) -> np.ndarray:
    """(members,) revenue of each in a replay with luck."""
    found = replay_slates(world, slate, days=DAYS).groupby("customer_id")["revenue"].sum()
    return found.reindex(world.truth.tastes.index, fill_value=0.0).to_numpy()


def paired(popular: np.ndarray, achieved: np.ndarray, best: np.ndarray) -> tuple[float, float]:
    """Share closed and its standard error over the members, on the same visits."""
    won, could = achieved - popular, best - popular
    share = won.sum() / could.sum()
    rest = won - share * could
    return share, np.sqrt(len(rest) * rest.var(ddof=1)) / could.sum()


def main() -> None:
    """Print a table for each chain, and the mean of the shares."""
    found = {}
    for name in sys.argv[1:] or CHAINS:
        start = time.perf_counter()
        world = make_world(CHAINS[name])
        found[name] = judged(world, slates_of(world))
        print(f"\n{name} ({time.perf_counter() - start:.0f} s)")
        print(found[name].round(3).to_string(), flush=True)
    print("\nshare of the gap in revenue closed, by chain")
    shares = pd.DataFrame({name: table["closed"] for name, table in found.items()})
    print(shares.assign(mean=shares.mean(axis=1)).round(3).to_string())


if __name__ == "__main__":
    main()
