"""Demand behind stock-outs: what would have been sold, had there been stock."""

from newretail_ml.forecasting.censoring.model import RecoveredDemand
from newretail_ml.forecasting.censoring.recovery import recover_demand
from newretail_ml.forecasting.censoring.tail import demand_at_least

__all__ = ["RecoveredDemand", "demand_at_least", "recover_demand"]
