"""What is measured of lists, each name written once."""

from typing import Final

from newretail_ml import columns as c

VIEW: Final = "view"
CUT: Final = "cut"
NEXT: Final = "next"
DISCOVERY: Final = "discovery"
VIEWS: Final = (NEXT, DISCOVERY)

NDCG: Final = "ndcg"
RECALL: Final = "recall"
PRECISION: Final = "precision"
AVERAGE_PRECISION: Final = "average_precision"
HIT_RATE: Final = "hit_rate"
RECIPROCAL_RANK: Final = "reciprocal_rank"
MARGIN: Final = "margin"
REPEAT_SHARE: Final = "repeat_share"
NOVELTY: Final = "novelty"
DIVERSITY: Final = "diversity"
COVERAGE: Final = "coverage"

ACCURACY: Final = (NDCG, RECALL, PRECISION, AVERAGE_PRECISION, HIT_RATE, RECIPROCAL_RANK)
MONEY: Final = (c.REVENUE, MARGIN, c.EXPECTED_MARGIN)
VARIETY: Final = (REPEAT_SHARE, NOVELTY, DIVERSITY)
BY_CUSTOMER: Final = (*ACCURACY, *MONEY, *VARIETY)

TRUE_ITEMS: Final = "true_items"
CUSTOMERS: Final = "customers"
ERROR: Final = "_error"
FIT_SECONDS: Final = "fit_seconds"
LIST_SECONDS: Final = "list_seconds"

ACTIVITY: Final = "activity"
RECENCY: Final = "recency"
