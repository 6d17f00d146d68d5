"""From what customers bought to slates: the next basket and the next discovery, in stock.

A model (`TwoStageRanker` is the default) learns from `Interactions` and answers `recommend`,
`similar_items` and `explain`, all in one form. `plan_slates` turns its lists into slates under
rules, contracts and stock that all customers share; `backtest_recommenders` judges lists, next
purchases and discoveries apart.
"""

from newretail_ml.recommendation import judging, slates
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.baskets import (
    BasketComplements,
    DueDate,
    PersonalFrequency,
    TifuKnn,
)
from newretail_ml.recommendation.ease import EASE
from newretail_ml.recommendation.factors import (
    AlternatingLeastSquares,
    BayesianPersonalizedRanking,
)
from newretail_ml.recommendation.judging import Judgement, backtest_recommenders, evaluate
from newretail_ml.recommendation.neighbours import ItemNeighbours
from newretail_ml.recommendation.popularity import Popularity
from newretail_ml.recommendation.ranker import TwoStageRanker
from newretail_ml.recommendation.slates import (
    AgeRestriction,
    AtLeast,
    AtLeastDifferent,
    AtMostPer,
    ChanceModel,
    Exclude,
    LeastMargin,
    Mix,
    NotAgain,
    Placement,
    SlatePlan,
    app_slates,
    available_items,
    email_slates,
    plan_slates,
    purchase_chances,
    screen_slates,
    write_slates,
)

__all__ = [
    "EASE",
    "AgeRestriction",
    "AlternatingLeastSquares",
    "AtLeast",
    "AtLeastDifferent",
    "AtMostPer",
    "BasketComplements",
    "BayesianPersonalizedRanking",
    "ChanceModel",
    "DueDate",
    "Exclude",
    "ItemNeighbours",
    "Judgement",
    "LeastMargin",
    "Mix",
    "NotAgain",
    "PersonalFrequency",
    "Placement",
    "Popularity",
    "Recommender",
    "SlatePlan",
    "TifuKnn",
    "TwoStageRanker",
    "app_slates",
    "available_items",
    "backtest_recommenders",
    "email_slates",
    "evaluate",
    "judging",
    "plan_slates",
    "purchase_chances",
    "screen_slates",
    "slates",
    "write_slates",
]
