"""Block bootstrap: how coefficients differ when whole blocks of rows are drawn anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.effects import Entry
from newretail_ml.pricing.estimation.regression import Regression, prepare

_MOST_FAILED = 0.1


@dataclass(frozen=True, repr=False)
class Bootstrap:
    """Coefficients on blocks drawn with replacement.

    Attributes:
        names: of the causes.
        coefficients: (k,) on the rows themselves.
        draws: (draws, k) coefficients on the drawn blocks.
        n_blocks: how many blocks there are.
        failed: draws on which the data could not tell, left out.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    draws: np.ndarray
    n_blocks: int
    failed: int

    @property
    def covariance(self) -> np.ndarray:
        """(k, k) of the draws."""
        return np.atleast_2d(np.cov(self.draws, rowvar=False))

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row a cause: estimate, standard_error, lower and upper, the draws' quantiles.

        Args:
            level: share of the draws between lower and upper.
        """
        check_number("level", level, above=0.0, at_most=1.0)
        lower, upper = np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return pd.DataFrame(
            {
                "estimate": self.coefficients,
                "standard_error": np.sqrt(np.diag(self.covariance)),
                "lower": lower,
                "upper": upper,
            },
            index=pd.Index(self.names, name="cause"),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.draws):,} draws of {self.n_blocks:,} blocks)"


def block_bootstrap(
    frame: pd.DataFrame,
    outcome: str,
    causes: list[str],
    *,
    block: str | tuple[str, ...],
    draws: int = 200,
    random_state: int = 0,
    **options: Any,
) -> Bootstrap:
    """Coefficients of `estimate` on blocks of rows drawn with replacement.

    Blocks keep together what depends on one another: the rows of a week, or of a store. Source:
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered
    errors, the pairs cluster bootstrap.

    Args:
        frame: one row an observation.
        outcome: column of what is explained.
        causes: columns that explain it.
        block: column whose values name the blocks, or several for their cross.
        draws: how many times blocks are drawn.
        random_state: seed.
        **options: of `estimate`, without `cluster`.

    Raises:
        DataError: as `estimate` does; there are fewer than two blocks, or more than a tenth of
            the draws cannot tell the causes apart.

    >>> frame = pd.DataFrame({"week": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ...                       "price": [1.0, 2.0] * 5,
    ...                       "units": [9.0, 5.0, 8.0, 6.0, 9.0, 4.0, 7.0, 5.0, 9.0, 6.0]})
    >>> found = block_bootstrap(frame, "units", ["price"], block="week", absorb="week")
    >>> found.table(0.9).loc["price", ["estimate", "lower", "upper"]].round(1).tolist()
    [-3.2, -4.0, -2.4]
    """
    check_whole("draws", draws, at_least=2)
    entry: Entry = block
    if "cluster" in options:
        raise DataError(
            "blocks stand in for clusters", next_step="Name the cluster as block, and leave it out."
        )
    regression = prepare(frame, outcome, causes, cluster=[entry], **options)
    rows = regression.rows
    counts = rows.clusters[0].counts
    blocks = np.flatnonzero(counts)
    if len(blocks) < 2:
        raise DataError(
            f"there is one {rows.clusters[0].name} only",
            next_step="Name blocks of which there are many.",
        )
    rng = np.random.default_rng(random_state)
    times = np.zeros((draws, len(counts)))
    times[:, blocks] = rng.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), draws)
    found = [_drawn(regression, drawn) for drawn in times]
    good = [one for one in found if one is not None]
    if len(good) < max((1 - _MOST_FAILED) * draws, 2):
        raise DataError(
            f"{draws - len(good)} of {draws} draws cannot tell the causes apart",
            next_step="Name smaller blocks, or collect data in which prices vary in more of them.",
        )
    whole = regression.solve(rows).coefficients
    return Bootstrap(rows.names, whole, np.array(good), len(blocks), draws - len(good))


def _drawn(regression: Regression, times: np.ndarray) -> np.ndarray | None:
    rows = regression.rows
    times = times[rows.clusters[0].codes]
    weights = times if rows.weights is None else times * rows.weights
    drawn = replace(rows, weights=weights).kept(times > 0, "not drawn")
    try:
        return regression.solve(regression.clean(drawn)).coefficients
    except DataError:
        return None
