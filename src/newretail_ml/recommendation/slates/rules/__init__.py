"""Rules of slates, each with a name, so that the cost of each can be told."""

from newretail_ml.recommendation.slates.rules.base import SlateRule
from newretail_ml.recommendation.slates.rules.counting import (
    AtLeast,
    AtLeastDifferent,
    AtMostPer,
    Mix,
)
from newretail_ml.recommendation.slates.rules.leaving_out import (
    AgeRestriction,
    Exclude,
    LeastMargin,
    NotAgain,
)
from newretail_ml.recommendation.slates.rules.placement import Placement

__all__ = [
    "AgeRestriction",
    "AtLeast",
    "AtLeastDifferent",
    "AtMostPer",
    "Exclude",
    "LeastMargin",
    "Mix",
    "NotAgain",
    "Placement",
    "SlateRule",
]
