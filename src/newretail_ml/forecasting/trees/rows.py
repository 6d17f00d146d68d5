"""The rows that the global model learns from and predicts: which, their features, their weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features import Discount, Feature, Price, PriceRatio, Promotion, Recipe
from newretail_ml.forecasting.trees.recipes import level_features
from newretail_ml.panel import Panel

# Further apart, the newest periods, which resemble the future most, would be too few.
_WIDEST_STEP = 3


@dataclass(frozen=True)
class ScaledRecipe:
    """A recipe whose features in units are divided by the series' own recent level.

    Series of any size can then teach one another.

    Args:
        recipe: the features.
        n_threads: threads to compute them with.
    """

    recipe: Recipe
    n_threads: int | None = None

    def rows(
        self, panel: Panel, targets: np.ndarray, horizons: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scaled features (series x pairs, features) and the level (series, pairs) in units.

        The level leans on recent demand, with a tenth of the long run so that it stays above
        zero through a quiet time; it is zero where nothing was ever sold.

        Args:
            panel: cut at what may be known.
            targets: (pairs,) target periods.
            horizons: (pairs,) periods between each target and the origin of its forecast.
        """
        levels = Recipe(level_features(panel.periods.freq))
        recent, long_run = levels.cube(panel, targets, horizons, n_threads=self.n_threads)
        level = 0.9 * np.where(np.isnan(recent), long_run, recent) + 0.1 * long_run
        level = np.nan_to_num(level)
        cube = self.recipe.cube(panel, targets, horizons, n_threads=self.n_threads)
        scale = np.where(level > 0, level, np.float32(1.0))
        for position, feature in enumerate(self.recipe.features):
            if feature.in_units:
                cube[position] /= scale
        # A view: LightGBM reads columns as well as rows, and a copy would double the memory.
        return cube.reshape(len(cube), -1).T, level

    @property
    def categorical(self) -> list[int]:
        """Positions of the features that hold category codes."""
        return [at for at, feature in enumerate(self.recipe.features) if feature.categorical]

    @property
    def price_response(self) -> list[int]:
        """For each feature: 1 or -1 where demand should rise or fall with it, else 0."""
        return [_price_response(feature) for feature in self.recipe.features]


def training_pairs(
    cut: int, n_series: int, horizon: int, *, season: int, per_period: int, max_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Target periods and horizons to learn from; each horizon comes up equally often.

    Where that makes too many rows, one horizon is drawn a period, then every second or third
    period is taken (neighbouring days teach much the same), and then older ones are left out.

    Args:
        cut: known periods.
        n_series: series that each pair is a row of.
        horizon: the furthest.
        season: periods of which none may be passed over.
        per_period: horizons drawn for each target period.
        max_rows: rows at most.

    >>> targets, horizons = training_pairs(8, 1, 4, season=7, per_period=2, max_rows=100)
    >>> targets.tolist(), horizons.tolist()
    ([1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7], [1, 2, 3, 1, 4, 2, 1, 3, 2, 4, 3, 1])
    """
    most_pairs = max(max_rows // max(n_series, 1), 1)
    per_period = max(min(per_period, horizon, most_pairs // cut), 1)
    steps = [step for step in range(1, _WIDEST_STEP + 1) if gcd(step, season) == 1]
    step = next((step for step in steps if cut // step <= most_pairs), steps[-1])
    targets = np.arange(cut - 1, 0, -step)[: most_pairs // per_period][::-1]
    apart = np.arange(per_period) * horizon // per_period
    horizons = 1 + (np.arange(len(targets))[:, None] + apart) % horizon
    pairs = np.repeat(targets, per_period), horizons.ravel()
    possible = pairs[0] >= pairs[1]
    return pairs[0][possible], pairs[1][possible]


def row_weights(kind: str, panel: Panel, level: np.ndarray) -> np.ndarray | None:
    """(series x pairs,) weights of the rows, or None where all are equal.

    Args:
        kind: one of `WEIGHTS`.
        panel: for prices; without a price plan, revenue is units.
        level: (series, pairs) recent demand of each row's series.

    Raises:
        DataError: the kind is not known.
    """
    if kind not in WEIGHTS:
        raise DataError(
            f"the weights {kind!r} are not known", next_step=f"Use one of {', '.join(WEIGHTS)}."
        )
    of_level = WEIGHTS[kind]
    if of_level is None:
        return None
    return of_level(panel, level).ravel()


def _by_scale(_: Panel, level: np.ndarray) -> np.ndarray:
    return level


def _by_revenue(panel: Panel, level: np.ndarray) -> np.ndarray:
    if c.PRICE not in panel.plans:
        return level
    price = panel.plans[c.PRICE][:, : panel.cut]
    known = ~np.isnan(price)
    total, count = np.where(known, price, 0.0).sum(axis=1, dtype=float), known.sum(axis=1)
    typical = total.sum() / max(count.sum(), 1)
    own = np.divide(total, count, out=np.full(len(total), typical), where=count > 0)
    return level * own[:, None]


WEIGHTS: dict[str, Callable[[Panel, np.ndarray], np.ndarray] | None] = {
    "none": None,
    "revenue": _by_revenue,
    "scale": _by_scale,
}


def _price_response(feature: Feature) -> int:
    # Promotion is a Price too, of another plan: it has to be asked for first.
    if isinstance(feature, Promotion | Discount):
        return 1
    return -1 if isinstance(feature, Price | PriceRatio) else 0
