"""Elasticities of items whose demand wanders, in few units, with days out of stock."""

from newretail_ml.pricing.demand.local_level.model import LocalLevelRegression

__all__ = ["LocalLevelRegression"]
