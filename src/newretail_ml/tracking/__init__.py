"""Tracked runs: the only place of the library that knows MLflow, which is imported when used."""

from newretail_ml.tracking.compare import compare, compare_all
from newretail_ml.tracking.leaderboard import Leaderboard
from newretail_ml.tracking.local import LocalModel, local_model
from newretail_ml.tracking.opening import run
from newretail_ml.tracking.outcomes import Outcomes, outcomes
from newretail_ml.tracking.promote import Promotion, promote
from newretail_ml.tracking.runs import Run
from newretail_ml.tracking.served import OrderPolicy, ServedForecast

__all__ = [
    "Leaderboard",
    "LocalModel",
    "OrderPolicy",
    "Outcomes",
    "Promotion",
    "Run",
    "ServedForecast",
    "compare",
    "compare_all",
    "local_model",
    "outcomes",
    "promote",
    "run",
]
