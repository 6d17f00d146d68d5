"""A price list for orange juice: the raw matrix runs into the bounds, shrunken demand does not."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.panel import Panel
from newretail_ml.pricing.demand import ShrunkenLogLog
from newretail_ml.pricing.estimation import estimate
from newretail_ml.pricing.price_list import (
    AveragePrice,
    RevenueHeld,
    category_prices,
    plan_prices,
)
from newretail_ml.pricing.response import ConstantElasticity, merged

pytestmark = pytest.mark.shared
BRANDS = np.arange(1, 12)
COLUMNS = [f"price{brand}" for brand in BRANDS]
KEYS = ["item_id", "location_id", "date"]


@pytest.fixture(scope="module")
def rows(shared_data) -> pd.DataFrame:
    """Brand, store and week, with the unit cost that the margin tells."""
    table = pd.read_parquet(shared_data / "oj_yx.parquet")
    brand = table["brand"].astype(int)
    price = table[COLUMNS].to_numpy()[np.arange(len(table)), brand - 1]
    weeks = pd.to_timedelta(7 * (table["week"].astype(int) - 40), unit="D")
    return table.assign(
        item_id=brand.astype(str),
        location_id=table["store"].astype(int).astype(str),
        date=pd.Timestamp("1990-06-11") + weeks,
        units=np.exp(table["logmove"]),
        price=price,
        unit_cost=price * (1 - table["profit"] / 100),
        deal=(table["deal"] > 0).astype(float),
        feat=(table["feat"] > 0).astype(float),
    )


@pytest.fixture(scope="module")
def costs(rows) -> pd.DataFrame:
    return rows.groupby("item_id", as_index=False)["unit_cost"].mean()


def test_the_raw_matrix_puts_every_price_at_a_bound(rows, costs):
    """The data's readme: all eleven prices at a bound, and a claim of +27.5%."""
    logs = rows.assign(**{name: np.log(rows[name]) for name in COLUMNS})
    fits = [estimate(logs[logs["brand"] == brand], "logmove", COLUMNS) for brand in BRANDS]
    matrix = np.array([[fit[name] for name in COLUMNS] for fit in fits])
    prices = rows[COLUMNS].mean().to_numpy()
    keys = pd.DataFrame({"item_id": BRANDS.astype(str)})
    units = keys["item_id"].map(rows.groupby("item_id")["units"].mean()).to_numpy()
    raw = ConstantElasticity(units, prices, matrix, keys=keys)
    best = category_prices(raw, costs, lowest=0.9 * prices, highest=1.1 * prices)
    assert (best["status"] != "interior").all()
    cost = keys.merge(costs)["unit_cost"].to_numpy()
    assert best["profit"].sum() > 1.2 * raw.profit(prices, cost)


@pytest.fixture(scope="module")
def chain(rows):
    """Demand with coefficients drawn to what brands share, one price a brand."""
    frame = rows.assign(promotion=rows[["deal", "feat"]].max(axis=1))
    frame = frame[[*KEYS, "units", "price", "promotion", "deal", "feat"]]
    every = pd.MultiIndex.from_product([sorted(frame[key].unique()) for key in KEYS], names=KEYS)
    # Weeks without a row are unknown, not weeks without a sale.
    panel = Panel.from_frame(
        frame.set_index(KEYS).reindex(every).reset_index(), freq="W", plans=["deal", "feat"]
    )
    return merged(ShrunkenLogLog().fit(panel).response_, ["item_id"])


@pytest.mark.parametrize("uncertainty", ["mean", "cautious"])
@pytest.mark.parametrize("more", [[], [RevenueHeld()]], ids=["price held", "price, revenue held"])
def test_with_the_average_price_held_most_prices_of_shrunken_demand_are_inside(
    chain, costs, uncertainty, more
):
    """Montgomery (1997) found +0.44% with one price for all stores, +2.74% store by store."""
    plan = plan_prices(
        chain,
        costs,
        [AveragePrice(at_most=1.0, at_least=0.999), *more],
        points=chain.prices[:, None] * np.linspace(0.9, 1.1, 21),
        uncertainty=uncertainty,
        progress=False,
    )
    ratio = plan.prices["price"] / plan.prices["current_price"]
    profit = plan.totals.set_index("measure").loc["profit"]
    assert 0.999 - 1e-6 <= ratio.mean() <= 1.0 + 1e-6
    assert ratio.between(0.901, 1.099).sum() > len(BRANDS) / 2
    assert 0 < profit["gain_share"] < 0.06
    assert 0 < profit["lower"] < profit["gain"] < profit["upper"]
    assert profit["lower"] < 0.0274 * profit["now"] < profit["upper"]
    assert not plan.prices["beyond_data"].any()
