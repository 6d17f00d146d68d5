"""Views of the order lines: demand, one row for each customer, one row for each item.

Each view covers all channels and locations, because a member is one person and an item one item
wherever they meet.
"""

import pandas as pd

from newretail_ml import columns as c


def demand_lines(orders: pd.DataFrame) -> pd.DataFrame:
    """The order lines that are demand: those of positive units."""
    return orders[orders[c.UNITS] > 0].reset_index(drop=True)


def member_view(orders: pd.DataFrame) -> pd.DataFrame:
    """One row for each known customer: what they bought, when and where.

    Args:
        orders: checked order lines.

    Returns:
        customer_id, orders (orders with a purchase), units and revenue (returns deducted),
        first and last (times of purchase) and channels (names, joined by a comma).
        Customers who only returned goods are left out.
    """
    known = orders[orders[c.CUSTOMER].notna()]
    revenue = known[c.UNITS] * known[c.UNIT_PRICE]
    net = known.assign(**{c.REVENUE: revenue}).groupby(c.CUSTOMER)[[c.UNITS, c.REVENUE]].sum()
    bought = demand_lines(known).groupby(c.CUSTOMER)
    view = pd.DataFrame(
        {
            c.ORDERS: bought[c.ORDER].nunique(),
            c.UNITS: net[c.UNITS],
            c.REVENUE: net[c.REVENUE],
            c.FIRST: bought[c.TIME].min(),
            c.LAST: bought[c.TIME].max(),
            c.CHANNELS: _channels(demand_lines(known)),
        }
    )
    return view.dropna(subset=[c.ORDERS]).astype({c.ORDERS: "int64"}).reset_index()


def _channels(lines: pd.DataFrame) -> pd.Series:
    """The channels of each customer, in the order of their names."""
    distinct = lines[[c.CUSTOMER, c.CHANNEL]].drop_duplicates().sort_values(c.CHANNEL)
    return distinct.groupby(c.CUSTOMER)[c.CHANNEL].agg(", ".join)


def item_view(orders: pd.DataFrame, stock: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row for each item that was sold, returned or stocked.

    Args:
        orders: checked order lines.
        stock: checked stock, if known.

    Returns:
        item_id, units (sold), returns (units returned), revenue (returns deducted),
        last_price (of the last sale) and, with stock, on_hand: the sum over all locations of
        the last count of each.
    """
    sold = demand_lines(orders).groupby(c.ITEM)
    returned = orders[orders[c.UNITS] < 0].groupby(c.ITEM)
    revenue = (orders[c.UNITS] * orders[c.UNIT_PRICE]).groupby(orders[c.ITEM])
    columns = {
        c.UNITS: sold[c.UNITS].sum(),
        c.RETURNS: -returned[c.UNITS].sum(),
        c.REVENUE: revenue.sum(),
        c.LAST_PRICE: sold[c.UNIT_PRICE].last(),
    }
    if stock is not None:
        columns[c.ON_HAND] = _last_on_hand(stock)
    sums = [c.UNITS, c.RETURNS, c.REVENUE]
    view = pd.DataFrame(columns).rename_axis(c.ITEM)
    return view.fillna(dict.fromkeys(sums, 0.0)).reset_index()


def _last_on_hand(stock: pd.DataFrame) -> pd.Series:
    last = stock.sort_values(c.DATE, kind="stable").groupby([c.ITEM, c.LOCATION])[c.ON_HAND].last()
    return last.groupby(level=c.ITEM).sum()
