"""The week's decisions with their defaults, for whoever brings none of their own."""

from __future__ import annotations

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.interactions import Interactions
from newretail_ml.jobs.prices.rules import PriceRules
from newretail_ml.panel import Panel
from newretail_ml.pricing import (
    AveragePrice,
    LocalLevelRegression,
    MarginFloor,
    MaxChange,
    PriceList,
    merged,
    plan_prices,
    price_points,
)
from newretail_ml.pricing.price_list.rules import Rule
from newretail_ml.recommendation import (
    AtMostPer,
    SlatePlan,
    TwoStageRanker,
    available_items,
    plan_slates,
    purchase_chances,
)
from newretail_ml.tables import RetailTables

SLOTS, CANDIDATES, WEEK = 6, 30, 7


def price_list(
    panel: Panel, tables: RetailTables, random_state: int = 0, asked: PriceRules | None = None
) -> PriceList | None:
    """A list of prices by the rules asked for.

    Without rules prices stay within a tenth of today's, and their average does not rise.

    Returns:
        The list; None where costs or prices are not known, nothing can be learned, or no list
        keeps the rules.
    """
    if tables.items is None or c.UNIT_COST not in tables.items or tables.prices is None:
        return None
    rules: list[Rule] = [MaxChange(0.1), MarginFloor(0.15), AveragePrice(at_most=1.0)]
    try:
        model = LocalLevelRegression(random_state=random_state).fit(panel)
        response = merged(model.response_, [c.ITEM])
        now = response.prices
        points: object = price_points(0.9 * now, 1.1 * now, ".x9")
        if asked is not None:
            rules, points = asked.of_list(), asked.points(now)
        return plan_prices(
            response, tables.items, rules, points=points, random_state=random_state, progress=False
        )
    except (DataError, InfeasibleError):
        return None


def slates(tables: RetailTables, random_state: int = 0) -> SlatePlan | None:
    """What to show each member next week, of what their shop has.

    Returns:
        The slates; None where there are no members who bought.
    """
    if tables.customers is None or tables.orders[c.CUSTOMER].isna().all():
        return None
    model = TwoStageRanker(random_state=random_state).fit(Interactions.from_tables(tables))
    there = None if tables.stock is None else available_items(tables)
    lists = model.recommend(k=CANDIDATES, available=there)
    branded = tables.items is not None and c.BRAND in tables.items
    return plan_slates(
        purchase_chances(lists, model, horizon_days=WEEK),
        k=SLOTS,
        items=_with_margins(tables),
        customers=tables.customers,
        stock=there,
        rules=[AtMostPer(c.BRAND, 2)] if branded else [],
        progress=False,
    )


def unit_margins(tables: RetailTables) -> pd.DataFrame | None:
    """item_id, unit_price (the last one paid) and unit_margin; None without unit costs."""
    if tables.items is None or c.UNIT_COST not in tables.items:
        return None
    lines = tables.demand_lines().sort_values(c.TIME)
    price = lines.groupby(c.ITEM)[c.UNIT_PRICE].last()
    items = tables.items[[c.ITEM, c.UNIT_COST]]
    paid = items[c.ITEM].map(price).astype(float)
    return items.assign(**{c.UNIT_PRICE: paid, c.UNIT_MARGIN: paid - items[c.UNIT_COST]})


def _with_margins(tables: RetailTables) -> pd.DataFrame | None:
    margins = unit_margins(tables)
    if margins is None or tables.items is None:
        return tables.items
    return tables.items.assign(**{c.UNIT_MARGIN: margins[c.UNIT_MARGIN].fillna(0.0).to_numpy()})
