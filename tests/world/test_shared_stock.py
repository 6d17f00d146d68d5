"""A thousand customers want what there are fifty units of: slates that know it sell more."""

import pandas as pd

from newretail_ml.recommendation.slates import plan_slates
from newretail_ml.world import expected_purchases, replay_slates


def test_slates_that_share_stock_sell_more(world):
    """Stock is told to the plan in purchases, as one purchase takes several units here."""
    chance = expected_purchases(world)
    scarce = chance.sum().nlargest(10).index
    stock = pd.DataFrame({"item_id": scarce, "units": 50})
    orders = world.tables.orders
    lines = orders[orders["customer_id"].notna() & (orders["units"] > 0)]
    of_purchase = lines.groupby("item_id")["units"].mean()
    told = stock.assign(units=(50 / scarce.map(of_purchase)).round().astype(int))
    lists = chance.melt(ignore_index=False, value_name="chance").reset_index()
    lists = lists.sort_values("chance", ascending=False).groupby("customer_id").head(30)
    lists = lists.assign(score=lists["chance"])
    attention = [0.9**place for place in range(10)]
    unaware, aware = (
        plan_slates(lists, stock=known, attention=attention, progress=False).slates
        for known in (None, told)
    )
    for seed in range(3):
        before, after = (
            replay_slates(world, slate, stock=stock, random_state=seed)[["units", "sold_out"]].sum()
            for slate in (unaware, aware)
        )
        assert after["units"] > before["units"]
        assert after["sold_out"] < before["sold_out"]
