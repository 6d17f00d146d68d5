"""A small order before the season, a second one after its first sales, and what that is worth."""

from newretail_ml.replenishment.quick_response.by_item import quick_response_by_item
from newretail_ml.replenishment.quick_response.exact import exact_quick_response
from newretail_ml.replenishment.quick_response.from_paths import quick_response
from newretail_ml.replenishment.quick_response.two_orders import QuickResponse, QuickResponseCosts

__all__ = [
    "QuickResponse",
    "QuickResponseCosts",
    "exact_quick_response",
    "quick_response",
    "quick_response_by_item",
]
