"""From scored lists to slates: what is in stock, worth selling, and allowed by rules."""

from newretail_ml.recommendation.slates.chances import ChanceModel, purchase_chances
from newretail_ml.recommendation.slates.channels import app_slates, email_slates
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
from newretail_ml.recommendation.slates.sales import expected_sales
from newretail_ml.recommendation.slates.screens import screen_slates
from newretail_ml.recommendation.slates.slate_plan import SlatePlan
from newretail_ml.recommendation.slates.stock import available_items
from newretail_ml.recommendation.slates.writing import write_slates

__all__ = [
    "AgeRestriction",
    "AtLeast",
    "AtLeastDifferent",
    "AtMostPer",
    "ChanceModel",
    "Exclude",
    "LeastMargin",
    "Mix",
    "NotAgain",
    "Placement",
    "SlatePlan",
    "SlateRule",
    "app_slates",
    "available_items",
    "email_slates",
    "expected_sales",
    "plan_slates",
    "purchase_chances",
    "screen_slates",
    "write_slates",
]
