"""Worlds that several tests look at."""

import pytest

from newretail_ml.world import ChainConfig, World


@pytest.fixture(scope="session")
def world(sample_world: World) -> World:
    return sample_world


@pytest.fixture
def small() -> ChainConfig:
    return ChainConfig(
        days=60, n_stores=3, n_items=24, n_customers=80, units_per_day=2.0, random_state=7
    )
