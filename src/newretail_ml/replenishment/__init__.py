"""From a forecast and the stock at hand to orders."""

from newretail_ml.replenishment.newsvendor import critical_ratio, newsvendor, newsvendor_cost
from newretail_ml.replenishment.order_up_to import order_up_to
from newretail_ml.replenishment.state import state_from_tables

__all__ = ["critical_ratio", "newsvendor", "newsvendor_cost", "order_up_to", "state_from_tables"]
