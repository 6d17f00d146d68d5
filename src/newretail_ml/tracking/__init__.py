"""Tracked runs: the only place of the library that knows MLflow, which is imported when used."""

from newretail_ml.tracking.compare import compare, compare_all
from newretail_ml.tracking.decisions import Decision, decision
from newretail_ml.tracking.leaderboard import Leaderboard
from newretail_ml.tracking.local import LocalModel, local_model
from newretail_ml.tracking.opening import run
from newretail_ml.tracking.outcomes import Outcomes, outcomes
from newretail_ml.tracking.promote import Promotion, promote
from newretail_ml.tracking.registry import aliases, register, set_alias
from newretail_ml.tracking.runs import Run
from newretail_ml.tracking.served import OrderPolicy, ServedForecast
from newretail_ml.tracking.served.kinds import load_local

__all__ = [
    "Decision",
    "Leaderboard",
    "LocalModel",
    "OrderPolicy",
    "Outcomes",
    "Promotion",
    "Run",
    "ServedForecast",
    "aliases",
    "compare",
    "compare_all",
    "decision",
    "load_local",
    "local_model",
    "outcomes",
    "promote",
    "register",
    "run",
    "set_alias",
]
