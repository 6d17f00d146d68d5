"""What a panel tells about prices: causes of demand by series and period, and who shares what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.panel import Panel

PRICE_CAUSE, PROMOTION_CAUSE, SUBSTITUTE_CAUSE = "price", "promotion", "substitutes"
_ENOUGH_ITEMS = 5
_LEAST_SALES = 1e-6


@dataclass(frozen=True, eq=False)
class Design:
    """Arrays of a fit.

    Attributes:
        units: (series, periods) units sold, zero where nothing is known.
        known: (series, periods) whether they and all causes are.
        sold_out: (series, periods) whether demand was at least the units.
        causes: (series, periods, k) log price less that of `prices`, promotion, substitutes.
        names: of the causes.
        items: (series,) number of the item; `labels` are its keys.
        labels: one row an item.
        groups: (series,) number of the group that shares days, -1 where it is too small for that.
        kinds: (series,) the same for a coarser group.
        pools: (items,) number of the group towards whose mean coefficients are drawn.
        prices: (series,) current price without promotion.
        substitutes: (series, series) share of each other series in the cause of substitutes, or
            None without that cause.
    """

    units: np.ndarray
    known: np.ndarray
    sold_out: np.ndarray
    causes: np.ndarray
    names: tuple[str, ...]
    items: np.ndarray
    labels: pd.DataFrame
    groups: np.ndarray
    kinds: np.ndarray
    pools: np.ndarray
    prices: np.ndarray
    substitutes: np.ndarray | None


def design_of(panel: Panel, by: tuple[str, ...], group: str | None, cross: str | None) -> Design:
    """The design of a panel until its cut; see `LocalLevelRegression` for the arguments."""
    prices = current_prices(panel)
    items, labels = _numbered(panel.keys[list(by)])
    neighbours = _neighbours(panel, cross)
    causes, names = causes_of(panel, slice(0, panel.cut), prices, neighbours)
    on_sale = panel.on_sale() & ~np.isnan(panel.units)
    known = on_sale & ~np.isnan(causes).any(axis=2)
    place = panel.statics.get(c.KIND, pd.Series("", index=panel.keys.index))
    kinds = _shared(place.astype("str"), items)
    within = panel.statics.get(group, pd.Series("", index=panel.keys.index)) if group else place
    return Design(
        units=np.where(known, panel.units, 0.0).astype(float),
        known=known,
        sold_out=panel.censored & known,
        causes=np.where(known[:, :, None], causes, 0.0),
        names=names,
        items=items,
        labels=labels,
        groups=_shared(within.astype("str") + " " + place.astype("str"), items),
        kinds=kinds,
        pools=_pools(within.astype("str") if group else None, items),
        prices=prices,
        substitutes=neighbours,
    )


def current_prices(panel: Panel) -> np.ndarray:
    """(series,) the last known price without promotion, or else the last or first known price."""
    plan = panel.plans.get(c.REGULAR_PRICE)
    price = panel.plans[c.PRICE][:, : panel.cut].astype(float)
    last = _last(price)
    if plan is not None:
        usual = _last(plan[:, : panel.cut].astype(float))
    elif c.PROMOTION in panel.plans:
        promoted = panel.plans[c.PROMOTION][:, : panel.cut] > 0
        usual = _last(np.where(promoted, np.nan, price))
    else:
        usual = last
    known = np.where(np.isnan(usual), last, usual)
    planned = _last(np.flip(panel.plans[c.PRICE][:, panel.cut :].astype(float), axis=1))
    return np.where(np.isnan(known), planned, known)


def causes_of(
    panel: Panel, periods: slice, prices: np.ndarray, neighbours: np.ndarray | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(series, periods, k) causes under the plans of a panel, and their names."""
    plan = panel.plans[c.PRICE][:, periods].astype(float)
    own = np.log(plan / prices[:, None])
    causes, names = [own], [PRICE_CAUSE]
    if c.PROMOTION in panel.plans:
        causes.append(np.nan_to_num(panel.plans[c.PROMOTION][:, periods].astype(float)))
        names.append(PROMOTION_CAUSE)
    if neighbours is not None:
        there = ~np.isnan(own)
        weight = neighbours @ there
        total = neighbours @ np.where(there, own, 0.0)
        causes.append(np.divide(total, weight, out=np.zeros_like(total), where=weight > 0))
        names.append(SUBSTITUTE_CAUSE)
    return np.stack(causes, axis=2), tuple(names)


def _neighbours(panel: Panel, cross: str | None) -> np.ndarray | None:
    """(series, series) weights of other items of the same kind in the same place, by their sales.

    Who leaves an item goes to others as often as these are chosen, so their prices count so much.
    """
    if cross is None or cross not in panel.statics:
        return None
    place = [name for name in (c.LOCATION, c.CHANNEL) if name in panel.keys]
    shelf = pd.concat([panel.statics[[cross]], panel.keys[place]], axis=1)
    number = shelf.groupby([cross, *place], sort=False, dropna=True).ngroup().to_numpy()
    same = (number[:, None] == number[None, :]) & (number >= 0)[:, None]
    np.fill_diagonal(same, val=False)
    if not same.any():
        return None
    weight = same * np.maximum(_mean_sales(panel), _LEAST_SALES)
    total = weight.sum(axis=1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)


def _mean_sales(panel: Panel) -> np.ndarray:
    """(series,) mean units of a period on sale; 0 where there was none."""
    sold = np.where(panel.on_sale(), panel.units, np.nan)
    count = np.maximum((~np.isnan(sold)).sum(axis=1), 1)
    return np.asarray(np.nansum(sold, axis=1) / count, dtype=float)


def _shared(labels: pd.Series, items: np.ndarray) -> np.ndarray:
    """Numbers of groups with enough items that no single one decides what a day was like."""
    frame = pd.DataFrame({"label": labels.to_numpy(), "item": items})
    enough = frame.groupby("label")["item"].transform("nunique") >= _ENOUGH_ITEMS
    codes, _ = pd.factorize(frame["label"].where(enough))
    return codes


def _pools(labels: pd.Series | None, items: np.ndarray) -> np.ndarray:
    """(items,) numbers of labels, those of the first series of each item; 0 for all without."""
    first = np.unique(items, return_index=True)[1]
    if labels is None:
        return np.zeros(len(first), dtype=int)
    return np.asarray(pd.factorize(labels.to_numpy()[first], use_na_sentinel=False)[0])


def _numbered(keys: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    grouped = keys.groupby(list(keys.columns), sort=False)
    return grouped.ngroup().to_numpy(), keys.drop_duplicates().reset_index(drop=True)


def _last(values: np.ndarray) -> np.ndarray:
    """(series,) last value that is known, NaN where none is."""
    known = ~np.isnan(values)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    place = values.shape[1] - 1 - np.flip(known, axis=1).argmax(axis=1)
    found = np.take_along_axis(values, place[:, None], axis=1)[:, 0]
    return np.where(known.any(axis=1), found, np.nan)
