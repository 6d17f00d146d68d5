"""What a replay comes to: units and money of each series and path, after the warm-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml import columns as c
from newretail_ml.replenishment.replay.books import Books
from newretail_ml.replenishment.replay.setting import Setting

HOLDING = "holding"
SHORTAGE = "shortage"
WASTE = "waste"
ORDERING = "ordering"
TRANSPORT = "transport"
REASONS = (HOLDING, SHORTAGE, WASTE, ORDERING, TRANSPORT)


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over the counted periods; each array is (series[, paths]).

    Attributes:
        periods: how many are counted.
        demand: units wanted.
        met: units handed over in the period in which they were wanted.
        sold: units handed over, to customers who waited as well.
        wasted: units wasted.
        held: units left, summed over the ends of periods.
        out_of_stock: periods that ended without stock.
        cycles: replenishment cycles: from one delivery to the next.
        cycles_met: cycles in which every customer was served at once.
        money: cost by reason.
    """

    periods: int
    demand: np.ndarray
    met: np.ndarray
    sold: np.ndarray
    wasted: np.ndarray
    held: np.ndarray
    out_of_stock: np.ndarray
    cycles: np.ndarray
    cycles_met: np.ndarray
    money: dict[str, np.ndarray]

    @property
    def cost(self) -> np.ndarray:
        """(series[, paths]) money."""
        return np.sum([self.money[reason] for reason in REASONS], axis=0)


def total(setting: Setting, books: Books) -> Totals:
    """Sums of the books over the periods after the warm-up."""
    counted = slice(setting.warm_up, len(setting.demand))
    demand = setting.demand[counted].sum(axis=0)
    sold = books.sales[counted].sum(axis=0)
    held = books.on_hand[counted].sum(axis=0)
    wasted = np.zeros_like(sold) if books.waste is None else books.waste[counted].sum(axis=0)
    late, cycles, cycles_failed = _service(setting, books)
    waiting = late if books.waiting is None else books.waiting[counted].sum(axis=0)
    units = {
        HOLDING: held,
        SHORTAGE: waiting,
        WASTE: wasted,
        ORDERING: np.count_nonzero(books.orders[counted], axis=0),
        TRANSPORT: _received(setting, books, counted),
    }
    return Totals(
        periods=len(setting.demand) - setting.warm_up,
        demand=demand,
        met=demand - late,
        sold=sold,
        wasted=wasted,
        held=held,
        out_of_stock=np.count_nonzero(books.on_hand[counted] <= 0, axis=0),
        cycles=cycles,
        cycles_met=cycles - cycles_failed,
        money={reason: units[reason] * price(setting, reason) for reason in REASONS},
    )


def price(setting: Setting, reason: str) -> np.ndarray:
    """(series[, 1]) money a unit, or an order line; zero where waste cannot happen."""
    if reason == WASTE:
        loss = setting.column(c.UNIT_COST) - setting.column(c.SALVAGE_VALUE)
        return np.where(np.isnan(setting.column(c.SHELF_LIFE)), 0.0, loss)
    names = {
        HOLDING: c.HOLDING_COST,
        SHORTAGE: c.SHORTAGE_COST,
        ORDERING: c.ORDER_COST,
        TRANSPORT: c.TRANSPORT_COST,
    }
    return setting.column(names[reason])


def _received(setting: Setting, books: Books, counted: slice) -> np.ndarray:
    if not setting.terms[c.TRANSPORT_COST].any():
        return np.zeros(setting.demand.shape[1:])
    return books.received[counted].sum(axis=0)


def _service(setting: Setting, books: Books) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units not met at once, cycles, and cycles with such a unit; each (series[, paths]).

    The first cycle begins with the first counted period, delivery or not.
    """
    cells, first = setting.demand.shape[1:], setting.warm_up
    late, cycles, failed = np.zeros(cells), np.zeros(cells, dtype=int), np.zeros(cells, dtype=int)
    short = np.zeros(cells, dtype=bool)
    for period in range(first, len(setting.demand)):
        demand = setting.demand[period]
        begins = books.received[period] > 0 if period > first else ~short
        if books.waiting is None:
            missing = demand - books.sales[period]
        else:
            missing = np.minimum(books.waiting[period], demand)
        now = missing > 0
        late += missing
        cycles += begins
        short &= ~begins
        failed += now & ~short
        short |= now
    return late, cycles, failed
