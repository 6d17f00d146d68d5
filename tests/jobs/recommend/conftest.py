"""A small chain whose members buy the same things again and again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml.jobs.partitions import Split, split
from newretail_ml.tables import RetailTables

DAYS = pd.date_range("2026-01-01", periods=60)
ITEMS = [f"{number:03}" for number in range(12)]


def _frames() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(0)
    lines = []
    for number in range(80):
        liked = rng.choice(ITEMS, 4, replace=False)
        for day in np.sort(rng.choice(60, 8, replace=False)):
            for item in rng.choice(liked, 2, replace=False):
                lines.append((f"c{number:03}", DAYS[day], item, "s1" if number % 2 else "s2"))  # noqa: PERF401
    orders = pd.DataFrame(lines, columns=["customer_id", "time", "item_id", "location_id"])
    anonymous = orders.head(50).assign(customer_id=None)
    orders = pd.concat([orders, anonymous], ignore_index=True)
    orders = orders.assign(
        order_id=[f"o{number}" for number in range(len(orders))],
        units=1,
        unit_price=2.0,
        channel="store",
    )
    stock = pd.DataFrame(
        [(day, shop, item, 5) for day in DAYS[-3:] for shop in ("s1", "s2") for item in ITEMS],
        columns=["date", "location_id", "item_id", "on_hand"],
    )
    gone = (stock["item_id"] == "003") & (stock["location_id"] == "s1")
    stock.loc[gone & (stock["date"] == DAYS[-1]), "on_hand"] = 0
    customers = pd.DataFrame({"customer_id": [f"c{number:03}" for number in range(81)]})
    return {
        "orders": orders,
        "stock": stock,
        "items": pd.DataFrame({"item_id": ITEMS, "category": ["a", "b"] * 6}),
        "customers": customers,
        "locations": pd.DataFrame({"location_id": ["s1", "s2"]}),
    }


@pytest.fixture(scope="session")
def member_frames() -> dict[str, pd.DataFrame]:
    return _frames()


@pytest.fixture(scope="session")
def members(member_frames, tmp_path_factory) -> Path:
    """The chain as a folder of tables: 80 customers who bought, and one who did not yet."""
    folder = tmp_path_factory.mktemp("members") / "chain"
    RetailTables.from_frames(**member_frames).write(folder)
    return folder


@pytest.fixture(scope="session")
def in_three(members, tmp_path_factory) -> Split:
    folder = tmp_path_factory.mktemp("in three")
    return split(members, folder, "customer_id", 3, leave_out=("stock", "prices"))


@pytest.fixture(scope="session")
def in_one(members, tmp_path_factory) -> Split:
    return split(members, tmp_path_factory.mktemp("in one"), "customer_id", 1)
