"""Columns of the tables of outcomes, each name written once."""

from typing import Final

WEEK: Final = "week"
DEMAND: Final = "demand"
INSIDE: Final = "inside"

ROWS: Final = "rows"
DAYS_SOLD_OUT: Final = "days_sold_out"
SHARE_SOLD_OUT: Final = "share_sold_out"
EXPECTED: Final = "expected"
BIAS: Final = "bias"
BIAS_ERROR: Final = "bias_error"
BIAS_IN_STOCK: Final = "bias_in_stock"
P_VALUE: Final = "p_value"
P_HOLM: Final = "p_holm"
BIASED: Final = "biased"
COVERAGE: Final = "coverage"
COVERAGE_ERROR: Final = "coverage_error"

ORDERED: Final = "ordered"
RECEIVED: Final = "received"
SOLD: Final = "sold"
ON_HAND_AFTER: Final = "on_hand_after"
PERIODS: Final = "periods"

CHARGED: Final = "charged"
AS_PLANNED: Final = "as_planned"
EXPECTED_UNITS: Final = "expected_units"

BOUGHT: Final = "bought"
BOUGHT_UNITS: Final = "bought_units"
FIRST_BOUGHT: Final = "first_bought"
SLOTS: Final = "slots"
BOUGHT_SHARE: Final = "bought_share"
BOUGHT_SHARE_ERROR: Final = "bought_share_error"
EXPECTED_SHARE: Final = "expected_share"
