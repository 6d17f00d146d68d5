"""What choice models are told, checked: utilities, coefficients, labels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.response import DemandResponse


def only_listed(value: np.ndarray, listed: np.ndarray | None) -> np.ndarray:
    """Worth of the products, minus infinity for those that are not listed."""
    return value if listed is None else np.where(listed, value, -np.inf)


def as_utility(values: object, dimensions: int = 1) -> np.ndarray:
    """Utilities: numbers, or minus infinity for a product that is not offered."""
    array = as_numbers("utilities", values)
    array = array.reshape((1,) * (dimensions - array.ndim) + array.shape)
    if array.ndim != dimensions or not array.size or np.isnan(array).any() or (array > 1e300).any():
        raise DataError(
            f"utilities of shape {array.shape} are no numbers of products",
            next_step="Give each product a finite number (or minus infinity if nobody wants it).",
        )
    return array


def as_coefficient(values: object, shape: tuple[int, ...]) -> np.ndarray:
    """Price coefficients in a shape, each at most zero."""
    array = as_numbers("price coefficients", values)
    try:
        array = np.array(np.broadcast_to(array, shape))
    except ValueError:
        raise DataError(
            f"price coefficients have shape {array.shape}, not {shape}",
            next_step="Give one number, or one for each product.",
        ) from None
    if not (np.isfinite(array) & (array <= 0)).all():
        raise DataError(
            "price coefficients must be finite and at most zero: a product is not chosen more "
            "because it is dearer",
            next_step="Write the effect of the price with its sign, such as -1.2.",
        )
    return array


def spread(name: str, values: object, n: int) -> np.ndarray:
    """(n,) one finite number for all, or one each."""
    array = as_numbers(name, values)
    if array.shape not in ((), (1,), (n,)) or not np.isfinite(array).all():
        raise DataError(
            f"{name} must be one finite number or {n}, and has shape {array.shape}",
            next_step="Correct it.",
        )
    return np.array(np.broadcast_to(array, (n,)))


def costs_of(response: DemandResponse, unit_cost: object) -> np.ndarray:
    """(n,) costs from one number, (n,) numbers or a frame with unit_cost, as in a price list."""
    # Price lists are built on choice responses, so they cannot be imported above.
    from newretail_ml.pricing.price_list.products import products_of

    return products_of(response, unit_cost)[c.UNIT_COST].to_numpy(float)


def as_labels(name: str, values: object, n: int) -> np.ndarray:
    """(n,) one label each."""
    array = np.asarray(values)
    if array.shape != (n,) or pd.isna(array).any():
        raise DataError(
            f"{name} must name one for each of {n} products, and has shape {array.shape}",
            next_step="Correct it.",
        )
    return array
