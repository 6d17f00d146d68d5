"""How good forecasts are: backtests, metrics, segments, chance, and money."""

from newretail_ml.forecasting.judging.backtest import Backtest, backtest
from newretail_ml.forecasting.judging.costs import StockCosts
from newretail_ml.forecasting.judging.segments import segments
from newretail_ml.forecasting.judging.significance import Comparison, compare_models

__all__ = ["Backtest", "Comparison", "StockCosts", "backtest", "compare_models", "segments"]
