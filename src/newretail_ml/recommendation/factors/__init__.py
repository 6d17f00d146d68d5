"""Factor models: tastes of customers and traits of items as short vectors."""

from newretail_ml.recommendation.factors.alternating_least_squares import AlternatingLeastSquares
from newretail_ml.recommendation.factors.bayesian_personalized_ranking import (
    BayesianPersonalizedRanking,
)

__all__ = ["AlternatingLeastSquares", "BayesianPersonalizedRanking"]
