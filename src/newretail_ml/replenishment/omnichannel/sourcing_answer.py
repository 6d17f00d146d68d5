"""The answer of sourcing in tables and words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.replenishment.omnichannel.names import (
    DISTANCE,
    LABOUR,
    LOST_AT_COUNTER,
    MARGIN,
    SHIPPING,
    SPLITTING,
    WHY,
)
from newretail_ml.replenishment.omnichannel.sourcing_problem import NOWHERE, SourcingProblem

_PARTS = (SHIPPING, SPLITTING, LABOUR, LOST_AT_COUNTER)


def filled_lines(
    problem: SourcingProblem,
    place: np.ndarray,
    lines: pd.DataFrame,
    places: pd.DataFrame,
    kilometres: np.ndarray,
) -> pd.DataFrame:
    """One row a filled line, with its share of each cost; the shares add up to the total."""
    where = place[problem.bundle]
    sent = np.flatnonzero(where != NOWHERE)
    order, item, to, units = (
        part[sent] for part in (problem.order, problem.item, where, problem.units)
    )
    parcel = order * problem.n_places + to
    per_unit = problem.parcel_cost[order, to] / _sums(parcel, units)
    parcels_of = pd.Series(parcel).groupby(order).transform("nunique").to_numpy()
    taken = problem.taken(place)
    unit_loss = problem.cell_loss(taken) / np.maximum(taken, 1)
    frame = lines.loc[sent, [c.ORDER, c.ITEM]].reset_index(drop=True)
    frame[c.LOCATION] = places[c.LOCATION].to_numpy()[to]
    frame[c.UNITS] = units
    frame[DISTANCE] = kilometres[order, to]
    frame[SHIPPING] = per_unit * units
    frame[SPLITTING] = problem.split_cost * (parcels_of - 1) * units / _sums(order, units)
    frame[LABOUR] = problem.pick_cost[to] * units
    frame[LOST_AT_COUNTER] = unit_loss[item, to] * units
    nearer = kilometres[order] < kilometres[order, to][:, None]
    bundle = problem.bundle[sent]
    able = (nearer & problem.fits[bundle]).sum(axis=1)
    free = (nearer & problem.fits_into(problem.room - taken)[bundle]).sum(axis=1)
    counts = zip(nearer.any(axis=1), able.tolist(), free.tolist(), parcels_of, strict=True)
    frame[WHY] = [
        f"{_choice(row[DISTANCE], *places_nearer)}{_parcels_and_costs(row, parcels)}"
        for row, (*places_nearer, parcels) in zip(frame.to_dict("records"), counts, strict=True)
    ]
    return frame


def _sums(group: np.ndarray, units: np.ndarray) -> np.ndarray:
    return pd.Series(units).groupby(group).transform("sum").to_numpy(float)


def _choice(kilometres: float, nearer: bool, able: int, free: int) -> str:
    """Why this place, if nearer ones have enough and some of them still have it free."""
    if not nearer:
        return f"the nearest place, {kilometres:,.0f} km"
    if not able:
        return f"{kilometres:,.0f} km, the nearest place that has enough"
    reasons = []
    if free:
        reasons.append(f"{_nearer(free)} would save nothing in all")
    if able > free:
        reasons.append(f"the stock of {_nearer(able - free)} fills other orders")
    return f"{kilometres:,.0f} km; {' and '.join(reasons)}"


def _nearer(count: int) -> str:
    return f"{count:,} nearer place{'s' if count > 1 else ''}"


def _parcels_and_costs(row: dict[str, Any], parcels: int) -> str:
    words = [f"{row[name]:,.2f} {name.replace('_', ' ')}" for name in _PARTS if row[name]]
    split = f"; order in {parcels} parcels" if parcels > 1 else ""
    return f"{split}: {' + '.join(words) or 'no cost'}"


def unfilled_lines(
    problem: SourcingProblem, place: np.ndarray, lines: pd.DataFrame, stock: pd.DataFrame
) -> pd.DataFrame:
    """One row a line that is not filled, with the reason."""
    missed = np.flatnonzero(place[problem.bundle] == NOWHERE)
    frame = lines.loc[missed, [c.ORDER, c.ITEM]].reset_index(drop=True)
    frame[c.UNITS] = problem.units[missed]
    frame[MARGIN] = problem.margin[missed] * problem.units[missed]
    on_hand = stock.groupby(c.ITEM)[c.ON_HAND].sum()
    left = problem.room - problem.taken(place)
    whole = problem.n_bundles < len(problem.order) or len(np.unique(problem.order)) < len(lines)
    frame[WHY] = [
        _why_not(problem, line, float(on_hand.get(item, -1.0)), left, whole)
        for line, item in zip(missed.tolist(), frame[c.ITEM], strict=True)
    ]
    return frame


def _why_not(
    problem: SourcingProblem, line: int, on_hand: float, left: np.ndarray, whole: bool
) -> str:
    item, units, bundle = problem.item[line], problem.units[line], problem.bundle[line]
    together = np.flatnonzero(problem.bundle == bundle)
    what = (
        "the whole order" if whole and len(together) > 1 else f"{units} unit{'s' * bool(units > 1)}"
    )
    reached = np.isfinite(problem.parcel_cost[problem.order[line]])
    still = reached & (left[problem.item[together]] >= problem.units[together, None]).all(axis=0)
    if on_hand < 0:
        return "no place has a stock record of the item"
    if on_hand == 0:
        return "no place has the item on hand"
    if not problem.room[item].any():
        all_units = f"all {on_hand:,.0f} units on hand are" if on_hand > 1 else "the only unit is"
        return f"{all_units} kept for the counter"
    if not reached.any():
        return "no place is within reach"
    if not problem.fits[bundle].any():
        return f"no place within reach has {what}"
    if still.any():
        return f"shipping {what} would cost more than its margin"
    return f"the stock that could fill {what} fills other orders, which is worth more"
