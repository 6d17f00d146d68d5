"""A synthetic New Retail chain with known truth."""

from newretail_ml.world.chain import Chain, make_chain
from newretail_ml.world.config import SAMPLE, ChainConfig
from newretail_ml.world.festivals import shopping_festivals
from newretail_ml.world.make import World, make_world
from newretail_ml.world.truth import Truth

__all__ = [
    "SAMPLE",
    "Chain",
    "ChainConfig",
    "Truth",
    "World",
    "make_chain",
    "make_world",
    "shopping_festivals",
]
