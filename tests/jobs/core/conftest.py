"""A small chain, and models that were fitted on it."""

from pathlib import Path

import pandas as pd
import pytest

from newretail_ml import Panel, RetailTables
from newretail_ml.forecasting import LightGBMForecaster
from newretail_ml.world import ChainConfig, make_world


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Parquet tables without customers: 12 items, 3 shops, 120 days.

    One more item was only ever brought back; nothing of it was sold.
    """
    folder = tmp_path_factory.mktemp("made") / "chain"
    config = ChainConfig(
        start="2025-01-06",
        days=120,
        plan_days=20,
        n_stores=2,
        n_items=12,
        n_customers=40,
        units_per_day=2.0,
    )
    made = make_world(config).tables
    returned = made.orders.head(3).assign(item_id="item_none", units=-1.0)
    made.write(folder)
    (folder / "customers.parquet").unlink()
    pd.concat([made.orders, returned]).to_parquet(folder / "orders.parquet")
    items = pd.concat([made.items, made.items.head(1).assign(item_id="item_none")])
    items.assign(
        launch_date=items["launch_date"].where(items["item_id"] != "item_none")
    ).to_parquet(folder / "items.parquet")
    return folder


@pytest.fixture(scope="session")
def frames(chain: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in sorted(chain.iterdir())}


@pytest.fixture(scope="session")
def whole(chain: Path) -> Panel:
    return Panel.from_tables(RetailTables.read(chain))


@pytest.fixture(scope="session")
def saved(whole: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small LightGBM model, one of whose features is the trend of the chain."""
    model = LightGBMForecaster(7, max_rounds=20, n_threads=1).fit(whole)
    assert any("chain" in name for name in model.recipe_.names)
    path = tmp_path_factory.mktemp("models") / "model.pkl"
    model.save(path)
    return path
