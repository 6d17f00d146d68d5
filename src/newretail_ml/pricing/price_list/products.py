"""What is known of the products: keys, costs and attributes, in the order of the response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers, need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.response import DemandResponse
from newretail_ml.pricing.response.base import checked_prices
from newretail_ml.tables.parsing import row_of, to_text

COSTS = "costs"


def response_of(given: object) -> DemandResponse:
    """The response itself, or that of a fitted model.

    Raises:
        DataError: it is neither; a price is not above zero, or a key repeats.
        NotFittedError: the model was not fitted.
    """
    if isinstance(given, PriceModel) and not hasattr(given, "response_"):
        raise NotFittedError(given)
    response = getattr(given, "response_", given)
    if not isinstance(response, DemandResponse):
        raise DataError(
            f"a {type(given).__name__} is not a demand response",
            next_step="Pass a DemandResponse, or a fitted model that has one.",
        )
    if not response.n_products:
        raise DataError("the response has no products", next_step="Pass one with some.")
    checked_prices(response.prices, response.n_products)
    refuse_repeated(response.keys, "response", list(response.keys.columns))
    return response


def products_of(response: DemandResponse, costs: object) -> pd.DataFrame:
    """Keys of the response, unit_cost, and all other columns of the costs.

    Args:
        response: with n products.
        costs: one number, (n,) numbers, or a frame with unit_cost by any of the response's keys.
            Its other columns (brand, pack_size, competitor's price) are there for rules.

    Raises:
        DataError: a cost is missing, not finite or negative; a key repeats.
    """
    keys = response.keys.apply(to_text).reset_index(drop=True)
    if isinstance(costs, pd.DataFrame):
        return _joined(keys, costs)
    cost = as_numbers("costs", costs)
    if cost.shape not in ((), (1,), (len(keys),)):
        raise DataError(
            f"costs have shape {cost.shape} for {len(keys):,} products",
            next_step="Pass one cost a product, in the order of the response's keys.",
        )
    return _checked(keys.assign(**{c.UNIT_COST: np.broadcast_to(cost, len(keys)).astype(float)}))


def rows_of(lines: pd.DataFrame, table: pd.DataFrame, keys: Sequence[str]) -> np.ndarray:
    """(lines,) as `row_of`, with keys of any type read as text."""
    names = list(keys)
    return row_of(lines[names].apply(to_text), table[names].apply(to_text), names)


def selected(products: pd.DataFrame, where: Mapping[str, Any] | None, rule: str) -> np.ndarray:
    """(n,) which products a rule is about.

    Args:
        products: keys and attributes.
        where: column -> the value or the values that it is about; None for all.
        rule: for messages.

    Raises:
        DataError: there is no such column, or no product with one of the values.
    """
    chosen = np.ones(len(products), bool)
    for name, values in (where or {}).items():
        _need(products, name, rule)
        wanted = [values] if isinstance(values, str) or np.ndim(values) == 0 else list(values)
        texts = to_text(pd.Series(wanted, dtype=object)).tolist()
        held = to_text(products[name])
        unknown = [text for text in texts if text not in set(held)]
        if unknown:
            raise DataError(
                f"the rule '{rule}' names {name} {unknown[0]}, which no product has",
                next_step="Correct it, or leave it out.",
            )
        chosen &= held.isin(texts).to_numpy(bool)
    return chosen


def values_of(products: pd.DataFrame, values: object, rule: str) -> np.ndarray:
    """(n,) numbers of a rule: one for all, those of a column, or those by item_id.

    NaN where a product has none. Raises as `selected` does, and for numbers not above zero.
    """
    if isinstance(values, str):
        _need(products, values, rule)
        numbers = pd.to_numeric(products[values], errors="coerce").to_numpy(float)
        bad = np.isnan(numbers) & products[values].notna().to_numpy()
    elif isinstance(values, Mapping):
        by_item = {str(item): value for item, value in values.items()}
        selected(products, {c.ITEM: list(by_item)}, rule)
        numbers = as_numbers(rule, to_text(products[c.ITEM]).map(by_item))
        bad = np.zeros(len(products), bool)
    else:
        numbers = np.broadcast_to(as_numbers(rule, values), len(products)).astype(float)
        bad = np.isnan(numbers)
    bad |= np.isinf(numbers) | (numbers <= 0)
    if bad.any():
        raise DataError(
            f"numbers of the rule '{rule}' are not finite and above zero",
            rows=np.flatnonzero(bad),
            next_step="Correct them, or leave them empty for products without one.",
        )
    return numbers


def named(products: pd.DataFrame, keys: Sequence[str], rows: np.ndarray, most: int = 3) -> str:
    """Some products by their keys, in words."""
    frame = products[list(keys)].iloc[rows[:most]]
    words = [" at ".join(map(str, row)) for row in frame.itertuples(index=False)]
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return ", ".join(words) + more


def _need(products: pd.DataFrame, column: str, rule: str) -> None:
    if column not in products:
        raise DataError(
            f"the rule '{rule}' asks for a column that there is not",
            table=COSTS,
            column=column,
            next_step=f"Add it to the costs; there are {', '.join(products.columns)}.",
        )


def _joined(keys: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    need_columns(costs, COSTS, [c.UNIT_COST])
    costs = costs.reset_index(drop=True)
    shared = [name for name in keys.columns if name in costs]
    if not shared:
        raise DataError(
            f"there is none of the response's keys, {', '.join(keys.columns)}",
            table=COSTS,
            next_step="Add one, or pass an array in the order of the response.",
        )
    refuse_repeated(costs, COSTS, shared)
    found = rows_of(keys, costs, shared)
    if (found < 0).any():
        lost = np.flatnonzero(found < 0)
        raise DataError(
            f"{len(lost):,} products of the response have no row, the first is "
            f"{named(keys, list(keys.columns), lost, 1)}",
            table=COSTS,
            next_step=f"Add them; {', '.join(shared)} must be written as in the response.",
        )
    rest = costs.drop(columns=shared).take(found).set_axis(keys.index)
    return _checked(keys.join(rest))


def _checked(products: pd.DataFrame) -> pd.DataFrame:
    cost = pd.to_numeric(products[c.UNIT_COST], errors="coerce")
    bad = ~(np.isfinite(cost) & (cost >= 0)).to_numpy()
    refuse_values(
        products[c.UNIT_COST],
        bad,
        COSTS,
        "are not finite numbers of at least zero",
        "Correct them, or leave these products out of the response.",
    )
    return products.assign(**{c.UNIT_COST: cost.astype(float)})
