"""A chain small enough to run many times."""

import pytest

from newretail_ml.world import ChainConfig, World, make_world

TINY = ChainConfig(
    days=60,
    plan_days=24,
    n_stores=2,
    n_items=48,
    n_customers=60,
    units_per_day=2.0,
    stockout_share=0.2,
    random_state=5,
)


@pytest.fixture(scope="session")
def tiny() -> World:
    return make_world(TINY)
