"""A small chain, and its week on a page."""

import pytest

from newretail_ml.report import weekly_report
from newretail_ml.tables import RetailTables
from newretail_ml.world import ChainConfig, make_world

STRANGE = "<script>alert('x')</script> & \"茶\" " + "long " * 40


@pytest.fixture(scope="session")
def tables():
    """Tables with an item whose id has markup, quotes and Chinese in it."""
    config = ChainConfig(days=200, n_stores=2, n_items=16, n_customers=120, random_state=3)
    made = make_world(config).tables
    most = made.orders["item_id"].value_counts().index[0]
    frames = {
        name: frame.assign(item_id=frame["item_id"].replace({most: STRANGE}))
        for name in ("orders", "items", "stock", "prices")
        if (frame := getattr(made, name)) is not None
    }
    return RetailTables.from_frames(
        frames.pop("orders"),
        locations=made.locations,
        customers=made.customers,
        events=made.events,
        **frames,
    )


@pytest.fixture(scope="session")
def report(tables):
    return weekly_report(tables, progress=False)
