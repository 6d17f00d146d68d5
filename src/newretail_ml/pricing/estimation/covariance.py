"""Covariance of coefficients: robust to unequal variance, and to errors that clusters share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation.effects import Factor, crossed, group_sums

# Cameron, Gelbach and Miller (2008) find that fewer clusters than 20 to 50 are few.
_MANY = 20


@dataclass(frozen=True)
class Errors:
    """How sure coefficients are.

    Attributes:
        covariance: (k, k) of the coefficients.
        freedom: degrees of freedom of t statistics.
        kind: in words.
        absorbed: effects that were estimated, redundant ones not counted.
        warnings: what should be known before they are believed.
    """

    covariance: np.ndarray
    freedom: int
    kind: str
    absorbed: int
    warnings: tuple[str, ...] = ()


def sandwich(
    bread: np.ndarray,
    scores: np.ndarray,
    residuals: np.ndarray,
    clusters: Sequence[Factor],
    effects: Sequence[Factor],
) -> Errors:
    """Robust covariance, with the corrections for small samples that reghdfe and fixest share.

    Without clusters it is White's with n / (n - parameters); with one cluster the scores are
    summed inside it (Liang and Zeger 1986); with two they are added, and those of their cross
    subtracted (Cameron, Gelbach and Miller 2011) unless a variance would be negative: Davezies,
    D'Haultfoeuille and Guyonvarch (2021) never subtract. Effects that lie inside a cluster do not
    count as parameters.

    Args:
        bread: (k, k) inverse of the products of the causes.
        scores: (k, n) causes without effects, weighted; times residuals they are the scores.
        residuals: (n,).
        clusters: none, one or two.
        effects: that were absorbed.

    Raises:
        DataError: more than two clusters, one group only, or no more rows than parameters.
    """
    if len(clusters) > 2:
        raise DataError("errors can be clustered one or two ways", next_step="Name two at most.")
    absorbed = absorbed_count(effects)
    outside = [effect for effect in effects if not any(nested(effect, one) for one in clusters)]
    n, parameters = scores.shape[1], len(bread) + absorbed_count(outside)
    if len(outside) < len(effects) and not outside:
        parameters += 1
    if n <= parameters:
        raise DataError(
            f"{n:,} rows cannot tell {parameters:,} parameters apart",
            next_step="Pass more rows, absorb fewer effects or name fewer causes.",
        )
    if not clusters:
        middle = (scores * residuals**2) @ scores.T
        whole = bread @ middle @ bread * (n / (n - parameters))
        return Errors(whole, n - parameters, "robust to unequal variance", absorbed)
    groups = min(cluster.levels for cluster in clusters)
    if groups < 2:
        raise DataError(
            f"there is one {clusters[0].name} only, and errors need several to be compared",
            next_step="Cluster by another column, or not at all.",
        )
    middle = _clustered(scores * residuals, clusters)
    whole = bread @ middle @ bread * ((n - 1) / (n - parameters) * groups / (groups - 1))
    kind = "clustered by " + " and ".join(cluster.name for cluster in clusters)
    return Errors(whole, groups - 1, kind, absorbed, _few(clusters))


def _few(clusters: Sequence[Factor]) -> tuple[str, ...]:
    return tuple(
        f"few clusters: {cluster.levels} of {cluster.name}, and with fewer than {_MANY} intervals "
        "are too narrow as a rule"
        for cluster in clusters
        if cluster.levels < _MANY
    )


def _clustered(scores: np.ndarray, clusters: Sequence[Factor]) -> np.ndarray:
    middle = np.sum([_inside(scores, cluster) for cluster in clusters], axis=0)
    if len(clusters) == 1:
        return middle
    less = middle - _inside(scores, crossed(*clusters))
    # With few groups the difference may be a negative variance; the sum errs on the safe side.
    return less if np.linalg.eigvalsh(less).min() > 0 else middle


def _inside(scores: np.ndarray, cluster: Factor) -> np.ndarray:
    sums = np.stack([group_sums(cluster, row) for row in scores])
    return sums @ sums.T


def nested(inner: Factor, outer: Factor) -> bool:
    """Whether each level of one factor has rows in a single level of the other only."""
    if inner.codes is outer.codes:
        return True
    if inner.levels < outer.levels:
        return False
    home = np.empty(inner.size, outer.codes.dtype)
    home[inner.codes] = outer.codes
    return bool(np.array_equal(home[inner.codes], outer.codes))


def absorbed_count(effects: Sequence[Factor]) -> int:
    """Effects that rows can tell apart.

    Exact for two (one is lost for each connected component of the two); for more it is the
    largest loss by pairs, as in Correia (2016).
    """
    count = effects[0].levels if effects else 0
    for number, effect in enumerate(effects[1:], 1):
        lost = max(_components(effect, other) for other in effects[:number])
        count += effect.levels - lost
    return count


def _components(one: Factor, other: Factor) -> int:
    """How many parts two factors fall into that share no rows."""
    if _all_connected(one, other):
        return 1
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    size = one.size + other.size
    ends = one.codes, one.size + other.codes
    graph = sparse.coo_array((np.ones(len(one.codes), bool), ends), (size, size))
    empty = size - one.levels - other.levels
    return int(connected_components(graph.tocsr(), directed=False)[0]) - empty


def _all_connected(one: Factor, other: Factor, steps: int = 3) -> bool:
    """Whether few steps lead from the commonest level to all others; False may mean later."""
    here = np.zeros(other.size, bool)
    here[np.argmax(other.counts)] = True
    for _ in range(steps):
        there = np.zeros(one.size, bool)
        there[one.codes[here[other.codes]]] = True
        here[other.codes[there[one.codes]]] = True
        if np.count_nonzero(here) == other.levels:
            # Every level of one shares rows with some level of the other.
            return True
    return False
