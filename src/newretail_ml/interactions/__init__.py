"""Interactions: what known customers bought, in which order, where and at what price."""

from newretail_ml.interactions.events import Events
from newretail_ml.interactions.interactions import Interactions
from newretail_ml.interactions.item_prices import ItemPrices
from newretail_ml.interactions.shelf import Shelf, recent_share

__all__ = ["Events", "Interactions", "ItemPrices", "Shelf", "recent_share"]
