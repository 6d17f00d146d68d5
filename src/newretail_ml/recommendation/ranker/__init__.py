"""The default recommender: candidates of simple models, ranked by boosted trees."""

from newretail_ml.recommendation.ranker.ranker import TwoStageRanker

__all__ = ["TwoStageRanker"]
