"""Launch curves: demand by age, as a share of the level that a series settles at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_EDGES = np.array([0, 1, 2, 4, 7, 14, 28, 56, 112])
# Two launches of one group differ in shape, whatever they sell: one launch counts for no more
# than 1 / .3 in any stretch of ages.
_SHAPE_VARIANCE = 0.3
# What the group's curve weighs before it was seen, in the same count, against its parent's.
_PARENT_WEIGHT = {"chain": 4.0, "group": 20.0}


@dataclass(frozen=True)
class Curve:
    """Demand by age.

    Attributes:
        edges: (stretches,) first age of each stretch, and ``until`` after the last.
        until: age from which a series is settled and the curve is 1.
        values: (groups + 1, stretches), the chain's last.
    """

    edges: np.ndarray
    until: int
    values: np.ndarray

    @classmethod
    def flat(cls, until: int, n_groups: int) -> Curve:
        """No launch was seen."""
        edges = _EDGES[until > _EDGES]
        return cls(edges, until, np.ones((n_groups + 1, len(edges))))

    def at(self, age: np.ndarray, group: np.ndarray) -> np.ndarray:
        """(series, periods) curve of (series, periods) ages; 1 for those of settled series."""
        middle = (self.edges + np.append(self.edges[1:], self.until) - 1) / 2
        points = np.append(middle, self.until)
        by_age = np.stack(
            [
                np.exp(np.interp(np.arange(self.until), points, np.log(np.append(values, 1.0))))
                for values in self.values
            ]
        )
        by_age = np.concatenate([by_age, np.ones((len(by_age), 1))], axis=1)
        settled = np.where(age < 0, self.until, age)
        return by_age[group[:, None], np.minimum(settled, self.until)]

    def refit(
        self,
        units: np.ndarray,
        expected: np.ndarray,
        age: np.ndarray,
        group: np.ndarray,
        dispersion: np.ndarray,
    ) -> Curve:
        """A curve from launches.

        Args:
            units: (launches, periods), NaN where demand is not known.
            expected: (launches, periods) what they would have sold, had they been settled.
            age: (launches, periods), negative before the launch.
            group: (launches,) position of the group.
            dispersion: (launches,) variance of units over their mean.
        """
        n_groups = len(self.values) - 1
        values = np.ones_like(self.values)
        ends = np.append(self.edges[1:], self.until)
        for k, (first, end) in enumerate(zip(self.edges, ends, strict=True)):
            counts = (age >= first) & (age < end) & ~np.isnan(units)
            sold = np.where(counts, units, 0.0).sum(axis=1)
            would = np.where(counts, expected, 0.0).sum(axis=1)
            weight = 1 / (dispersion + _SHAPE_VARIANCE * would)
            chain = _shrunk((weight * sold).sum(), (weight * would).sum(), 1.0, "chain")
            above = np.bincount(group, weight * sold, n_groups + 1)
            below = np.bincount(group, weight * would, n_groups + 1)
            values[:, k] = _shrunk(above, below, chain, "group")
            values[-1, k] = chain
        return Curve(self.edges, self.until, values)


def _shrunk(
    sold: np.ndarray, would: np.ndarray, parent: np.ndarray | float, kind: str
) -> np.ndarray:
    weight = _PARENT_WEIGHT[kind]
    return (sold + weight * parent) / (would + weight)
