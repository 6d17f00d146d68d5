"""Rules over many lines: budget, room, suppliers' minimums, trucks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import refuse_values
from newretail_ml.errors import DataError
from newretail_ml.replenishment.planning.deciding import Decisions
from newretail_ml.replenishment.planning.lines import OPEN, Lines
from newretail_ml.replenishment.planning.programme.rules import Limit, SupplierMinimum, Trucks
from newretail_ml.replenishment.planning.supply import (
    TRUCK_COST,
    TRUCK_SMALLEST_FILL,
    TRUCK_VOLUME,
    OrderRules,
    Supply,
)

BUDGET = "budget"
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Coupling:
    """The rules over many lines, with what a step (pack or pallet) of each line uses.

    Attributes:
        limits: at most.
        minimums: nothing, or at least.
        trucks: whole trucks.
    """

    limits: list[Limit]
    minimums: list[SupplierMinimum]
    trucks: list[Trucks]

    def kept_by(self, steps: np.ndarray) -> bool:
        """Whether the orders keep all rules; trucks are never taken for kept, as they cost."""
        if self.trucks:
            return False
        room = all(limit.use @ steps <= limit.room + _ROUNDING for limit in self.limits)
        used = [(minimum.use @ steps, minimum.at_least) for minimum in self.minimums]
        return room and all(units == 0 or units >= least - _ROUNDING for units, least in used)


def coupling_of(
    lines: Lines,
    made: Decisions,
    table: pd.DataFrame,
    elsewhere: pd.DataFrame,
    supply: Supply | None,
    rules: OrderRules,
) -> Coupling:
    """The rules that are given.

    Args:
        lines: all lines.
        made: for the stock expected at arrival.
        table: keys of the lines.
        elsewhere: stock without a forecast, which takes room too.
        supply: for the suppliers.
        rules: budget and capacity.

    Raises:
        DataError: a unit cost or a volume is missing, or a place is not known.
    """
    limits, minimums, trucks = _rooms(lines, made, table, elsewhere, rules), [], []
    is_open = lines.status == OPEN
    if rules.budget is not None:
        limits.insert(0, Limit(BUDGET, _money(lines, is_open), rules.budget))
    if supply is not None and supply.suppliers is not None:
        for row, supplier in supply.suppliers.iterrows():
            mine = (lines.supplier == row) & is_open
            if mine.any():
                minimums += _minimums(lines, mine, supplier)
                trucks += _trucks(lines, mine, supplier)
    return Coupling(limits, minimums, trucks)


def _rooms(
    lines: Lines,
    made: Decisions,
    table: pd.DataFrame,
    elsewhere: pd.DataFrame,
    rules: OrderRules,
) -> list[Limit]:
    if rules.capacity is None:
        return []
    capacity, found = rules.capacity, []
    stock = np.where(np.isnan(made.stock), lines.stock.on_hand, np.maximum(made.stock, 0.0))
    by_place = c.LOCATION in capacity
    if by_place and c.LOCATION not in table:
        raise DataError(
            "room is given by location_id, the forecast is not by location",
            table="capacity",
            column=c.LOCATION,
            next_step="Give one row for all places together, or forecast by location.",
        )
    if by_place:
        known = {*table[c.LOCATION], *elsewhere.get(c.LOCATION, ())}
        unknown = ~capacity[c.LOCATION].isin(known).to_numpy()
        refuse_values(capacity[c.LOCATION], unknown, "capacity", "are places without stock")
    for _, room in capacity.iterrows():
        here, there = np.ones(len(lines), bool), np.ones(len(elsewhere), bool)
        place = f" at {room[c.LOCATION]}" if by_place else ""
        if by_place:
            here = (table[c.LOCATION] == room[c.LOCATION]).to_numpy()
            there = (elsewhere[c.LOCATION] == room[c.LOCATION]).to_numpy()
        on_hand = elsewhere[c.ON_HAND].to_numpy(float)[there]
        if pd.notna(room.get(c.UNITS)):
            used = float(stock[here].sum() + on_hand.sum())
            found.append(Limit(f"units{place}", lines.step * here, room[c.UNITS], used))
        if pd.notna(room.get(c.VOLUME)):
            volume = _volume(lines, here)
            size = elsewhere[c.VOLUME].fillna(0.0).to_numpy()[there] if c.VOLUME in elsewhere else 0
            used = float(volume @ stock + (size * on_hand).sum())
            found.append(Limit(f"volume{place}", volume * lines.step, room[c.VOLUME], used))
    return found


def _minimums(lines: Lines, mine: np.ndarray, supplier: pd.Series) -> list[SupplierMinimum]:
    found, name = [], _name(supplier)
    if (supplier.get(c.MINIMUM_VALUE) or 0) > 0:
        money = _money(lines, mine)
        found.append(SupplierMinimum(f"minimum value of {name}", money, supplier[c.MINIMUM_VALUE]))
    if (supplier.get(c.MINIMUM_UNITS) or 0) > 0:
        units = lines.step * mine
        found.append(SupplierMinimum(f"minimum units of {name}", units, supplier[c.MINIMUM_UNITS]))
    return found


def _trucks(lines: Lines, mine: np.ndarray, supplier: pd.Series) -> list[Trucks]:
    if pd.isna(supplier.get(TRUCK_VOLUME)):
        return []
    cost, fill = (
        0.0 if pd.isna(supplier.get(name)) else float(supplier[name])
        for name in (TRUCK_COST, TRUCK_SMALLEST_FILL)
    )
    use = _volume(lines, mine) * lines.step
    return [Trucks(f"trucks of {_name(supplier)}", use, supplier[TRUCK_VOLUME], cost, fill)]


def _name(supplier: pd.Series) -> str:
    place = f" to {supplier[c.LOCATION]}" if c.LOCATION in supplier else ""
    return f"{supplier[c.SUPPLIER]}{place}"


def _money(lines: Lines, rows: np.ndarray) -> np.ndarray:
    return np.where(rows, _known(lines.unit_cost, rows, c.UNIT_COST) * lines.step, 0.0)


def _volume(lines: Lines, rows: np.ndarray) -> np.ndarray:
    return np.where(rows, _known(lines.volume, rows, c.VOLUME), 0.0)


def _known(values: np.ndarray, rows: np.ndarray, column: str) -> np.ndarray:
    missing = rows & np.isnan(values)
    if missing.any():
        raise DataError(
            f"{missing.sum():,} lines have none, and a rule over many lines needs it",
            table="supply",
            column=column,
            rows=np.flatnonzero(missing),
            next_step="Add it, or leave the rule out.",
        )
    return values
