"""Later sales joined to a decision, whatever it decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.tracking.outcomes.forecasts import forecast_outcomes
from newretail_ml.tracking.outcomes.happened import Happened
from newretail_ml.tracking.outcomes.orders import order_outcomes
from newretail_ml.tracking.outcomes.prices import price_outcomes
from newretail_ml.tracking.outcomes.result import FORECAST, KINDS, ORDERS, PRICES, SLATES, Outcomes
from newretail_ml.tracking.outcomes.slates import slate_outcomes

# Paths say more than quantiles; these are fine enough for slow items.
_FINE = tuple(round(0.02 * k, 2) for k in range(1, 50))
_EDGES = (0.1, 0.9)

# What tells the kind of a decision by its columns, the surest first.
_TELLING: Final = {
    SLATES: {c.CUSTOMER, c.ITEM, c.RANK},
    FORECAST: {c.ITEM, c.DATE, c.MEAN},
    PRICES: {c.ITEM, c.PRICE},
    ORDERS: {c.ITEM, c.UNITS},
}


@runtime_checkable
class Decided(Protocol):
    """A decision that says what it is, as `newretail_ml.tracking.decision` gives it."""

    @property
    def kind(self) -> str:
        """forecast, orders, prices or slates."""

    @property
    def table(self) -> pd.DataFrame:
        """What was decided."""

    @property
    def decided(self) -> str | None:
        """The last day that was known."""


def kind_of(table: pd.DataFrame) -> str | None:
    """What a table decides, by its columns; None where they do not tell.

    >>> kind_of(pd.DataFrame(columns=["item_id", "units", "on_hand"]))
    'orders'
    """
    return next((kind for kind, names in _TELLING.items() if names <= set(table)), None)


def joined(
    decision: pd.DataFrame | Forecast | Decided,
    happened: Happened,
    kind: str | None,
    decided: str | pd.Timestamp | None,
    periods: int | None,
    freq: str | None,
) -> Outcomes:
    """The outcomes of a decision's table; see `newretail_ml.tracking.outcomes`."""
    if isinstance(decision, Decided):
        kind, decided = kind or decision.kind, decided or decision.decided
        decision = decision.table
    if isinstance(decision, Forecast):
        return forecast_outcomes(
            decision.to_frame(_FINE), happened, decision.periods.freq, edges=_EDGES
        )
    if not isinstance(decision, pd.DataFrame):
        raise DataError(
            f"a {type(decision).__name__} is no decision",
            next_step="Pass its table, a Forecast, a tracked decision, or the id of its run.",
        )
    told = kind or kind_of(decision)
    if told not in KINDS:
        raise DataError(
            f"{told!r} is no kind of decision"
            if told
            else "the columns do not tell what the table decides "
            f"({', '.join(map(str, decision.columns))})",
            next_step=f"Pass kind= one of {', '.join(KINDS)}.",
        )
    if told == FORECAST:
        return forecast_outcomes(decision, happened, freq)
    asked: dict[str, Any] = {"decided": decided}
    if told == SLATES:
        return slate_outcomes(
            decision, happened, **asked, **({} if periods is None else {"days": periods})
        )
    made: Callable[..., Outcomes] = order_outcomes if told == ORDERS else price_outcomes
    more = {} if periods is None else {"periods": periods}
    return made(decision, happened, freq=freq, **asked, **more)
