"""Partial pooling: estimates of many items drawn towards the mean of their category and chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newretail_ml.checks import as_numbers, check_numbers
from newretail_ml.errors import DataError

# The fourth power of its inverse is still a number.
_NOTHING = 1e-70


@dataclass(frozen=True, eq=False, repr=False)
class PooledEstimates:
    """Estimates after pooling.

    Attributes:
        tau2: variance of what is true around its mean; inside groups, where there are groups.
        mean: of all estimates, what is known better counting more.
        standard_error: of the mean.
        q: Cochran's Q, the weighted squares of the estimates around their mean; inside groups,
            where there are groups.
        estimates: (n,) drawn towards the mean, or the mean of their group.
        standard_errors: (n,) of those, with the doubt about the mean.
        own_share: (n,) weight of an item's own estimate: 0 nothing, 1 all.
        group_tau2: variance of true group means around the chain's; 0 without groups.
        groups: one row a group: mean and standard_error, drawn towards the chain's.
    """

    tau2: float
    mean: float
    standard_error: float
    q: float
    estimates: np.ndarray
    standard_errors: np.ndarray
    own_share: np.ndarray
    group_tau2: float = 0.0
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.estimates):,} estimates, mean {self.mean:.4g} "
            f"({self.standard_error:.2g}), tau2 {self.tau2:.4g})"
        )


def pool_estimates(
    estimates: Sequence[float] | np.ndarray,
    standard_errors: Sequence[float] | np.ndarray,
    groups: Sequence[object] | np.ndarray | None = None,
) -> PooledEstimates:
    """Estimates of many items, each drawn towards the mean as far as it is unsure.

    Empirical Bayes: the variance between items is that of DerSimonian and Laird (1986, Controlled
    Clinical Trials 7,
    177-188, equation 8), zero where estimates differ no more than their errors. With groups it is
    one variance inside all of them (Borenstein and others 2009, Introduction to Meta-Analysis,
    chapter 19); items are drawn to the mean of their group, and that to the mean of all groups.

    Args:
        estimates: (n,) one an item.
        standard_errors: (n,) above zero; infinite for an item whose data says nothing, which
            then has the mean of its group and counts for nothing itself.
        groups: (n,) label of each item, such as its category.

    Raises:
        DataError: lengths differ, values are missing, an error is not above zero, or none is
            finite.

    >>> pooled = pool_estimates([-1.0, -3.0, -2.0], [0.5, 0.5, 1.0])
    >>> round(pooled.tau2, 3), pooled.estimates.round(2).tolist()
    (1.125, [-1.18, -2.82, -2.0])
    """
    y, variance = _checked(estimates, standard_errors)
    codes, labels = _grouped(groups, len(y))
    weight = 1.0 / variance
    fixed = _sums(codes, weight * y) / np.maximum(_sums(codes, weight), 1e-300)
    q = float((weight * (y - fixed[codes]) ** 2).sum())
    tau2 = _tau2(q, codes, weight)
    total = _sums(codes, 1.0 / (variance + tau2))
    known = total > 0
    means = _sums(codes, y / (variance + tau2)) / np.where(known, total, 1.0)
    doubt = np.divide(1.0, total, out=np.full(len(total), np.inf), where=known)
    if groups is None:
        mean, mean_doubt, between = float(means[0]), float(doubt[0]), 0.0
    else:
        chain = pool_estimates(means, np.sqrt(doubt))
        mean, mean_doubt, between = chain.mean, chain.standard_error**2, chain.tau2
        means, doubt = chain.estimates, chain.standard_errors**2
    share = tau2 / (variance + tau2)
    after = tau2 * (1 - share) + (1 - share) ** 2 * doubt[codes]
    return PooledEstimates(
        tau2=tau2,
        mean=mean,
        standard_error=float(np.sqrt(mean_doubt)),
        q=q,
        estimates=share * y + (1 - share) * means[codes],
        standard_errors=np.sqrt(after),
        own_share=share,
        group_tau2=between,
        groups=pd.DataFrame({"mean": means, "standard_error": np.sqrt(doubt)}, index=labels),
    )


def _tau2(q: float, codes: np.ndarray, weight: np.ndarray) -> float:
    """Moment estimate: Q less its expectation were all true values of a group the same."""
    total = _sums(codes, weight)
    squares = _sums(codes, weight**2)
    scale = float((total - squares / np.where(total > 0, total, 1.0)).sum())
    freedom = int((weight > 0).sum() - (total > 0).sum())
    if freedom < 1 or scale <= 0:
        return 0.0
    return max((q - freedom) / scale, 0.0)


def _checked(estimates: object, errors: object) -> tuple[np.ndarray, np.ndarray]:
    y = check_numbers("estimates", estimates, at_least=None)
    spread = as_numbers("standard errors", errors)
    if spread.shape != y.shape or not len(y):
        raise DataError(
            f"there are {len(y):,} estimates and standard errors of shape {spread.shape}",
            next_step="Pass one standard error an estimate, and one estimate at least.",
        )
    wrong = ~(spread > _NOTHING)
    if wrong.any():
        raise DataError(
            f"{wrong.sum():,} standard errors are not above zero, the first is "
            f"{spread[wrong][0]:g}",
            rows=np.flatnonzero(wrong),
            next_step="Leave those estimates out, or pass infinity where the data says nothing.",
        )
    if not np.isfinite(spread).any():
        raise DataError(
            "no standard error is finite, so nothing is known",
            next_step="Bring data that says something about one item at least.",
        )
    return y, spread**2


def _grouped(groups: object, n: int) -> tuple[np.ndarray, pd.Index]:
    if groups is None:
        return np.zeros(n, dtype=int), pd.Index(["all"])
    labels = pd.Series(np.asarray(groups, dtype=object))
    if len(labels) != n or labels.isna().any():
        raise DataError(
            f"{labels.notna().sum():,} of {n:,} estimates have a group",
            next_step="Pass one group an estimate, none missing.",
        )
    codes, names = pd.factorize(labels)
    return codes, pd.Index(names)


def _sums(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.bincount(codes, values)
