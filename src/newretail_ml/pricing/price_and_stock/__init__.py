"""Price and stock together."""

from newretail_ml.pricing.price_and_stock.newsvendor import PriceAndStock, price_and_order
from newretail_ml.pricing.price_and_stock.plan import SeasonPlan, plan_price_and_stock

__all__ = ["PriceAndStock", "SeasonPlan", "plan_price_and_stock", "price_and_order"]
