"""Choice models: customers who take one product of an assortment, or none."""

from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.choice.berry import LogitEstimate, estimate_logit
from newretail_ml.pricing.choice.decision import ChoiceDecision
from newretail_ml.pricing.choice.latent import LatentClassLogit
from newretail_ml.pricing.choice.latent_estimate import (
    LatentClassEstimate,
    estimate_latent_classes,
)
from newretail_ml.pricing.choice.logit_demand import LogitDemand
from newretail_ml.pricing.choice.multinomial import MultinomialLogit
from newretail_ml.pricing.choice.nested import NestedLogit
from newretail_ml.pricing.choice.optimal import optimal_prices

__all__ = [
    "ChoiceDecision",
    "ChoiceResponse",
    "LatentClassEstimate",
    "LatentClassLogit",
    "LogitDemand",
    "LogitEstimate",
    "MultinomialLogit",
    "NestedLogit",
    "estimate_latent_classes",
    "estimate_logit",
    "optimal_prices",
]
