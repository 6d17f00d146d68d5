"""The closed loop: forecast, orders, prices and slates meet customers together, day by day."""

from newretail_ml.world.loop.ledger import Ledger
from newretail_ml.world.loop.policies import Policies
from newretail_ml.world.loop.run import LoopResult, run
from newretail_ml.world.loop.state import Habits
from newretail_ml.world.loop.view import View

__all__ = ["Habits", "Ledger", "LoopResult", "Policies", "View", "run"]
