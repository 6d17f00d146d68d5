"""The sections of the page, each a heading, figures, a plot where one helps, and a table."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.pricing.price_list import names as w
from newretail_ml.report import drawing
from newretail_ml.report.figures import (
    CHANCE_SHORT,
    MONEY_AT_RISK,
    OVERSTOCK_VALUE,
    SHORT,
    slates_by_segment,
)
from newretail_ml.report.html import card, figure, missing, plot, table
from newretail_ml.report.week import ORDER_VALUE, Week, gain_a_week

_EXPECTED_DEMAND = "expected_demand"


def money(week: Week) -> str:
    """What the week is about, in money."""
    gain, lower, upper = gain_a_week(week.moves)
    cards = [
        card(
            "Next week's sales",
            figure("expected_revenue", week.expected_revenue),
            f"expected revenue at today's prices, {week.expected_units:,.0f} units",
        ),
        card(
            "Margin at risk",
            figure("margin_at_risk", _total(week.risk, MONEY_AT_RISK)),
            "lost if shelves run empty before an order of today can arrive",
        ),
        card(
            "To order today",
            figure("order_value", week.order_value),
            f"at cost, {_placed(week.orders):,} order lines",
        ),
        card(
            "Price moves",
            figure("price_gain", gain, "+,.0f"),
            f"expected profit a week; each move's 90% bounds add up to {lower:+,.0f} and "
            f"{upper:+,.0f}",
        ),
        card(
            "Slates",
            figure("slate_margin", _total(week.slates, c.EXPECTED_MARGIN)),
            "expected margin of what members buy from them in a week, some of it anyway",
        ),
        card(
            "Overstock",
            figure("overstock_value", _total(week.risk, OVERSTOCK_VALUE)),
            f"at cost, above what sells in {week.forecast.horizon} days in 19 of 20 cases",
        ),
    ]
    return f'<div class="cards">{"".join(cards)}</div>'


def forecast(week: Week) -> str:
    """The forecast, and how far the last one could be trusted."""
    picture = plot(
        drawing.chain_chart(week), "Units a day: sold, forecast before, and forecast to come"
    )
    judged = week.accuracy
    if judged is None:
        return picture + missing("History is too short to set an earlier forecast against sales.")
    words = (
        f"<p>Of the last {len(judged.by_day)} days {figure('forecast_units', judged.forecast)} "
        f"units had been forecast two weeks ago, {figure('actual_units', judged.actual)} were "
        f"sold: a bias of {figure('forecast_bias', judged.bias, '+.1%')}. "
        f"{figure('coverage', judged.coverage, '.0%')} of the days fell inside the interval meant "
        f"for 80%. Item-days that ended with an empty shelf "
        f"({figure('censored_share', judged.censored_share, '.1%')}) only bound demand, and are "
        "left out on both sides.</p>"
    )
    shown = judged.by_day.rename(columns={c.CENSORED: "sold out"})
    forms = {"sold out": ",.0f", "actual": ",.0f"}
    return picture + words + table("accuracy", shown, most=14, forms=forms)


def stock(week: Week) -> str:
    """Where shelves may run empty, and where too much lies."""
    risk = week.risk
    if risk is None:
        return missing(
            "There is no table of stock: with one (date, location_id, item_id, on_hand) this "
            "section shows which shelves may run empty before an order can arrive, and overstock."
        )
    picture = ""
    if risk[MONEY_AT_RISK].gt(0).any():
        picture = plot(drawing.risk_chart(risk), "Margin at risk by item and location")
    likely = int((risk[CHANCE_SHORT] > 0.5).sum())
    words = (
        f"<p>{figure('likely_short', likely)} of {len(risk):,} shelves will more likely than not "
        f"run empty before an order of today can arrive.</p>"
    )
    forms = {CHANCE_SHORT: ".0%", c.ON_HAND: ",.0f", c.OVERSTOCK: ",.0f"}
    short = risk[risk[SHORT] > 0].drop(columns=[c.OVERSTOCK, OVERSTOCK_VALUE])
    over = risk[risk[c.OVERSTOCK] > 0].sort_values(OVERSTOCK_VALUE, ascending=False, kind="stable")
    keys = [name for name in c.SERIES_KEYS if name in risk]
    over = over[[*keys, c.ON_HAND, c.OVERSTOCK, OVERSTOCK_VALUE]]
    return (
        words
        + picture
        + table("stock_at_risk", short, most=15, forms=forms)
        + "<h3>Overstock</h3>"
        + table("overstock", over, most=10, forms=forms)
    )


def orders(week: Week) -> str:
    """What to order, and why."""
    if week.orders is None:
        return missing(
            "No orders were made: that takes stock, unit costs in the table of items, and a "
            "forecast as long as lead time and review period."
        )
    placed = week.orders[week.orders[c.UNITS] > 0]
    by = "expected_profit" if "expected_profit" in placed else c.UNITS
    placed = placed.sort_values(by, ascending=False, kind="stable")
    names = [
        *(name for name in c.SERIES_KEYS if name in placed),
        *(
            name
            for name in (c.ON_HAND, _EXPECTED_DEMAND, c.UNITS, ORDER_VALUE, "expected_profit")
            if name in placed
        ),
        *([c.WHY] if c.WHY in placed else []),
    ]
    words = (
        f"<p>{figure('order_lines', len(placed))} of {len(week.orders):,} lines are ordered, "
        f"{figure('order_units', float(placed[c.UNITS].sum()))} units.</p>"
    )
    forms = {c.UNITS: ",.0f", c.ON_HAND: ",.0f"}
    return words + table("orders", placed[names], most=25, forms=forms)


def prices(week: Week) -> str:
    """What to charge, what it should bring, and how sure that is."""
    if week.moves is None or week.prices is None:
        return missing(
            "No prices were planned: that takes a table of prices, unit costs in the table of "
            "items, and prices that have moved."
        )
    words = (
        f"<p>{figure('price_moves', len(week.moves))} of {len(week.prices):,} prices change. Gains "
        "are those of an ordinary day.</p>"
    )
    if week.moves.empty:
        return words
    names = [
        *(name for name in (c.ITEM, c.LOCATION) if name in week.moves),
        *(w.CURRENT_PRICE, c.PRICE, w.CHANGE),
        *(w.PROFIT_GAIN, w.PROFIT_GAIN_LOWER, w.PROFIT_GAIN_UPPER, w.WHY),
    ]
    forms = {w.CHANGE: "+.1%", w.CURRENT_PRICE: ",.2f", c.PRICE: ",.2f"}
    forms |= dict.fromkeys((w.PROFIT_GAIN, w.PROFIT_GAIN_LOWER, w.PROFIT_GAIN_UPPER), "+,.2f")
    picture = plot(drawing.moves_chart(week.moves), "Expected gain of profit by price move")
    return words + picture + table("prices", week.moves[names], forms=forms)


def slates(week: Week) -> str:
    """What to show whom."""
    if week.slates is None:
        return missing(
            "No slates were made: that takes a table of customers, and orders with customer ids."
        )
    segments = slates_by_segment(week.slates, week.tables)
    members = week.slates[c.CUSTOMER].nunique()
    words = (
        f"<p>{figure('slots', len(week.slates))} slots for {figure('members', members)} "
        "members.</p>"
    )
    picture = plot(drawing.slates_chart(segments), "Share of slots by segment and category")
    forms = {"slots": ",.0f", "members": ",.0f"}
    names = [c.CUSTOMER, c.ITEM, c.RANK, c.CHANCE, c.REASON]
    sample = week.slates[[name for name in names if name in week.slates]]
    return (
        words
        + picture
        + table("segments", segments, most=24, forms=forms)
        + "<h3>Some of them, with their reasons</h3>"
        + table("slates", sample, most=12, forms={c.RANK: ",.0f", c.CHANCE: ".0%"})
    )


def data(week: Week) -> str:
    """What was dropped, repaired or assumed, and what is missing."""
    report = week.tables.report
    found = report.actions
    words = f"<p>{figure('data_problems', len(found))} kinds of problems were dealt with.</p>"
    lacking = "".join(
        f"<li>no table of {escape(name)}: {escape(words)}</li>"
        for name, words in report.missing.items()
    )
    problems = table("data", found, forms={"rows": ",.0f", "units": ",.0f"}) if len(found) else ""
    return words + problems + (f"<ul>{lacking}</ul>" if lacking else "")


SECTIONS: dict[str, tuple[str, Callable[[Week], str]]] = {
    "money": ("Money at stake", money),
    "forecast": ("Forecast against actuals", forecast),
    "stock": ("Stock at risk", stock),
    "orders": ("Orders", orders),
    "prices": ("Price moves", prices),
    "slates": ("Slates by segment", slates),
    "data": ("Data", data),
}


def _total(frame: pd.DataFrame | None, column: str) -> float:
    if frame is None or column not in frame or frame[column].isna().all():
        return np.nan
    return float(frame[column].sum())


def _placed(orders: pd.DataFrame | None) -> int:
    return 0 if orders is None else int((orders[c.UNITS] > 0).sum())
