"""The slates that know the tastes, and what members are expected to buy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.world.make import World
from newretail_ml.world.slates.planning import (
    channels_of,
    expected_sums,
    first_planned_days,
    worth,
)
from newretail_ml.world.slates.wishes import Wishes

# Few enough cells that a block stays in the processor's cache.
_CELLS = 1 << 16


def expected_purchases(
    world: World,
    *,
    days: int = 28,
    channel: str | None = None,
    by: str = c.CHANCE,
    added: bool = False,
) -> pd.DataFrame:
    """How likely members buy items in the days after today, if they look at them at every visit.

    From the truth, for stock that does not run out.

    Args:
        world: a chain with planned days.
        days: days from the first one after today.
        channel: the channel whose visits count; None: all.
        by: "chance" of at least one purchase, or expected "purchases", "units", "revenue" or
            "profit".
        added: count only what members did not come for.

    Returns:
        Customers x items.

    Raises:
        DataError: the world has not so many planned days; `channel` or `by` is unknown.
    """
    planned, channels = first_planned_days(world.chain, days), channels_of(channel)
    wishes = Wishes.of(world, planned)
    worths = [worth(world, wishes, c.PURCHASES if by == c.CHANCE else by)]
    n, items = wishes.taste.shape
    size = max(_CELLS // items, 1)
    blocks = [
        expected_sums(
            wishes,
            worths,
            np.arange(start, min(start + size, n))[:, None],
            np.arange(items)[None, :],
            channels,
            added=added,
        )[0]
        for start in range(0, n, size)
    ]
    value = np.concatenate(blocks)
    # Visits come as a Poisson process, so purchases do.
    value = -np.expm1(-value) if by == c.CHANCE else value
    return pd.DataFrame(value, world.truth.tastes.index, world.truth.tastes.columns)


def best_slate(
    world: World,
    k: int,
    *,
    days: int = 28,
    channel: str | None = None,
    by: str = c.REVENUE,
    added: bool = False,
) -> pd.DataFrame:
    """The slate that is worth most in expectation, by the truth.

    As attention falls with the rank and wishes are independent, the items of highest expected
    value, in falling order, are the optimum (rearrangement inequality), whatever the patience.

    Args:
        world: a chain with planned days.
        k: items for each member; fewer where fewer are worth anything.
        days: days from the first one after today.
        channel: the channel whose visits count; None: all.
        by: "revenue", "profit", "units", "purchases" or "chance", as for `expected_purchases`.
        added: count only what members did not come for.

    Returns:
        customer_id, item_id, rank, score (the expected value if looked at at every visit).

    Raises:
        DataError: as `expected_purchases`, or k is not a whole number of at least 1.
    """
    check_whole("k", k, at_least=1)
    values = expected_purchases(world, days=days, channel=channel, by=by, added=added)
    return top_slate(values, k)


def top_slate(values: pd.DataFrame, k: int) -> pd.DataFrame:
    """The k items of highest value above 0 for each customer; ties to the earlier item.

    Args:
        values: customers x items.
        k: items for each customer.
    """
    value = values.to_numpy()
    item = np.argsort(-value, axis=1, kind="stable")[:, :k]
    score = np.take_along_axis(value, item, axis=1)
    row, place = np.nonzero(score > 0)
    return pd.DataFrame(
        {
            c.CUSTOMER: values.index.to_numpy()[row],
            c.ITEM: values.columns.to_numpy()[item[row, place]],
            c.RANK: place + 1,
            c.SCORE: score[row, place],
        }
    )
