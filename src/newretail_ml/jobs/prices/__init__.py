"""Price lists of a whole chain, category by category."""

from newretail_ml.jobs.prices.response import SavedResponse
from newretail_ml.jobs.prices.rules import PriceRules
from newretail_ml.jobs.prices.task import PriceTask

__all__ = ["PriceRules", "PriceTask", "SavedResponse"]
