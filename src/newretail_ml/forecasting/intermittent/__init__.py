"""Models of items that sell now and then."""

from newretail_ml.forecasting.intermittent.aggregation import ADIDA, IMAPA
from newretail_ml.forecasting.intermittent.counts import NegativeBinomialSmoothing
from newretail_ml.forecasting.intermittent.croston import SBA, TSB, Croston

__all__ = ["ADIDA", "IMAPA", "SBA", "TSB", "Croston", "NegativeBinomialSmoothing"]
