"""A synthetic New Retail chain with known truth."""

from newretail_ml.world.chain import Chain, make_chain
from newretail_ml.world.config import SAMPLE, ChainConfig
from newretail_ml.world.festivals import shopping_festivals
from newretail_ml.world.loop import (
    Habits,
    Ledger,
    LoopResult,
    Policies,
    Regret,
    View,
    clairvoyant_policies,
    library_policies,
    naive_policies,
    regret,
    run,
)
from newretail_ml.world.make import World, make_world
from newretail_ml.world.pricing import ProfitGap, current_prices, profit_gap, replay_prices
from newretail_ml.world.slates import (
    RevenueGap,
    best_slate,
    expected_purchases,
    replay_slates,
    revenue_gap,
)
from newretail_ml.world.true_response import TrueResponse, true_response
from newretail_ml.world.truth import Truth

__all__ = [
    "SAMPLE",
    "Chain",
    "ChainConfig",
    "Habits",
    "Ledger",
    "LoopResult",
    "Policies",
    "ProfitGap",
    "Regret",
    "RevenueGap",
    "TrueResponse",
    "Truth",
    "View",
    "World",
    "best_slate",
    "clairvoyant_policies",
    "current_prices",
    "expected_purchases",
    "library_policies",
    "make_chain",
    "make_world",
    "naive_policies",
    "profit_gap",
    "regret",
    "replay_prices",
    "replay_slates",
    "revenue_gap",
    "run",
    "shopping_festivals",
    "true_response",
]
