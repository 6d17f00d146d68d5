"""Any policy against real or simulated demand, beside a baseline and perfect foresight."""

from newretail_ml.replenishment.replay.clairvoyant import Bound, clairvoyant
from newretail_ml.replenishment.replay.curve import service_cost_curve
from newretail_ml.replenishment.replay.engine import Policy
from newretail_ml.replenishment.replay.forecast_policy import ForecastPolicy
from newretail_ml.replenishment.replay.policies import (
    NamedPolicy,
    base_stock_policy,
    moving_average_policy,
    reorder_policy,
)
from newretail_ml.replenishment.replay.result import Replay
from newretail_ml.replenishment.replay.run import replay
from newretail_ml.replenishment.replay.shop import Shop
from newretail_ml.replenishment.replay.tuning import Tuned, tune

__all__ = [
    "Bound",
    "ForecastPolicy",
    "NamedPolicy",
    "Policy",
    "Replay",
    "Shop",
    "Tuned",
    "base_stock_policy",
    "clairvoyant",
    "moving_average_policy",
    "reorder_policy",
    "replay",
    "service_cost_curve",
    "tune",
]
