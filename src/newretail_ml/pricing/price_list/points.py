"""Price points: the prices that may be on a label, by bounds, steps and endings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers, check_number, need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list.products import rows_of

_COIN = 0.01
_MOST = 100_000


def price_points(
    lowest: np.ndarray | float,
    highest: np.ndarray | float,
    endings: str | float | Iterable[str | float] | None = None,
    *,
    coin: float = _COIN,
) -> np.ndarray:
    """(products, points) all prices within bounds that end as they should, ascending.

    Args:
        lowest: one number, or one a product; it may be charged itself.
        highest: likewise.
        endings: how prices end, counted from the last digit: ".x9" is any price whose last digit
            is 9, ".49" any whose cents are 49, "9.99" also fixes the digit before. None: any.
        coin: the smallest piece of money, 0.01, 0.1 or 1 for example.

    Returns:
        One row a product; shorter rows end in NaN.

    Raises:
        DataError: a bound is not above zero, an ending cannot be read or reached in such
            coins, or a product has no price.

    >>> price_points(1.5, 2.1, ".x9")
    array([[1.59, 1.69, 1.79, 1.89, 1.99, 2.09]])
    >>> price_points([1.0, 5.0], [2.5, 5.5], (".49", ".99"))
    array([[1.49, 1.99, 2.49],
           [5.49,  nan,  nan]])
    """
    check_number("coin", coin, above=0.0)
    low, high = np.broadcast_arrays(
        np.atleast_1d(_above_zero("lowest", lowest)), np.atleast_1d(_above_zero("highest", highest))
    )
    patterns = [_pattern(ending, coin) for ending in _listed(endings)]
    first = np.ceil(low / coin - 1e-9).astype(int)
    last = np.floor(high / coin + 1e-9).astype(int)
    if (last - first > _MOST).any():
        raise DataError(
            f"there are more than {_MOST:,} prices between the bounds of a product",
            next_step="Narrow the bounds, or name a larger coin.",
        )
    ladders = []
    for begin, end in zip(first, last, strict=True):
        coins = np.arange(max(begin, 1), end + 1)
        fits = [coins % modulus == rest for modulus, rest in patterns]
        ladders.append(coins[np.any(fits, axis=0)] if patterns else coins)
    _refuse_empty([len(ladder) for ladder in ladders])
    return np.round(padded(ladders) * coin, _decimals(coin))


def points_around(
    prices: np.ndarray | Sequence[float], *, down: float = 0.2, up: float = 0.2, step: float = 0.02
) -> np.ndarray:
    """(products, points) prices in steps around the given ones, which are among them.

    Prices are rounded to cents; to three digits where a price itself is no whole number of cents,
    as prices per ounce are.

    Args:
        prices: (products,).
        down: how far below the price, as a share of it.
        up: how far above.
        step: between two points, as a share of the price.

    >>> points_around([2.0], down=0.1, up=0.1, step=0.05)
    array([[1.8, 1.9, 2. , 2.1, 2.2]])
    """
    check_number("down", down, at_most=0.99)
    check_number("up", up)
    check_number("step", step, above=0.0)
    prices = np.atleast_1d(_above_zero("prices", prices))
    below = -np.arange(0.0, down + 1e-9, step)[:0:-1]
    shares = 1.0 + np.concatenate([below, np.arange(0.0, up + 1e-9, step)])
    coin = coins_of(prices)[:, None]
    ladder = np.round(prices[:, None] * shares / coin) * coin
    ladder[:, len(below)] = prices
    ladder = np.maximum(ladder, coin)
    places = (10 - np.round(np.log10(coin[:, 0]))).astype(int).tolist()
    return padded([np.unique(np.round(*row)) for row in zip(ladder, places, strict=True)])


def coins_of(prices: np.ndarray) -> np.ndarray:
    """(products,) a hundredth, or less for prices that are no whole number of hundredths."""
    nearest = np.round(prices / _COIN)
    whole = np.isclose(prices / _COIN, nearest, rtol=0, atol=1e-6) & (nearest > 0)
    return np.where(whole, _COIN, np.minimum(_COIN, 10.0 ** (np.floor(np.log10(prices)) - 2)))


def ladders_of(points: object, keys: pd.DataFrame, prices: np.ndarray) -> np.ndarray:
    """(products, points) ascending price points, whichever way they were given.

    Args:
        points: None for steps around the current prices; one list of prices for all; one list a
            product; an array with NaN at missing points; a frame of keys and price.
        keys: of the products.
        prices: (products,) current prices.
    """
    if points is None:
        return points_around(prices)
    if isinstance(points, pd.DataFrame):
        return _of_frame(points, keys)
    try:
        rows = [np.atleast_1d(np.asarray(row, float)) for row in points]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise DataError(
            "price points are not numbers", next_step="Pass a list of prices a product."
        ) from None
    if not rows:
        raise DataError(
            "there are no price points",
            next_step="Pass some, or leave points out for steps around the current prices.",
        )
    one_for_all = all(np.ndim(row) == 0 for row in points)  # type: ignore[attr-defined]
    if one_for_all:
        rows = [np.concatenate(rows)] * len(keys)
    if len(rows) != len(keys):
        raise DataError(
            f"there are {len(rows):,} lists of price points for {len(keys):,} products",
            next_step="Pass one list a product, or one list of numbers for all.",
        )
    return _checked(rows)


def padded(ladders: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of different lengths in one array, with NaN at their ends."""
    made = np.full((len(ladders), max(map(len, ladders), default=0)), np.nan)
    for row, ladder in zip(made, ladders, strict=True):
        row[: len(ladder)] = ladder
    return made


def with_point(points: np.ndarray, prices: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The points, and the given price of some products where it is not among theirs."""
    there = (np.abs(points - prices[:, None]) <= 1e-9 * prices[:, None]).any(axis=1)
    added = np.where(where & ~there, prices, np.nan)
    if np.isnan(added).all():
        return points
    return np.sort(np.column_stack([points, added]), axis=1)


def _checked(rows: list[np.ndarray]) -> np.ndarray:
    ladders = [np.unique(row[~np.isnan(row)]) for row in rows]
    wrong = [not (np.isfinite(row) & (row > 0)).all() for row in ladders]
    if any(wrong):
        raise DataError(
            "price points are not finite numbers above zero",
            rows=np.flatnonzero(wrong),
            next_step="Correct or leave them out.",
        )
    _refuse_empty([len(row) for row in ladders])
    return padded(ladders)


def _of_frame(points: pd.DataFrame, keys: pd.DataFrame) -> np.ndarray:
    table = "points"
    need_columns(points, table, [c.PRICE])
    points = points.reset_index(drop=True)
    values = pd.to_numeric(points[c.PRICE], errors="coerce")
    bad = ~(np.isfinite(values) & (values > 0)).to_numpy()
    refuse_values(points[c.PRICE], bad, table, "are not finite numbers above zero")
    shared = [name for name in keys.columns if name in points]
    if not shared:
        return _checked([values.to_numpy(float)] * len(keys))
    distinct = points[shared].drop_duplicates(ignore_index=True)
    group = rows_of(points, distinct, shared)
    grouped = values.groupby(group).apply(lambda one: one.to_numpy(float))
    found = rows_of(keys, distinct, shared)
    if (found < 0).any():
        _refuse_empty((found >= 0).astype(int).tolist())
    return _checked([grouped.iloc[row] for row in found])


def _refuse_empty(lengths: Sequence[int]) -> None:
    empty = [row for row, length in enumerate(lengths) if not length]
    if empty:
        raise DataError(
            f"{len(empty):,} products have no price point",
            rows=empty,
            next_step="Widen their bounds, allow more endings, or leave the products out.",
        )


def _above_zero(name: str, values: object) -> np.ndarray:
    array = as_numbers(name, values)
    if not array.size or not (np.isfinite(array) & (array > 0)).all():
        raise DataError(
            f"{name} must be finite numbers above zero", next_step="Correct or leave them out."
        )
    return array


def _listed(endings: str | float | Iterable[str | float] | None) -> list[str | float]:
    if endings is None:
        return []
    return [endings] if isinstance(endings, str | int | float) else list(endings)


def _pattern(ending: str | float, coin: float) -> tuple[int, int]:
    """Modulus and remainder, in coins, of prices that end so."""
    places = _decimals(coin)
    text = ending.strip() if isinstance(ending, str) else f"{ending % 1:.{places}f}"[1:]
    after = text.partition(".")[2] if "." in text else ""
    digits = text.replace(".", "").lstrip("xX")
    if not digits.isdigit() or places != len(after):
        raise DataError(
            f"{ending!r} is no ending of prices in steps of {coin:g}",
            next_step='Write the last digits, like ".x9", ".99" or "9.99", with as many decimals '
            "as the coin has.",
        )
    # A price of k coins has k x size in its last digit: solve k x size = digits, modulo cycle.
    size, cycle, rest = round(coin * 10**places), 10 ** len(digits), int(digits)
    shared = gcd(size, cycle)
    if rest % shared:
        raise DataError(
            f"no price in steps of {coin:g} ends in {ending!r}",
            next_step="Choose an ending that the coin can reach, or a smaller coin.",
        )
    modulus = cycle // shared
    return modulus, rest // shared * pow(size // shared, -1, modulus) % modulus


def _decimals(coin: float) -> int:
    text = f"{coin:.10f}".rstrip("0")
    return len(text.partition(".")[2])
