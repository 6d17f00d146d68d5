"""The panel: every series of a chain on one shared calendar, as dense arrays."""

from newretail_ml.panel.panel import Panel
from newretail_ml.panel.periods import Periods

__all__ = ["Panel", "Periods"]
