"""What came of orders: stock, sales, and days without."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns
from newretail_ml.tracking.noise import mean_over_folds
from newretail_ml.tracking.outcomes import names as w
from newretail_ml.tracking.outcomes.happened import Happened
from newretail_ml.tracking.outcomes.result import ORDERS, Outcomes
from newretail_ml.tracking.outcomes.window import LINE, Window, tables_of


def order_outcomes(
    orders: pd.DataFrame,
    happened: Happened,
    *,
    decided: str | pd.Timestamp | None,
    periods: int = 14,
    freq: str | None = None,
) -> Outcomes:
    """Stock and sales after orders were placed, by line and by week.

    Args:
        orders: keys and units, one row a line; on_hand and expected_demand where known.
        happened: tables (which tell the stock too) or a panel with the later sales.
        decided: the last day whose sales were known.
        periods: how many periods are looked at.
        freq: "D", "W" or "M"; by default the panel's, or days.

    Returns:
        Table: units (sold), censored (sold out), and with stock on_hand and received (what came
        in, as stock and sales tell: it may belong to earlier orders). Lines: ordered, sold,
        days_sold_out, received, on_hand_after. By week: rows, days_sold_out, share_sold_out,
        units, received, on_hand (mean of a series).

    Raises:
        DataError: a column is missing, it is not known when was decided, or nothing happened yet.
    """
    need_columns(orders, ORDERS, [c.ITEM, c.UNITS])
    window = Window.after(decided, periods, orders, happened, ORDERS, freq)
    table = _with_stock(window, happened)
    lines = _lines(window, table)
    by_week = _by_week(table)
    return Outcomes(ORDERS, table, by_week, _figures(table, lines), lines, _notes(table, lines))


def _with_stock(window: Window, happened: Happened) -> pd.DataFrame:
    tables = tables_of(happened)
    if tables is None or tables.stock is None or c.CHANNEL in window.keys:
        return window.table
    days = window.by_period(tables.stock, c.DATE)
    place = [c.ITEM, c.LOCATION, c.DATE]
    # The stock of a longer period is that at its end.
    last = days.groupby(place, observed=True)[c.ON_HAND].last().reset_index()
    stock = last.groupby([*window.keys, c.DATE], observed=True)[c.ON_HAND].sum().reset_index()
    stock = stock.sort_values([*window.keys, c.DATE])
    before = stock.groupby(window.keys, observed=True)[c.ON_HAND].shift()
    table = window.table.assign(
        **{
            c.ON_HAND: window.add(c.ON_HAND, stock),
            "before": window.add("before", stock.assign(before=before)),
        }
    )
    came_in = table[c.ON_HAND] - table.pop("before") + table[c.UNITS]
    return table.assign(**{w.RECEIVED: came_in.clip(lower=0.0)})


def _lines(window: Window, table: pd.DataFrame) -> pd.DataFrame:
    by_line = table.groupby(LINE)
    found = pd.DataFrame(
        {
            w.PERIODS: by_line.size(),
            w.SOLD: by_line[c.UNITS].sum(),
            w.DAYS_SOLD_OUT: by_line[c.CENSORED].sum(),
        }
    )
    if w.RECEIVED in table:
        found[w.RECEIVED] = by_line[w.RECEIVED].sum(min_count=1)
        found[w.ON_HAND_AFTER] = by_line[c.ON_HAND].last()
    told = [name for name in (c.ON_HAND, c.ON_ORDER, c.EXPECTED_DEMAND) if name in window.lines]
    lines = window.lines[[*window.keys, *told, c.UNITS]].rename(columns={c.UNITS: w.ORDERED})
    return lines.join(found, how="inner").reset_index(drop=True)


def _by_week(table: pd.DataFrame) -> pd.DataFrame:
    weeks = table.groupby(w.WEEK)
    by_week = pd.DataFrame(
        {
            w.ROWS: weeks.size(),
            w.DAYS_SOLD_OUT: weeks[c.CENSORED].sum(),
            w.SHARE_SOLD_OUT: weeks[c.CENSORED].mean(),
            c.UNITS: weeks[c.UNITS].sum(),
        }
    )
    if w.RECEIVED in table:
        by_week[w.RECEIVED] = weeks[w.RECEIVED].sum()
        by_week[c.ON_HAND] = weeks[c.ON_HAND].mean()
    return by_week.reset_index()


def _figures(table: pd.DataFrame, lines: pd.DataFrame) -> dict[str, float]:
    share = lines[w.DAYS_SOLD_OUT] / lines[w.PERIODS]
    ordered = lines[w.ORDERED] > 0
    found = mean_over_folds(share.groupby(lines[c.ITEM]).mean().to_numpy(float))
    figures = {
        w.ORDERED: float(lines[w.ORDERED].sum()),
        w.SOLD: float(lines[w.SOLD].sum()),
        w.SHARE_SOLD_OUT: float(table[c.CENSORED].mean()),
        f"{w.SHARE_SOLD_OUT}_error": found.error,
        f"{w.SHARE_SOLD_OUT}_ordered": float(share[ordered].mean()),
        f"{w.SHARE_SOLD_OUT}_not_ordered": float(share[~ordered].mean()),
    }
    if w.RECEIVED in lines:
        figures[w.RECEIVED] = float(lines[w.RECEIVED].sum())
        figures[w.ON_HAND_AFTER] = float(lines[w.ON_HAND_AFTER].sum())
        idle = (lines[w.ON_HAND_AFTER] > lines[w.SOLD]) & ordered
        figures["share_ordered_too_much"] = float(idle[ordered].mean()) if ordered.any() else np.nan
    return figures


def _notes(table: pd.DataFrame, lines: pd.DataFrame) -> tuple[str, ...]:
    notes = [
        f"{int(table[c.CENSORED].sum()):,} of {len(table):,} series and periods sold out; what was "
        "wanted on them is not known, so sales there are no demand"
    ]
    if w.RECEIVED in lines:
        notes.append("what came in is what stock and sales tell, of earlier orders as well")
        notes.append(
            "ordered too much: after these periods more is left than was sold in all of them"
        )
    else:
        notes.append("stock is not known by series, so what came in and what is left are not told")
    return tuple(notes)
