"""Every column name of the library, written once.

Import the module, not the names: ``from newretail_ml import columns as c`` and then
``orders[c.UNITS]``. A typing error in a column name is then an error of the type checker.
"""

from typing import Final

ITEM: Final = "item_id"
LOCATION: Final = "location_id"
CHANNEL: Final = "channel"
CUSTOMER: Final = "customer_id"
ORDER: Final = "order_id"

TIME: Final = "time"
DATE: Final = "date"

UNITS: Final = "units"
UNIT_PRICE: Final = "unit_price"

CATEGORY: Final = "category"
SUBCATEGORY: Final = "subcategory"
BRAND: Final = "brand"
UNIT_COST: Final = "unit_cost"
PACK_SIZE: Final = "pack_size"
SHELF_LIFE: Final = "shelf_life"
LAUNCH_DATE: Final = "launch_date"
DELISTING_DATE: Final = "delisting_date"

KIND: Final = "kind"
REGION: Final = "region"

ON_HAND: Final = "on_hand"
ON_ORDER: Final = "on_order"
LEAD_TIME: Final = "lead_time"
REVIEW_PERIOD: Final = "review_period"
SUPPLIER: Final = "supplier_id"
PALLET_SIZE: Final = "pallet_size"
MINIMUM_UNITS: Final = "minimum_units"
MINIMUM_VALUE: Final = "minimum_value"
SHELF_CAPACITY: Final = "shelf_capacity"
PRESENTATION_MINIMUM: Final = "presentation_minimum"
VOLUME: Final = "volume"
HOLDING_COST: Final = "holding_cost"
SHORTAGE_COST: Final = "shortage_cost"
SALVAGE_VALUE: Final = "salvage_value"
ORDER_COST: Final = "order_cost"
LEFT_OVER_COST: Final = "left_over_cost"
TRANSPORT_COST: Final = "transport_cost"

REGULAR_PRICE: Final = "regular_price"
CURRENT_PRICE: Final = "current_price"
MINIMUM_PRICE: Final = "minimum_price"
PERIODS_LEFT: Final = "periods_left"
LISTED: Final = "listed"
PRICE: Final = "price"
PROMOTION: Final = "promotion"

SEGMENT: Final = "segment"
HOME_LOCATION: Final = "home_location_id"
FAVOURITE_CHANNEL: Final = "favourite_channel"
JOINED: Final = "joined"

CENSORED: Final = "censored"

RANK: Final = "rank"
SCORE: Final = "score"
SLOT: Final = "slot"
REASON: Final = "reason"
SIMILAR_ITEM: Final = "similar_item_id"
PART: Final = "part"
CONTRIBUTION: Final = "contribution"
CHANCE: Final = "chance"
UNIT_MARGIN: Final = "unit_margin"
EXPECTED_MARGIN: Final = "expected_margin"
EXPECTED_SALES: Final = "expected_sales"
EXPECTED_DEMAND: Final = "expected_demand"
SHOWN: Final = "shown"
OVERSTOCK: Final = "overstock"
AGE: Final = "age"
MINIMUM_AGE: Final = "minimum_age"
WHY: Final = "why"

REVENUE: Final = "revenue"
PROFIT: Final = "profit"
RETURNS: Final = "returns"
LAST_PRICE: Final = "last_price"
ORDERS: Final = "orders"
FIRST: Final = "first"
LAST: Final = "last"
CHANNELS: Final = "channels"

PROPENSITY: Final = "propensity"
CHOSEN: Final = "chosen"
EXPECTED: Final = "expected"
BASE_PRICE: Final = "base_price"
EXPECTED_PROFIT: Final = "expected_profit"
ELASTICITY: Final = "elasticity"
ELASTICITY_ERROR: Final = "elasticity_error"

EVENT: Final = "event"
COUNTRY: Final = "country"

MEAN: Final = "mean"
PATH: Final = "path"
MODEL: Final = "model"
FOLD: Final = "fold"
HORIZON: Final = "horizon"

SERIES_KEYS: Final = (ITEM, LOCATION, CHANNEL)
