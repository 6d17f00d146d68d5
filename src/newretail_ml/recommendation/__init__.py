"""From what customers bought to slates: the next basket and the next discovery, in stock."""

from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.popularity import Popularity

__all__ = ["Popularity", "Recommender"]
