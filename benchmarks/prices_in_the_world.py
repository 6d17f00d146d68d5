"""Elasticities and price lists against the truth of simulated chains, with defaults only.

For each chain: the share of identified items whose true elasticity lies in its 90% interval, the
rank correlation of estimates with the truth (identified items, and those whose own sales settle
60% of the doubt), and the share of the gap between today's profit and the best that prices can do,
which a list within 15% of today's prices closes when the next two months are replayed.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from newretail_ml.panel import Panel
from newretail_ml.pricing import LocalLevelRegression, MaxChange, merged, plan_prices, price_points
from newretail_ml.world import (
    SAMPLE,
    ChainConfig,
    World,
    current_prices,
    make_world,
    profit_gap,
    true_response,
)

CHANGE = 0.15
SMALL = ChainConfig(n_stores=2, n_items=48, n_customers=60, units_per_day=2.0)
CHAINS = {
    "sample": SAMPLE,
    **{f"sample, seed {seed}": replace(SAMPLE, random_state=seed) for seed in (1, 2, 3)},
    **{f"2 shops, seed {seed}": replace(SMALL, random_state=seed) for seed in (1, 2)},
}


def judged(world: World) -> dict[str, float]:
    """One row of figures."""
    now = current_prices(world)
    costs = world.tables.items[["item_id", "unit_cost"]]
    model = LocalLevelRegression().fit(Panel.from_tables(world.tables))
    table = model.elasticity_
    own = pd.Series(np.diag(world.truth.elasticities), world.truth.elasticities.index)
    true = own.loc[table["item_id"]].to_numpy()
    known, sure = table["identified"].to_numpy(), (table["own_share"] >= 0.6).to_numpy()
    inside = ((table["lower"] <= true) & (true <= table["upper"])).to_numpy()
    chain = merged(model.response_, "item_id")
    plan = plan_prices(chain, costs, points=around(chain.prices), progress=False)
    new = plan.prices[plan.prices["item_id"].isin(now["item_id"])]
    best = plan_prices(
        true_response(world),
        costs,
        [MaxChange(CHANGE)],
        points=around(now["price"].to_numpy()),
        n_draws=1,
        progress=False,
    )
    gap = profit_gap(world, new[["item_id", "price"]], best.prices[["item_id", "price"]])
    return {
        "identified": known.mean(),
        "inside": inside[known].mean(),
        "rank": spearmanr(table["elasticity"][known], true[known]).statistic,
        "rank_sure": spearmanr(table["elasticity"][sure], true[sure]).statistic,
        "sure": sure.sum(),
        "claimed": plan.profit / plan.current_profit - 1,
        "earned": gap.achieved / gap.current - 1,
        "gap_closed": gap.share_closed,
    }


def around(prices: np.ndarray) -> np.ndarray:
    """Prices that end in 9, near today's."""
    return price_points(prices * (1 - CHANGE), prices * (1 + CHANGE), ".x9")


def main() -> None:
    """Print the table, and its means."""
    rows = {name: judged(make_world(config)) for name, config in CHAINS.items()}
    table = pd.DataFrame(rows).T
    print(pd.concat([table, table.mean().rename("mean").to_frame().T]).round(3).to_string())


if __name__ == "__main__":
    main()
