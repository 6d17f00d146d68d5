"""A chain of two shops whose prices move, with everything that can be wrong with an item."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml.tables import RetailTables

DAYS = pd.date_range("2025-01-01", periods=120)
ITEMS = pd.DataFrame(
    {
        "item_id": ["tea", "mate", "soap", "salt", "007", "fan", "old", "new", "gold"],
        "category": ["hot", "hot", "home", "home", None, "home", "hot", "hot", "home"],
        "unit_cost": [1.2, 2.0, 0.5, 0.4, 3.0, None, 1.0, 1.0, 9.0],
        "delisting_date": [None] * 6 + ["2025-03-01"] + [None] * 2,
    }
)
PRICES = dict(zip(ITEMS["item_id"], [2.0, 4.0, 1.0, 0.8, 6.0, 9.0, 2.0, 2.0, 5.0], strict=True))


def _frames() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(0)
    orders, prices, stock = [], [], []
    for item, usual in PRICES.items():
        steps = np.repeat(rng.permutation([0.85, 0.95, 1.0, 1.1] * 3), 10)
        price = np.round(usual * (np.ones(120) if item == "salt" else steps), 2)
        for shop in ("s1", "s2"):
            prices.append(
                pd.DataFrame({"date": DAYS, "location_id": shop, "item_id": item, "price": price})
            )
            stock.append(
                pd.DataFrame({"date": DAYS, "location_id": shop, "item_id": item, "on_hand": 99})
            )
            mean = 0.0 if item == "new" else 12 * (price / usual) ** -2.5
            units = rng.poisson(np.broadcast_to(mean, 120))
            orders.append(
                pd.DataFrame(
                    {"time": DAYS, "location_id": shop, "item_id": item, "units": units,
                     "unit_price": price, "channel": "store"}
                )
            )  # fmt: skip
    lines = pd.concat(orders)
    lines = lines[(lines["units"] > 0) & ((lines["item_id"] != "old") | (lines["time"] < DAYS[50]))]
    lines = lines.assign(order_id=[f"o{number}" for number in range(len(lines))])
    return {
        "orders": lines,
        "items": ITEMS,
        "prices": pd.concat(prices),
        "stock": pd.concat(stock),
    }


@pytest.fixture(scope="session")
def priced_frames() -> dict[str, pd.DataFrame]:
    return _frames()


@pytest.fixture(scope="session")
def priced(priced_frames, tmp_path_factory) -> Path:
    """The chain as a folder of tables."""
    folder = tmp_path_factory.mktemp("priced") / "chain"
    RetailTables.from_frames(**priced_frames).write(folder)
    return folder
