"""Whether there is enough history to learn from."""

from __future__ import annotations

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel

_LEAST_ROWS = 100


def check_history(panel: Panel, horizon: int) -> None:
    """Raise a DataError where a horizon is none, or history is not twice as long."""
    if horizon < 1:
        raise DataError(
            f"a horizon of {horizon} periods was asked for",
            next_step="Ask for 1 or more.",
        )
    if panel.cut < 2 * horizon:
        raise DataError(
            f"{panel.cut} periods of history are too short for a horizon of {horizon}",
            table="panel",
            next_step="Bring twice the horizon, shorten it, or use MovingAverage.",
        )


def check_enough(n_rows: int, horizon: int) -> None:
    """Raise a DataError where rows are too few to learn from."""
    if n_rows < _LEAST_ROWS:
        raise DataError(
            f"history holds {n_rows} rows to learn from at a horizon of {horizon}",
            table="panel",
            next_step="Bring more history, shorten the horizon, or use MovingAverage.",
        )
