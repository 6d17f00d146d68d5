"""Worlds that several tests look at."""

import pytest

from newretail_ml.world import SAMPLE, ChainConfig, World, make_world


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(SAMPLE)


@pytest.fixture
def small() -> ChainConfig:
    return ChainConfig(
        days=60, n_stores=3, n_items=24, n_customers=80, units_per_day=2.0, random_state=7
    )
