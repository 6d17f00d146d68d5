"""Order-up-to: raise the stock position to what the protection interval asks for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.newsvendor import critical_ratio, sample_quantile
from newretail_ml.replenishment.state import STATE, checked_state

EXPECTED_DEMAND = "expected_demand"
ORDER_UP_TO = "order_up_to"
PACKS = "packs"
FILL_RATE = "expected_fill_rate"
WHY = "why"
_COLUMNS = (
    c.ON_HAND,
    c.ON_ORDER,
    EXPECTED_DEMAND,
    ORDER_UP_TO,
    PACKS,
    c.PACK_SIZE,
    c.UNITS,
    FILL_RATE,
    WHY,
)


def order_up_to(
    forecast: Forecast, state: pd.DataFrame, *, service_level: float | None = None
) -> pd.DataFrame:
    """Orders from a newsvendor on the joint sample paths of demand.

    An order placed now has to last until the one after it arrives: over lead time plus review
    period, the protection interval. Its demand is the sum along each path, so its spread is the
    forecast's own. The order is the number of packs with the least expected cost, or the fewest
    that reach the cycle service level. Stock on order counts as if it were on hand.

    Source: Silver, Pyke and Thomas (2017), Inventory and Production Management in Supply
    Chains, 4th edition, section 6.10 (periodic review, order-up-to level).

    Args:
        forecast: paths that reach at least over the longest protection interval.
        state: one row a series: item_id (and location_id), on_hand, lead_time, review_period in
            periods, and, if known, on_order, pack_size, shortage_cost (a unit short) and
            holding_cost (a unit and period; what is left waits for a review period).
        service_level: probability of no stock-out in a cycle, between 0 and 1; without it, costs
            decide.

    Returns:
        One row for each row of the state, and one without an order for each series that has a
        forecast and no state: keys, on_hand, on_order, expected_demand and order_up_to (over the
        protection interval), packs, pack_size, units, expected_fill_rate, why.

    Raises:
        DataError: the state is wrong, the horizon too short, or neither costs nor a service
            level are known.

    >>> from newretail_ml.panel import Periods
    >>> forecast = Forecast(pd.DataFrame({"item_id": ["tea"]}),
    ...                     Periods.spanning("2026-01-01", "2026-01-03", "D"),
    ...                     np.array([[[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]]], dtype=float))
    >>> state = pd.DataFrame({"item_id": ["tea"], "on_hand": [2], "lead_time": [2],
    ...                       "review_period": [1], "pack_size": [4]})
    >>> order_up_to(forecast, state, service_level=0.75)[["order_up_to", "packs", "units"]]
       order_up_to  packs  units
    0         12.0      3   12.0
    """
    state = checked_state(state)
    _check_level(service_level, state)
    keys = list(forecast.keys.columns)
    _check_keys(keys, state)
    series = pd.MultiIndex.from_frame(forecast.keys).get_indexer(
        pd.MultiIndex.from_frame(state[keys])
    )
    known = series >= 0
    matched = state[known].reset_index(drop=True)
    orders = _decided(forecast.select(series[known]), matched, service_level)
    without_state = np.setdiff1d(np.arange(len(forecast.keys)), series)
    undecided = [
        state[~known].assign(**{WHY: "no forecast, so no order was made"}),
        forecast.keys.iloc[without_state].assign(**{WHY: "no stock record, so no order was made"}),
    ]
    parts = [orders, *(part.assign(**{PACKS: 0, c.UNITS: 0.0}) for part in undecided)]
    tables = [part.reindex(columns=[*keys, *_COLUMNS]) for part in parts if len(part)]
    if not tables:
        return pd.DataFrame(columns=[*keys, *_COLUMNS])
    return pd.concat(tables).sort_values(keys, ignore_index=True)


def _check_keys(keys: list[str], state: pd.DataFrame) -> None:
    if not set(keys) <= set(state.columns):
        raise DataError(
            f"the forecast is by {', '.join(keys)}, the state is not",
            table=STATE,
            next_step="Add the missing key column, or add the forecast up with sum_by.",
        )
    repeated = state.duplicated(keys, keep=False)
    if repeated.any():
        raise DataError(
            f"the forecast is by {', '.join(keys)}, and {repeated.sum():,} rows share one",
            table=STATE,
            rows=state.index[repeated],
            next_step="Add the stock up to the forecast's keys, or forecast by the state's.",
        )


def _check_level(service_level: float | None, state: pd.DataFrame) -> None:
    if service_level is None:
        if c.SHORTAGE_COST in state and c.HOLDING_COST in state:
            return
        raise DataError(
            "neither a service level nor shortage_cost and holding_cost are known",
            table=STATE,
            next_step="Pass service_level=0.95, or add the two cost columns.",
        )
    if not 0 < service_level < 1:
        raise DataError(
            f"a service level of {service_level} cannot be reached",
            next_step="Choose one above 0 and below 1: 1 would need endless stock.",
        )


def _decided(forecast: Forecast, state: pd.DataFrame, service_level: float | None) -> pd.DataFrame:
    lead_time = state[c.LEAD_TIME].to_numpy(int)
    interval = lead_time + state[c.REVIEW_PERIOD].to_numpy(int)
    demand, before_arrival = forecast.total(interval), forecast.total(lead_time)
    position = (state[c.ON_HAND] + state[c.ON_ORDER]).to_numpy()
    pack_size = state[c.PACK_SIZE].to_numpy()
    if service_level is None:
        holding = (state[c.HOLDING_COST] * state[c.REVIEW_PERIOD]).to_numpy()
        ratio = critical_ratio(state[c.SHORTAGE_COST].to_numpy(), holding)
        target = sample_quantile(demand, ratio)
        packs = _cheapest_packs(demand, position, pack_size, target, ratio)
    else:
        ratio = np.full(len(state), service_level)
        target = sample_quantile(demand, ratio)
        packs = np.ceil(np.maximum(target - position, 0.0) / pack_size - 1e-9)
    decided = state.assign(
        **{
            EXPECTED_DEMAND: demand.mean(axis=1),
            ORDER_UP_TO: target,
            PACKS: packs.astype(int),
            c.UNITS: packs * pack_size + 0.0,
            FILL_RATE: fill_rate(demand, before_arrival, position + packs * pack_size),
        }
    )
    decided[WHY] = [_reason(row, ratio[number]) for number, row in enumerate(_rows(decided))]
    return decided


def _cheapest_packs(
    demand: np.ndarray,
    position: np.ndarray,
    pack_size: np.ndarray,
    target: np.ndarray,
    ratio: np.ndarray,
) -> np.ndarray:
    """Expected cost is convex in the stock, so one of the two pack counts around it is best."""
    fewer = np.floor(np.maximum(target - position, 0.0) / pack_size)

    def cost(packs: np.ndarray) -> np.ndarray:
        left = (position + packs * pack_size)[:, None] - demand
        weight = np.where(left > 0, 1.0 - ratio[:, None], ratio[:, None])
        return (weight * np.abs(left)).mean(axis=1)

    more_is_cheaper = (target > position) & (cost(fewer + 1) < cost(fewer))
    return np.where(more_is_cheaper, fewer + 1, fewer)


def fill_rate(
    demand: np.ndarray, demand_before_arrival: np.ndarray, position: np.ndarray
) -> np.ndarray:
    """(series,) expected share of a review period's demand that is met from stock.

    Units short by the end of the protection interval, less those short before the order arrives,
    over the demand in between (Silver, Pyke and Thomas 2017, section 6.10). One where no demand
    is expected.
    """
    short = np.maximum(demand - position[:, None], 0.0).mean(axis=1)
    short_before = np.maximum(demand_before_arrival - position[:, None], 0.0).mean(axis=1)
    between = (demand - demand_before_arrival).mean(axis=1)
    share = np.divide(short - short_before, between, out=np.zeros(len(short)), where=between > 0)
    return 1.0 - share


def _rows(decided: pd.DataFrame) -> list[dict[str, float]]:
    columns = [c.ON_HAND, c.ON_ORDER, c.LEAD_TIME, c.REVIEW_PERIOD, c.PACK_SIZE]
    return decided[[*columns, EXPECTED_DEMAND, ORDER_UP_TO, PACKS]].to_dict("records")


def _reason(row: dict[str, float], ratio: float) -> str:
    interval = row[c.LEAD_TIME] + row[c.REVIEW_PERIOD]
    need = (
        f"{row[EXPECTED_DEMAND]:,.1f} expected in {interval:.0f} periods "
        f"({row[c.LEAD_TIME]:.0f} lead time + {row[c.REVIEW_PERIOD]:.0f} review); "
        f"{row[ORDER_UP_TO]:,.0f} are enough in {ratio:.0%} of cases"
    )
    have = f"{row[c.ON_HAND]:,.0f} on hand + {row[c.ON_ORDER]:,.0f} on order"
    if row[PACKS] == 0:
        return f"{need}; {have} cover it"
    return f"{need}; {have}; {row[PACKS]:.0f} x pack of {row[c.PACK_SIZE]:.0f}"
