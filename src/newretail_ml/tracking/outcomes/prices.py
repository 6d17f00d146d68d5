"""What came of a price list: charged against planned, sold against expected."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns
from newretail_ml.tables import RetailTables
from newretail_ml.tracking.noise import LUCK
from newretail_ml.tracking.outcomes import names as w
from newretail_ml.tracking.outcomes.drift import adjusted, total_over_clusters
from newretail_ml.tracking.outcomes.happened import Happened
from newretail_ml.tracking.outcomes.result import PRICES, Outcomes
from newretail_ml.tracking.outcomes.window import LINE, Window, tables_of

_KEPT_WITHIN = 0.005


def price_outcomes(
    prices: pd.DataFrame,
    happened: Happened,
    *,
    decided: str | pd.Timestamp | None,
    periods: int = 28,
    freq: str | None = None,
) -> Outcomes:
    """Prices charged and units sold after a price list, by product and by week.

    Args:
        prices: keys and price, one row a product; units (expected in a period) and
            current_price where known.
        happened: tables or a panel with the later sales.
        decided: the last day before the prices.
        periods: how many periods are looked at.
        freq: "D", "W" or "M", the periods of the expected units; by default the panel's, or days.

    Returns:
        Table: price (planned), charged (mean of what was sold, or the plan of the tables where
        nothing was), as_planned (within half a percent), expected_units, units, censored. By
        week: rows, as_planned (share of what is known), price and charged (means),
        days_sold_out, and over rows that were charged as planned and did not sell out:
        expected_units, units, bias (expected less sold, as a share of sold), bias_error,
        p_value, p_holm, biased (5% over all weeks).

    Raises:
        DataError: a column is missing, it is not known when was decided, or nothing happened yet.
    """
    need_columns(prices, PRICES, [c.ITEM, c.PRICE])
    window = Window.after(decided, periods, prices, happened, PRICES, freq)
    table = window.table
    planned = window.lines.loc[table[LINE]].set_axis(table.index)
    table[c.PRICE] = planned[c.PRICE].astype(float)
    table[w.EXPECTED_UNITS] = planned[c.UNITS].astype(float) if c.UNITS in planned else np.nan
    table[w.CHARGED] = _charged(window, tables_of(happened))
    table[w.AS_PLANNED] = (table[w.CHARGED] / table[c.PRICE] - 1).abs() <= _KEPT_WITHIN
    by_week = pd.DataFrame([_week(week, rows) for week, rows in table.groupby(w.WEEK)])
    by_week[w.P_HOLM] = adjusted(by_week[w.P_VALUE])
    by_week[w.BIASED] = by_week[w.P_HOLM] < LUCK
    return Outcomes(PRICES, table, by_week, _figures(table), notes=_notes(table))


def _charged(window: Window, tables: RetailTables | None) -> pd.Series:
    """The mean price of what was sold; the plan where nothing was."""
    planned = window.panel.plans.get(c.PRICE)
    charged = pd.Series(np.nan, window.table.index)
    if planned is not None:
        frame = window.panel.keys.loc[window.panel.keys.index.repeat(planned.shape[1])]
        frame = frame.reset_index(drop=True)
        frame[c.DATE] = np.tile(window.panel.periods.dates, len(planned))
        charged = window.add(c.PRICE, frame.assign(**{c.PRICE: planned.ravel().astype(float)}))
    if tables is None:
        return charged
    lines = window.by_period(tables.demand_lines(), c.TIME)
    lines = lines.assign(**{c.REVENUE: lines[c.UNITS] * lines[c.UNIT_PRICE]})
    sums = lines.groupby([*window.keys, c.DATE], observed=True)[[c.REVENUE, c.UNITS]].sum()
    sold = (sums[c.REVENUE] / sums[c.UNITS]).rename(w.CHARGED).reset_index()
    return window.add(w.CHARGED, sold).fillna(charged)


def _week(week: object, rows: pd.DataFrame) -> dict[str, object]:
    judged = _judged(rows)
    gap = judged[w.EXPECTED_UNITS] - judged[c.UNITS]
    tested = total_over_clusters(gap.groupby(judged[c.ITEM]).sum().to_numpy())
    sold = judged[c.UNITS].sum()
    return {
        w.WEEK: week,
        w.ROWS: len(rows),
        w.AS_PLANNED: _kept(rows),
        c.PRICE: rows[c.PRICE].mean(),
        w.CHARGED: rows[w.CHARGED].mean(),
        w.DAYS_SOLD_OUT: int(rows[c.CENSORED].sum()),
        w.EXPECTED_UNITS: judged[w.EXPECTED_UNITS].sum(),
        c.UNITS: sold,
        w.BIAS: _share(tested.total, sold),
        w.BIAS_ERROR: _share(tested.error, sold),
        w.P_VALUE: tested.p_value,
    }


def _kept(rows: pd.DataFrame) -> float:
    """The share that was charged as planned, of what is known."""
    return float(rows.loc[rows[w.CHARGED].notna(), w.AS_PLANNED].mean())


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose expected units can be held against what was sold."""
    return rows[rows[w.AS_PLANNED] & ~rows[c.CENSORED] & rows[w.EXPECTED_UNITS].notna()]


def _figures(table: pd.DataFrame) -> dict[str, float]:
    judged = _judged(table)
    gap = judged[w.EXPECTED_UNITS] - judged[c.UNITS]
    tested = total_over_clusters(gap.groupby(judged[c.ITEM]).sum().to_numpy())
    sold = judged[c.UNITS].sum()
    return {
        w.AS_PLANNED: _kept(table),
        w.EXPECTED_UNITS: float(judged[w.EXPECTED_UNITS].sum()),
        c.UNITS: float(sold),
        w.BIAS: _share(tested.total, sold),
        w.BIAS_ERROR: _share(tested.error, sold),
        c.REVENUE: float((table[c.UNITS] * table[w.CHARGED]).sum()),
        w.SHARE_SOLD_OUT: float(table[c.CENSORED].mean()),
    }


def _notes(table: pd.DataFrame) -> tuple[str, ...]:
    other = int((~table[w.AS_PLANNED] & table[w.CHARGED].notna()).sum())
    unknown = int(table[w.CHARGED].isna().sum())
    notes = [
        f"{other:,} of {len(table):,} products and periods were charged otherwise than planned, "
        "and are not held against the expected units"
    ]
    if unknown:
        notes.append(f"of {unknown:,} it is not known what was charged")
    if table[c.CENSORED].any():
        notes.append(
            "periods that sold out are left out: they are those of high demand, so that expected "
            "units look too high"
        )
    return tuple(notes)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
