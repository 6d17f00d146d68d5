"""What the page shows, as tables and numbers; nothing here knows of HTML."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Panel
from newretail_ml.pricing.price_list import names as w
from newretail_ml.tables import RetailTables

COVERED = 0.8
PLENTY = 0.95
SHORT, MONEY_AT_RISK, OVERSTOCK_VALUE = "units short", "money at risk", "value of overstock"
CHANCE_SHORT = "chance to run out"


@dataclass(frozen=True)
class Accuracy:
    """An earlier forecast against what happened since.

    Attributes:
        by_day: date, actual and forecast (units of the chain without censored cells), lower and
            upper (80% interval), censored (cells).
        actual, forecast: units of all days.
        coverage: share of days inside their 80% interval.
        censored_share: share of item-location-days that bound demand only.
    """

    by_day: pd.DataFrame
    actual: float
    forecast: float
    coverage: float
    censored_share: float

    @property
    def bias(self) -> float:
        """Forecast over actual, less 1."""
        return self.forecast / self.actual - 1 if self.actual else float("nan")


def accuracy_of(earlier: Forecast, panel: Panel) -> Accuracy:
    """Set a forecast against the panel's sales of the same days; censored cells are left out."""
    keys = list(earlier.keys.columns)
    row = pd.MultiIndex.from_frame(panel.keys[keys].astype(str)).get_indexer(
        pd.MultiIndex.from_frame(earlier.keys.astype(str))
    )
    days = panel.periods.position(earlier.periods.dates)
    known = (row >= 0)[:, None] & ((days >= 0) & (days < panel.cut))[None, :]
    row, days = np.maximum(row, 0), np.clip(days, 0, panel.cut - 1)
    censored = panel.censored[row][:, days] & known
    counts = known & ~censored
    sold = np.where(counts, np.nan_to_num(panel.units[row][:, days]), 0.0)
    paths = np.where(counts[:, None, :], earlier.paths, 0.0).sum(axis=0)
    low, high = np.quantile(paths, [(1 - COVERED) / 2, (1 + COVERED) / 2], axis=0)
    by_day = pd.DataFrame(
        {
            c.DATE: earlier.periods.dates,
            "actual": sold.sum(axis=0),
            "forecast": paths.mean(axis=0),
            "lower": low,
            "upper": high,
            c.CENSORED: censored.sum(axis=0),
        }
    )[known.any(axis=0)]
    inside = by_day["actual"].between(by_day["lower"], by_day["upper"])
    share = censored.sum() / max(known.sum(), 1)
    return Accuracy(
        by_day.reset_index(drop=True),
        float(by_day["actual"].sum()),
        float(by_day["forecast"].sum()),
        float(inside.mean()) if len(by_day) else float("nan"),
        float(share),
    )


def stock_at_risk(
    forecast: Forecast, state: pd.DataFrame, margins: pd.DataFrame | None
) -> pd.DataFrame:
    """Where stock may run out before an order of today can arrive, the dearest first.

    Args:
        forecast: paths from tomorrow on.
        state: item_id, location_id, on_hand and lead_time.
        margins: item_id, unit_margin and unit_cost, where they are known.

    Returns:
        Keys, on hand, expected (demand over the lead time), chance to run out, units short (in
        the mean), money at risk (their margin), overstock (units above what sells in the whole
        horizon in 19 of 20 cases) and its value at cost.
    """
    keys = [name for name in c.SERIES_KEYS if name in forecast.keys and name in state]
    row = pd.MultiIndex.from_frame(forecast.keys[keys].astype(str)).get_indexer(
        pd.MultiIndex.from_frame(state[keys].astype(str))
    )
    state, row = state[row >= 0], row[row >= 0]
    on_hand = state[c.ON_HAND].to_numpy(float)
    lead = np.minimum(state[c.LEAD_TIME].to_numpy(int), forecast.horizon)
    demand = forecast.select(row).total(lead)
    most = np.quantile(forecast.total(forecast.horizon)[row], PLENTY, axis=1)
    short = np.maximum(demand - on_hand[:, None], 0.0)
    over = np.maximum(on_hand - np.ceil(most), 0.0)
    table = state[keys].assign(
        **{
            c.ON_HAND: on_hand,
            c.EXPECTED: demand.mean(axis=1),
            CHANCE_SHORT: (short > 0).mean(axis=1),
            SHORT: short.mean(axis=1),
            MONEY_AT_RISK: np.nan,
            c.OVERSTOCK: over,
            OVERSTOCK_VALUE: np.nan,
        }
    )
    if margins is not None:
        of_item = margins.set_index(c.ITEM)
        table[MONEY_AT_RISK] = table[SHORT] * table[c.ITEM].map(of_item[c.UNIT_MARGIN]).clip(
            lower=0
        )
        table[OVERSTOCK_VALUE] = table[c.OVERSTOCK] * table[c.ITEM].map(of_item[c.UNIT_COST])
    by = MONEY_AT_RISK if margins is not None else SHORT
    return table.sort_values(by, ascending=False, kind="stable").reset_index(drop=True)


def slates_by_segment(slates: pd.DataFrame, tables: RetailTables) -> pd.DataFrame:
    """What each segment of members is shown: category, slots, members, expected sales, margin."""
    shown = slates.copy()
    for column, frame, key in (
        (c.SEGMENT, tables.customers, c.CUSTOMER),
        (c.CATEGORY, tables.items, c.ITEM),
    ):
        if frame is None or column not in frame:
            shown[column] = "all"
        else:
            shown[column] = shown[key].map(frame.set_index(key)[column]).fillna("not known")
    sums = {name: (name, "sum") for name in (c.EXPECTED_SALES, c.EXPECTED_MARGIN) if name in shown}
    grouped = shown.groupby([c.SEGMENT, c.CATEGORY], as_index=False)
    table = grouped.agg(slots=(c.ITEM, "size"), members=(c.CUSTOMER, "nunique"), **sums)
    return table.sort_values([c.SEGMENT, "slots"], ascending=[True, False]).reset_index(drop=True)


def price_moves(prices: pd.DataFrame) -> pd.DataFrame:
    """Prices that change, those with the largest expected effect on profit first."""
    moved = prices[prices[w.CHANGE] != 0]
    order = moved[w.PROFIT_GAIN].abs().sort_values(ascending=False, kind="stable").index
    return moved.loc[order].reset_index(drop=True)
