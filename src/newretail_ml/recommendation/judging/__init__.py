"""How good lists are: backtests, measures with errors, segments and paired tests."""

from newretail_ml.recommendation.judging.backtest import backtest_recommenders
from newretail_ml.recommendation.judging.evaluate import evaluate
from newretail_ml.recommendation.judging.judgement import Judgement
from newretail_ml.recommendation.judging.segments import customer_labels

__all__ = ["Judgement", "backtest_recommenders", "customer_labels", "evaluate"]
