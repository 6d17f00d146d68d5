"""EASE: a linear model of items on items, in closed form."""

from newretail_ml.recommendation.ease.ease import EASE
from newretail_ml.recommendation.ease.solving import local_weights, products, weights_in_place

__all__ = ["EASE", "local_weights", "products", "weights_in_place"]
