"""The ledger: every loss by series, period and reason."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.replenishment.replay.books import Books
from newretail_ml.replenishment.replay.setting import Setting
from newretail_ml.replenishment.replay.terms import PERIOD
from newretail_ml.replenishment.replay.totals import (
    HOLDING,
    ORDERING,
    REASONS,
    SHORTAGE,
    TRANSPORT,
    WASTE,
    price,
)

REASON = "reason"
MONEY = "money"


def ledger(setting: Setting, books: Books) -> pd.DataFrame:
    """One row wherever there are units, by series, path, period and reason."""
    units = _units(setting, books)
    rows, money = {}, {}
    for number, reason in enumerate(REASONS):
        if reason not in units:
            continue
        by_series = np.ascontiguousarray(np.moveaxis(units[reason], 0, -1))
        places = np.nonzero(by_series)
        amounts = by_series[places]
        # An order line has one fixed cost, whatever its units.
        counted = np.ones_like(amounts) if reason == ORDERING else amounts
        rows[number] = (*places, amounts)
        money[number] = counted * price(setting, reason).ravel()[places[0]]
    columns = [np.concatenate(parts) for parts in zip(*rows.values(), strict=True)]
    reasons = np.repeat(list(rows), [len(parts[0]) for parts in rows.values()])
    # The keys of a sort come last first: reason within period within path within series.
    order = np.lexsort((reasons, *columns[-2::-1]))
    return _frame(
        setting,
        [column[order] for column in columns],
        reasons[order],
        np.concatenate(list(money.values()))[order],
    )


def _units(setting: Setting, books: Books) -> dict[str, np.ndarray]:
    short = setting.demand - books.sales if books.waiting is None else books.waiting
    units = {HOLDING: books.on_hand, SHORTAGE: short, ORDERING: books.orders}
    if books.waste is not None:
        units[WASTE] = books.waste
    if price(setting, TRANSPORT).any():
        units[TRANSPORT] = books.received[: len(setting.demand)]
    return {reason: units[reason] for reason in REASONS if reason in units}


def _frame(
    setting: Setting, columns: list[np.ndarray], reasons: np.ndarray, money: np.ndarray
) -> pd.DataFrame:
    series, *paths, period, units = columns
    names = [name for name in c.SERIES_KEYS if name in setting.terms]
    frame = setting.terms[names].astype("category").iloc[series].reset_index(drop=True)
    if paths:
        frame[c.PATH] = paths[0]
    frame[PERIOD] = period
    if setting.history.periods is not None:
        frame[c.DATE] = setting.history.periods.dates[period]
    frame[REASON] = pd.Categorical.from_codes(reasons, list(REASONS))
    frame[c.UNITS] = units
    frame[MONEY] = money
    return frame
