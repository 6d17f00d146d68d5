"""One fit for a whole chain: on a sample that memory takes, or on all rows out of core."""

from newretail_ml.jobs.fitting.once import fitted_once

__all__ = ["fitted_once"]
