"""Later sales joined to a decision: what was forecast, ordered, charged or shown, what came."""

from newretail_ml.tracking.outcomes.asking import outcomes
from newretail_ml.tracking.outcomes.result import Outcomes

__all__ = ["Outcomes", "outcomes"]
