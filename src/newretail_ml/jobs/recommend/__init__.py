"""Slates for a whole chain, customers by customers."""

from newretail_ml.jobs.recommend.fitting import RECOMMENDERS, brought_up_to_date, fitted_on
from newretail_ml.jobs.recommend.histories import Histories
from newretail_ml.jobs.recommend.job import RecommendJob
from newretail_ml.jobs.recommend.model import SavedRecommender
from newretail_ml.jobs.recommend.stock import Offer, offer_of
from newretail_ml.jobs.recommend.task import RecommendTask, Slots

__all__ = [
    "RECOMMENDERS",
    "Histories",
    "Offer",
    "RecommendJob",
    "RecommendTask",
    "SavedRecommender",
    "Slots",
    "brought_up_to_date",
    "fitted_on",
    "offer_of",
]
