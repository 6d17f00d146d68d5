"""From scored lists to slates: what is in stock, worth selling, and allowed by rules."""

from newretail_ml.recommendation.slates.plan import plan_slates
from newretail_ml.recommendation.slates.rules import (
    AgeRestriction,
    AtLeast,
    AtLeastDifferent,
    AtMostPer,
    Exclude,
    LeastMargin,
    Mix,
    NotAgain,
    Placement,
    SlateRule,
)
from newretail_ml.recommendation.slates.slate_plan import SlatePlan

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
    "SlatePlan",
    "SlateRule",
    "plan_slates",
]
