"""Demand models in which prices are causes."""

from newretail_ml.pricing.demand.base import PriceModel

__all__ = ["PriceModel"]
