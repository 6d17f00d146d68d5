"""Slopes of residual on residual by group, with clustered errors, and drawn to their mean."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c

GROUP = "group"
ERROR = "standard_error"
LOW, HIGH = "low", "high"
RESIDUAL_SPREAD = "residual_price_spread"
ROWS = "rows"


@dataclass(frozen=True, eq=False)
class Slopes:
    """Residual on residual, group by group.

    Attributes:
        elasticity: (groups,).
        error: (groups,) standard error, clustered by blocks of periods.
        rows: (groups,) how many rows.
        spread: (groups,) standard deviation of what is left of the log price.
        clusters: (groups,) how many clusters.
        mean_error: standard error of the mean that groups were drawn towards; 0 if they were not.
        own_share: (groups,) weight of the group's own estimate.
    """

    elasticity: np.ndarray
    error: np.ndarray
    rows: np.ndarray
    spread: np.ndarray
    clusters: np.ndarray
    mean_error: float
    own_share: np.ndarray

    @classmethod
    def of(
        cls,
        demand: np.ndarray,
        price: np.ndarray,
        group: np.ndarray,
        cluster: np.ndarray,
        told: np.ndarray,
    ) -> Slopes:
        """Slopes of residuals, (rows,) each; a group that teaches nothing has those of all.

        Args:
            demand: (rows,) what is left of log units.
            price: (rows,) what is left of log prices.
            group: (rows,) number of the group.
            cluster: (rows,) number of the block of periods.
            told: (groups,) whether the price moved on its own; others teach nothing.
        """
        n_groups = len(told)
        n_clusters = int(cluster.max()) + 1
        rows = np.bincount(group, minlength=n_groups)
        strength = np.bincount(group, price**2, minlength=n_groups)
        taught = told & (strength > 1e-12 * len(price))
        common = np.bincount(group, price * demand, minlength=n_groups)
        shared = float(common[taught].sum() / max(strength[taught].sum(), 1e-300))
        slope = np.divide(common, strength, out=np.full(n_groups, shared), where=taught)
        cell = group * n_clusters + cluster
        size = n_groups * n_clusters
        score = np.bincount(cell, price * (demand - slope[group] * price), minlength=size)
        present = (np.bincount(cell, minlength=size) > 0).reshape(n_groups, n_clusters)
        clusters = present.sum(axis=1)
        total = (score.reshape(n_groups, n_clusters) ** 2).sum(axis=1)
        total *= clusters / np.maximum(clusters - 1, 1)
        error = np.divide(np.sqrt(total), strength, out=np.full(n_groups, 10.0), where=taught)
        error[clusters < 2] = 10.0
        spread = np.sqrt(strength / np.maximum(rows, 1))
        return cls(slope, error, rows, spread, clusters, 0.0, np.ones(n_groups))

    def shrunken(self) -> Slopes:
        """Each elasticity drawn towards the mean, by its error beside the spread of all."""
        variance = np.maximum(self.error**2, 1e-12)
        fixed = 1.0 / variance
        centre = fixed @ self.elasticity / fixed.sum()
        excess = fixed @ (self.elasticity - centre) ** 2 - (len(variance) - 1)
        between = max(excess / (fixed.sum() - (fixed**2).sum() / fixed.sum()), 0.0)
        weight = 1.0 / (variance + between)
        mean, mean_variance = weight @ self.elasticity / weight.sum(), 1.0 / weight.sum()
        own = between / (between + variance)
        error = np.sqrt(own * variance + (1 - own) ** 2 * mean_variance)
        return replace(
            self,
            elasticity=mean + own * (self.elasticity - mean),
            error=error,
            mean_error=float(np.sqrt(mean_variance)),
            own_share=own,
        )

    def draws(self, n: int, random_state: int) -> np.ndarray:
        """(n, groups) elasticities that are as likely; what groups share moves together."""
        rng = np.random.default_rng(random_state)
        shared = rng.standard_normal((n, 1)) * (1 - self.own_share) * self.mean_error
        alone = np.sqrt(
            np.maximum(self.error**2 - ((1 - self.own_share) * self.mean_error) ** 2, 0)
        )
        return self.elasticity + shared + rng.standard_normal((n, len(alone))) * alone

    def table(self, names: list[str]) -> pd.DataFrame:
        """One row a group."""
        from scipy import stats

        reach = stats.t.ppf(0.95, np.maximum(self.clusters - 1, 1)) * self.error
        return pd.DataFrame(
            {
                GROUP: names,
                c.ELASTICITY: self.elasticity,
                ERROR: self.error,
                LOW: self.elasticity - reach,
                HIGH: self.elasticity + reach,
                ROWS: self.rows,
                RESIDUAL_SPREAD: self.spread,
            }
        )
